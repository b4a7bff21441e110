/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Quantiles of durations of which some were not seen to end, and 95 % intervals of those quantiles.
 *
 * With every end seen: order statistics (the binomial law of the number of samples below a quantile), free of any
 * assumption on the distribution. With open ends: Kaplan and Meier (1958), interval by inverting the log-log Greenwood
 * band of the survival curve (Brookmeyer and Crowley 1982; the "log-log" of R's survfit). What the data cannot reach is
 * TIME_UNKNOWN.
 */
#ifndef PL_LATENCY_SURVIVAL_H
#define PL_LATENCY_SURVIVAL_H

#include <stddef.h>
#include <stdint.h>

struct survival {
	const int64_t *ends; /* durations seen to end, ascending */
	size_t end_count;
	const int64_t *opens; /* durations still open when watching ended, ascending */
	size_t open_count;
	double open_weight; /* in 0..1: the probability that an open one belongs to those that end at all */
};

/* The smallest duration that at least the share p (0 < p < 1) does not exceed. */
int64_t survival_quantile(const struct survival *s, double p);

/* 95 % interval of that quantile; either bound may be TIME_UNKNOWN. */
void survival_interval(const struct survival *s, double p, int64_t interval[2]);

/*
 * Ranks (1..n, 0 = there is none) of the two samples that enclose the p-quantile of the law with 95 % probability:
 * each tail takes at most 2.5 %; where the largest (smallest) sample takes more by itself but not over 5 %, it is the
 * bound and the other tail gets the rest. So the largest of n bounds p99 from n = 299 on: 0.99^299 < 5 %.
 */
void quantile_ranks(uint64_t n, double p, uint64_t ranks[2]);

#endif
