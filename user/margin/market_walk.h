/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Inside the market walk: the state of one path, and what its parts ask of each other. market_book.c makes room,
 * market_attempt.c says who comes when, market_queue.c keeps them in that order, market_trade.c liquidates accounts, market_lots.c
 * sells what the protocol has taken over, market_crossing.c brings collateral from another chain, market_basket.c has accounts of
 * several rows, market_deleverage.c, market_socialise.c and market_index.c let positions bear a loss, market_money.c books it all,
 * market_path.c goes block by block.
 */
#ifndef PL_MARGIN_MARKET_WALK_H
#define PL_MARGIN_MARKET_WALK_H

#include "margin/market_path.h"
#include "margin/market_price.h"

#define WALK_DUST 1e-12 /* of a position: what rounding leaves of all of it */

struct attempt {
	double due_s;
	uint32_t account;
	uint8_t keeper; /* whose it is, by kind */
	bool contested; /* others come for it in the same block, and bid */
	double brings; /* the price in the transaction, with a pull oracle; NAN: what is on chain counts */
};

struct lot_on_offer {
	struct lot lot;
	uint32_t account;
	double mark;  /* the price at which the protocol's books have it: the market's when it was taken over */
	double due_s; /* of the purchase that is under way; INFINITY: none */
	uint8_t keeper;
	bool contested;
};

/* Collateral that a keeper has paid for and that has not arrived, or waits for its market to open. */
struct crossing {
	double due_s, units;
	double mark; /* the price when he paid */
	uint32_t asset;
	uint8_t keeper;
};

struct account_state {
	bool touched;
	bool liquidated;
	bool under_way; /* was triggered, and nothing that its rows wait for matters */
	bool moved; /* of several rows: others changed it, and it has to wait anew */
	uint32_t attempts, crossings;
	double not_before_s; /* the protocol lets it be until then */
	double below_since_s;
};

/* The positions of an asset that bear a loss by its index, each unit the same; market_index.c. */
struct pool {
	double index; /* what a unit has paid since the path began */
	struct front poor[2]; /* by what they have left a unit, the poorest first */
	double units; /* of all that are among the payers … */
	double most;  /* … were at most since they were last added up: what is left of much more is known too roughly */
	size_t count; /* … and how many they are */
};

struct pool_book { /* the same for all paths */
	struct front_order poor[2];
	double units, least_weight[2];
};

struct asset_state {
	struct market_price price;
	double used; /* units that the market has not digested */
	double moving; /* variance of ln S of late, per second */
	struct rng reports;
	struct oracle oracle;
	struct controls controls;
	struct front fronts[2];
	struct pool pool;
	double unpaid; /* losses of this block that its positions are to pay together */
	double wanted; /* cash that its lots still have to raise: of auctions that end at a target */
	bool moved[2]; /* positions of this side were changed from outside: their front has to be renewed before it fires */
};

/* Who is deleveraged next, of one side of one asset in one block at one price: made when the first loss asks for it. */
struct ranking {
	struct ranked {
		double score;
		uint32_t row;
	} *heap;
	size_t count;
	uint32_t asset;
	int side;
	double at_s, mark; /* at_s NAN: of no block */
};

/* A loss, and what is left of the position that made it: nothing where `units` is 0. */
struct shortfall {
	double amount; /* > 0 */
	uint32_t row;
	double units;
	double mark; /* the price by which the amount was reckoned */
	bool at_end; /* which is the market's, not the one on chain */
};

