/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The difference of two quantiles, with a 95 % interval out of the intervals of both: MOVER, the method of variance
 * estimates recovery (Zou and Donner 2008), which needs neither normality nor symmetric intervals; for quantiles that
 * were measured together with their correlation (Zou 2007).
 */
#ifndef PL_STATS_DIFFERENCE_H
#define PL_STATS_DIFFERENCE_H

#include <stddef.h>
#include <stdint.h>

#include "stats/quantile.h"

struct difference {
	int64_t ns;	    /* a - b; TIME_UNKNOWN where either is not reached */
	int64_t ci95_ns[2]; /* either may be TIME_UNKNOWN */
};

/* correlation: of the two estimates, 0 for sessions apart. */
struct difference quantile_difference(const struct quantile *a, const struct quantile *b, double correlation);

/*
 * Correlation of the estimates of quantiles that were taken from pairs: a[i] and b[i] belong together, in the order of
 * time. What a quantile's estimate owes to each sample is the sign with which it crosses, so that of the crossings counts.
 * 0 or -ENOMEM.
 */
int quantile_correlation(const struct observation *a, const struct observation *b, size_t count, size_t block,
			 const struct quantile *of_a, const struct quantile *of_b, double *correlation);

#endif
