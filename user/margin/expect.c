// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <math.h>

#include "margin/simulate.h"

static void expose_jump(const struct ladder *ladder, const struct rung *rung, double log_price, double weight,
			struct exposure *exposure)
{
	double width = (ladder->moneyness_high - ladder->moneyness_low) / EXPOSURE_BINS;
	double place = (rung->log_strike - log_price - ladder->moneyness_low) / width;
	double mass = weight * rung->units * exp(log_price) / exposure->scale * EXPOSURE_UNIT;
	int bin = place < EXPOSURE_BINS ? (int)place : EXPOSURE_BINS - 1;

	bin = bin < 0 ? 0 : bin;
	exposure->mass[bin] += llround(mass);
	exposure->moment[bin] += llround(mass * fmin(place - bin, 8)); /* beyond the table: a bounded stand-in */
}

/* All of them are as far as the whole ladder is. */
static void parts_start(const struct parts *parts)
{
	for (size_t g = 0; g < parts->count; g++)
		parts->next[g] = parts->ladders[g].at_start;
}

/* The diffusion fell to `low`. */
static void parts_reach(const struct parts *parts, double low, double weight)
{
	for (size_t g = 0; g < parts->count; g++) {
		const struct ladder *ladder = &parts->ladders[g];
		size_t from = parts->next[g], reached = ladder_reach(ladder, from, low);

		for (int k = 0; reached > from && k < MEASURES; k++)
			parts->sums[g][k] += weight * (ladder->prefix[reached][k] - ladder->prefix[from][k]);
		parts->next[g] = reached;
	}
}

/* A jump went to x: how many it passed; what they cost comes lot by lot. */
static void parts_pass(const struct parts *parts, double x, double weight)
{
	for (size_t g = 0; g < parts->count; g++) {
		size_t from = parts->next[g];

		parts->next[g] = ladder_reach(&parts->ladders[g], from, x);
		parts->sums[g][MEASURE_COUNT] += weight * (double)(parts->next[g] - from);
	}
}

void expect_path(const struct ladder *ladder, const struct ladder *lots, const struct skeleton *skeleton, double weight, struct rng *minimum,
		 double sum[MEASURES], const struct parts *parts, struct exposure *exposure)
{
	double x = ladder->log_price, time = 0, each[MEASURES], low;
	size_t next = ladder->at_start, lot = lots->at_start, reached;

	parts_start(parts);
	for (size_t i = 0; i < skeleton->count && next < ladder->count; i++) {
		const struct skeleton_point *point = &skeleton->points[i];

		low = bridge_minimum(x, point->before, ladder->process->variance * (point->time - time), rng_uniform(minimum));
		reached = ladder_reach(ladder, next, low);
		if (reached > next) {
			int64_t hit = llround(weight * EXPOSURE_UNIT);

			for (int k = 0; k < MEASURES; k++)
				sum[k] += weight * (ladder->prefix[reached][k] - ladder->prefix[next][k]);
			parts_reach(parts, low, weight);
			if (exposure) {
				exposure->hits[next] += hit;
				exposure->hits[reached] -= hit;
			}
			next = reached;
			lot = lots == ladder ? next : ladder_reach(lots, lot, low);
		}
		x = point->after;
		time = point->time;
		if (next == ladder->count || ladder->rungs[next].trigger < x)
			continue;
		reached = ladder_reach(ladder, next, x);
		sum[MEASURE_COUNT] += weight * (double)(reached - next);
		next = reached;
		parts_pass(parts, x, weight);
		for (; lot < lots->count && lots->rungs[lot].trigger >= x; lot++) {
			ladder_measure(ladder, &lots->rungs[lot], x, each);
			for (int k = 0; k < MEASURE_COUNT; k++)
				sum[k] += weight * each[k];
			for (int k = 0; parts->count && k < MEASURE_COUNT; k++)
				parts->sums[lots->rungs[lot].group][k] += weight * each[k];
			if (exposure)
				expose_jump(ladder, &lots->rungs[lot], x, weight, exposure);
		}
	}
}
