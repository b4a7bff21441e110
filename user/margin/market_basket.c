// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Accounts of several rows of the book that follow each other: what they hold (units above 0), what they owe in assets with a
 * price of their own (below 0), and what they owe in the numeraire, with the first row. Their health is a sum over assets, so
 * that no single price triggers them. With f = Σ units·weight·O + cash, which is below 0 where the health is below 1, and G =
 * Σ |units|·weight·O, no price can have moved against the account by more than f/G while it is healthy all the same: each row
 * waits in its asset's front under the price at which it would have, what is held in the one that a fall reaches and what is
 * owed in the one that a rise does, and until one of them fires the account is not looked at. When one has, the account is
 * triggered or gets new bounds. A row that waits under a bound which is nearer than it has to be keeps it.
 */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "margin/market_walk.h"

#define ROUNDING 1e-12 /* of G: what the sums may be off by */

/* What the rows of an account count: above 0, and below (as a number above 0). */
struct sums {
	double held, owed, cash;
};

static void add(struct sums *sums, const struct position *position, double price)
{
	double counts = position->units * position->weight * price;

	sums->held += fmax(0, counts);
	sums->owed += fmax(0, -counts);
}

/* The part of an asset's price, or of its inverse for what is owed, at which a row's key is: above 1 it has been passed. */
static double bound(const struct sums *sums, int side)
{
	double all = sums->held + sums->owed;

	if (!side)
		return (2 * sums->owed - sums->cash) / all + ROUNDING;
	return all / fmax(2 * sums->held + sums->cash, DBL_MIN) + ROUNDING;
}

/* ---- the book ------------------------------------------------------------------------------------------------------- */

int basket_book_init(struct market_book *book)
{
	const struct model *model = book->model;

	if (!model->joined)
		return 0;
	book->heads = malloc(model->account_count * sizeof(*book->heads));
	book->keys = calloc(model->account_count, sizeof(*book->keys));
	if (!book->heads || !book->keys)
		return -ENOMEM;
	for (uint32_t i = 0; i < model->account_count; i++)
		book->heads[i] = model->joined[i] ? book->heads[i - 1] : i;
	for (uint32_t head = 0; head < model->account_count; head = basket_end(book, head)) {
		struct sums sums = {.cash = book->positions[head].cash};

		for (uint32_t row = head; row < basket_end(book, head); row++)
			add(&sums, &book->positions[row], model->assets[model->accounts[row].asset].price);
		for (uint32_t row = head; row < basket_end(book, head); row++) {
			int side = position_side(&book->positions[row]);
			double price = model->assets[model->accounts[row].asset].price;

			book->keys[row] = fmax(0, bound(&sums, side)) * (side ? 1 / price : price);
		}
	}
	return 0;
}

uint32_t basket_head(const struct market_book *book, uint32_t row)
{
	return book->heads ? book->heads[row] : row;
}

uint32_t basket_end(const struct market_book *book, uint32_t head)
{
	uint32_t end = head + 1;

	while (end < book->model->account_count && model_joined(book->model, end))
		end++;
	return end;
}

bool basket_is(const struct market_book *book, uint32_t row)
{
	return book->heads && (book->model->joined[row] || basket_end(book, row) > row + 1);
}

/* ---- a path --------------------------------------------------------------------------------------------------------- */

static struct asset_state *asset_of(const struct market_walk *walk, uint32_t row)
{
	return &walk->assets[walk->book->model->accounts[row].asset];
}

static double level_of(const struct market_walk *walk, uint32_t row)
{
	return market_level(walk, asset_of(walk, row), position_side(&walk->positions[row]));
}

static struct sums sums_of(const struct market_walk *walk, uint32_t head)
{
	struct sums sums = {.cash = walk->positions[head].cash};

	for (uint32_t row = head; row < basket_end(walk->book, head); row++) {
		double level = level_of(walk, row);

		add(&sums, &walk->positions[row], walk->positions[row].units < 0 ? 1 / level : level);
	}
	return sums;
}

bool basket_empty(const struct market_walk *walk, uint32_t head)
{
	for (uint32_t row = head; row < basket_end(walk->book, head); row++)
		if (walk->positions[row].units > 0 || (walk->positions[row].units != 0 && cross_is(walk->book, row)))
			return false;
	return true;
}

double basket_health(const struct market_walk *walk, uint32_t head)
{
	struct sums sums = sums_of(walk, head);
	double debt = sums.owed - fmin(0, sums.cash);

	return debt > 0 ? (sums.held + fmax(0, sums.cash)) / debt : INFINITY;
}

double basket_debt(const struct market_walk *walk, uint32_t head)
{
	double debt = fmax(0, -walk->positions[head].cash);

	if (cross_is(walk->book, head))
		return fmax(0, -cross_equity(walk, head, false));
	for (uint32_t row = head; row < basket_end(walk->book, head); row++)
		debt += fmax(0, -walk->positions[row].units) * asset_of(walk, row)->price.price;
	return debt;
}

struct position basket_position(const struct market_walk *walk, uint32_t held, uint32_t owed)
{
	uint32_t head = basket_head(walk->book, held);
	struct sums sums = sums_of(walk, head);
	struct position out = walk->positions[held];
	double debt = sums.owed - sums.cash, counts = out.units * out.weight * level_of(walk, held);

	out.cash = owed == BASKET_CASH ? sums.cash : walk->positions[owed].units * asset_of(walk, owed)->oracle.price;
	out.weight *= asset_of(walk, held)->controls.m;
	out.others_count = fmax(0, sums.held - counts);
	out.others_owe = fmax(0, debt + out.cash);
	return out;
}

int basket_wait(struct market_walk *walk, uint32_t head)
{
	struct sums sums = sums_of(walk, head);
	int rc = 0;

	walk->states[head].under_way = false;
	for (uint32_t row = head; !rc && row < basket_end(walk->book, head); row++) {
		int side = position_side(&walk->positions[row]);
		double key;

		market_walk_touch(walk, row);
		if (walk->positions[row].units == 0)
			continue;
		key = level_of(walk, row) * fmin(1, bound(&sums, side));
		if (!(key > walk->keys[row]))
			continue;
		walk->keys[row] = key;
		rc = front_return(&asset_of(walk, row)->fronts[side], key, row);
	}
	return rc;
}

int basket_look(struct market_walk *walk, uint32_t row, double level)
{
	uint32_t head = basket_head(walk->book, row);

	if (!(level < walk->keys[row]))
		return 0; /* from before it got a bound that is farther off */
	market_walk_touch(walk, row);
	walk->keys[row] = 0;
	if (walk->states[head].under_way)
		return 0;
	if (basket_health(walk, head) >= 1)
		return basket_wait(walk, head);
	walk->states[head].under_way = true;
	return BASKET_BELOW;
}
