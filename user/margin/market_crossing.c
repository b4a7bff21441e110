// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Collateral on its way from another chain, or of a market that is shut: the keeper has paid, and bears the price until he can sell. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/market_walk.h"

#define SENDS_MAX 1000 /* of one message */
#define CROSSING_BLOCKS (2 * SENDS_MAX) /* of random numbers, kept for each crossing of an account */

static bool from_another_chain(const struct market_walk *walk)
{
	return walk->book->market->settlement.delay.type && !walk->scenario->no_delay;
}

bool crossing_needed(const struct market_walk *walk, uint32_t asset)
{
	return from_another_chain(walk) || money_shut(walk, asset);
}

static double crossing_delay(struct market_walk *walk, uint32_t account)
{
	const struct settlement *settlement = &walk->book->market->settlement;
	double delay = 0;
	struct rng rng;

	rng_open(&rng, walk->book->model->seed, walk->path, account, RNG_SETTLE);
	rng.counter[0] = CROSSING_BLOCKS * walk->states[account].crossings++;
	for (int i = 0; i < SENDS_MAX; i++) {
		bool failed = rng_uniform(&rng) < settlement->fail_probability;

		delay += delay_quantile(&settlement->delay, rng_uniform(&rng));
		if (!failed)
			break;
	}
	return (1 - walk->scenario->shorter) * delay;
}

int crossing_send(struct market_walk *walk, uint32_t account, double units, uint8_t keeper)
{
	uint32_t asset = walk->book->model->accounts[account].asset;
	struct crossing item = {.units = units, .mark = walk->assets[asset].price.price, .asset = asset, .keeper = keeper};

	if (walk->crossing_count == walk->crossing_capacity) {
		size_t more = walk->crossing_capacity ? 2 * walk->crossing_capacity : 64;
		void *memory = realloc(walk->crossings, more * sizeof(*walk->crossings));

		if (!memory)
			return -ENOMEM;
		walk->crossings = memory;
		walk->crossing_capacity = more;
	}
	item.due_s = walk->now_s + (from_another_chain(walk) ? crossing_delay(walk, account) : 0);
	walk->last_arrival_s = fmax(walk->last_arrival_s, item.due_s);
	walk->crossings[walk->crossing_count++] = item;
	return 0;
}

void crossing_land(struct market_walk *walk, double by_s)
{
	size_t kept = 0;

	for (size_t i = 0; i < walk->crossing_count; i++) {
		struct crossing item = walk->crossings[i];
		double proceeds;

		if (item.due_s <= by_s && isfinite(by_s) && money_shut(walk, item.asset)) {
			item.due_s = walk->assets[item.asset].controls.paused_until_s;
			walk->last_arrival_s = fmax(walk->last_arrival_s, item.due_s);
		}
		if (item.due_s > by_s) {
			walk->crossings[kept++] = item;
			continue;
		}
		proceeds = money_sale(walk, item.asset, item.units);
		money_sold(walk, item.asset, item.units, proceeds);
		money_pay_keeper(walk, proceeds, 0, item.keeper);
		money_held(walk, item.units, item.mark, walk->assets[item.asset].price.price);
	}
	walk->crossing_count = kept;
}
