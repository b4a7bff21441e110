// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Who gets what. Every movement is booked on both sides at the market's price, so that the gains of borrowers, keepers,
 * protocol, buyers and miners, less what the waterfall absorbs, add up to nothing on every path.
 */
#include <math.h>

#include "margin/market_walk.h"

double money_gas(const struct market_walk *walk)
{
	const struct gas *gas = &walk->book->market->gas;

	return gas_cost(gas, walk->base_fee_wei, isnan(gas->price) ? walk->assets[gas->asset].price.price : gas->price);
}

double money_bid(const struct market_walk *walk, double profit, bool contested)
{
	return contested && !walk->scenario->no_gas ? walk->book->market->gas.bid_share * fmax(0, profit) : 0;
}

double money_sale(const struct market_walk *walk, uint32_t asset, double units)
{
	const struct asset_state *state = &walk->assets[asset];
	double average = walk->scenario->no_impact ? 1
						   : liquidity_average(&walk->book->market->liquidity[asset], state->used,
								       fabs(units));

	return units * state->price.price * (units > 0 ? average : 2 - average);
}

void money_sold(struct market_walk *walk, uint32_t asset, double units, double proceeds)
{
	walk->assets[asset].used += fabs(units);
	walk->out->buyers += units * walk->assets[asset].price.price - proceeds;
}

void money_lost(struct market_walk *walk, uint32_t account, double loss)
{
	if (walk->groups)
		walk->groups[walk->book->model->groups[account]].bad_debt += loss;
}

void money_absorb(struct market_walk *walk, double loss)
{
	walk->out->bad_debt += loss;
	waterfall_absorb(&walk->book->market->waterfall, &walk->waterfall, loss);
}

void trade_write_off(struct market_walk *walk, uint32_t account, double loss)
{
	money_lost(walk, account, loss);
	money_absorb(walk, loss);
}

void money_liquidation(struct market_walk *walk, uint32_t account)
{
	walk->out->liquidations++;
	if (walk->groups)
		walk->groups[walk->book->model->groups[account]].liquidations++;
}

void money_earn(struct market_walk *walk, double fees)
{
	waterfall_feed(&walk->book->market->waterfall, &walk->waterfall, fees);
	walk->out->protocol += fees;
}

void money_pay_keeper(struct market_walk *walk, double profit, double gas, bool own)
{
	walk->out->keepers += profit;
	walk->out->gas += gas;
	if (own)
		walk->out->own += profit;
	else
		walk->earned += profit;
}

void money_held(struct market_walk *walk, double units, double from, double to)
{
	walk->out->held += units * (to - from);
}
