// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The value that the paths of a run triggered, by moneyness. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/run.h"

#define RUNGS_APART_MAX 512 /* more accounts than this are binned by moneyness */

struct bins {
	double mass[EXPOSURE_BINS], moment[EXPOSURE_BINS]; /* moment: mass times moneyness */
};

int exposure_masses(struct masses *masses, const struct ladder *ladder, const struct exposure *exposure, double pairs)
{
	struct bins *bins = calloc(1, sizeof(*bins));
	double width = (ladder->moneyness_high - ladder->moneyness_low) / EXPOSURE_BINS, unit = EXPOSURE_UNIT * pairs;
	bool apart = ladder->count <= RUNGS_APART_MAX;
	int64_t hits = 0;
	int rc = 0;

	masses->process = ladder->process;
	if (!bins)
		return -ENOMEM;
	for (int i = 0; i < EXPOSURE_BINS; i++) {
		double mass = (double)exposure->mass[i] / unit * exposure->scale;

		bins->mass[i] = mass;
		bins->moment[i] = mass * (ladder->moneyness_low + i * width) +
				  (double)exposure->moment[i] / unit * exposure->scale * width;
	}
	for (size_t i = 0; !rc && i < ladder->count; i++) {
		const struct rung *rung = &ladder->rungs[i];
		double log_price = fmin(rung->trigger, ladder->log_price), moneyness = rung->log_strike - log_price, value;
		int bin = (int)((moneyness - ladder->moneyness_low) / width);

		hits += exposure->hits[i];
		value = rung->units * exp(log_price) * (i < ladder->at_start ? 1 : (double)hits / unit);
		if (apart) {
			rc = masses_add(masses, moneyness, value);
			continue;
		}
		bin = bin < 0 ? 0 : bin >= EXPOSURE_BINS ? EXPOSURE_BINS - 1 : bin;
		bins->mass[bin] += value;
		bins->moment[bin] += value * moneyness;
	}
	for (int i = 0; !rc && i < EXPOSURE_BINS; i++)
		if (bins->mass[i] > 0)
			rc = masses_add(masses, bins->moment[i] / bins->mass[i], bins->mass[i]);
	free(bins);
	return rc;
}
