/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Inside model_run(): paths in blocks, blocks over threads, sums in the order of the blocks. Two neighbouring paths make a
 * pair, the unit of the error estimate: the second one may be drawn with an extra drift towards the triggers and with more jumps, and both
 * are then weighted by the balance heuristic (Veach and Guibas 1995), so a weight is never above 2.
 */
#ifndef PL_MARGIN_RUN_H
#define PL_MARGIN_RUN_H

#include "margin/lots.h"
#include "margin/moments.h"
#include "margin/simulate.h"

#define PAIRS_PER_BLOCK 512

struct gain_answer; /* gain.h */
/* Of the means of pairs: their mean, and the sum of squared deviations from it. */
struct sums {
	double mean[MEASURES], squares[MEASURES];
};

struct block {
	uint64_t pairs;
	struct sums sums;
	double losses_squared;			  /* of sampled paths */
	struct outcome outcome;			  /* sums over sampled paths */
	uint64_t liquidations;
	uint64_t steps, beyond;
	double variants[VARIANTS]; /* sums over drawn paths: assets with a memory only */
	double variants_squared[VARIANTS]; /* of the pairs' */
	struct moments other, gain; /* with run->against, over pairs: of the loss there, and of what it is less */
	uint64_t differing;	    /* pairs of which it is another one */
};

struct run {
	const struct model *model;
	struct quadrature delay;   /* of the sum of the stages */
	struct ladder *ladders;	   /* one per asset */
	struct lots *lots;	   /* one per asset: its accounts in lots, empty where they are few (run_lots()) */
	struct tilt *tilts;	   /* one per asset: the law of every second path */
	struct exposure *exposure; /* one per asset: sums over threads */
	double added_s[VARIANTS];  /* delay on top, per variant */
	uint64_t block_count, blocks_done;
	struct block *blocks;
	uint64_t stride;	   /* every stride-th path is executed */
	double *losses;		   /* bad debt of executed paths, in the order of paths */
	uint64_t losses_capacity;
	const struct run *against; /* the same model under other delays, prepared: its losses on the same paths, too (gain.h); NULL: none */
	/* The same by groups of accounts, where there are several: */
	size_t group_count;	  /* 0: none, or all in one */
	struct ladder *parts;	  /* of each asset, group by group */
	struct sums *group_sums;  /* of each block, group by group */
	double *group_losses;	  /* of each executed path, group by group */
};

/* What a path goes through account by account: the sample of lots whose turn it is, if there are any. */
const struct ladder *run_lots(const struct run *run, size_t asset, uint64_t path);
/* The longest of them. */
size_t run_lots_most(const struct run *run, size_t asset);

/* An asset's accounts by group: group_count ladders; NULL where there is one group. */
struct ladder *run_parts(const struct run *run, size_t asset);

/* Under `scale` times the whole delay, and so many seconds more: 1 and 0 as it is (executions do not know of it). 0 or -ENOMEM. */
int run_prepare(struct run *run, const struct model *model, double scale, double added_s);
void run_free(struct run *run);
/* Blocks first … end - 1 until done or stopped, all before them being done; run->blocks_done says how many in all, always the first ones. 0, -ENOMEM or -EAGAIN. */
int run_threads(struct run *run, const struct model_control *control, uint64_t first, uint64_t end);
/* All of them, with the checkpoint where there is one. As run_threads(). */
int run_slices(struct run *run, const struct model_control *control);

/* Fills everything in the result that comes from the sums (result.c). 0 or -ENOMEM. */
int run_result(const struct run *run, struct model_result *result);

/* The value that `pairs` pairs of paths triggered on one asset. 0 or -ENOMEM. */
int exposure_masses(struct masses *masses, const struct ladder *ladder, const struct exposure *exposure, double pairs);

/* What the paths say of run->against, but for the error of the measurement. `here`: the result without it. */
void run_gain(const struct run *run, const struct estimate *here, struct gain_answer *out);

/* What is triggered, by the paths, of assets with a formula after the trigger. 0 or -ENOMEM; free with fixed_delay_free(). */
int run_masses(const struct run *run, struct fixed_delay *out);

/* The same paths under other delays (what_if.h). As run_threads(). */
int run_what_if(const struct run *run, const struct model_control *control, struct model_result *result);

#endif
