// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who comes when: transactions on their way, in the order of their times. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/market_walk.h"

#define ATTEMPT_BLOCKS 64 /* of random numbers, kept for each attempt of an account */

static bool attempt_earlier(const struct attempt *a, const struct attempt *b)
{
	return a->due_s < b->due_s || (a->due_s == b->due_s && a->account < b->account);
}

static int attempt_push(struct market_walk *walk, struct attempt item)
{
	size_t i = walk->attempt_count;

	if (walk->attempt_count == walk->attempt_capacity) {
		void *memory = realloc(walk->attempts, 2 * walk->attempt_capacity * sizeof(*walk->attempts));

		if (!memory)
			return -ENOMEM;
		walk->attempts = memory;
		walk->attempt_capacity *= 2;
	}
	walk->attempt_count++;
	for (; i && attempt_earlier(&item, &walk->attempts[(i - 1) / 2]); i = (i - 1) / 2)
		walk->attempts[i] = walk->attempts[(i - 1) / 2];
	walk->attempts[i] = item;
	return 0;
}

struct attempt attempt_take_first(struct market_walk *walk)
{
	struct attempt first = walk->attempts[0], last = walk->attempts[--walk->attempt_count];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < walk->attempt_count) {
		if (child + 1 < walk->attempt_count && attempt_earlier(&walk->attempts[child + 1], &walk->attempts[child]))
			child++;
		if (!attempt_earlier(&walk->attempts[child], &last))
			break;
		walk->attempts[i] = walk->attempts[child];
		i = child;
	}
	walk->attempts[i] = last;
	return first;
}

double stage_delay(const struct market_walk *walk, uint32_t asset, const struct delay_law *law, enum delay_stage stage, struct rng *rng)
{
	struct delay_moment moment = {sqrt(walk->assets[asset].moving * SECONDS_PER_YEAR), walk->now_s, walk->start};
	double u = rng_uniform(rng); /* also where it is not needed: what comes after it stays the same */

	if (walk->scenario->no_delay)
		return 0;
	if (walk->scenario->mean_delays)
		return delay_mean(law);
	return (1 - walk->scenario->shorter) * delay_draw(law, walk->book->model->dependent_delays, &moment, u) +
	       walk->scenario->added_s[stage];
}

double attempt_price(const struct market_walk *walk, uint32_t asset)
{
	return walk->book->market->oracle.pull ? walk->assets[asset].oracle.price : NAN;
}

/*
 * Keepers whose transactions are in the first one's block bid against each other: for what is worth the same to all, whoever wins
 * wins by chance, and to be faster within a block buys nothing.
 */
static void compete(const struct market_walk *walk, struct attempt *next, const double delays[], unsigned count, struct rng *rng)
{
	double step_s = walk->book->model->step_s, block = ceil(next->due_s / step_s);
	unsigned rivals = 0, winner;

	for (unsigned i = 0; i < count; i++)
		rivals += ceil((walk->now_s + delays[i]) / step_s) <= block;
	next->contested = rivals > 1;
	winner = (unsigned)(rng_uniform(rng) * rivals);
	for (unsigned i = 0; i < count; i++) {
		if (ceil((walk->now_s + delays[i]) / step_s) > block || winner--)
			continue;
		next->own = walk->book->market->keepers.has_own && !i;
		next->due_s = walk->now_s + delays[i];
		return;
	}
}

struct attempt attempt_next(struct market_walk *walk, uint32_t account)
{
	const struct model *model = walk->book->model;
	const struct keepers *keepers = &walk->book->market->keepers;
	uint32_t asset = model->accounts[account].asset;
	double delays[KEEPERS_MAX + 1], first = INFINITY, inclusion;
	struct attempt next = {.account = account, .brings = attempt_price(walk, asset)};
	unsigned count = 0;
	struct rng rng;

	rng_open(&rng, model->seed, walk->path, account, RNG_ATTEMPT);
	rng.counter[0] = ATTEMPT_BLOCKS * walk->states[account].attempts++;
	inclusion = stage_delay(walk, asset, &model->delays[DELAY_INCLUSION], DELAY_INCLUSION, &rng);
	if (keepers->has_own)
		delays[count++] = stage_delay(walk, asset, &keepers->own, DELAY_KEEPER, &rng) + walk->scenario->own_added_s + inclusion;
	for (unsigned i = 0; i < walk->competing; i++)
		delays[count++] = stage_delay(walk, asset, &model->delays[DELAY_KEEPER], DELAY_KEEPER, &rng) + inclusion;
	for (unsigned i = 0; i < count; i++) {
		next.own = delays[i] < first ? keepers->has_own && !i : next.own;
		first = fmin(first, delays[i]);
	}
	next.due_s = walk->now_s + first;
	if (walk->book->market->gas.bid_share > 0)
		compete(walk, &next, delays, count, &rng);
	return next;
}

int attempt_schedule(struct market_walk *walk, uint32_t account)
{
	struct attempt next = attempt_next(walk, account);

	next.due_s = fmax(next.due_s, walk->states[account].not_before_s);
	walk->last_arrival_s = fmax(walk->last_arrival_s, next.due_s);
	return attempt_push(walk, next);
}

bool attempt_included(struct market_walk *walk, uint32_t account)
{
	const struct gas *gas = &walk->book->market->gas;
	struct rng rng;

	if (!(gas->hazard > 0) || walk->scenario->no_delay)
		return true;
	rng_open(&rng, walk->book->model->seed, walk->path, account, RNG_INCLUSION);
	rng.counter[0] = (uint32_t)llround(walk->now_s / walk->book->model->step_s);
	if (rng_uniform(&rng) < gas_hazard(gas, walk->base_fee_wei, walk->scenario->shorter))
		return true;
	walk->out->queued++;
	return false;
}

int attempt_queue(struct market_walk *walk, struct attempt attempt)
{
	attempt.due_s = walk->now_s + walk->book->model->step_s;
	return attempt_push(walk, attempt);
}

int attempt_wait(struct market_walk *walk, struct attempt attempt)
{
	walk->out->waits++;
	attempt.due_s = walk->now_s + walk->book->model->step_s;
	attempt.brings = attempt_price(walk, walk->book->model->accounts[attempt.account].asset);
	return attempt_push(walk, attempt);
}

void attempt_review(struct market_walk *walk)
{
	const struct keepers *keepers = &walk->book->market->keepers;
	double each = walk->earned / walk->competing, cost = keepers->entry_cost * keepers->review_s / 3600;

	if (each > cost && walk->competing < keepers->most)
		walk->competing++;
	else if (each < cost && walk->competing > 1)
		walk->competing--;
	walk->earned = 0;
	walk->next_review_s += keepers->review_s;
}
