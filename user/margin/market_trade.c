// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a liquidation does with money. Every movement is booked on both sides at the market's price, so that the gains of
 * borrowers, keepers, protocol, buyers and miners, less what the waterfall absorbs, add up to nothing on every path.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/market_walk.h"

#define ROUNDS_MAX 64 /* liquidations of one account in one block */

/* ---- money ---------------------------------------------------------------------------------------------------------- */

static double gas_now(const struct market_walk *walk)
{
	const struct gas *gas = &walk->book->market->gas;

	return gas_cost(gas, walk->base_fee_wei, isnan(gas->price) ? walk->assets[gas->asset].price.price : gas->price);
}

/* What selling (units > 0) or buying back (< 0) brings now, signed like the units. */
static double sale(const struct market_walk *walk, uint32_t asset, double units)
{
	const struct asset_state *state = &walk->assets[asset];
	double average = walk->scenario->no_impact ? 1
						   : liquidity_average(&walk->book->market->liquidity[asset], state->used,
								       fabs(units));

	return units * state->price.price * (units > 0 ? average : 2 - average);
}

static void sold(struct market_walk *walk, uint32_t asset, double units, double proceeds)
{
	walk->assets[asset].used += fabs(units);
	walk->out->buyers += units * walk->assets[asset].price.price - proceeds;
}

void trade_write_off(struct market_walk *walk, double loss)
{
	walk->out->bad_debt += loss;
	waterfall_absorb(&walk->book->market->waterfall, &walk->waterfall, loss);
}

static void earn(struct market_walk *walk, double fees)
{
	waterfall_feed(&walk->book->market->waterfall, &walk->waterfall, fees);
	walk->out->protocol += fees;
}

static void pay_keeper(struct market_walk *walk, double profit, double gas, bool own)
{
	walk->out->keepers += profit;
	walk->out->gas += gas;
	if (own)
		walk->out->own += profit;
}

/* ---- liquidation ---------------------------------------------------------------------------------------------------- */

static struct position weighed(const struct market_walk *walk, uint32_t account)
{
	const struct asset_state *state = &walk->assets[walk->book->model->accounts[account].asset];
	struct position position = walk->positions[account];

	position.weight *= position.units < 0 ? 1 / state->controls.m : state->controls.m;
	return position;
}

static void liquidated(struct market_walk *walk, uint32_t account, bool own)
{
	struct account_state *state = &walk->states[account];

	walk->out->liquidations++;
	walk->out->own_wins += own;
	if (state->liquidated)
		return;
	state->liquidated = true;
	walk->out->first_times++;
	walk->out->first_time_s += walk->now_s - state->below_since_s;
}

/* Nothing left to sell: what is owed is lost, what is over is the owner's. */
static void close_if_empty(struct market_walk *walk, struct position *position, double units_before)
{
	if (fabs(position->units) > WALK_DUST * fabs(units_before))
		return;
	position->units = 0;
	if (position->cash < 0) {
		walk->out->borrowers -= position->cash;
		trade_write_off(walk, -position->cash);
		position->cash = 0;
	}
}

enum tried { TRIED_DONE, TRIED_WAITS };

/*
 * The protocol's vault takes the position at the oracle's price, with its share of what equity there is; losses are the
 * waterfall's. A keeper who has to ask for it does so only if the reward pays.
 */
static enum tried take_over(struct market_walk *walk, uint32_t account, bool own, double oracle, const struct plan *plan)
{
	struct position *position = &walk->positions[account];
	double price = walk->assets[walk->book->model->accounts[account].asset].price.price, gas = gas_now(walk), equity, kept;

	if (plan->reward > 0) {
		if (plan->reward - gas < walk->book->market->keepers.min_profit)
			return TRIED_WAITS;
		walk->out->protocol -= plan->reward;
		pay_keeper(walk, plan->reward - gas, gas, own);
	}
	/* at the market's price: what the vault gains, the owner loses */
	walk->out->seized += fabs(position->units) * price;
	walk->out->protocol += position->units * (price - oracle);
	walk->out->borrowers -= position->units * (price - oracle);
	equity = position->units * oracle + position->cash;
	kept = fmin(equity, plan->penalty);
	*position = (struct position){.cash = equity - kept, .weight = position->weight};
	walk->out->borrowers -= kept;
	if (equity < 0)
		trade_write_off(walk, -equity);
	else
		earn(walk, kept);
	return TRIED_DONE;
}

static enum tried carry_out(struct market_walk *walk, uint32_t account, bool own, const struct plan *plan)
{
	uint32_t asset = walk->book->model->accounts[account].asset;
	const struct keepers *keepers = &walk->book->market->keepers;
	struct position *position = &walk->positions[account];
	double price = walk->assets[asset].price.price, before = position->units, share = 1, units, fee_units, proceeds, repay, gas, profit;
	bool direct = isnan(plan->repay);

	if (!direct && fabs(plan->repay) > keepers->capital)
		share = keepers->capital / fabs(plan->repay);
	units = share * plan->units;
	fee_units = share * plan->fee_units;
	proceeds = sale(walk, asset, units);
	repay = direct ? proceeds : share * plan->repay;
	gas = gas_now(walk);
	profit = proceeds - repay - gas;
	if (direct && plan->limit > 0 && (units > 0 ? proceeds / units < plan->limit : proceeds / units > plan->limit))
		return TRIED_WAITS;
	if (!direct && profit < keepers->min_profit)
		return TRIED_WAITS;
	sold(walk, asset, units, proceeds);
	walk->out->seized += fabs(units + fee_units) * price;
	position->units -= units + fee_units;
	position->cash += repay;
	walk->out->borrowers += repay - (units + fee_units) * price;
	/* a fee in collateral is kept by the protocol, valued at the market */
	if (fee_units > 0)
		earn(walk, fee_units * price);
	pay_keeper(walk, direct ? -gas : profit, gas, own);
	if (plan->penalty > 0 && position->cash + position->units * price > 0) {
		double penalty = fmin(plan->penalty, position->cash + position->units * price);

		position->cash -= penalty;
		walk->out->borrowers -= penalty;
		earn(walk, penalty);
	}
	if (position->cash > -WALK_DUST * fabs(before * price) && before > 0 && position->cash < 0)
		position->cash = 0;
	close_if_empty(walk, position, before);
	return TRIED_DONE;
}

