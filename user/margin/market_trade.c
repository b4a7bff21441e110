// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a liquidation takes from an account, and whether anybody wants to do it. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/market_walk.h"

#define ROUNDS_MAX 64 /* liquidations of one account in one block */

/* What a liquidation takes from, and which debt it repays: of an account of one row these are the same. */
struct pair {
	uint32_t held, owed;
};

/* `oracle`: the price that counts for it. */
static struct position weighed(const struct market_walk *walk, struct pair pair, double oracle)
{
	uint32_t asset = walk->book->model->accounts[pair.held].asset;
	const struct asset_state *state = &walk->assets[asset];
	struct position position = walk->positions[pair.held];

	if (cross_is(walk->book, pair.held))
		return cross_position(walk, pair.held);
	if (basket_is(walk->book, pair.held))
		return basket_position(walk, pair.held, pair.owed);
	if (walk->book->market->tiers)
		margin_tiers_apply(&walk->book->market->tiers[asset], &position,
				   position.units < 0 ? oracle / state->controls.m : oracle * state->controls.m);
	position.weight *= position.units < 0 ? 1 / state->controls.m : state->controls.m;
	return position;
}

static void liquidated(struct market_walk *walk, uint32_t account, unsigned keeper)
{
	struct account_state *state = &walk->states[account];

	money_liquidation(walk, account, keeper);
	if (state->liquidated)
		return;
	state->liquidated = true;
	walk->out->first_times++;
	walk->out->first_time_s += walk->now_s - state->below_since_s;
}

/* Debts of an account without collateral, at the market's prices. */
static void write_off(struct market_walk *walk, uint32_t account)
{
	double owed = basket_debt(walk, account);

	walk->positions[account].cash = fmax(0, walk->positions[account].cash);
	for (uint32_t row = account; row < basket_end(walk->book, account); row++)
		walk->positions[row].units = 0;
	walk->out->borrowers += owed;
	trade_write_off(walk, &(struct shortfall){.amount = owed, .row = account});
}

/* Nothing left to sell: what is owed is lost, what is over is the owner's. */
static void close_if_empty(struct market_walk *walk, uint32_t row, double units_before)
{
	uint32_t account = basket_head(walk->book, row);

	if (fabs(walk->positions[row].units) > WALK_DUST * fabs(units_before))
		return;
	walk->positions[row].units = 0;
	if (basket_empty(walk, account) && basket_debt(walk, account) > 0)
		write_off(walk, account);
}

/*
 * The protocol's vault takes the position at the oracle's price, with its share of what equity there is; losses are the
 * waterfall's. A keeper who has to ask for it does so only if the reward pays. 0 or TRIED_WAITS.
 */
static int take_over(struct market_walk *walk, uint32_t row, struct attempt attempt, double oracle, const struct plan *plan)
{
	struct position *position = &walk->positions[row];
	struct shortfall shortfall = {.row = row, .units = position->units, .mark = oracle};
	double price = walk->assets[walk->book->model->accounts[row].asset].price.price, gas = money_gas(walk), equity, kept;

	if (plan->reward > 0) {
		double bid = money_bid(walk, plan->reward - gas, attempt.contested);

		if (plan->reward - gas < walk->book->market->keepers.min_profit)
			return TRIED_WAITS;
		walk->out->protocol -= plan->reward;
		money_pay_keeper(walk, plan->reward - gas - bid, gas + bid, attempt.keeper);
	}
	if (cross_is(walk->book, row)) {
		cross_take_over(walk, row, plan);
		return 0;
	}
	index_withdraw(walk, row);
	/* at the market's price: what the vault gains, the owner loses */
	walk->out->seized += fabs(position->units) * price;
	walk->out->protocol += position->units * (price - oracle);
	walk->out->borrowers -= position->units * (price - oracle);
	equity = position->units * oracle + position->cash;
	kept = fmin(equity, plan->penalty);
	*position = (struct position){.cash = equity - kept, .weight = position->weight};
	walk->out->borrowers -= kept;
	shortfall.amount = -equity;
	if (equity < 0)
		trade_write_off(walk, &shortfall);
	else
		money_earn(walk, kept);
	return 0;
}

/* The most of a plan that a keeper has the capital for. */
static double affordable(const struct market_walk *walk, const struct plan *plan, unsigned keeper)
{
	double capital = keepers_capital(&walk->book->market->keepers, keeper), repay = fabs(plan->repay);

	return repay > capital ? capital / repay : 1;
}

/*
 * Where bankrupt positions are deleveraged, a sale may leave no more owing than the tiers before that can pay: dYdX fills an order
 * only if its fund covers it.
 */
static bool within_cover(const struct market_walk *walk, uint32_t row, double sold, double proceeds)
{
	const struct position *position = &walk->positions[row];
	double oracle = walk->assets[walk->book->model->accounts[row].asset].oracle.price;
	double before = cross_is(walk->book, row) ? cross_equity(walk, basket_head(walk->book, row), true) : position->cash + position->units * oracle;
	double equity = before + proceeds - sold * oracle;

	return -equity <= waterfall_before_deleveraging(&walk->book->market->waterfall, &walk->waterfall);
}

