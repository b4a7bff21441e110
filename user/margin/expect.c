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

void expect_path(const struct ladder *ladder, const struct ladder *lots, const struct skeleton *skeleton, double weight, struct rng *minimum,
		 double sum[MEASURES], struct exposure *exposure)
{
	double x = ladder->log_price, time = 0, each[MEASURES], low;
	size_t next = ladder->at_start, lot = lots->at_start, reached;

	for (size_t i = 0; i < skeleton->count && next < ladder->count; i++) {
		const struct skeleton_point *point = &skeleton->points[i];

		low = bridge_minimum(x, point->before, ladder->process->variance * (point->time - time), rng_uniform(minimum));
		reached = ladder_reach(ladder, next, low);
		if (reached > next) {
			int64_t hit = llround(weight * EXPOSURE_UNIT);

			for (int k = 0; k < MEASURES; k++)
				sum[k] += weight * (ladder->prefix[reached][k] - ladder->prefix[next][k]);
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
		for (; lot < lots->count && lots->rungs[lot].trigger >= x; lot++) {
			ladder_measure(ladder, &lots->rungs[lot], x, each);
			for (int k = 0; k < MEASURE_COUNT; k++)
				sum[k] += weight * each[k];
			if (exposure)
				expose_jump(ladder, &lots->rungs[lot], x, weight, exposure);
		}
	}
}