struct market_walk {
	const struct market_book *book;
	const struct scenario *scenario;
	uint64_t path;
	double now_s, last_arrival_s;
	double start; /* where in the measurement the path's delays begin, 0..1 */
	struct asset_state *assets;
	struct position *positions;
	struct account_state *states;
	double *keys; /* under which rows of accounts with several are in a front, 0: in none; NULL: there are no such accounts */
	uint32_t *touched;
	size_t touched_count;
	struct attempt *attempts; /* heap by time, then account */
	size_t attempt_count, attempt_capacity;
	struct attempt *waiting, *again; /* who tries again in this block, from `next` on; and in the next one, as they came up */
	size_t waiting_next, waiting_count, again_count, again_capacity;
	struct lot_on_offer *lots;
	size_t lot_count, lot_capacity;
	struct crossing *crossings;
	size_t crossing_count, crossing_capacity;
	unsigned competing;   /* keepers, without the own one and those of classes */
	double *line;	      /* of each row, when the first of each kind comes by its last attempt (-INFINITY: the winner); NULL: there are no classes */
	double earned;	      /* by them since the last review */
	double next_review_s;
	double base_fee_wei, gas_variance; /* the latter: of the coin's moves over a block, as they have been of late */
	double *shocks;			   /* of correlated assets: step by step; NULL: none */
	struct waterfall_state waterfall;
	struct ranking ranking; /* no heap: nobody is deleveraged */
	bool accounts_moved;	/* any of several rows was */
	struct payer *payers;	/* room for market_socialise.c, one an account; NULL: nothing is socialised, or by an index */
	double *paid;		/* up to which index each row has paid; NULL: there is none */
	double *places;		/* its key in the order of the poor; NAN: it is aside */
	uint32_t *aside;	/* rows that are not among the payers for now */
	size_t aside_count;
	int failed; /* -ENOMEM: while a loss was spread */
	bool leaps; /* market_leap.h */
	struct path_result *out;
	struct path_group *groups; /* of the same path; NULL: nobody asks */
	struct path_keeper *by_keeper; /* of the same path, by kind; NULL: nobody asks */
};

/* Positions that no price can bring below 1 are in no front. */
bool position_at_risk(const struct position *position);
int position_side(const struct position *position);   /* index of its front: 0 long, 1 short */
/* Of a position in the row's asset, in that front. */
double position_key(const struct market_book *book, uint32_t row, const struct position *position);

/* A row is changed: it is set back when the next path starts. */
void market_walk_touch(struct market_walk *walk, uint32_t row);

/* The fronts whose positions were changed, from what they are now. 0 or -ENOMEM. */
int market_walk_renew_fronts(struct market_walk *walk);
/* A position not under way was changed by others: its front will be renewed. */
void market_walk_moved(struct market_walk *walk, uint32_t row);

/* The level that an asset's front fires at: the price on chain as the controls have it count, or its inverse for short positions. */
double market_level(const struct market_walk *walk, const struct asset_state *state, int side);

/* Accounts of several rows, market_basket.c. `head`: the account's first row, which has the debt in the numeraire. */
int basket_book_init(struct market_book *book); /* 0 or -ENOMEM */
uint32_t basket_head(const struct market_book *book, uint32_t row);
uint32_t basket_end(const struct market_book *book, uint32_t head); /* one beyond its last row */
bool basket_is(const struct market_book *book, uint32_t row);	     /* of such an account */
bool basket_empty(const struct market_walk *walk, uint32_t head); /* no collateral is left */
double basket_health(const struct market_walk *walk, uint32_t head);
double basket_debt(const struct market_walk *walk, uint32_t head);    /* all of it, at the market's prices */
/* One collateral, of units > 0, against one debt, as the rules see it. */
struct position basket_position(const struct market_walk *walk, uint32_t held, uint32_t owed);
#define BASKET_CASH UINT32_MAX /* instead of a row: what is owed in the numeraire */
/* Such accounts of perpetual positions, market_cross.c: all of their cash is with the first row. */
bool cross_is(const struct market_book *book, uint32_t row);
double cross_equity(const struct market_walk *walk, uint32_t account, bool on_chain); /* at the prices on chain, or the market's */
/* One position as the rules see it: its cash such that the equity is the account's. */
struct position cross_position(const struct market_walk *walk, uint32_t row);
/* What of that equity is the row's, in proportion to what it requires. */
double cross_share(const struct market_walk *walk, uint32_t row, bool on_chain);
/* What the account owes at the end goes down the waterfall, each row's part by itself. */
void cross_absorb(struct market_walk *walk, uint32_t account, double amount);
int64_t cross_row_to_take(const struct market_walk *walk, uint32_t account); /* -1: none may be taken now */
/* The row goes to the vault with its part of the equity, or all rows with all of it. */
void cross_take_over(struct market_walk *walk, uint32_t row, const struct plan *plan);

