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

static double price_of(const struct market_walk *walk, uint32_t row, bool on_chain)
{
	return on_chain ? asset_of(walk, row)->oracle.price : asset_of(walk, row)->price.price;
}

double cross_equity(const struct market_walk *walk, uint32_t account, bool on_chain)
{
	double sum = walk->positions[account].cash;

	for (uint32_t row = account; row < basket_end(walk->book, account); row++)
		sum += walk->positions[row].units * price_of(walk, row, on_chain);
	return sum;
}

/* As the controls have it count. */
static double weight_of(const struct market_walk *walk, uint32_t row)
{
	const struct position *position = &walk->positions[row];
	double m = asset_of(walk, row)->controls.m;

	return position->weight * (position->units < 0 ? 1 / m : m);
}

static double required(const struct market_walk *walk, uint32_t row, bool on_chain)
{
	return fabs(walk->positions[row].units) * price_of(walk, row, on_chain) * fabs(1 - weight_of(walk, row));
}

double cross_share(const struct market_walk *walk, uint32_t row, bool on_chain)
{
	uint32_t account = basket_head(walk->book, row);
	double own = required(walk, row, on_chain), all = 0;

	for (uint32_t each = account; each < basket_end(walk->book, account); each++)
		all += required(walk, each, on_chain);
	return own > 0 ? cross_equity(walk, account, on_chain) * (own / all) : 0;
}

struct position cross_position(const struct market_walk *walk, uint32_t row)
{
	uint32_t account = basket_head(walk->book, row);
	struct position out = walk->positions[row];

	out.cash = cross_equity(walk, account, true) - out.units * asset_of(walk, row)->oracle.price;
	out.weight = weight_of(walk, row);
	for (uint32_t other = account; other < basket_end(walk->book, account); other++)
		if (other != row)
			out.others_require += required(walk, other, true);
	return out;
}

static bool may_be_taken(const struct market_walk *walk, uint32_t row, bool shut)
{
	uint32_t asset = walk->book->model->accounts[row].asset;

	return walk->positions[row].units != 0 && !money_paused(walk, asset) && money_shut(walk, asset) == shut;
}

/* dYdX: any of the positions (v4-chain, GetPerpetualPositionToLiquidate); else the largest first, which Hyperliquid leaves open. */
static int64_t row_to_take(const struct market_walk *walk, uint32_t account, bool shut)
{
	uint32_t end = basket_end(walk->book, account), count = 0, chosen;
	double largest = 0;
	int64_t found = -1;
	struct rng rng;

	for (uint32_t row = account; row < end; row++) {
		double value = fabs(walk->positions[row].units) * asset_of(walk, row)->oracle.price;

		if (!may_be_taken(walk, row, shut))
			continue;
		count++;
		if (found < 0 || value > largest) {
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
		if (may_be_taken(walk, row, shut) && !chosen--)
			return row;
	return found;
}

/* Where a market is shut the others' positions come first; one that cannot be sold may still be taken over. */
int64_t cross_row_to_take(const struct market_walk *walk, uint32_t account)
{
	int64_t row = row_to_take(walk, account, false);

	return row >= 0 ? row : row_to_take(walk, account, true);
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

/* A bankrupt row goes to the vault, its part of what is owed down the waterfall. */
static void write_off(struct market_walk *walk, uint32_t row, double part)
{
	struct shortfall shortfall = {.amount = -part, .row = row, .units = walk->positions[row].units, .mark = price_of(walk, row, true)};

	hand_over(walk, row);
	walk->positions[basket_head(walk->book, row)].cash -= part;
	walk->out->borrowers -= part;
	trade_write_off(walk, &shortfall);
}

void cross_take_over(struct market_walk *walk, uint32_t row, const struct plan *plan)
{
	uint32_t account = basket_head(walk->book, row), end = basket_end(walk->book, account);
	double equity = cross_equity(walk, account, true), kept;

	if (equity < 0 && !plan->whole)
		return write_off(walk, row, cross_share(walk, row, true));
	for (uint32_t each = account; equity < 0 && each < end; each++)
		if (walk->positions[each].units != 0)
			write_off(walk, each, cross_share(walk, each, true));
	if (equity < 0)
		return;
	for (uint32_t each = account; each < end; each++)
		hand_over(walk, each);
	kept = fmin(equity, plan->penalty);
	walk->positions[account].cash -= kept;
	walk->out->borrowers -= kept;
	money_earn(walk, kept);
}

void cross_absorb(struct market_walk *walk, uint32_t account, double amount)
{
	double owed = -cross_equity(walk, account, false), left = amount;
	uint32_t last = account;

	for (uint32_t row = account; row < basket_end(walk->book, account); row++)
		last = walk->positions[row].units != 0 ? row : last;
	for (uint32_t row = account; left > 0 && row <= last; row++) {
		double part = row == last ? left : fmin(left, -amount / owed * cross_share(walk, row, false));

		if (part > 0)
			money_absorb(walk, &(struct shortfall){part, row, walk->positions[row].units, price_of(walk, row, false), true});
		left -= fmax(0, part);
	}
}
