/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Inside model_run(): one path through one asset's ladder, by expectation and by execution. */
#ifndef PL_MARGIN_SIMULATE_H
#define PL_MARGIN_SIMULATE_H

#include <stdint.h>

#include "margin/ladder.h"
#include "margin/masses.h"
#include "margin/model.h"
#include "margin/skeleton.h"

#define EXPOSURE_BINS 512
#define EXPOSURE_UNIT 0x1p30 /* fixed point: integer sums do not depend on the order of threads */

/*
 * Where triggers happened, summed over paths: what is needed to ask the same paths about another delay. Triggers by
 * diffusion stand at the account's own trigger price (hits: a difference array over the rungs); those by a jump are
 * binned by moneyness, with the first moment in the bin.
 */
struct exposure {
	int64_t *hits;			/* rungs + 1, units of 1/EXPOSURE_UNIT paths */
	int64_t mass[EXPOSURE_BINS];	/* of units·price, in `scale`/EXPOSURE_UNIT */
	int64_t moment[EXPOSURE_BINS];	/* mass times the position inside the bin, 0..1 */
	double scale;			/* value of all units at the start's price */
};

/* One asset's accounts group by group, on a path; `count` 0: nobody asks. */
struct parts {
	size_t count;
	const struct ladder *ladders;
	size_t *next;		  /* of each: its first rung not triggered yet */
	double (*sums)[MEASURES]; /* of each */
};

/*
 * Adds weight × the expected cost of the triggers on this path (accounts below their trigger at the start left out): of accounts
 * that the diffusion reaches by the ladder's sums, of those that a jump passes one by one, as `lots` (or the same ladder) has them. `parts` get what is
 * theirs of it. `exposure` NULL: not wanted.
 */
void expect_path(const struct ladder *ladder, const struct ladder *lots, const struct skeleton *skeleton, double weight, struct rng *minimum,
		 double sum[MEASURES], const struct parts *parts, struct exposure *exposure);

/*
 * Where the loss after a trigger has no formula (processes with a memory, delays that know of prices), each account is executed several times on the
 * same path: as it is, and under other delays.
 */
enum variant {
	VARIANT_AS_IS,
	VARIANT_AT_ONCE, /* at the trigger: the gap */
	VARIANT_LATER,	 /* by walk->added_s: the slope */
	VARIANT_WITHOUT, /* one of the stages left out: DELAY_STAGES of them */
	VARIANT_ADDED = VARIANT_WITHOUT + DELAY_STAGES, /* the curve of added delays but for its first point: MODEL_CURVE_POINTS - 1 */
	VARIANT_AGAINST = VARIANT_ADDED + MODEL_CURVE_POINTS - 1, /* walk->against in place of the delays */
	VARIANTS,
};

/* What one walk came to by group of accounts. */
struct walk_group {
	double bad_debt[VARIANTS]; /* the first one only, where variants are not asked for … */
	uint64_t triggered;	   /* … and then not this either: the expectation knows it */
};

/* What is drawn anew for each path; arrays grow as needed. */
struct walk {
	struct skeleton skeleton;
	struct pending *waiting; /* heap by time: executions whose price is not known yet */
	size_t waiting_count;
	struct known *known; /* stack, nearest in time on top: points of the path ahead */
	size_t known_count;
	size_t capacity;
	const double *added_s; /* one per variant: delay on top */
	const struct delay_law *against; /* the stages of another site; NULL: none, and no such variant */
	enum delay_stage slowest; /* the stage with the longest tail */
	double *weights; /* one per rung: of its executions on this path; 1 but for lots */
	struct walk_group *groups; /* added to, by the rungs' group; NULL: nobody asks */
	uint64_t steps;
	uint64_t beyond; /* executions after the end of a tape, at its last price */
};

/* Room for `execution_count_max` executions of up to `rung_count_max` rungs on one path. */
int walk_init(struct walk *walk, size_t execution_count_max, size_t rung_count_max);
void walk_free(struct walk *walk);

/* Triggers, delays and executions along walk->skeleton; adds to `sum` what the engine did, and to `variants` (NULL: not wanted) the bad debt under each. Returns the number of liquidations. */
uint64_t walk_path(struct walk *walk, const struct ladder *ladder, const struct model *model, uint64_t path, uint32_t asset,
		   struct outcome *sum, double variants[VARIANTS]);

/* The same for a process with a memory, drawn as it is walked; adds the bad debt under every variant. `drive` NULL: alone. */
uint64_t walk_memory_path(struct walk *walk, const struct ladder *ladder, const struct model *model, uint64_t path,
			  uint32_t asset, const struct drive *drive, struct outcome *sum, double variants[VARIANTS]);

#endif
