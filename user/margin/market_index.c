// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Losses spread over open interest, without a look at every position: as Drift does it, by an index of what each unit has paid so far,
 * which a position's cash is charged with when something else changes the position or asks for it.
 *
 * Nobody pays more than he has. With s = 1 for long and -1 for short positions one of `cash` has s·mark + cash/|units| - index a unit
 * left. What depends on the position alone is its place, -cash/|units|, the same for all marks and indices: those in the order of
 * their places whose rest is below the rate pay all of it and are set aside, the rate rises for the others. Those aside pay no index;
 * who has something by the next loss is among the payers again.
 *
 * A trigger lies where s·O·(weight) + cash/|units| = index: it moves by index/weight at most, with the least weight of the side. Keys
 * are in the fronts as they would be were the index 0, the level is moved by that much, and whoever leaves a front too early for
 * it goes back under what has become of its key. Long positions without a debt wait too: an index can make one.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/market_walk.h"

#define ROUNDING 1e-12 /* of a level, and of its move */
#define WELL_KNOWN 1e-3 /* of the most units that a sum has had: what is left below that is added up anew */

/* ---- the book ------------------------------------------------------------------------------------------------------- */

/* Deleveraging and shared margins look at positions one by one. */
static bool applies(const struct market_book *book)
{
	const struct waterfall *waterfall = &book->market->waterfall;
	const struct tier *tier = waterfall_find(waterfall, TIER_SOCIALISED);

	return tier && tier->over == OVER_OPEN_INTEREST && !waterfall_find(waterfall, TIER_DELEVERAGING) && !book->heads;
}

static double place_of(const struct position *position)
{
	return -position->cash / fabs(position->units);
}

static double least_weight(const struct market_book *book, uint32_t asset, const struct position *position)
{
	const struct margin_tiers *tiers = book->market->tiers ? &book->market->tiers[asset] : NULL;

	if (position->units < 0 || !tiers || !tiers->count)
		return position->weight;
	return fmin(position->weight, 1 - tiers->tiers[tiers->count - 1].margin);
}

int index_book_init(struct market_book *book)
{
	const struct model *model = book->model;

	if (!applies(book))
		return 0;
	book->pools = calloc(model->asset_count, sizeof(*book->pools));
	if (!book->pools)
		return -ENOMEM;
	for (uint32_t i = 0; i < model->asset_count; i++)
		book->pools[i].least_weight[0] = book->pools[i].least_weight[1] = INFINITY;
	for (uint32_t row = 0; row < model->account_count; row++) {
		struct pool_book *pool = &book->pools[model->accounts[row].asset];
		const struct position *position = &book->positions[row];
		int side = position_side(position);

		pool->poor[side].count += position->units != 0;
		pool->units += fabs(position->units);
		pool->least_weight[side] = fmin(pool->least_weight[side], least_weight(book, model->accounts[row].asset, position));
	}
	for (uint32_t i = 0; i < 2 * model->asset_count; i++) {
		struct front_order *order = &book->pools[i / 2].poor[i % 2];

		if (front_order_init(order, order->count))
			return -ENOMEM;
		order->count = 0;
	}
	for (uint32_t row = 0; row < model->account_count; row++) {
		const struct position *position = &book->positions[row];
		struct front_order *order = &book->pools[model->accounts[row].asset].poor[position_side(position)];

		if (position->units != 0)
			order->entries[order->count++] = (struct front_entry){place_of(position), row};
	}
	for (uint32_t i = 0; i < 2 * model->asset_count; i++)
		front_order_sort(&book->pools[i / 2].poor[i % 2]);
	return 0;
}

void index_book_free(struct market_book *book)
{
	for (uint32_t i = 0; book->pools && i < 2 * book->model->asset_count; i++)
		front_order_free(&book->pools[i / 2].poor[i % 2]);
	free(book->pools);
}

double index_book_key(const struct market_book *book, uint32_t row)
{
	const struct position *position = &book->positions[row];

	if (!book->pools || !(position->units > 0))
		return -INFINITY;
	return place_of(position) / book->pools[book->model->accounts[row].asset].least_weight[0];
}

/* ---- room ----------------------------------------------------------------------------------------------------------- */

int index_init(struct market_walk *walk)
{
	const struct market_book *book = walk->book;
	size_t rows = book->model->account_count;

	if (!book->pools)
		return 0;
	for (uint32_t i = 0; i < book->model->asset_count; i++)
		for (int side = 0; side < 2; side++)
			front_init(&walk->assets[i].pool.poor[side], &book->pools[i].poor[side]);
	walk->paid = malloc(rows * sizeof(*walk->paid));
	walk->places = malloc(rows * sizeof(*walk->places));
	walk->aside = malloc(rows * sizeof(*walk->aside));
	if (!walk->paid || !walk->places || !walk->aside)
		return -ENOMEM;
	for (uint32_t row = 0; row < rows; row++)
		index_forget(walk, row);
	return 0;
}

