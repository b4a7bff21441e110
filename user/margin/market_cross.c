// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Perpetual positions that share a margin: rows of one account, the cash of all of them with the first. The account's net collateral is
 * TNC = Σ units·O + cash, its requirement TMMR the sum of its positions', and it is liquidated, position by position, while TNC <
 * TMMR. A position that cannot be sold is taken over with its part of TNC, PMMR/TMMR: so is dYdX's bankruptcy price. Hyperliquid's
 * vault takes all positions and the margin with them.
 */
#include <math.h>

#include "margin/market_walk.h"

bool cross_is(const struct market_book *book, uint32_t row)
{
	return book->market->rules.type->perpetual && basket_is(book, row);
}

static const struct asset_state *asset_of(const struct market_walk *walk, uint32_t row)
{
	return &walk->assets[walk->book->model->accounts[row].asset];
}

double cross_equity(const struct market_walk *walk, uint32_t account, bool on_chain)
{
	double sum = walk->positions[account].cash;

	for (uint32_t row = account; row < basket_end(walk->book, account); row++)
		sum += walk->positions[row].units * (on_chain ? asset_of(walk, row)->oracle.price : asset_of(walk, row)->price.price);
	return sum;
}

/* As the controls have it count. */
static double weight_of(const struct market_walk *walk, uint32_t row)
{
	const struct position *position = &walk->positions[row];
	double m = asset_of(walk, row)->controls.m;

	return position->weight * (position->units < 0 ? 1 / m : m);
}

static double required(const struct market_walk *walk, uint32_t row)
{
	return fabs(walk->positions[row].units) * asset_of(walk, row)->oracle.price * fabs(1 - weight_of(walk, row));
}

struct position cross_position(const struct market_walk *walk, uint32_t row)
{
	uint32_t account = basket_head(walk->book, row);
	struct position out = walk->positions[row];

	out.cash = cross_equity(walk, account, true) - out.units * asset_of(walk, row)->oracle.price;
	out.weight = weight_of(walk, row);
	for (uint32_t other = account; other < basket_end(walk->book, account); other++)
		if (other != row)
			out.others_require += required(walk, other);
	return out;
}

/* dYdX: any of the positions (v4-chain, GetPerpetualPositionToLiquidate); else the largest first, which Hyperliquid leaves open. */
int64_t cross_row_to_take(const struct market_walk *walk, uint32_t account)
{
	uint32_t end = basket_end(walk->book, account), count = 0, chosen;
	double largest = 0;
	int64_t found = -1;
	struct rng rng;

	for (uint32_t row = account; row < end; row++) {
		double value = fabs(walk->positions[row].units) * asset_of(walk, row)->oracle.price;

		if (!(value > 0) || walk->now_s < asset_of(walk, row)->controls.paused_until_s)
			continue;
		count++;
		if (value > largest) {
			largest = value;
			found = row;
		}
	}
	if (!count || !walk->book->market->rules.type->any_first)
		return found;
	rng_open(&rng, walk->book->model->seed, walk->path, account, RNG_POSITION);
	rng.counter[0] = (uint32_t)llround(walk->now_s / walk->book->model->step_s);
	chosen = (uint32_t)(rng_uniform(&rng) * count);
	for (uint32_t row = account; row < end; row++)
		if (walk->positions[row].units != 0 && !(walk->now_s < asset_of(walk, row)->controls.paused_until_s) && !chosen--)
			return row;
	return found;
}

/* The vault has the row at the price on chain. */
static void hand_over(struct market_walk *walk, uint32_t row)
{
	struct position *position = &walk->positions[row];
	double price = asset_of(walk, row)->price.price, oracle = asset_of(walk, row)->oracle.price;

	walk->out->seized += fabs(position->units) * price;
	walk->out->protocol += position->units * (price - oracle);
	walk->out->borrowers -= position->units * (price - oracle);
	walk->positions[basket_head(walk->book, row)].cash += position->units * oracle;
	position->units = 0;
}

void cross_take_over(struct market_walk *walk, uint32_t row, const struct plan *plan)
{
	uint32_t account = basket_head(walk->book, row);
	double equity = cross_equity(walk, account, true), own = required(walk, row), all = own, kept;
	struct shortfall shortfall = {.row = row};

	if (plan->whole) {
		for (uint32_t each = account; each < basket_end(walk->book, account); each++)
			hand_over(walk, each);
	} else {
		for (uint32_t each = account; each < basket_end(walk->book, account); each++)
			all += each == row ? 0 : required(walk, each);
		equity *= own / all;
		hand_over(walk, row);
	}
	kept = fmin(equity, plan->penalty);
	walk->positions[account].cash -= kept;
	walk->out->borrowers -= kept;
	shortfall.amount = -equity;
	if (equity < 0)
		trade_write_off(walk, &shortfall);
	else
		money_earn(walk, kept);
}