/* Units of the debt that so much repays, at the price on chain; what rounding would leave of it is repaid too. */
static double units_repaid(const struct market_walk *walk, uint32_t owed, double repay)
{
	double all = -walk->positions[owed].units, units = repay / walk->assets[walk->book->model->accounts[owed].asset].oracle.price;

	return units < all * (1 - WALK_DUST) ? units : all;
}

/* What the keeper pays on the market for that. */
static double cost_of(const struct market_walk *walk, struct pair pair, double repay)
{
	if (pair.owed == BASKET_CASH)
		return repay;
	return -money_sale(walk, walk->book->model->accounts[pair.owed].asset, -units_repaid(walk, pair.owed, repay));
}

/* The debt is less by what was bought for `cost`, or by that in cash. */
static void repaid(struct market_walk *walk, struct pair pair, double repay, double cost)
{
	uint32_t asset = walk->book->model->accounts[pair.owed == BASKET_CASH ? pair.held : pair.owed].asset;
	double units;

	if (pair.owed == BASKET_CASH) {
		walk->positions[basket_head(walk->book, pair.held)].cash += repay;
		walk->out->borrowers += repay;
		return;
	}
	units = units_repaid(walk, pair.owed, repay);
	money_sold(walk, asset, -units, -cost);
	walk->positions[pair.owed].units += units;
	walk->out->borrowers += units * walk->assets[asset].price.price;
}

