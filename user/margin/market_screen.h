/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Inside market_run(): how far a path goes before anything can happen on it. Prices on chain lie between the lowest and the
 * highest price so far, so until a price passes the first account's trigger nobody can be liquidated, whatever the scenario.
 * STEPS_PATHS paths are walked at a time, a chunk of steps after the other (steps.h), with nothing but their prices; a path
 * on which no price ever passes has come to nothing in every scenario.
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
	struct market_price *prices; /* STEPS_PATHS an asset */
	double *levels;		     /* two an asset: ln of the highest long trigger, of the lowest short one */
	uint64_t steps;		     /* walked so far, by any path and asset */
};

int market_screen_init(struct market_screen *screen, const struct market_book *book);
void market_screen_free(struct market_screen *screen);

/*
 * For STEPS_PATHS paths from `path` on (a multiple): the chunk in which a price passes a trigger first (MARKET_NEVER: none does
 * within the horizon), and the diffusion of each asset at that chunk's beginning, diffusions[i·assets + asset].
 */
void market_screen_paths(struct market_screen *screen, uint64_t path, uint64_t chunks[STEPS_PATHS], double *diffusions);

#endif
