// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/ladder.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

void ladder_measure(const struct ladder *ladder, const struct rung *rung, double log_price, double out[MEASURES])
{
	cost_measure(&ladder->cost, rung->log_strike - log_price, rung->units * exp(log_price), out);
}

size_t ladder_reach(const struct ladder *ladder, size_t from, double low)
{
	size_t first = from, last = ladder->count;

	while (first < last) {
		size_t middle = (first + last) / 2;

		if (ladder->rungs[middle].trigger >= low)
			first = middle + 1;
		else
			last = middle;
	}
	return first;
}

/* Highest trigger first; equal ones in the order of the book, so that the result does not depend on the sort. */
static int by_trigger(const void *a, const void *b)
{
	const struct rung *x = a, *y = b;

	if (x->trigger != y->trigger)
		return x->trigger < y->trigger ? 1 : -1;
	return (x->account > y->account) - (x->account < y->account);
}

void ladder_sort(struct ladder *ladder)
{
	qsort(ladder->rungs, ladder->count, sizeof(*ladder->rungs), by_trigger);
	ladder->at_start = 0;
	while (ladder->at_start < ladder->count && ladder->rungs[ladder->at_start].trigger > ladder->log_price)
		ladder->at_start++;
}

static int tabulate(struct ladder *ladder)
{
	double low = INFINITY, high = -INFINITY;

	for (size_t i = 0; i < ladder->count; i++) {
		double at_trigger = ladder->rungs[i].log_strike - fmin(ladder->rungs[i].trigger, ladder->log_price);

		low = fmin(low, at_trigger);
		high = fmax(high, at_trigger);
	}
	low -= 1e-9;
	high += 1e-9 + ladder->process->jump_reach;
	ladder->moneyness_low = low;
	ladder->moneyness_high = high;
	return cost_build(&ladder->cost, ladder->process, ladder->delay, low, high, false);
}

/* The prefix sums, with the costs of `priced`, which is the ladder itself or the one that it is a part of. */
static void sum_up(struct ladder *ladder, const struct ladder *priced)
{
	for (size_t i = 0; i < ladder->count; i++) {
		double each[MEASURES];

		ladder_measure(priced, &ladder->rungs[i], fmin(ladder->rungs[i].trigger, ladder->log_price), each);
		for (int k = 0; k < MEASURES; k++)
			ladder->prefix[i + 1][k] = ladder->prefix[i][k] + each[k];
	}
}

int ladder_build(struct ladder *ladder, const struct account *accounts, size_t account_count, uint32_t asset, double price,
		 const struct engine *engine, const struct process *process, const struct quadrature *delay)
{
	int rc = -ENOMEM;

	*ladder = (struct ladder){.process = process, .delay = delay, .log_price = log(price), .accounts = accounts};
	for (size_t i = 0; i < account_count; i++)
		ladder->count += accounts[i].asset == asset && accounts[i].debt > 0;
	if (!ladder->count)
		return 0;
	ladder->rungs = calloc(ladder->count, sizeof(*ladder->rungs));
	if (!ladder->rungs)
		goto fail;
	for (size_t i = 0, n = 0; i < account_count; i++) {
		const struct account *a = &accounts[i];
		double strike;

		if (a->asset != asset || a->debt <= 0)
			continue;
		engine->type->payoff(engine, a, &ladder->rungs[n].units, &strike);
		ladder->rungs[n].log_strike = log(strike);
		ladder->rungs[n].trigger = log(a->debt / (a->collateral * a->liquidation_threshold));
		ladder->rungs[n].members = 1;
		ladder->rungs[n++].account = i;
	}
	ladder_sort(ladder);
	if (!delay) /* nothing is known of a trigger's cost but by executing it */
		return 0;
	rc = tabulate(ladder);
	if (!rc && !(ladder->prefix = calloc(ladder->count + 1, sizeof(*ladder->prefix))))
		rc = -ENOMEM;
	if (rc)
		goto fail;
	sum_up(ladder, ladder);
	return 0;
fail:
	ladder_free(ladder);
	return rc;
}

int ladder_split(struct ladder *ladder, const uint8_t *groups, size_t count, struct ladder *parts)
{
	for (size_t g = 0; g < count; g++)
		parts[g] = (struct ladder){.process = ladder->process, .delay = ladder->delay, .log_price = ladder->log_price, .accounts = ladder->accounts};
	for (size_t i = 0; i < ladder->count; i++) {
		ladder->rungs[i].group = groups[ladder->rungs[i].account];
		parts[ladder->rungs[i].group].count++;
	}
	for (size_t g = 0; g < count; g++) {
		struct ladder *part = &parts[g];

		if (!part->count)
			continue;
		part->rungs = malloc(part->count * sizeof(*part->rungs));
		if (ladder->prefix)
			part->prefix = calloc(part->count + 1, sizeof(*part->prefix));
		if (!part->rungs || (ladder->prefix && !part->prefix))
			return -ENOMEM;
		part->count = 0;
	}
	for (size_t i = 0; i < ladder->count; i++) { /* which are in order, and stay so */
		struct ladder *part = &parts[ladder->rungs[i].group];

		part->rungs[part->count++] = ladder->rungs[i];
		part->at_start += i < ladder->at_start;
	}
	for (size_t g = 0; g < count; g++)
		if (parts[g].prefix)
			sum_up(&parts[g], ladder);
	return 0;
}

void ladder_free(struct ladder *ladder)
{
	free(ladder->prefix);
	cost_free(&ladder->cost);
	free(ladder->rungs);
	*ladder = (struct ladder){0};
}