static int put_on_offer(struct market_walk *walk, uint32_t account, double oracle)
{
	const struct rules *rules = &walk->book->market->rules;
	struct position *position = &walk->positions[account];
	double price = walk->assets[walk->book->model->accounts[account].asset].price.price;
	struct lot_on_offer item = {.account = account, .due_s = INFINITY};

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

/* An account that is not under way: back to its front. */
static int come_back(struct market_walk *walk, uint32_t account)
{
	const struct position *position = &walk->positions[account];
	struct asset_state *state = &walk->assets[walk->book->model->accounts[account].asset];

	if (!position_at_risk(position))
		return 0;
	return front_return(&state->fronts[position_side(position)], position_key(position), account);
}

int trade_liquidation(struct market_walk *walk, struct attempt attempt)
{
	const struct rules *rules = &walk->book->market->rules;
	uint32_t account = attempt.account;
	const struct asset_state *state = &walk->assets[walk->book->model->accounts[account].asset];
	double oracle = state->oracle.price;

	if (walk->now_s < state->controls.paused_until_s)
		return attempt_wait(walk, attempt);
	for (int round = 0; round < ROUNDS_MAX; round++) {
		struct position position = weighed(walk, account);
		struct plan plan;

		if (position_health(&position, oracle) >= 1 && !rules->type->commits) {
			walk->out->recovered += !round;
			return come_back(walk, account);
		}
		if (!rules->type->plan) {
			double gas = gas_now(walk);

			pay_keeper(walk, -gas, gas, attempt.own);
			liquidated(walk, account, attempt.own);
			return put_on_offer(walk, account, oracle);
		}
		if (!rules->type->plan(rules, &position, oracle, &plan))
			return 0;
		if ((plan.takeover ? take_over(walk, account, attempt.own, oracle, &plan)
				   : carry_out(walk, account, attempt.own, &plan)) == TRIED_WAITS)
			return attempt_wait(walk, attempt);
		liquidated(walk, account, attempt.own);
		if (!position_at_risk(&walk->positions[account]))
			return 0;
		position = weighed(walk, account);
		if (position_health(&position, oracle) < 1 && !walk->scenario->no_delay)
			return attempt_schedule(walk, account);
	}
	return attempt_wait(walk, attempt);
}

/* ---- lots on offer -------------------------------------------------------------------------------------------------- */

/* The rest goes back to its owner; a claim that was not met is lost. */
static void settle(struct market_walk *walk, struct lot *lot, double price)
{
	walk->out->protocol -= lot->units * price;
	walk->out->borrowers += lot->units * price;
	lot->units = 0;
	if (lot->raised >= lot->claim) {
		waterfall_feed(&walk->book->market->waterfall, &walk->waterfall, lot->raised - lot->claim);
		return;
	}
	walk->out->protocol += lot->claim - lot->raised;
	trade_write_off(walk, lot->claim - lot->raised);
}

/* True once it is settled. */
static bool try_purchase(struct market_walk *walk, struct lot_on_offer *item, double offer)
{
	uint32_t asset = walk->book->model->accounts[item->account].asset;
	const struct keepers *keepers = &walk->book->market->keepers;
	struct lot *lot = &item->lot;
	double price = walk->assets[asset].price.price, units = fmin(lot->units, (lot->target - lot->raised) / offer), proceeds, profit;
	double gas = gas_now(walk);
	bool open = walk->now_s >= walk->assets[asset].controls.paused_until_s, now = item->due_s <= walk->now_s;

	units = fmin(units, keepers->capital / offer);
	proceeds = sale(walk, asset, units);
	profit = proceeds - units * offer - gas;
	if (!open || profit < keepers->min_profit) { /* too dear: whoever had set out for it comes in vain */
		walk->out->waits += now;
		if (now)
			item->due_s = INFINITY;
		return false;
	}
	if (isinf(item->due_s)) {
		item->due_s = walk->now_s + attempt_delay(walk, item->account, &item->own);
		now = item->due_s <= walk->now_s;
	}
	if (!now)
		return false;
	sold(walk, asset, units, proceeds);
	pay_keeper(walk, profit, gas, item->own);
	walk->out->own_wins += item->own;
	walk->out->liquidations++;
	walk->out->protocol += units * (offer - price);
	lot->raised += units * offer;
	lot->units = lot->units - units > WALK_DUST * lot->units ? lot->units - units : 0;
	item->due_s = INFINITY;
	if (lot->units > 0 && lot->raised < lot->target * (1 - WALK_DUST))
		return false;
	settle(walk, lot, price);
	return true;
}

void trade_lots(struct market_walk *walk)
{
	const struct rules *rules = &walk->book->market->rules;
	size_t kept = 0;

	for (size_t i = 0; i < walk->lot_count; i++) {
		struct lot_on_offer item = walk->lots[i];
		double oracle = walk->assets[walk->book->model->accounts[item.account].asset].oracle.price;
		double offer = rules->type->offer(rules, &item.lot, oracle, walk->now_s);

		if (!try_purchase(walk, &item, offer))
			walk->lots[kept++] = item;
	}
	walk->lot_count = kept;
}
