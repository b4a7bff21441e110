// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Accounts with several collaterals: rows of the book that follow each other, the debt with the first one. Their health is a sum
 * over assets, so that no single price triggers them. Each row waits in its asset's front under a bound, at which, were all
 * prices at their bounds, the health would be 1: while no price has passed its bound the account is healthy, and is not looked
 * at. When one has, it is triggered or gets new bounds; what it had in the fronts before stays there, and is known by its
 * bound not being passed.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "margin/market_walk.h"

/* ---- the book ------------------------------------------------------------------------------------------------------- */

int basket_book_init(struct market_book *book)
{
	const struct model *model = book->model;

	if (!model->joined)
		return 0;
	book->heads = malloc(model->account_count * sizeof(*book->heads));
	book->bounds = calloc(model->account_count, sizeof(*book->bounds));
	if (!book->heads || !book->bounds)
		return -ENOMEM;
	for (uint32_t i = 0; i < model->account_count; i++)
		book->heads[i] = model->joined[i] ? book->heads[i - 1] : i;
	for (uint32_t head = 0; head < model->account_count; head = basket_end(book, head)) {
		double counted = 0;

		for (uint32_t row = head; row < basket_end(book, head); row++)
			counted += book->positions[row].units * book->positions[row].weight * model->assets[model->accounts[row].asset].price;
		for (uint32_t row = head; row < basket_end(book, head); row++)
			book->bounds[row] = model->assets[model->accounts[row].asset].price * fmax(0, -book->positions[head].cash) / counted;
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

/* The price on chain as the controls have it count. */
static double counting_price(const struct market_walk *walk, uint32_t row)
{
	return asset_of(walk, row)->oracle.price * asset_of(walk, row)->controls.m;
}

static double counted(const struct market_walk *walk, uint32_t head)
{
	double sum = 0;

	for (uint32_t row = head; row < basket_end(walk->book, head); row++)
		sum += walk->positions[row].units * walk->positions[row].weight * counting_price(walk, row);
	return sum;
}

bool basket_empty(const struct market_walk *walk, uint32_t head)
{
	for (uint32_t row = head; row < basket_end(walk->book, head); row++)
		if (walk->positions[row].units != 0)
			return false;
	return true;
}

double basket_health(const struct market_walk *walk, uint32_t head)
{
	double cash = walk->positions[head].cash;

	return cash < 0 ? counted(walk, head) / -cash : INFINITY;
}

struct position basket_position(const struct market_walk *walk, uint32_t row)
{
	uint32_t head = basket_head(walk->book, row);
	double units = walk->positions[row].units;

	return (struct position){.units = units, .cash = walk->positions[head].cash,
				 .weight = counted(walk, head) / (units * asset_of(walk, row)->oracle.price)};
}

int basket_wait(struct market_walk *walk, uint32_t head)
{
	double sum = counted(walk, head), debt = -walk->positions[head].cash;
	int rc = 0;

	walk->states[head].under_way = false;
	for (uint32_t row = head; !rc && row < basket_end(walk->book, head); row++) {
		market_walk_touch(walk, row);
		if (!(debt > 0) || !(walk->positions[row].units > 0))
			continue;
		walk->bounds[row] = counting_price(walk, row) * fmin(1, debt / sum);
		rc = front_return(&asset_of(walk, row)->fronts[0], walk->bounds[row], row);
	}
	return rc;
}

int basket_look(struct market_walk *walk, uint32_t row)
{
	uint32_t head = basket_head(walk->book, row);

	if (walk->states[head].under_way || !(counting_price(walk, row) < walk->bounds[row]))
		return 0; /* from before */
	if (basket_health(walk, head) >= 1)
		return basket_wait(walk, head);
	walk->states[head].under_way = true;
	return BASKET_BELOW;
}