/* The account waits in the fronts. 0 or -ENOMEM. */
int basket_wait(struct market_walk *walk, uint32_t head);
/* One of its rows has left its front, which fired at `level`: BASKET_BELOW if the account is below 1 and under way now; 0: it is not; -ENOMEM. */
int basket_look(struct market_walk *walk, uint32_t row, double level);
#define BASKET_BELOW 1

/* Transactions in the order of their times, market_queue.c. */
void attempt_start(struct market_walk *walk); /* there are none */
int attempt_push(struct market_walk *walk, struct attempt item);  /* at its time; 0 or -ENOMEM */
int attempt_again(struct market_walk *walk, struct attempt item); /* in the next block, as it is; 0 or -ENOMEM */
bool attempt_any(const struct market_walk *walk);
double attempt_first_due(const struct market_walk *walk);	   /* INFINITY: there is none */
struct attempt attempt_take_first(struct market_walk *walk);	   /* there is one */
int attempt_end_block(struct market_walk *walk);		   /* all that were due have been taken; 0 or -ENOMEM */

/* An account fell below 1: its first transaction is on the way. 0 or -ENOMEM. */
int attempt_schedule(struct market_walk *walk, uint32_t account);
/* The same transaction again in the next block. 0 or -ENOMEM. */
int attempt_wait(struct market_walk *walk, struct attempt attempt);
/* Whether this block includes the account's transaction, which has come; counts it where not. */
bool attempt_included(struct market_walk *walk, uint32_t account);
/*
 * Who comes, and when: the first keeper's delay, or that of the winner among those in the first one's block where there is an
 * auction, with the inclusion's. Every attempt of an account has numbers of its own, whatever the others do.
 */
struct attempt attempt_next(struct market_walk *walk, uint32_t account);
/* The price that counts for a transaction of this asset when it is sent. */
double attempt_price(const struct market_walk *walk, uint32_t asset);
/* How many compete from now on. */
void attempt_review(struct market_walk *walk);
/* It does not pay for this keeper: the next one who has come and whose capital is another; false: there is none. */
bool attempt_pass_on(const struct market_walk *walk, uint32_t account, uint8_t *keeper);
/* A delay of one stage in this scenario and at this moment of the asset's path. */
double stage_delay(const struct market_walk *walk, uint32_t asset, const struct delay_law *law, enum delay_stage stage, struct rng *rng);

/* What one transaction costs now. */
double money_gas(const struct market_walk *walk);
/* What is bid for a place in the block, of a profit after gas; 0 if nobody else comes. */
double money_bid(const struct market_walk *walk, double profit, bool contested);
/* Whether the asset's breaker is on, and pauses liquidations … */
bool money_paused(const struct market_walk *walk, uint32_t asset);
/* … or has shut its market. */
bool money_shut(const struct market_walk *walk, uint32_t asset);
/* Whether keepers can do nothing with the asset now: it is shut, and they do not hold. */
bool money_stuck(const struct market_walk *walk, uint32_t asset);
/* What selling (units > 0) or buying back (< 0) brings now, signed like the units. */
double money_sale(const struct market_walk *walk, uint32_t asset, double units);
/* The sale is made: buyers gain what it brings less than the price. */
void money_sold(struct market_walk *walk, uint32_t asset, double units, double proceeds);
/* The protocol's fees; funds take their share. */
void money_earn(struct market_walk *walk, double fees);
/* A keeper's profit, the gas already taken off. */
void money_pay_keeper(struct market_walk *walk, double profit, double gas, unsigned keeper);
/* Units that somebody held while the price went from one to the other: what he gained by it, nobody here lost. */
void money_held(struct market_walk *walk, double units, double from, double to);

/*
 * A keeper has the protocol take an account over and offer what it held, each collateral for a part of the debt as it is credited:
 * if what he is paid for it, and what he would gain by buying it now, pays. `oracle`: of an account of one row. 0, TRIED_WAITS or -ENOMEM.
 */