void index_free(struct market_walk *walk)
{
	for (uint32_t i = 0; walk->assets && i < walk->book->model->asset_count; i++) {
		front_free(&walk->assets[i].pool.poor[0]);
		front_free(&walk->assets[i].pool.poor[1]);
	}
	free(walk->paid);
	free(walk->places);
	free(walk->aside);
}

void index_start(struct market_walk *walk)
{
	for (uint32_t i = 0; walk->paid && i < walk->book->model->asset_count; i++) {
		const struct pool_book *book = &walk->book->pools[i];
		struct pool *pool = &walk->assets[i].pool;

		pool->index = 0;
		pool->units = pool->most = book->units;
		pool->count = book->poor[0].count + book->poor[1].count;
		front_start(&pool->poor[0]);
		front_start(&pool->poor[1]);
	}
	for (size_t i = 0; i < walk->aside_count; i++) /* who was bankrupt before he paid anything is not touched */
		index_forget(walk, walk->aside[i]);
	walk->aside_count = 0;
}

void index_forget(struct market_walk *walk, uint32_t row)
{
	if (!walk->paid)
		return;
	walk->paid[row] = 0;
	walk->places[row] = place_of(&walk->book->positions[row]);
}

/* ---- what a position has paid --------------------------------------------------------------------------------------- */

static struct pool *pool_of(const struct market_walk *walk, uint32_t row)
{
	return &walk->assets[walk->book->model->accounts[row].asset].pool;
}

/* As it is when it has paid. */
static struct position position_now(const struct market_walk *walk, uint32_t row)
{
	struct position position = walk->positions[row];

	position.cash -= (pool_of(walk, row)->index - walk->paid[row]) * fabs(position.units);
	return position;
}

void index_settle(struct market_walk *walk, uint32_t row)
{
	if (!walk->paid || walk->paid[row] == pool_of(walk, row)->index)
		return;
	market_walk_touch(walk, row);
	walk->positions[row] = position_now(walk, row);
	walk->paid[row] = pool_of(walk, row)->index;
}

void index_withdraw(struct market_walk *walk, uint32_t row)
{
	struct pool *pool;

	if (!walk->paid)
		return;
	index_settle(walk, row);
	if (isnan(walk->places[row]))
		return;
	pool = pool_of(walk, row);
	pool->units = --pool->count ? pool->units - fabs(walk->positions[row].units) : 0;
	walk->places[row] = NAN;
	walk->aside[walk->aside_count++] = row;
}

static int join(struct market_walk *walk, uint32_t row)
{
	const struct position *position = &walk->positions[row];
	struct pool *pool = pool_of(walk, row);

	market_walk_touch(walk, row);
	walk->places[row] = place_of(position) - pool->index;
	pool->units += fabs(position->units);
	pool->most = fmax(pool->most, pool->units);
	pool->count++;
	return front_return(&pool->poor[position_side(position)], walk->places[row], row);
}

/* ---- triggers ------------------------------------------------------------------------------------------------------- */

/* How far a trigger of that side may have moved. */
static double shift(const struct market_walk *walk, uint32_t asset, int side)
{
	return walk->paid && walk->assets[asset].pool.index > 0 ? walk->assets[asset].pool.index / walk->book->pools[asset].least_weight[side] : 0;
}

double index_level(const struct market_walk *walk, uint32_t asset, int side, double level)
{
	double moved = shift(walk, asset, side);

	if (!(moved > 0))
		return level;
	moved *= 1 + ROUNDING;
	return side ? 1 / ((1 + ROUNDING) / level + moved) : level * (1 - ROUNDING) - moved;
}

double index_highest(const struct market_walk *walk, uint32_t asset, int side)
{
	double highest = front_highest(&walk->assets[asset].fronts[side]), moved = shift(walk, asset, side) * (1 + ROUNDING);

	if (!(moved > 0))
		return highest;
	if (!side)
		return highest + moved;
	return 1 / fmax(0, 1 / highest - moved);
}

