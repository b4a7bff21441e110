/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who absorbs bad debt: tiers in a configured order, each with what it has left, or the positions of the same market. Whatever no
 * tier takes stays with the lenders, so nothing is ever lost on the way.
 */
#ifndef PL_MARGIN_WATERFALL_H
#define PL_MARGIN_WATERFALL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define WATERFALL_TIERS_MAX 8

/*
 * insurance-fund	pays what it has; fed by `fed_share` of the protocol's fees and penalties
 * backstop		tokens are issued and sold: raising x leaves room for x(1 + impact·x/size) less of `size`, so that the
 *			last of it sells badly
 * capital		governance-controlled capital: pays what there is
 * deleveraging		positions of the other side are closed against the bankrupt one at its bankruptcy price, in the order of `rank`
 * socialised		open positions of the same market pay, each in proportion to `over`
 */
enum tier_type { TIER_INSURANCE, TIER_BACKSTOP, TIER_CAPITAL, TIER_DELEVERAGING, TIER_SOCIALISED, TIER_TYPES };
extern const char *const tier_type_names[TIER_TYPES + 1]; /* as in model.yaml; NULL at the end */

/*
 * Who is deleveraged first.
 *	hyperliquid	of those in profit the highest (mark/entry)·(notional/account value), for short positions entry/mark
 *	dydx-v4		from a random one on, in the order of the book, whether in profit or not
 */
enum deleveraging_rank { RANK_HYPERLIQUID, RANK_DYDX, RANKS };
extern const char *const deleveraging_rank_names[RANKS + 1];

enum socialised_over { OVER_OPEN_INTEREST, OVER_PROFIT, OVER_EQUITY, OVERS };
extern const char *const socialised_over_names[OVERS + 1];

struct tier {
	char name[32];
	enum tier_type type;
	double size;	  /* at the start, numeraire */
	double fed_share; /* insurance-fund, 0..1 */
	double impact;	  /* backstop, >= 0 */
	enum deleveraging_rank rank;
	enum socialised_over over;
};

struct waterfall {
	struct tier tiers[WATERFALL_TIERS_MAX];
	size_t count;
};

/* What a path has left. */
struct waterfall_state {
	double left[WATERFALL_TIERS_MAX], absorbed[WATERFALL_TIERS_MAX];
	bool fell_short[WATERFALL_TIERS_MAX]; /* positions could not take all that was asked of them */
	double lenders; /* what no tier took */
};

/* Asks positions for a loss > 0 and returns what they take of it: the market walk has them. */
struct waterfall_positions {
	double (*take)(void *context, const struct tier *tier, double loss);
	void *context;
};

/* Whether positions, not money, stand behind it. */
bool tier_of_positions(const struct tier *tier);

/* The first tier of this type, or NULL. */
const struct tier *waterfall_find(const struct waterfall *waterfall, enum tier_type type);

/* -EINVAL names the tier and what is wrong with it. */
int waterfall_check(const struct waterfall *waterfall, struct error *err);

void waterfall_start(const struct waterfall *waterfall, struct waterfall_state *state);

/* The tiers from `first` to before `end` take what they can of a loss >= 0, in their order; returns what is left. `positions` NULL: there are none. */
double waterfall_take(const struct waterfall *waterfall, struct waterfall_state *state, size_t first, size_t end, double loss,
		      const struct waterfall_positions *positions);

/* Spreads a loss over all tiers. absorbed[] and lenders grow by exactly `loss` together. */
void waterfall_absorb(const struct waterfall *waterfall, struct waterfall_state *state, double loss);

/* A tier's positions could not take a loss, or its money, of which it had some, is gone. */
bool waterfall_exhausted(const struct waterfall *waterfall, const struct waterfall_state *state, size_t i);

/* The most that the tiers before a deleveraging could pay now; INFINITY where there is none. */
double waterfall_before_deleveraging(const struct waterfall *waterfall, const struct waterfall_state *state);

/* Fees of the protocol: the funds take their share; returns what is the protocol's own. */
double waterfall_feed(const struct waterfall *waterfall, struct waterfall_state *state, double fees);

#endif
