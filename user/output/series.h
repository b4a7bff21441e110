/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a plot draws out of a large session: few enough points for a browser, and none of the extremes lost. */
#ifndef PL_OUTPUT_SERIES_H
#define PL_OUTPUT_SERIES_H

#include <stddef.h>
#include <stdint.h>

#include "stats/survival.h"

/* A point of a distribution: the share (0..1) of durations that were over by `ns`. */
struct curve_point {
	int64_t ns;
	double share;
};

/*
 * The Kaplan-Meier curve of `s`: a step at each duration that was seen to end, at least the first and the last of them.
 * Steps are left out while the share moved by less than 1/800 and the share still to come by less than 2 %, so that the
 * middle and the tail are both fine; about 1,500 points for any number of durations. Returns their number, *points to be
 * freed; 0 with *points NULL where nothing ended or memory is out.
 */
size_t curve_points(const struct survival *s, struct curve_point **points);

/*
 * Chooses at most about `limit` of `count` rows, in order: all of them, or the first, the last and, of each equally long
 * stretch, the rows with the smallest and the largest known value of each column. columns[c][row], TIME_UNKNOWN for
 * unknown. keep[] (room for `count`) gets the chosen rows; returns their number.
 */
size_t thin_rows(const int64_t *const *columns, size_t column_count, size_t count, size_t limit, size_t *keep);

#endif
