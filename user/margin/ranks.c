// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/ranks.h"

#include <math.h>

#define ERROR_SHARE 0.05  /* 1 - 0.95 */
#define TAIL_DEVIATIONS 9 /* the binomial mass beyond is below 1e-15 */

static double binomial_probability(uint64_t n, double p, uint64_t k)
{
	int sign;
	double x = (double)n, y = (double)k;

	return exp(lgamma_r(x + 1, &sign) - lgamma_r(y + 1, &sign) - lgamma_r(x - y + 1, &sign) + y * log(p) +
		   (x - y) * log1p(-p));
}

/* The largest rank l in 0..n such that fewer than l of n samples lie below the quantile with probability at most `share`: P(B < l) <= share, B ~ Bin(n, p). */
static uint64_t lower_rank(uint64_t n, double p, double share)
{
	double mean = (double)n * p, from = floor(mean - TAIL_DEVIATIONS * sqrt(mean * (1 - p)));
	uint64_t k = from > 0 ? (uint64_t)from : 0;
	double mass = binomial_probability(n, p, k), sum = mass;

	/* sum = P(B <= k) */
	while (sum <= share && k < n) {
		mass *= (double)(n - k) / (double)(k + 1) * p / (1 - p);
		k++;
		sum += mass;
	}
	return k; /* P(B < k) was still within the share */
}

void quantile_ranks(uint64_t n, double p, uint64_t ranks[2])
{
	double below_all = exp((double)n * log1p(-p)); /* every sample lies above the quantile */
	double above_all = exp((double)n * log(p));
	double low_share = ERROR_SHARE / 2, high_share = ERROR_SHARE / 2;

	ranks[0] = ranks[1] = 0;
	if (!n)
		return;
	if (above_all > high_share && above_all <= ERROR_SHARE)
		low_share = ERROR_SHARE - above_all, high_share = above_all;
	else if (below_all > low_share && below_all <= ERROR_SHARE)
		high_share = ERROR_SHARE - below_all, low_share = below_all;
	if (below_all <= low_share)
		ranks[0] = lower_rank(n, p, low_share);
	/* From the other end the samples count down and the quantile is that of 1 - p. */
	if (above_all <= high_share)
		ranks[1] = n + 1 - lower_rank(n, 1 - p, high_share);
}
