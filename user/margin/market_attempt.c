// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who comes when. */
#include <math.h>

#include "margin/market_walk.h"

#define ATTEMPT_BLOCKS 64 /* of random numbers, kept for each attempt of an account */

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

/* Who comes for one account. */
struct race {
	double delay_s[KEEPERS_MAX + 1];
	uint8_t kind[KEEPERS_MAX + 1];
	unsigned count;
};

static void enter(struct race *race, unsigned kind, double delay_s)
{
	race->delay_s[race->count] = delay_s;
	race->kind[race->count++] = (uint8_t)kind;
}

/*
 * Every kind draws in an order of its own and those whose number may change last: what the others draw stays the same. The transaction of
 * whoever it is is included as late as the others'.
 */
static void hold_race(struct market_walk *walk, uint32_t asset, double inclusion, struct rng *rng, struct race *race)
{
	const struct keepers *keepers = &walk->book->market->keepers;

	if (keepers->has_own)
		enter(race, KEEPER_OWN, stage_delay(walk, asset, &keepers->own, DELAY_KEEPER, rng) + walk->scenario->own_added_s + inclusion);
	for (unsigned k = 0; k < keepers->class_count; k++)
		for (unsigned i = 0; i < keepers->classes[k].count; i++)
			enter(race, KEEPER_CLASSES + k, stage_delay(walk, asset, &keepers->classes[k].delay, DELAY_KEEPER, rng) + inclusion);
	for (unsigned i = 0; i < walk->competing; i++)
		enter(race, KEEPER_COMPETING, stage_delay(walk, asset, &walk->book->model->delays[DELAY_KEEPER], DELAY_KEEPER, rng) + inclusion);
}

/*
 * The first one has it; of several at the same moment the own keeper, else one by chance. In an auction keepers whose transactions
 * are in the first one's block bid against each other: for what is worth the same to all, whoever wins wins by chance, and to be
 * faster within a block buys nothing.
 */
static unsigned decide(const struct market_walk *walk, const struct race *race, struct rng *rng, bool *contested)
{
	bool auction = walk->book->market->gas.bid_share > 0;
	double step_s = walk->book->model->step_s, comes[KEEPERS_MAX + 1], earliest = INFINITY;
	unsigned rivals = 0, chosen, i;

	for (i = 0; i < race->count; i++) {
		comes[i] = auction ? ceil((walk->now_s + race->delay_s[i]) / step_s) : race->delay_s[i];
		earliest = fmin(earliest, comes[i]);
	}
	for (i = 0; i < race->count; i++)
		rivals += comes[i] <= earliest;
	*contested = auction && rivals > 1;
	if (!auction && race->kind[0] == KEEPER_OWN && comes[0] <= earliest)
		return 0;
	chosen = rivals > 1 ? (unsigned)(rng_uniform(rng) * rivals) : 0;
	for (i = 0; comes[i] > earliest || chosen; i++)
		chosen -= comes[i] <= earliest;
	return i;
}

/* Who stands behind whom where it does not pay for the winner: as they come. */
static void line_up(struct market_walk *walk, uint32_t account, const struct race *race, unsigned winner)
{
	unsigned kinds = keepers_kinds(&walk->book->market->keepers);
	double *line = &walk->line[(size_t)account * kinds];

	for (unsigned kind = 0; kind < kinds; kind++)
		line[kind] = INFINITY;
	for (unsigned i = 0; i < race->count; i++)
		line[race->kind[i]] = fmin(line[race->kind[i]], walk->now_s + race->delay_s[i]);
	line[race->kind[winner]] = -INFINITY;
}

struct attempt attempt_next(struct market_walk *walk, uint32_t account)
{
	const struct model *model = walk->book->model;
	uint32_t asset = model->accounts[account].asset;
	struct attempt next = {.account = account, .brings = attempt_price(walk, asset)};
	struct race race = {.count = 0};
	double inclusion;
	unsigned winner;
	struct rng rng;

	rng_open(&rng, model->seed, walk->path, account, RNG_ATTEMPT);
	rng.counter[0] = ATTEMPT_BLOCKS * walk->states[account].attempts++;
	inclusion = stage_delay(walk, asset, &model->delays[DELAY_INCLUSION], DELAY_INCLUSION, &rng);
	hold_race(walk, asset, inclusion, &rng, &race);
	winner = decide(walk, &race, &rng, &next.contested);
	next.keeper = race.kind[winner];
	next.due_s = walk->now_s + race.delay_s[winner];
	if (walk->line)
		line_up(walk, account, &race, winner);
	return next;
}

static bool stands_before(const double *line, unsigned a, unsigned b)
{
	return line[a] < line[b] || (line[a] == line[b] && a < b);
}

/* For somebody before him with the same capital it did not pay: it does not for him. */
static bool pays_no_better(const struct market_walk *walk, const double *line, unsigned kind)
{
	const struct keepers *keepers = &walk->book->market->keepers;

	for (unsigned other = 0; other < keepers_kinds(keepers); other++)
		if (stands_before(line, other, kind) && keepers_capital(keepers, other) == keepers_capital(keepers, kind))
			return true;
	return false;
}

bool attempt_pass_on(const struct market_walk *walk, uint32_t account, uint8_t *keeper)
{
	unsigned kinds = keepers_kinds(&walk->book->market->keepers), found = kinds;
	const double *line = walk->line ? &walk->line[(size_t)account * kinds] : NULL;

	for (unsigned kind = 0; line && kind < kinds; kind++)
		if (line[kind] <= walk->now_s && stands_before(line, *keeper, kind) && (found == kinds || stands_before(line, kind, found)) &&
		    !pays_no_better(walk, line, kind))
			found = kind;
	if (found == kinds)
		return false;
	*keeper = (uint8_t)found;
	return true;
}

/* Whose it was before it was passed on. */
static uint8_t first_in_line(const struct market_walk *walk, const struct attempt *attempt)
{
	unsigned kinds = keepers_kinds(&walk->book->market->keepers), kind = 0;

	if (!walk->line)
		return attempt->keeper;
	while (walk->line[(size_t)attempt->account * kinds + kind] > -INFINITY)
		kind++;
	return (uint8_t)kind;
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

int attempt_wait(struct market_walk *walk, struct attempt attempt)
{
	walk->out->waits++;
	attempt.keeper = first_in_line(walk, &attempt);
	attempt.brings = attempt_price(walk, walk->book->model->accounts[attempt.account].asset);
	return attempt_again(walk, attempt);
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
