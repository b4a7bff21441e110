/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Inside the market walk: one asset's price from block to block, whatever its process. */
#ifndef PL_MARGIN_MARKET_PRICE_H
#define PL_MARGIN_MARKET_PRICE_H

#include "margin/model.h"
#include "margin/steps.h"

struct market_price {
	const struct model *model;
	const struct process *process;
	double log_price, price;
	struct rng rng; /* of what is not drawn by chunks */
	/* Lévy */
	double sd; /* of the diffusion over a step */
	double start, own_jumps, common_jumps; /* ln S at the start; sums of the jumps so far */
	struct rng own_times;
	double next_own_s, own_rate;
	/* jumps that the asset shares: their times are the same for all, dependence.h */
	struct rng common_times;
	double next_common_s, common_rate;
	uint32_t commons;
	uint64_t path;
	uint64_t blocks;  /* behind it */
	double diffusion; /* up to here, in standard deviations of a step; with `steps`: up to the chunk's beginning */
	/*
	 * Lévy and not correlated: by chunks of blocks. Where they end is a walk of its own, of which one number is a chunk; inside
	 * one the price is the bridge to its end, a free walk less what it misses the end by: the law of a walk from block to block.
	 */
	const struct steps_kernel *steps; /* NULL: it is not */
	struct steps_place inside, ends;
	uint64_t ends_of; /* which chunk of chunks end_sums are of, and 1; 0: of none */
	float end_sums[STEPS_CHUNK], sums[STEPS_CHUNK];
	double move, last; /* of the chunk: to its end, and ln S there */
	double missed;	   /* by the free walk, a step */
	/* with a memory: what is left of the stretch that began before this block */
	struct process_state state;
	double left_s, left_move, left_variance, jump;
};

void market_price_start(struct market_price *price, const struct model *model, uint32_t asset, uint64_t path);

/* To now_s, one step later. `shock`: the step's N(0, 1) where assets are correlated; NAN: one of its own. */
void market_price_step(struct market_price *price, double now_s, double shock);

/*
 * With `steps`, at the beginning of a chunk: whether ln S keeps between level[0] and level[1] to the chunk's end, without a jump.
 * Where the chunk's two ends are so far inside that a bridge between them comes out once in e^40 times, it is taken not to.
 */
bool market_price_keeps(struct market_price *price, const double level[2]);

/* After market_price_keeps(), which said so: to the end of the chunk. Leaves `price` behind. */
void market_price_leap(struct market_price *price);

/* With `steps`, from the start: to the beginning of a later chunk, of which `diffusion` is known. */
void market_price_jump_to(struct market_price *price, uint64_t chunk, double diffusion);

/* Standard deviation of ln S over one step, as the process has it at present. */
double market_price_sd(const struct market_price *price);

/* Accounts were triggered: what a process that restarts at such moments wants to know. */
void market_price_triggered(struct market_price *price);

#endif
