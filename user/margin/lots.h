/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A large book in a few hundred lots a path, so that what has to be done account by account (a jump over triggers, an
 * execution) costs the same for a million accounts as for a thousand. A lot is of neighbours: about one ratio of strike to
 * trigger, and triggers that a fall reaches one after the other. Its collateral, debt and number of accounts are theirs
 * together, which the engines' linear rules allow; its trigger is their mean, so that what is left is of the second order in
 * their spread. Lots are small where much is lost and likely to be: each has about the same share of the value and of the
 * loss expected. Every LOTS_TURNS-th of them is in one sample, at LOTS_TURNS times its size, and samples take turns from pair
 * of paths to pair: means over paths are those of all lots, and their errors know of it. Accounts that are a lot by
 * themselves are in every sample as they are.
 */
#ifndef PL_MARGIN_LOTS_H
#define PL_MARGIN_LOTS_H

#include "margin/ladder.h"
#include "margin/model.h"

#define LOTS_LIKE 800 /* a path meets about as many lots as it would accounts, had the book this many of them … */
#define LOTS_LEAST 64  /* … and a sample has this many lots at least, and LOTS_LIKE at most */
#define LOTS_TURNS 32
#define LOTS_FROM 4096 /* accounts on one asset; below, each is one by itself */
/* Of each of several groups of accounts, at least: they share what a book without groups has. */
#define LOTS_LIKE_PART 128
#define LOTS_FROM_PART 1024

struct lots {
	struct ladder samples[LOTS_TURNS]; /* with accounts of their own, and without costs: the whole ladder prices them */
};

/* Left empty for small books. `parts` (ladder_split(), `part_count` 0: none): no lot is of accounts of two. 0 or -ENOMEM; free with lots_free(). */
int lots_build(struct lots *out, const struct ladder *ladder, const struct ladder *parts, size_t part_count, const struct model *model);
void lots_free(struct lots *lots);

#endif