/* 0, TRIED_WAITS or -ENOMEM. */
static int carry_out(struct market_walk *walk, struct pair pair, struct attempt attempt, const struct plan *plan)
{
	uint32_t row = pair.held, asset = walk->book->model->accounts[row].asset;
	const struct keepers *keepers = &walk->book->market->keepers;
	struct position *position = &walk->positions[row];
	double *cash = &walk->positions[basket_head(walk->book, row)].cash;
	double price = walk->assets[asset].price.price, before = position->units, share = affordable(walk, plan, attempt.keeper), units, fee_units, proceeds, repay, cost, gas, profit, bid, equity;
	bool direct = isnan(plan->repay), crosses = !direct && crossing_needed(walk, asset);

	if (direct ? money_shut(walk, asset) : money_stuck(walk, asset))
		return TRIED_WAITS;
	units = share * plan->units;
	fee_units = share * plan->fee_units;
	proceeds = money_sale(walk, asset, units);
	repay = direct ? proceeds : share * plan->repay;
	cost = cost_of(walk, pair, repay);
	gas = money_gas(walk);
	profit = proceeds - cost - gas;
	if (direct && plan->limit > 0 && (units > 0 ? proceeds / units < plan->limit : proceeds / units > plan->limit))
		return TRIED_WAITS;
	if (direct && !within_cover(walk, row, units, proceeds))
		return TRIED_WAITS;
	if (!direct && profit < keepers->min_profit)
		return TRIED_WAITS;
	if (crosses && crossing_send(walk, row, units, attempt.keeper))
		return -ENOMEM;
	index_withdraw(walk, row);
	if (!crosses)
		money_sold(walk, asset, units, proceeds);
	walk->out->seized += fabs(units + fee_units) * price;
	position->taken++;
	position->units -= units + fee_units;
	repaid(walk, pair, repay, cost);
	walk->out->borrowers -= (units + fee_units) * price;
	/* a fee in collateral is kept by the protocol, valued at the market */
	if (fee_units > 0)
		money_earn(walk, fee_units * price);
	bid = direct ? 0 : money_bid(walk, profit, attempt.contested);
	money_pay_keeper(walk, (direct ? -gas : crosses ? -cost - gas : profit) - bid, gas + bid, attempt.keeper);
	equity = cross_is(walk->book, row) ? cross_equity(walk, basket_head(walk->book, row), false) : *cash + position->units * price;
	if (plan->penalty > 0 && equity > 0) {
		double penalty = fmin(plan->penalty, equity);

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
	walk->states[account].under_way = false;
	if (walk->paid)
		return index_wait(walk, account);
	if (!position_at_risk(position))
		return 0;
	return front_return(&state->fronts[position_side(position)], position_key(walk->book, account, position), account);
}

/* What is left can be liquidated again. */
static bool at_risk(const struct market_walk *walk, uint32_t account)
{
	if (cross_is(walk->book, account))
		return !basket_empty(walk, account);
	if (basket_is(walk->book, account))
		return basket_debt(walk, account) > 0 && !basket_empty(walk, account);
	return position_at_risk(&walk->positions[account]);
}

static bool paused(const struct market_walk *walk, uint32_t row)
{
	return money_paused(walk, walk->book->model->accounts[row].asset);
}

/* The price that counts for a transaction: what it brings, or what is on chain. */
static double price_of(const struct market_walk *walk, uint32_t row, double brings)
{
	return isnan(brings) ? walk->assets[walk->book->model->accounts[row].asset].oracle.price : brings;
}

static double health_at(const struct market_walk *walk, uint32_t account, double brings)
{
	struct position position;
	double oracle;

	if (basket_is(walk->book, account))
		return basket_health(walk, account);
	oracle = price_of(walk, account, brings);
	position = weighed(walk, (struct pair){account, BASKET_CASH}, oracle);
	return position_health(&position, oracle);
}

/* What a pair would bring the keeper now; -INFINITY: nothing may be taken. */
static double brings(const struct market_walk *walk, struct pair pair, unsigned keeper)
{
	const struct rules *rules = market_rules(walk->book->market, walk->book->model, pair.held);
	uint32_t asset = walk->book->model->accounts[pair.held].asset;
	struct position position = basket_position(walk, pair.held, pair.owed);
	struct plan plan;
	double share;

	if (!rules_plan(rules, &position, walk->assets[asset].oracle.price, &plan))
		return -INFINITY;
	share = affordable(walk, &plan, keeper);
	return money_sale(walk, asset, share * plan.units) - cost_of(walk, pair, share * plan.repay);
}

static bool owes(const struct market_walk *walk, uint32_t account, uint32_t owed)
{
	if (owed == BASKET_CASH)
		return walk->positions[account].cash < 0;
	/* what is owed has to be bought */
	return walk->positions[owed].units < 0 && !paused(walk, owed) && !money_shut(walk, walk->book->model->accounts[owed].asset);
}

/* Of several collaterals and debts the keeper takes those that bring him most now; false: none may be taken. */
static bool pair_to_take(const struct market_walk *walk, uint32_t account, unsigned keeper, struct pair *out)
{
	uint32_t end = basket_end(walk->book, account);
	double most = -INFINITY;

	*out = (struct pair){account, BASKET_CASH};
	if (!basket_is(walk->book, account) || !walk->book->market->rules.type->plan)
		return !paused(walk, account);
	if (cross_is(walk->book, account)) {
		int64_t row = cross_row_to_take(walk, account);

		if (row >= 0)
			out->held = (uint32_t)row;
		return row >= 0;
	}
	for (uint32_t held = account; held < end; held++) {
		if (!(walk->positions[held].units > 0) || paused(walk, held) || money_stuck(walk, walk->book->model->accounts[held].asset))
			continue;
		for (uint32_t i = account; i <= end; i++) {
			struct pair pair = {held, i < end ? i : BASKET_CASH};
			double profit = owes(walk, account, pair.owed) ? brings(walk, pair, keeper) : -INFINITY;

			if (profit > most) {
				most = profit;
				*out = pair;
			}
		}
	}
	return most > -INFINITY;
}

int trade_liquidation(struct market_walk *walk, struct attempt attempt)
{
	const struct rules *rules = &walk->book->market->rules;
	uint32_t account = attempt.account;

	if (cross_is(walk->book, account) ? basket_empty(walk, account) : !basket_is(walk->book, account) && walk->positions[account].units == 0)
		return 0; /* deleveraged meanwhile */
	index_settle(walk, account);
	for (int round = 0; round < ROUNDS_MAX; round++) {
		struct plan plan = {.pause_s = 0};
		struct position position;
		struct pair pair;
		double oracle;
		int rc;

		if (!pair_to_take(walk, account, attempt.keeper, &pair))
			return attempt_wait(walk, attempt);
		oracle = price_of(walk, pair.held, attempt.brings);
		if (health_at(walk, account, attempt.brings) >= 1 && !rules->type->commits) {
			walk->out->recovered += !round;
			return come_back(walk, account);
		}
		if (rules->type->plan) {
			position = weighed(walk, pair, oracle);
			if (!rules_plan(market_rules(walk->book->market, walk->book->model, pair.held), &position, oracle, &plan))
				return 0;
			rc = plan.takeover ? take_over(walk, pair.held, attempt, oracle, &plan) : carry_out(walk, pair, attempt, &plan);
		} else {
			rc = trade_put_on_offer(walk, attempt, oracle);
		}
		if (rc == TRIED_WAITS && attempt_pass_on(walk, account, &attempt.keeper))
			continue;
		if (rc)
			return rc == TRIED_WAITS ? attempt_wait(walk, attempt) : rc;
		liquidated(walk, account, attempt.keeper);
		if (!at_risk(walk, account))
			return come_back(walk, account);
		if (rules->type->any_first && cross_is(walk->book, account))
			plan.pause_s = fmax(plan.pause_s, walk->book->model->step_s);
		if (plan.pause_s > 0)
			walk->states[account].not_before_s = walk->now_s + plan.pause_s;
		attempt.brings = attempt_price(walk, walk->book->model->accounts[account].asset);
		if (health_at(walk, account, attempt.brings) < 1 && (plan.pause_s > 0 || !walk->scenario->no_delay))
			return attempt_schedule(walk, account);
	}
	return attempt_wait(walk, attempt);
}
