// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Collateral that the protocol has taken over: on offer, bought, settled. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/market_walk.h"

/* Of auctions that end at a target: what they have yet to raise. */
static double wanted_by(const struct lot *lot)
{
	return isinf(lot->target) ? 0 : lot->target - lot->raised;
}

static double on_chain(const struct market_walk *walk, uint32_t row)
{
	return walk->assets[walk->book->model->accounts[row].asset].oracle.price;
}

static bool take(const struct market_walk *walk, uint32_t row, struct position *position, double oracle, struct lot *out)
{
	const struct rules *rules = market_rules(walk->book->market, walk->book->model, row);

	return rules->type->take(rules, position, oracle, walk->now_s, walk->assets[walk->book->model->accounts[row].asset].wanted, out);
}

static int put(struct market_walk *walk, uint32_t account, double oracle)
{
	struct asset_state *state = &walk->assets[walk->book->model->accounts[account].asset];
	double price = state->price.price;
	struct lot_on_offer item = {.account = account, .mark = price, .due_s = INFINITY};

	if (walk->lot_count == walk->lot_capacity) {
		void *memory = realloc(walk->lots, 2 * walk->lot_capacity * sizeof(*walk->lots));

		if (!memory)
			return -ENOMEM;
		walk->lots = memory;
		walk->lot_capacity *= 2;
	}
	if (!take(walk, account, &walk->positions[account], oracle, &item.lot))
		return TRIED_WAITS;
	state->wanted += wanted_by(&item.lot);
	walk->out->seized += item.lot.units * price;
	walk->out->borrowers += item.lot.claim - item.lot.units * price;
	walk->out->protocol += item.lot.units * price - item.lot.claim;
	walk->lots[walk->lot_count++] = item;
	return 0;
}

/* What a collateral is credited with by itself: what the protocol pays for it where nothing is owed. */
static double credit_of(const struct market_walk *walk, uint32_t row)
{
	struct position alone = {.units = walk->positions[row].units};
	struct lot lot;

	return take(walk, row, &alone, on_chain(walk, row), &lot) ? lot.claim : 0;
}

/* What a keeper would buy of a lot now. */
struct purchase {
	double units, proceeds;
	double profit; /* -INFINITY: he may buy nothing */
};

static struct purchase purchase_by(const struct market_walk *walk, uint32_t asset, const struct lot *lot, double offer, unsigned keeper)
{
	double left = lot->target - lot->raised, rest;
	struct purchase out = {.units = fmin(lot->units, left / offer)};

	out.units = fmin(out.units, keepers_capital(&walk->book->market->keepers, keeper) / offer);
	rest = left - out.units * offer;
	if (out.units < lot->units && rest > WALK_DUST * left && rest < lot->least)
		out.units = fmax(0, left - lot->least) / offer;
	out.proceeds = money_sale(walk, asset, out.units);
	out.profit = out.units > 0 ? out.proceeds - out.units * offer - money_gas(walk) : -INFINITY;
	return out;
}

/* What whoever has a row taken over is paid for it, and gains if he buys it at once; -INFINITY: it cannot be taken now. */
static double brings(const struct market_walk *walk, uint32_t row, double oracle, unsigned keeper, double *reward)
{
	const struct rules *rules = market_rules(walk->book->market, walk->book->model, row);
	struct position position = walk->positions[row];
	struct lot lot;
	double offer;

	if (position.units == 0)
		return 0;
	if (!take(walk, row, &position, oracle, &lot))
		return -INFINITY;
	*reward += lot.reward;
	offer = rules->type->offer(rules, &lot, on_chain(walk, row), walk->now_s);
	return lot.reward + fmax(0, purchase_by(walk, walk->book->model->accounts[row].asset, &lot, offer, keeper).profit);
}

/* Each collateral for a part of the debt as it is credited. */
static int put_all(struct market_walk *walk, uint32_t account)
{
	double debt = walk->positions[account].cash, credit = 0, left = 0;
	int rc = 0;

	for (uint32_t row = account; row < basket_end(walk->book, account); row++)
		credit += credit_of(walk, row);
	for (uint32_t row = account; !rc && row < basket_end(walk->book, account); row++) {
		walk->positions[row].cash = debt * credit_of(walk, row) / credit;
		rc = put(walk, row, on_chain(walk, row));
		left += walk->positions[row].cash;
		walk->positions[row].cash = 0;
	}
	walk->positions[account].cash = left;
	return rc;
}

