/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Inside market_run(): one path of the market walk. */
#ifndef PL_MARGIN_MARKET_PATH_H
#define PL_MARGIN_MARKET_PATH_H

#include "margin/front.h"
#include "margin/market.h"

/* The same paths under another world. */
struct scenario {
	bool no_delay, no_gas, no_impact;
	double added_s[DELAY_STAGES], own_added_s; /* the latter: to the own keeper's delay alone */
	double shorter; /* share that all delays lose, 0..1 */
	bool mean_delays; /* every delay is the mean of its law */
};

/* What a path came to, in the numeraire. Gains of everybody involved add up to what prices brought those who held collateral. */
struct path_result {
	double bad_debt; /* written off, and `open` */
	double open;
	double borrowers, keepers, own, protocol, buyers, gas; /* gains; buyers: who bought below the price, i.e. slippage */
	double held;   /* by the protocol until it was sold, by keepers until it arrived: times the price's move */
	double seized; /* value of all collateral taken, at the market's price */
	double absorbed[WATERFALL_TIERS_MAX], lenders;
	bool exhausted[WATERFALL_TIERS_MAX];
	double deleveraged_value; /* of what was closed against bankrupt positions, at the protocol's price */
	uint32_t deleveraged;	  /* how often somebody's position was closed so, whole or in part */
	uint32_t competing; /* keepers at the end */
	uint32_t liquidations, own_wins, waits, queued, recovered, first_times;
	double imbalance;    /* |what everybody gained together|: rounding only */
	double first_time_s; /* sum over accounts: from health below 1 to their first liquidation */
	uint64_t steps;
};

/* Of one of several groups of accounts. */
struct path_group {
	double bad_debt;
	uint64_t liquidations;
};

/* Of one of several kinds of keepers. */
struct path_keeper {
	double profit;
	uint64_t wins;
};

#define MARKET_NEVER UINT64_MAX

/* What all paths share. */
struct market_book {
	const struct market *market;
	const struct model *model;
	struct position *positions;	  /* of the accounts, at the start */
	struct front_order *orders; /* two an asset: long, short */
	bool shorts_owe; /* units below 0 are debts, which count at their price whatever the controls say, and no positions */
	/* of each row, where an account has several (market_basket.c); NULL: none has */
	uint32_t *heads;
	double *keys;
	struct pool_book *pools; /* one an asset, market_index.c; NULL: no loss is spread by an index */
};

int market_book_init(struct market_book *book, const struct market *market, const struct model *model);
void market_book_free(struct market_book *book);

/* Blocks of the horizon, the first one (in which nothing has moved yet) not counted. */
size_t market_book_steps(const struct model *model);

struct market_walk; /* what a thread needs for a path */

int market_walk_new(struct market_walk **out, const struct market_book *book);
void market_walk_free(struct market_walk *walk);

/* How many groups of accounts are told apart: 0 where there is one. */
size_t market_book_groups(const struct model *model);
/* Where the next path leaves what came to each of them; NULL, as at first: nobody asks. */
void market_walk_by_group(struct market_walk *walk, struct path_group *groups);
/* The same of each kind of keepers. */
void market_walk_by_keeper(struct market_walk *walk, struct path_keeper *keepers);

/* Where the first thing may happen on a path (market_screen.h). */
struct market_from {
	uint64_t chunk;		  /* MARKET_NEVER: nothing will */
	const double *diffusions; /* at its beginning, one an asset; NULL: walk from the start all the same */
};

/* `from` NULL: from the start. 0 or -ENOMEM. */
int market_walk_path(struct market_walk *walk, const struct scenario *scenario, uint64_t path, const struct market_from *from,
		     struct path_result *out);

#endif
