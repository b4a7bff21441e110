/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The accounts on one asset, sorted by the price that triggers them (highest first), with prefix sums of what a trigger
 * by diffusion costs: a fall of the price to a new low triggers a range of accounts, whatever their number.
 */
#ifndef PL_MARGIN_LADDER_H
#define PL_MARGIN_LADDER_H

#include <stddef.h>
#include <stdint.h>

#include "margin/cost.h"
#include "margin/engine.h"
#include "margin/process.h"
#include "margin/quadrature.h"

struct rung {
	double trigger;	   /* ln of the price below which the account is liquidatable */
	double log_strike; /* ln strike of the engine's payoff */
	double units;	   /* units of the engine's payoff */
	size_t account;	   /* index in the ladder's accounts */
	uint64_t members : 56; /* accounts that it stands for: more than one in a lot (lots.h) */
	uint64_t group : 8;    /* of accounts (model.h); 0 where there is one */
};

struct ladder {
	const struct process *process;
	const struct quadrature *delay;
	double log_price; /* at the start */
	const struct account *accounts;
	struct rung *rungs;
	size_t count;
	size_t at_start; /* rungs[0..at_start) are below their trigger at the start */
	double (*prefix)[MEASURES]; /* prefix[i]: sums over rungs[0..i) triggered by diffusion; NULL: no delay law */
	struct cost cost;
	double moneyness_low, moneyness_high; /* the range of the curves */
};

/* Accounts of `asset` that owe anything. `accounts`, `process` and `delay` must outlive the ladder. 0 or -ENOMEM. `delay` NULL: no curves and no prefix sums. */
int ladder_build(struct ladder *ladder, const struct account *accounts, size_t account_count, uint32_t asset, double price,
		 const struct engine *engine, const struct process *process, const struct quadrature *delay);
void ladder_free(struct ladder *ladder);

/*
 * Tells the rungs their accounts' groups, and makes a ladder of each group's: in `parts`, of which there are `count`. Their costs are those of the
 * whole ladder, which must outlive them. 0 or -ENOMEM, to be freed one by one after that, too.
 */
int ladder_split(struct ladder *ladder, const uint8_t *groups, size_t count, struct ladder *parts);

/* Puts the rungs into their order, and finds those that are below their trigger at the start. */
void ladder_sort(struct ladder *ladder);

/* Expected cost of one account triggered at the price e^log_price. */
void ladder_measure(const struct ladder *ladder, const struct rung *rung, double log_price, double out[MEASURES]);

/* First rung at or after `from` that a fall to `low` does not trigger. */
size_t ladder_reach(const struct ladder *ladder, size_t from, double low);

#endif
