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

static bool tripped(const struct market_walk *walk, uint32_t asset)
{
	return walk->now_s < walk->assets[asset].controls.paused_until_s;
}

bool money_paused(const struct market_walk *walk, uint32_t asset)
{
	return tripped(walk, asset) && !walk->book->market->breaker.trading;
}

bool money_shut(const struct market_walk *walk, uint32_t asset)
{
	return tripped(walk, asset) && walk->book->market->breaker.trading;
}

bool money_stuck(const struct market_walk *walk, uint32_t asset)
{
	return money_shut(walk, asset) && !walk->book->market->breaker.hold;
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

struct loss {
	struct market_walk *walk;
	const struct shortfall *shortfall; /* of a position; NULL: of a block */
	uint32_t asset;
	bool at_end;
};

static double positions_take(void *context, const struct tier *tier, double wanted)
{
	const struct loss *loss = context;

	if (tier->type == TIER_DELEVERAGING)
		return deleverage(loss->walk, tier, loss->shortfall, wanted);
	return socialise(loss->walk, tier, loss->asset, loss->at_end, wanted);
}

/* Which tier is the first one that is asked once a block, for all of its losses together. */
static size_t socialised_tier(const struct waterfall *waterfall)
{
	const struct tier *tier = waterfall_find(waterfall, TIER_SOCIALISED);

	return tier ? (size_t)(tier - waterfall->tiers) : waterfall->count;
}

void money_absorb(struct market_walk *walk, const struct shortfall *shortfall)
{
	const struct waterfall *waterfall = &walk->book->market->waterfall;
	const struct waterfall_positions positions = {positions_take, &(struct loss){.walk = walk, .shortfall = shortfall}};
	size_t end = socialised_tier(waterfall);
	double left = waterfall_take(waterfall, &walk->waterfall, 0, end, shortfall->amount, &positions);

	walk->out->bad_debt += shortfall->amount;
	if (end < waterfall->count)
		walk->assets[walk->book->model->accounts[shortfall->row].asset].unpaid += left;
	else
		walk->waterfall.lenders += left;
}

void money_spread(struct market_walk *walk, bool at_end)
{
	const struct waterfall *waterfall = &walk->book->market->waterfall;

	for (uint32_t i = 0; i < walk->book->model->asset_count; i++) {
		struct asset_state *state = &walk->assets[i];
		struct loss loss = {.walk = walk, .asset = i, .at_end = at_end};
		const struct waterfall_positions positions = {positions_take, &loss};

		if (state->unpaid > 0)
			walk->waterfall.lenders += waterfall_take(waterfall, &walk->waterfall, socialised_tier(waterfall), waterfall->count,
								  state->unpaid, &positions);
		state->unpaid = 0;
	}
}

void trade_write_off(struct market_walk *walk, const struct shortfall *shortfall)
{
	money_lost(walk, shortfall->row, shortfall->amount);
	money_absorb(walk, shortfall);
}

void money_liquidation(struct market_walk *walk, uint32_t account, unsigned keeper)
{
	walk->out->liquidations++;
	walk->out->own_wins += keeper == KEEPER_OWN;
	if (walk->by_keeper)
		walk->by_keeper[keeper].wins++;
	if (walk->groups)
		walk->groups[walk->book->model->groups[account]].liquidations++;
}

void money_earn(struct market_walk *walk, double fees)
{
	waterfall_feed(&walk->book->market->waterfall, &walk->waterfall, fees);
	walk->out->protocol += fees;
}

void money_pay_keeper(struct market_walk *walk, double profit, double gas, unsigned keeper)
{
	walk->out->keepers += profit;
	walk->out->gas += gas;
	if (walk->by_keeper)
		walk->by_keeper[keeper].profit += profit;
	if (keeper == KEEPER_OWN)
		walk->out->own += profit;
	else if (keeper == KEEPER_COMPETING)
		walk->earned += profit;
}

void money_held(struct market_walk *walk, double units, double from, double to)
{
	walk->out->held += units * (to - from);
}
