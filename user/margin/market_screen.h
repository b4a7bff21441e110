/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Inside market_run(): how far a path goes before anything can happen on it. Prices on chain lie between the lowest and the
 * highest price so far, so until a price passes the first account's trigger nobody can be liquidated, whatever the scenario.
 * A path is walked a chunk of blocks after the other (market_price.h), with nothing but its prices: from end to end, and block by
 * block where an end is near a trigger. A path on which no price ever passes has come to nothing in every scenario.
 */
#ifndef PL_MARGIN_MARKET_SCREEN_H
#define PL_MARGIN_MARKET_SCREEN_H

#include "margin/market_leap.h"
#include "margin/market_price.h"

/* Whether the first liquidation needs a price beyond a trigger, in this market and of these processes, and nothing else happens before. A mechanism that changes this has to be named there. */
bool market_screen_applies(const struct market_book *book);

/* Whether what was before that price makes no difference: there are leaps (market_leap.h), and no report waits for a deviation. */
bool market_screen_forgets(const struct market_book *book);

/* What a thread needs. */
struct market_screen {
	const struct market_book *book;
	struct market_price *prices; /* one an asset */
	double *levels;		     /* two an asset: ln of the highest long trigger, of the lowest short one */
	uint64_t steps;		     /* so far, of any path and asset */
};

int market_screen_init(struct market_screen *screen, const struct market_book *book);
void market_screen_free(struct market_screen *screen);

/*
 * The chunk in which a price passes a trigger first (MARKET_NEVER: none does within the horizon), and the diffusion of each asset at
 * that chunk's beginning (NULL: not asked for).
 */
uint64_t market_screen_path(struct market_screen *screen, uint64_t path, double *diffusions);

#endif
