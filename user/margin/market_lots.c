// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Collateral that the protocol has taken over: on offer, bought, settled. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/market_walk.h"

static int put(struct market_walk *walk, uint32_t account, double oracle)
{
	const struct rules *rules = market_rules(walk->book->market, walk->book->model, account);
	struct position *position = &walk->positions[account];
	double price = walk->assets[walk->book->model->accounts[account].asset].price.price;
	struct lot_on_offer item = {.account = account, .mark = price, .due_s = INFINITY};

	if (walk->lot_count == walk->lot_capacity) {
		void *memory = realloc(walk->lots, 2 * walk->lot_capacity * sizeof(*walk->lots));

		if (!memory)
			return -ENOMEM;
		walk->lots = memory;
		walk->lot_capacity *= 2;
	}
	rules->type->take(rules, position, oracle, walk->now_s, &item.lot);
	walk->out->seized += item.lot.units * price;
	walk->out->borrowers += item.lot.claim - item.lot.units * price;
	walk->out->protocol += item.lot.units * price - item.lot.claim;
	walk->lots[walk->lot_count++] = item;
	return 0;
}

/* What a collateral is credited with by itself: what the protocol pays for it where nothing is owed. */
static double credit_of(const struct market_walk *walk, uint32_t row)
{
	const struct rules *rules = market_rules(walk->book->market, walk->book->model, row);
	struct position alone = {.units = walk->positions[row].units};
	struct lot lot;

	rules->type->take(rules, &alone, walk->assets[walk->book->model->accounts[row].asset].oracle.price, walk->now_s, &lot);
	return lot.claim;
}

int trade_put_on_offer(struct market_walk *walk, uint32_t account, double oracle)
{
	double debt = walk->positions[account].cash, credit = 0, left = 0;
	int rc = 0;

	if (!basket_is(walk->book, account))
		return put(walk, account, oracle);
	for (uint32_t row = account; row < basket_end(walk->book, account); row++)
		credit += credit_of(walk, row);
	for (uint32_t row = account; !rc && row < basket_end(walk->book, account); row++) {
		walk->positions[row].cash = debt * credit_of(walk, row) / credit;
		rc = put(walk, row, walk->assets[walk->book->model->accounts[row].asset].oracle.price);
		left += walk->positions[row].cash;
		walk->positions[row].cash = 0;
	}
	walk->positions[account].cash = left;
	return rc;
}

/* The rest goes back to its owner; a claim that was not met is lost. */
static void settle(struct market_walk *walk, struct lot_on_offer *item, double price)
{
	struct lot *lot = &item->lot;
	double mark = item->mark;

	walk->out->protocol -= lot->units * mark;
	walk->out->borrowers += lot->units * price;
	money_held(walk, lot->units, mark, price);
	lot->units = 0;
	if (lot->raised >= lot->claim) {
		waterfall_feed(&walk->book->market->waterfall, &walk->waterfall, lot->raised - lot->claim);
		return;
	}
	walk->out->protocol += lot->claim - lot->raised;
	trade_write_off(walk, &(struct shortfall){.amount = lot->claim - lot->raised, .row = item->account});
}

/* What a keeper would buy of a lot now. */
struct purchase {
	double units, proceeds, profit;
};

static struct purchase purchase_by(const struct market_walk *walk, const struct lot_on_offer *item, double offer, unsigned keeper)
{
	uint32_t asset = walk->book->model->accounts[item->account].asset;
	const struct lot *lot = &item->lot;
	struct purchase out = {.units = fmin(lot->units, (lot->target - lot->raised) / offer)};

	out.units = fmin(out.units, keepers_capital(&walk->book->market->keepers, keeper) / offer);
	out.proceeds = money_sale(walk, asset, out.units);
	out.profit = out.proceeds - out.units * offer - money_gas(walk);
	return out;
}

static bool pays(const struct market_walk *walk, const struct purchase *purchase)
{
	return purchase->profit >= walk->book->market->keepers.min_profit;
}

static bool pays_anybody(const struct market_walk *walk, const struct lot_on_offer *item, double offer)
{
	const struct keepers *keepers = &walk->book->market->keepers;

	for (unsigned kind = 0; kind < keepers_kinds(keepers); kind++) {
		struct purchase purchase = purchase_by(walk, item, offer, kind);

		if (keepers_count(keepers, kind) && pays(walk, &purchase))
			return true;
	}
	return false;
}

/* Of those who have come the first one for whom it pays. */
static bool buyer(const struct market_walk *walk, const struct lot_on_offer *item, double offer, uint8_t *keeper, struct purchase *out)
{
	*keeper = item->keeper;
	do {
		*out = purchase_by(walk, item, offer, *keeper);
		if (pays(walk, out))
			return true;
	} while (attempt_pass_on(walk, item->account, keeper));
	return false;
}

#define LOT_SETTLED 1

/* LOT_SETTLED, 0: still on offer, or -ENOMEM. */
static int try_purchase(struct market_walk *walk, struct lot_on_offer *item, double offer)
{
	uint32_t asset = walk->book->model->accounts[item->account].asset;
	double price = walk->assets[asset].price.price, units, gas = money_gas(walk), bid;
	bool open = !money_paused(walk, asset) && !money_stuck(walk, asset), crosses;
	struct lot *lot = &item->lot;
	struct purchase purchase;
	uint8_t keeper;

	if (!open || !pays_anybody(walk, item, offer)) { /* too dear: whoever had set out for it comes in vain */
		walk->out->waits += item->due_s <= walk->now_s;
		if (item->due_s <= walk->now_s)
			item->due_s = INFINITY;
		return 0;
	}
	if (isinf(item->due_s)) {
		struct attempt next = attempt_next(walk, item->account);

		item->due_s = next.due_s;
		item->keeper = next.keeper;
		item->contested = next.contested;
	}
	if (item->due_s > walk->now_s || !buyer(walk, item, offer, &keeper, &purchase) || !attempt_included(walk, item->account))
		return 0;
	units = purchase.units;
	crosses = crossing_needed(walk, asset);
	if (crosses && crossing_send(walk, item->account, units, keeper))
		return -ENOMEM;
	if (!crosses)
		money_sold(walk, asset, units, purchase.proceeds);
	bid = money_bid(walk, purchase.profit, item->contested);
	money_pay_keeper(walk, (crosses ? -units * offer - gas : purchase.profit) - bid, gas + bid, keeper);
	money_liquidation(walk, item->account, keeper);
	walk->out->protocol += units * (offer - item->mark);
	money_held(walk, units, item->mark, price);
	lot->raised += units * offer;
	lot->units = lot->units - units > WALK_DUST * lot->units ? lot->units - units : 0;
	item->due_s = INFINITY;
	if (lot->units > 0 && lot->raised < lot->target * (1 - WALK_DUST))
		return 0;
	settle(walk, item, price);
	return LOT_SETTLED;
}

int trade_lots(struct market_walk *walk)
{
	size_t kept = 0;
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < walk->lot_count; i++) {
		struct lot_on_offer item = walk->lots[i];
		double oracle = walk->assets[walk->book->model->accounts[item.account].asset].oracle.price;
		const struct rules *rules = market_rules(walk->book->market, walk->book->model, item.account);
		double offer = rules->type->offer(rules, &item.lot, oracle, walk->now_s);

		rc = try_purchase(walk, &item, offer);
		if (!rc)
			walk->lots[kept++] = item;
	}
	walk->lot_count = kept;
	return rc < 0 ? rc : 0;
}
