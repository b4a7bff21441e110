// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stats/survival.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"

#define NORMAL_975 1.959963984540054
#define ROUNDING 1e-9	   /* of a product of a million factors; a step of the curve is larger */

int observation_order(const void *a, const void *b)
{
	const struct observation *x = a, *y = b;

	return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
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

/* Ranks among as many independent samples as the dependent ones are worth, scaled to all of them. */
static void interval_by_ranks(const struct survival *s, double p, double effect, int64_t interval[2])
{
	double worth = floor((double)s->end_count / effect), scale = (double)s->end_count / (worth > 1 ? worth : 1);
	uint64_t ranks[2];

	quantile_ranks((uint64_t)worth, p, ranks);
	if (ranks[0]) {
		double rank = floor((double)ranks[0] * scale + ROUNDING);

		interval[0] = s->ends[(size_t)rank - 1];
	}
	if (ranks[1]) {
		double rank = ceil((double)ranks[1] * scale - ROUNDING);

		interval[1] = s->ends[rank < (double)s->end_count ? (size_t)rank - 1 : s->end_count - 1];
	}
}

void survival_interval(const struct survival *s, double p, double effect, int64_t interval[2])
{
	struct curve curve = {.s = s, .surviving = 1};

	interval[0] = interval[1] = TIME_UNKNOWN;
	if (is_complete(s)) {
		interval_by_ranks(s, p, effect, interval);
		return;
	}
	while (interval[1] == TIME_UNKNOWN && curve_next(&curve)) {
		double power, low = 0, high = 1;

		/* With nobody left the band's upper edge is not defined, its lower edge is 0. */
		if (curve.surviving > ROUNDING && isfinite(curve.greenwood)) {
			power = exp(NORMAL_975 * sqrt(effect * curve.greenwood) / fabs(log(curve.surviving)));
			low = pow(curve.surviving, power);
			high = pow(curve.surviving, 1 / power);
		}
		if (interval[0] == TIME_UNKNOWN && low <= 1 - p + ROUNDING)
			interval[0] = curve.time;
		if (high <= 1 - p + ROUNDING)
			interval[1] = curve.time;
	}
}

/* ---- influence ---- */

/* How many of ends[0..count) do not exceed `at`. */
static size_t ended_by(const int64_t *ends, size_t count, int64_t at)
{
	size_t low = 0;

	while (low < count) {
		size_t middle = low + (count - low) / 2;

		if (ends[middle] <= at)
			low = middle + 1;
		else
			count = middle;
	}
	return low;
}

/*
 * Of the cumulative hazard: n / R(x) where the duration ended at x <= at, less the sum over the ends t up to min(x, at)
 * of n d / R(t)^2, R being the number at risk.
 */
int survival_influence(const struct survival *s, int64_t at, const struct observation *series, size_t count,
		       double *out)
{
	struct curve curve = {.s = s, .surviving = 1};
	double *at_risk = malloc((s->end_count + 1) * sizeof(*at_risk)), *spent = malloc((s->end_count + 1) * sizeof(*spent));
	double n = (double)count, total = 0;
	size_t before = 0;

	if (!at_risk || !spent) {
		free(at_risk);
		free(spent);
		return -ENOMEM;
	}
	while (curve_next(&curve)) {
		double risk = (double)(s->end_count - before) + s->open_weight * (double)(s->open_count - curve.opened);

		total += n * (double)(curve.ended - before) / (risk * risk);
		for (; before < curve.ended; before++) {
			at_risk[before] = risk;
			spent[before] = total;
		}
	}
	for (size_t i = 0; i < count; i++) {
		size_t known = ended_by(s->ends, s->end_count, series[i].ns < at ? series[i].ns : at);

		out[i] = known ? -(series[i].open ? s->open_weight : 1) * spent[known - 1] : 0;
		if (!series[i].open && known && series[i].ns <= at)
			out[i] += n / at_risk[known - 1];
	}
	free(at_risk);
	free(spent);
	return 0;
}
