/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Quantiles of durations of which some were not seen to end, and 95 % intervals of those quantiles.
 *
 * With every end seen: order statistics (the binomial law of the number of samples below a quantile), free of any
 * assumption on the distribution. With open ends: Kaplan and Meier (1958), interval by inverting the log-log Greenwood
 * band of the survival curve (Brookmeyer and Crowley 1982; the "log-log" of R's survfit). What the data cannot reach is
 * TIME_UNKNOWN.
 *
 * Durations that remember each other tell less than as many independent ones: a design effect (memory.h) of the
 * curve at the quantile divides the number of samples (Woodruff 1952) or multiplies Greenwood's variance. It is taken
 * over the curve's influence function (Reid 1981), which for complete samples is the indicator "not above the quantile".
 */
#ifndef PL_STATS_SURVIVAL_H
#define PL_STATS_SURVIVAL_H

#include <stddef.h>
#include <stdint.h>

#include "margin/ranks.h"

/* One duration, with its beginning: series of them are in the order of time. */
struct observation {
	int64_t at_ns;	   /* when it began, UTC */
	int64_t ns : 63;   /* how long it took, or had taken when watching ended */
	uint64_t open : 1; /* it had not ended by then */
};

/* Orders them so: for qsort(). */
int observation_order(const void *a, const void *b);

struct survival {
	const int64_t *ends; /* durations seen to end, ascending */
	size_t end_count;
	const int64_t *opens; /* durations still open when watching ended, ascending */
	size_t open_count;
	double open_weight; /* in 0..1: the probability that an open one belongs to those that end at all */
};

/* The smallest duration that at least the share p (0 < p < 1) does not exceed. */
int64_t survival_quantile(const struct survival *s, double p);

/* 95 % interval of that quantile; either bound may be TIME_UNKNOWN. effect: 1 for independent durations, else above. */
void survival_interval(const struct survival *s, double p, double effect, int64_t interval[2]);

/* What each of the same durations adds to the estimated curve at time `at`: out[0..count). 0 or -ENOMEM. */
int survival_influence(const struct survival *s, int64_t at, const struct observation *series, size_t count,
		       double *out);

#endif