int trade_put_on_offer(struct market_walk *walk, struct attempt attempt, double oracle)
{
	bool several = basket_is(walk->book, attempt.account);
	double gas = money_gas(walk), gain = -gas, reward = 0, bid;
	int rc;

	for (uint32_t row = attempt.account; row < basket_end(walk->book, attempt.account); row++)
		gain += brings(walk, row, several ? on_chain(walk, row) : oracle, attempt.keeper, &reward);
	if (gain < walk->book->market->keepers.min_profit)
		return TRIED_WAITS;
	rc = several ? put_all(walk, attempt.account) : put(walk, attempt.account, oracle);
	if (rc)
		return rc;
	bid = money_bid(walk, reward - gas, attempt.contested);
	walk->out->protocol -= reward;
	money_pay_keeper(walk, reward - gas - bid, gas + bid, attempt.keeper);
	return 0;
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

static bool pays(const struct market_walk *walk, const struct purchase *purchase)
{
	return purchase->profit >= walk->book->market->keepers.min_profit;
}

static bool pays_anybody(const struct market_walk *walk, const struct lot_on_offer *item, double offer)
{
	const struct keepers *keepers = &walk->book->market->keepers;
	uint32_t asset = walk->book->model->accounts[item->account].asset;

	for (unsigned kind = 0; kind < keepers_kinds(keepers); kind++) {
		struct purchase purchase = purchase_by(walk, asset, &item->lot, offer, kind);

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
		*out = purchase_by(walk, walk->book->model->accounts[item->account].asset, &item->lot, offer, *keeper);
		if (pays(walk, out))
			return true;
	} while (attempt_pass_on(walk, item->account, keeper));
	return false;
}

#define LOT_SETTLED 1

/* LOT_SETTLED, 0: still on offer, or -ENOMEM. `offer` NAN: it is not. */
static int try_purchase(struct market_walk *walk, struct lot_on_offer *item, double offer)
{
	uint32_t asset = walk->book->model->accounts[item->account].asset;
	double price = walk->assets[asset].price.price, units, gas = money_gas(walk), bid;
	bool open = !money_paused(walk, asset) && !money_stuck(walk, asset), crosses;
	struct lot *lot = &item->lot;
	struct purchase purchase;
	uint8_t keeper;

	if (isnan(offer) || !open || !pays_anybody(walk, item, offer)) { /* too dear: whoever had set out for it comes in vain */
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

/* Who need not be fast: one of the others, if there are any. */
static unsigned anybody(const struct keepers *keepers)
{
	for (unsigned kind = KEEPER_COMPETING; kind < keepers_kinds(keepers); kind++)
		if (keepers_count(keepers, kind))
			return kind;
	return KEEPER_OWN;
}

/* An auction that has run out is started anew by whoever is paid enough for it; until then it waits. Returns its price, or NAN. */
static double start_anew(struct market_walk *walk, struct lot_on_offer *item, const struct rules *rules)
{
	double oracle = on_chain(walk, item->account), gas = money_gas(walk);
	struct lot anew = item->lot;

	rules->type->renew(rules, &anew, oracle, walk->now_s);
	if (anew.reward - gas < walk->book->market->keepers.min_profit) {
		walk->out->waits++;
		return NAN;
	}
	walk->out->protocol -= anew.reward;
	money_pay_keeper(walk, anew.reward - gas, gas, anybody(&walk->book->market->keepers));
	item->lot = anew;
	return rules->type->offer(rules, &anew, oracle, walk->now_s);
}

int trade_lots(struct market_walk *walk)
{
	size_t kept = 0;
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < walk->lot_count; i++) {
		struct lot_on_offer item = walk->lots[i];
		const struct rules *rules = market_rules(walk->book->market, walk->book->model, item.account);
		double offer = rules->type->offer(rules, &item.lot, on_chain(walk, item.account), walk->now_s), wanted = wanted_by(&item.lot);

		if (isnan(offer))
			offer = start_anew(walk, &item, rules);
		rc = try_purchase(walk, &item, offer);
		walk->assets[walk->book->model->accounts[item.account].asset].wanted += (rc ? 0 : wanted_by(&item.lot)) - wanted;
		if (!rc)
			walk->lots[kept++] = item;
	}
	walk->lot_count = kept;
	return rc < 0 ? rc : 0;
}
