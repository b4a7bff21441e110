/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where a curve that is known with an error passes a level, and between which ends that place lies with 95 % confidence: those at
 * which the level leaves the band value ± 1.96 errors. For every place that band has the true value with 95 %, so that
 * the ends have the true place as often (Fieller 1954); neither needs the curve's slope nor that it be straight.
 */
#ifndef PL_MARGIN_CROSSING_H
#define PL_MARGIN_CROSSING_H

#include <stdbool.h>
#include <stddef.h>

struct crossing_point {
	double x, value, stderr_; /* value NAN: the search is to end */
};

#define CROSSING_POINTS_MAX 128

struct crossing {
	int (*at)(void *context, double x, struct crossing_point *out); /* 0, or an error that ends the search */
	void *context;
	double level;	/* at or below it is good */
	double further; /* error of another kind, as a share of the value */
	struct crossing_point points[CROSSING_POINTS_MAX]; /* looked at so far, in ascending order of x */
	size_t count;
};

/* Looks at one place; NULL where the search is to end, *rc then being 0 or the error. */
const struct crossing_point *crossing_look(struct crossing *crossing, double x, int *rc);

/* Halves the way from a good place to a bad one (whichever is lower) `times` times; *good is the last good one. */
int crossing_narrow(struct crossing *crossing, double *good, double bad, int times);

/* The ends around a place that crossing_narrow() found on the way to `bad`; NAN: not within what was looked at. */
int crossing_interval(struct crossing *crossing, double good, double bad, double ci95[2]);

#endif
