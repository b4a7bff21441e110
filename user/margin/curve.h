/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An expensive smooth function of one variable as a table: panels of Chebyshev polynomials, halved until the last
 * coefficients vanish. Positive functions that fall over hundreds of decades are kept as logarithms.
 */
#ifndef PL_MARGIN_CURVE_H
#define PL_MARGIN_CURVE_H

#include <stdbool.h>
#include <stddef.h>

#define CURVE_TERMS 13
#define CURVE_TOLERANCE 1e-9 /* of a panel: relative to its largest value, or absolute in the logarithm */

struct curve {
	double (*function)(const void *context, double x);
	const void *context;
	bool logarithmic;
	size_t panel_count, capacity;
	double *edge;			       /* lower end of each panel; the last one ends at `high` */
	double (*coefficient)[CURVE_TERMS];
	double high, kink, noise;
};

/* Tabulates function over [low, high], with a panel edge at `kink` if that lies inside. 0 or -ENOMEM. Logarithmic: the function must be >= 0; below 1e-300 counts as 0. Above the kink, `noise` is what rounding leaves of the function, absolute (0 for logarithms). */
int curve_build(struct curve *curve, double (*function)(const void *context, double x), const void *context, double low,
		double high, double kink, bool logarithmic, double noise);
/* Outside the range the function itself is called. */
double curve_at(const struct curve *curve, double x);
void curve_free(struct curve *curve);

#endif
