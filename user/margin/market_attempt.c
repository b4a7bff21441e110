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
	return (1 - walk->scenario->shorter) * delay_draw(law, walk->book->model->dependent_delays, &moment, u) +
	       walk->scenario->added_s[stage];
}

double attempt_delay(struct market_walk *walk, uint32_t account, bool *own)
{
	const struct model *model = walk->book->model;
	const struct keepers *keepers = &walk->book->market->keepers;
	uint32_t asset = model->accounts[account].asset;
	double first = INFINITY, inclusion;
	struct rng rng;

	rng_open(&rng, model->seed, walk->path, account, RNG_ATTEMPT);
	rng.counter[0] = ATTEMPT_BLOCKS * walk->states[account].attempts++;
	inclusion = stage_delay(walk, asset, &model->delays[DELAY_INCLUSION], DELAY_INCLUSION, &rng);
	*own = false;
	if (keepers->has_own) {
		first = stage_delay(walk, asset, &keepers->own, DELAY_KEEPER, &rng);
		*own = true;
	}
	for (unsigned i = 0; i < walk->competing; i++) {
		double delay = stage_delay(walk, asset, &model->delays[DELAY_KEEPER], DELAY_KEEPER, &rng);

		if (delay < first) {
			first = delay;
			*own = false;
		}
	}
	return first + inclusion;
}

int attempt_schedule(struct market_walk *walk, uint32_t account)
{
	bool own;
	double due_s = fmax(walk->now_s + attempt_delay(walk, account, &own), walk->states[account].not_before_s);

	walk->last_arrival_s = fmax(walk->last_arrival_s, due_s);
	return attempt_push(walk, (struct attempt){due_s, account, own});
}

int attempt_wait(struct market_walk *walk, struct attempt attempt)
{
	walk->out->waits++;
	attempt.due_s = walk->now_s + walk->book->model->step_s;
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
