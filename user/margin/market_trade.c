// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a liquidation takes from an account, and whether anybody wants to do it. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/market_walk.h"

#define ROUNDS_MAX 64 /* liquidations of one account in one block */

static struct position weighed(const struct market_walk *walk, uint32_t row)
{
	const struct asset_state *state = &walk->assets[walk->book->model->accounts[row].asset];
	struct position position = walk->positions[row];

	if (basket_is(walk->book, row))
		return basket_position(walk, row);
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
static void close_if_empty(struct market_walk *walk, uint32_t row, double units_before)
{
	uint32_t account = basket_head(walk->book, row);
	double *cash = &walk->positions[account].cash;

	if (fabs(walk->positions[row].units) > WALK_DUST * fabs(units_before))
		return;
	walk->positions[row].units = 0;
	if (*cash < 0 && basket_empty(walk, account)) {
		walk->out->borrowers -= *cash;
		trade_write_off(walk, -*cash);
		*cash = 0;
	}
}

#define TRIED_WAITS 1 /* it does not pay, or not now; 0: done, or an error */

/*
 * The protocol's vault takes the position at the oracle's price, with its share of what equity there is; losses are the
 * waterfall's. A keeper who has to ask for it does so only if the reward pays.
 */
static int take_over(struct market_walk *walk, uint32_t account, struct attempt attempt, double oracle, const struct plan *plan)
{
	struct position *position = &walk->positions[account];
	double price = walk->assets[walk->book->model->accounts[account].asset].price.price, gas = money_gas(walk), equity, kept;

	if (plan->reward > 0) {
		double bid = money_bid(walk, plan->reward - gas, attempt.contested);

		if (plan->reward - gas < walk->book->market->keepers.min_profit)
			return TRIED_WAITS;
		walk->out->protocol -= plan->reward;
		money_pay_keeper(walk, plan->reward - gas - bid, gas + bid, attempt.own);
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
		money_earn(walk, kept);
	return 0;
}

/* The most of a plan that a keeper has the capital for. */
static double affordable(const struct market_walk *walk, const struct plan *plan)
{
	double capital = walk->book->market->keepers.capital, repay = fabs(plan->repay);

	return repay > capital ? capital / repay : 1;
}

static int carry_out(struct market_walk *walk, uint32_t row, struct attempt attempt, const struct plan *plan)
{
	uint32_t asset = walk->book->model->accounts[row].asset;
	const struct keepers *keepers = &walk->book->market->keepers;
	struct position *position = &walk->positions[row];
	double *cash = &walk->positions[basket_head(walk->book, row)].cash;
	double price = walk->assets[asset].price.price, before = position->units, share = affordable(walk, plan), units, fee_units, proceeds, repay, gas, profit, bid;
	bool direct = isnan(plan->repay), crosses = !direct && crossing_needed(walk);

	units = share * plan->units;
	fee_units = share * plan->fee_units;
	proceeds = money_sale(walk, asset, units);
	repay = direct ? proceeds : share * plan->repay;
	gas = money_gas(walk);
	profit = proceeds - repay - gas;
	if (direct && plan->limit > 0 && (units > 0 ? proceeds / units < plan->limit : proceeds / units > plan->limit))
		return TRIED_WAITS;
	if (!direct && profit < keepers->min_profit)
		return TRIED_WAITS;
	if (crosses && crossing_send(walk, row, units, attempt.own))
		return -ENOMEM;
	if (!crosses)
		money_sold(walk, asset, units, proceeds);
	walk->out->seized += fabs(units + fee_units) * price;
	position->taken++;
	position->units -= units + fee_units;
	*cash += repay;
	walk->out->borrowers += repay - (units + fee_units) * price;
	/* a fee in collateral is kept by the protocol, valued at the market */
	if (fee_units > 0)
		money_earn(walk, fee_units * price);
	bid = direct ? 0 : money_bid(walk, profit, attempt.contested);
	money_pay_keeper(walk, (direct ? -gas : crosses ? -repay - gas : profit) - bid, gas + bid, attempt.own);
	if (plan->penalty > 0 && *cash + position->units * price > 0) {
		double penalty = fmin(plan->penalty, *cash + position->units * price);

		*cash -= penalty;
		walk->out->borrowers -= penalty;
		money_earn(walk, penalty);
	}
	if (*cash > -WALK_DUST * fabs(before * price) && before > 0 && *cash < 0)
		*cash = 0;
	close_if_empty(walk, row, before);
	return 0;
}

/* An account that is not under way: back to its front. */
static int come_back(struct market_walk *walk, uint32_t account)
{
	const struct position *position = &walk->positions[account];
	struct asset_state *state = &walk->assets[walk->book->model->accounts[account].asset];

	if (basket_is(walk->book, account))
		return basket_wait(walk, account);
	if (!position_at_risk(position))
		return 0;
	return front_return(&state->fronts[position_side(position)], position_key(position), account);
}

/* What is left can be liquidated again. */
static bool at_risk(const struct market_walk *walk, uint32_t account)
{
	if (basket_is(walk->book, account))
		return walk->positions[account].cash < 0 && !basket_empty(walk, account);
	return position_at_risk(&walk->positions[account]);
}

static bool paused(const struct market_walk *walk, uint32_t row)
{
	return walk->now_s < walk->assets[walk->book->model->accounts[row].asset].controls.paused_until_s;
}

/* The price that counts for a transaction: what it brings, or what is on chain. */
static double price_of(const struct market_walk *walk, uint32_t row, double brings)
{
	return isnan(brings) ? walk->assets[walk->book->model->accounts[row].asset].oracle.price : brings;
}

static double health_at(const struct market_walk *walk, uint32_t account, double brings)
{
	struct position position;

	if (basket_is(walk->book, account))
		return basket_health(walk, account);
	position = weighed(walk, account);
	return position_health(&position, price_of(walk, account, brings));
}

/* Of several collaterals the keeper takes the one that brings it most now; -1: none may be taken. */
static int64_t row_to_take(const struct market_walk *walk, uint32_t account)
{
	const struct rules *rules = &walk->book->market->rules;
	double most = -INFINITY;
	int64_t best = -1;

	if (!basket_is(walk->book, account))
		return paused(walk, account) ? -1 : (int64_t)account;
	for (uint32_t row = account; row < basket_end(walk->book, account); row++) {
		uint32_t asset = walk->book->model->accounts[row].asset;
		struct position position;
		struct plan plan;
		double profit;

		if (!(walk->positions[row].units > 0) || paused(walk, row))
			continue;
		position = basket_position(walk, row);
		if (!rules->type->plan(rules, &position, walk->assets[asset].oracle.price, &plan))
			continue;
		profit = money_sale(walk, asset, affordable(walk, &plan) * plan.units) - affordable(walk, &plan) * plan.repay;
		if (profit > most) {
			most = profit;
			best = row;
		}
	}
	return best;
}

int trade_liquidation(struct market_walk *walk, struct attempt attempt)
{
	const struct rules *rules = &walk->book->market->rules;
	uint32_t account = attempt.account;

	for (int round = 0; round < ROUNDS_MAX; round++) {
		int64_t taken = row_to_take(walk, account);
		struct position position;
		struct plan plan;
		uint32_t row;
		double oracle;
		int rc;

		if (taken < 0)
			return attempt_wait(walk, attempt);
		row = (uint32_t)taken;
		oracle = price_of(walk, row, attempt.brings);
		if (health_at(walk, account, attempt.brings) >= 1 && !rules->type->commits) {
			walk->out->recovered += !round;
			return come_back(walk, account);
		}
		if (!rules->type->plan) {
			double gas = money_gas(walk);

			money_pay_keeper(walk, -gas, gas, attempt.own);
			liquidated(walk, account, attempt.own);
			return trade_put_on_offer(walk, account, oracle);
		}
		position = weighed(walk, row);
		if (!rules->type->plan(rules, &position, oracle, &plan))
			return 0;
		rc = plan.takeover ? take_over(walk, account, attempt, oracle, &plan) : carry_out(walk, row, attempt, &plan);
		if (rc)
			return rc == TRIED_WAITS ? attempt_wait(walk, attempt) : rc;
		liquidated(walk, account, attempt.own);
		if (!at_risk(walk, account))
			return 0;
		if (plan.pause_s > 0)
			walk->states[account].not_before_s = walk->now_s + plan.pause_s;
		attempt.brings = attempt_price(walk, walk->book->model->accounts[account].asset);
		if (health_at(walk, account, attempt.brings) < 1 && (plan.pause_s > 0 || !walk->scenario->no_delay))
			return attempt_schedule(walk, account);
	}
	return attempt_wait(walk, attempt);
}
