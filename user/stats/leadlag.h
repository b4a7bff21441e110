/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which of two prices leads, of ticks that come when they like and share no key.
 *
 * Hayashi and Yoshida (2005): the covariance of two asynchronous prices is the sum of the products of all increments whose
 * intervals overlap, with no interpolation. Hoffmann, Rosenbaum and Yoshida (2013): with one of them shifted in time that
 * sum is a contrast, and the shift at which it is largest in magnitude estimates the lag. `ratio` is Huth and Abergel's
 * (2014): squared contrasts where A leads over those where B does.
 *
 * Certainty: the contrast is kept by blocks of time, which are drawn again (Philox, fixed seed) for the intervals and for
 * the share of resamples in which the same side leads. The lag's interval is widened by half the mean distance of the
 * denser side's ticks: the estimate is only as fine as they are, and drawing the same ticks again does not show it. Whether
 * there is any relation is told by the same search with B
 * turned round the clock of the session by 1/20 … 19/20 of it: p_value is the rank of the contrast among those, at least 0.05.
 */
#ifndef PL_STATS_LEADLAG_H
#define PL_STATS_LEADLAG_H

#include <stddef.h>
#include <stdint.h>

#include "stats/volatility.h"

struct leadlag {
	int64_t lag_ns; /* by which B follows A; below zero B leads. TIME_UNKNOWN where the ticks do not overlap or do not move */
	int64_t lag_ci95_ns[2];
	double contrast, contrast_ci95[2]; /* at that lag, as a correlation */
	double same_side; /* share of resamples in which the same side leads; NAN where the time in common is short */
	double ratio;	  /* above 1 where A leads */
	double p_value;
};

#define LEADLAG_TICKS_MIN 20

/* Ticks in the order of time; lags up to max_lag_ns either way. 0 or -ENOMEM. */
int leadlag_of(const struct tick *a, size_t a_count, const struct tick *b, size_t b_count, int64_t max_lag_ns,
	       struct leadlag *out);

#endif
