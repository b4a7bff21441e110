// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/survival.h"

#include <math.h>

#include "base/clock.h"

#define ERROR_SHARE 0.05   /* 1 - 0.95 */
#define NORMAL_975 1.959963984540054
#define TAIL_DEVIATIONS 9  /* the binomial mass beyond is below 1e-15 */
#define ROUNDING 1e-9	   /* of a product of a million factors; a step of the curve is larger */

/* ---- order statistics ---- */

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

/* ---- Kaplan-Meier ---- */

struct curve {
	const struct survival *s;
	size_t ended, opened; /* samples left behind */
	int64_t time;
	double surviving; /* S(time) */
	double greenwood; /* sum of d / (n (n - d)): Var S = S^2 * greenwood */
};

/* Steps to the next time at which something ended. An open sample of the same time was still there (it lasted at least as long). */
static int curve_next(struct curve *c)
{
	const struct survival *s = c->s;
	size_t same = 0;
	double at_risk;

	if (c->ended == s->end_count)
		return 0;
	c->time = s->ends[c->ended];
	while (c->opened < s->open_count && s->opens[c->opened] < c->time)
		c->opened++;
	at_risk = (double)(s->end_count - c->ended) + s->open_weight * (double)(s->open_count - c->opened);
	while (c->ended + same < s->end_count && s->ends[c->ended + same] == c->time)
		same++;
	c->ended += same;
	c->surviving *= 1 - (double)same / at_risk;
	c->greenwood += (double)same / (at_risk * (at_risk - (double)same)); /* infinite where nothing is left */
	return 1;
}

static int is_complete(const struct survival *s)
{
	return !s->open_count || s->open_weight <= 0;
}

int64_t survival_quantile(const struct survival *s, double p)
{
	struct curve curve = {.s = s, .surviving = 1};

	if (!s->end_count)
		return TIME_UNKNOWN;
	if (is_complete(s)) {
		double rank = ceil((double)s->end_count * p - ROUNDING);

		return s->ends[rank > 1 ? (size_t)rank - 1 : 0];
	}
	while (curve_next(&curve))
		if (curve.surviving <= 1 - p + ROUNDING)
			return curve.time;
	return TIME_UNKNOWN;
}

void survival_interval(const struct survival *s, double p, int64_t interval[2])
{
	struct curve curve = {.s = s, .surviving = 1};
	uint64_t ranks[2];

	interval[0] = interval[1] = TIME_UNKNOWN;
	if (is_complete(s)) {
		quantile_ranks(s->end_count, p, ranks);
		for (int i = 0; i < 2; i++)
			if (ranks[i])
				interval[i] = s->ends[ranks[i] - 1];
		return;
	}
	while (interval[1] == TIME_UNKNOWN && curve_next(&curve)) {
		double power, low = 0, high = 1;

		/* With nobody left the band's upper edge is not defined, its lower edge is 0. */
		if (curve.surviving > ROUNDING && isfinite(curve.greenwood)) {
			power = exp(NORMAL_975 * sqrt(curve.greenwood) / fabs(log(curve.surviving)));
			low = pow(curve.surviving, power);
			high = pow(curve.surviving, 1 / power);
		}
		if (interval[0] == TIME_UNKNOWN && low <= 1 - p + ROUNDING)
			interval[0] = curve.time;
		if (high <= 1 - p + ROUNDING)
			interval[1] = curve.time;
	}
}