int index_wait(struct market_walk *walk, uint32_t row)
{
	uint32_t asset = walk->book->model->accounts[row].asset;
	struct position now = position_now(walk, row);
	int side = position_side(&now);
	double moved = shift(walk, asset, side), key;

	if (position_at_risk(&now))
		key = position_key(walk->book, row, &now);
	else if (now.units > 0)
		key = place_of(&now) / walk->book->pools[asset].least_weight[0];
	else
		return 0;
	return front_return(&walk->assets[asset].fronts[side], side ? 1 / (1 / key + moved) : key - moved, row);
}

int index_look(struct market_walk *walk, uint32_t row, double level)
{
	struct position now = position_now(walk, row);

	if (!(position_at_risk(&now) && position_key(walk->book, row, &now) > level))
		return index_wait(walk, row);
	index_settle(walk, row);
	return INDEX_BELOW;
}

/* ---- a loss --------------------------------------------------------------------------------------------------------- */

/* Any payer who has less than `rate` a unit left leaves the order of those; -1: there is none. */
static int64_t poor(struct market_walk *walk, uint32_t asset, double mark, double rate)
{
	struct pool *pool = &walk->assets[asset].pool;

	for (int side = 0; side < 2; side++) {
		double level = (side ? -mark : mark) - pool->index - rate;
		int64_t row;

		while ((row = front_fire(&pool->poor[side], level)) >= 0)
			if (walk->places[row] > level) /* no: it is from before the row was changed */
				return row;
	}
	return -1;
}

static double payers_units(struct market_walk *walk, uint32_t asset)
{
	struct pool *pool = &walk->assets[asset].pool;

	if (pool->units >= WELL_KNOWN * pool->most)
		return pool->units;
	pool->units = 0;
	for (uint32_t row = 0; row < walk->book->model->account_count; row++)
		if (walk->book->model->accounts[row].asset == asset && walk->positions[row].units != 0 && !isnan(walk->places[row]))
			pool->units += fabs(walk->positions[row].units);
	pool->most = pool->units;
	return pool->units;
}

/* Who was set aside and has something left is among the payers again. */
static void take_back(struct market_walk *walk, uint32_t asset, double mark)
{
	size_t kept = 0;

	for (size_t i = 0; i < walk->aside_count; i++) {
		uint32_t row = walk->aside[i];
		const struct position *position = &walk->positions[row];

		if (walk->book->model->accounts[row].asset != asset)
			walk->aside[kept++] = row;
		else if (position->units != 0 && position->units * mark + position->cash > 0)
			walk->failed = join(walk, row) ? -ENOMEM : walk->failed;
		else if (position->units != 0)
			walk->aside[kept++] = row;
	}
	walk->aside_count = kept;
}

static void set_aside_the_bankrupt(struct market_walk *walk, uint32_t asset, double mark)
{
	int64_t row;

	while ((row = poor(walk, asset, mark, 0)) >= 0)
		index_withdraw(walk, (uint32_t)row);
}

/* Whom the rate leaves nothing pays all he has. Returns what they pay. */
static double take_all_of_the_poor(struct market_walk *walk, uint32_t asset, double mark, double rate)
{
	double paid = 0;
	int64_t row;

	while ((row = poor(walk, asset, mark, rate)) >= 0) {
		struct position *position = &walk->positions[row];
		double all;

		index_withdraw(walk, (uint32_t)row);
		market_walk_touch(walk, (uint32_t)row);
		all = fmax(0, position->units * mark + position->cash);
		position->cash -= all;
		paid += all;
	}
	return paid;
}

double index_spread(struct market_walk *walk, uint32_t asset, double mark, double wanted)
{
	struct pool *pool = &walk->assets[asset].pool;
	double left = wanted, rate = 0;
	size_t before;

	take_back(walk, asset, mark);
	set_aside_the_bankrupt(walk, asset, mark);
	do {
		before = pool->count;
		rate = before ? left / payers_units(walk, asset) : rate;
		left -= take_all_of_the_poor(walk, asset, mark, rate);
	} while (pool->count < before);
	pool->index += rate; /* also where nobody is left to pay it: triggers have moved by up to that much */
	for (size_t i = 0; i < walk->aside_count; i++)
		if (walk->book->model->accounts[walk->aside[i]].asset == asset)
			walk->paid[walk->aside[i]] = pool->index;
	return pool->count || left <= WALK_DUST * wanted ? wanted : wanted - left;
}

void index_end(struct market_walk *walk)
{
	for (uint32_t i = 0; walk->paid && i < walk->book->model->asset_count; i++)
		if (walk->assets[i].pool.index > 0)
			set_aside_the_bankrupt(walk, i, walk->assets[i].price.price);
	for (size_t i = 0; walk->paid && i < walk->touched_count; i++)
		index_settle(walk, walk->touched[i]);
}