int trade_put_on_offer(struct market_walk *walk, struct attempt attempt, double oracle);
#define TRIED_WAITS 1 /* it does not pay, or not now */
/* One account, whose transaction is in this block. 0 or -ENOMEM. */
int trade_liquidation(struct market_walk *walk, struct attempt attempt);
/* What the protocol offers in this block. 0 or -ENOMEM. */
int trade_lots(struct market_walk *walk);
/* Whether the asset's collateral cannot be sold at once: it comes from another chain, or its market is shut. */
bool crossing_needed(const struct market_walk *walk, uint32_t asset);
/* What a keeper has bought sets out for where, or waits until, it can be sold. 0 or -ENOMEM. */
int crossing_send(struct market_walk *walk, uint32_t account, double units, uint8_t keeper);
/* What has arrived by then is sold. */
void crossing_land(struct market_walk *walk, double by_s);
/* What an account leaves unpaid is its group's bad debt … */
void money_lost(struct market_walk *walk, uint32_t account, double loss);
/* … and the book's, which goes down the waterfall, as far as a tier that socialises. */
void money_absorb(struct market_walk *walk, const struct shortfall *shortfall);
/* That tier and those after it, once a block for all of its losses: by the price on chain, or `at_end` by the market's. */
void money_spread(struct market_walk *walk, bool at_end);
/* Lost and absorbed. */
void trade_write_off(struct market_walk *walk, const struct shortfall *shortfall);
/* One more liquidation, won by a keeper. */
void money_liquidation(struct market_walk *walk, uint32_t account, unsigned keeper);

/* Room for it; 0 or -ENOMEM. */
int deleverage_init(struct market_walk *walk);
/*
 * Positions of the other side are closed at the bankruptcy price until they have taken `wanted` of the shortfall or there is nobody
 * left; returns what they took. Each needs the equity for it: its own bankruptcy price lies beyond this one.
 */
double deleverage(struct market_walk *walk, const struct tier *tier, const struct shortfall *shortfall, double wanted);

int socialise_init(struct market_walk *walk);
/* Open positions of the asset pay `wanted` in proportion, none more than it has (`over` profit: than its profit); returns what they paid. */
double socialise(struct market_walk *walk, const struct tier *tier, uint32_t asset, bool at_end, double wanted);

/* Over open interest, where nothing else asks for positions one by one: market_index.c. All of these do nothing where there is no index. */
int index_book_init(struct market_book *book); /* 0 or -ENOMEM */
void index_book_free(struct market_book *book);
/* In the front's order at the start, of a long position that no price can bring below 1, but a loss can; -INFINITY: of any other. */
double index_book_key(const struct market_book *book, uint32_t row);
int index_init(struct market_walk *walk); /* 0 or -ENOMEM */
void index_free(struct market_walk *walk);
void index_start(struct market_walk *walk);		      /* of a path … */
void index_forget(struct market_walk *walk, uint32_t row); /* … and of each row that the one before has touched */
/* The row's cash is what it is after all losses so far. */
void index_settle(struct market_walk *walk, uint32_t row);
/* And it will be changed: until the next loss it is not among the payers. */
void index_withdraw(struct market_walk *walk, uint32_t row);
double index_spread(struct market_walk *walk, uint32_t asset, double mark, double wanted); /* returns what they paid */
/* Nothing is spread any more but what is open: whoever owes something is touched, and all those are settled. */
void index_end(struct market_walk *walk);
/* At which a front fires so that nobody is missed who is below 1 at `level`. */
double index_level(const struct market_walk *walk, uint32_t asset, int side, double level);
double index_highest(const struct market_walk *walk, uint32_t asset, int side); /* no key in the front is above it */
int index_wait(struct market_walk *walk, uint32_t row); /* in its front; 0 or -ENOMEM */
/* A row has left its front: INDEX_BELOW if it is below 1 at `level`, and is settled then; 0: it waits again; -ENOMEM. */
int index_look(struct market_walk *walk, uint32_t row, double level);
#define INDEX_BELOW 1

#endif
