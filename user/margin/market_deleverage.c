// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Positions of the other side, closed against a bankrupt one at its bankruptcy price. What they lose is the difference to the
 * protocol's price; the position that the protocol would have had to take over goes to them instead.
 *
 * hyperliquid: hyperliquid.gitbook.io, Auto-deleveraging, read 2026-11-25: of the users in profit the highest (mark/entry)·(notional/
 * account value). So written it ranks long positions by profit; short ones here by entry/mark, for the same end. They are closed "at the
 * previous mark price"; the bankruptcy price lies between that one and the mark.
 * dydx-v4: dydxprotocol/v4-chain, x/clob/keeper/deleveraging.go at 002f3fa4, read 2026-11-25: from a random subaccount on, at most once
 * around (here without its limit of how many are looked at in a block); who would be bankrupt by it is passed over.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/market_walk.h"

int deleverage_init(struct market_walk *walk)
{
	if (!waterfall_find(&walk->book->market->waterfall, TIER_DELEVERAGING))
		return 0;
	walk->ranking.heap = malloc(walk->book->model->account_count * sizeof(*walk->ranking.heap));
	return walk->ranking.heap ? 0 : -ENOMEM;
}

static bool before(const struct ranked *a, const struct ranked *b)
{
	return a->score > b->score || (a->score == b->score && a->row < b->row);
}

static void push(struct ranking *ranking, struct ranked item)
{
	size_t i = ranking->count++;

	for (; i && before(&item, &ranking->heap[(i - 1) / 2]); i = (i - 1) / 2)
		ranking->heap[i] = ranking->heap[(i - 1) / 2];
	ranking->heap[i] = item;
}

/* The first one leaves the heap and stands behind its end. */
static struct ranked pop(struct ranking *ranking)
{
	struct ranked first = ranking->heap[0], last = ranking->heap[--ranking->count];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < ranking->count) {
		if (child + 1 < ranking->count && before(&ranking->heap[child + 1], &ranking->heap[child]))
			child++;
		if (!before(&ranking->heap[child], &last))
			break;
		ranking->heap[i] = ranking->heap[child];
		i = child;
	}
	ranking->heap[i] = last;
	ranking->heap[ranking->count] = first;
	return first;
}

static double equity(const struct position *position, double price)
{
	return position->units * price + position->cash;
}

/* Of the account's equity what is this position's. */
static double part_of(const struct market_walk *walk, uint32_t row, double mark, bool at_end)
{
	return cross_is(walk->book, row) ? cross_share(walk, row, !at_end) : equity(&walk->positions[row], mark);
}

/* NAN: not among them. */
static double index_of(const struct market_walk *walk, uint32_t row, double mark, bool at_end)
{
	const struct position *position = &walk->positions[row];
	double entry = walk->book->model->entries[row], gain = position->units > 0 ? mark / entry : entry / mark;
	double value = cross_is(walk->book, row) ? cross_equity(walk, basket_head(walk->book, row), !at_end) : equity(position, mark);

	return gain > 1 && value > 0 ? gain * fabs(position->units) * mark / value : NAN;
}

static bool is_of(const struct market_walk *walk, const struct ranking *ranking, uint32_t row)
{
	return walk->positions[row].units != 0 && walk->book->model->accounts[row].asset == ranking->asset &&
	       position_side(&walk->positions[row]) == ranking->side;
}

/* In the book's order, beginning with any: the same one for all losses of a block. */
static void rank_from_random(const struct market_walk *walk, struct ranking *ranking)
{
	uint32_t count = 0, place = 0, first;
	struct rng rng;

	for (uint32_t row = 0; row < walk->book->model->account_count; row++)
		count += is_of(walk, ranking, row);
	rng_open(&rng, walk->book->model->seed, walk->path, ranking->asset, RNG_DELEVERAGE);
	rng.counter[0] = (uint32_t)llround(walk->now_s / walk->book->model->step_s);
	first = (uint32_t)(rng_uniform(&rng) * count);
	for (uint32_t row = 0; row < walk->book->model->account_count; row++)
		if (is_of(walk, ranking, row)) {
			push(ranking, (struct ranked){-(double)((place + count - first) % count), row});
			place++;
		}
}

static void rank_by_index(const struct market_walk *walk, struct ranking *ranking, bool at_end)
{
	for (uint32_t row = 0; row < walk->book->model->account_count; row++) {
		double score = is_of(walk, ranking, row) ? index_of(walk, row, ranking->mark, at_end) : NAN;

		if (!isnan(score))
			push(ranking, (struct ranked){score, row});
	}
}

static void rank(struct market_walk *walk, const struct tier *tier, uint32_t asset, int side, double mark, bool at_end)
{
	struct ranking *ranking = &walk->ranking;

	if (ranking->at_s == walk->now_s && ranking->asset == asset && ranking->side == side && ranking->mark == mark)
		return;
	*ranking = (struct ranking){.heap = ranking->heap, .asset = asset, .side = side, .at_s = walk->now_s, .mark = mark};
	if (tier->rank == RANK_HYPERLIQUID)
		rank_by_index(walk, ranking, at_end);
	else
		rank_from_random(walk, ranking);
}

/* `units` of the row, signed like them, are closed: they go for `price` each. */
static void close_units(struct market_walk *walk, uint32_t row, double units, double price)
{
	struct position *position = &walk->positions[row];
	double before_units = position->units;

	market_walk_moved(walk, row);
	market_walk_touch(walk, row);
	market_walk_touch(walk, basket_head(walk->book, row));
	walk->positions[basket_head(walk->book, row)].cash += units * price;
	position->units -= units;
	if (fabs(position->units) <= WALK_DUST * fabs(before_units))
		position->units = 0;
}

double deleverage(struct market_walk *walk, const struct tier *tier, const struct shortfall *shortfall, double wanted)
{
	uint32_t asset = walk->book->model->accounts[shortfall->row].asset;
	double price = walk->assets[asset].price.price, mark = shortfall->mark, each, bankruptcy, left, closed = 0;
	struct ranking *ranking = &walk->ranking;
	size_t all;

	if (shortfall->units == 0)
		return 0;
	each = shortfall->amount / fabs(shortfall->units);
	bankruptcy = mark + shortfall->amount / shortfall->units;
	left = wanted / each;
	rank(walk, tier, asset, shortfall->units > 0, mark, shortfall->at_end);
	all = ranking->count;
	while (left > WALK_DUST * fabs(shortfall->units) && ranking->count) {
		uint32_t row = pop(ranking).row;
		const struct position *position = &walk->positions[row];
		double units = fmin(left, fabs(position->units));

		if (units == 0 || part_of(walk, row, mark, shortfall->at_end) < each * fabs(position->units))
			continue;
		close_units(walk, row, copysign(units, position->units), bankruptcy);
		walk->out->deleveraged++;
		walk->out->deleveraged_value += units * mark;
		left -= units;
		closed += units;
	}
	for (size_t i = ranking->count; i < all; i++)
		if (walk->positions[ranking->heap[i].row].units != 0)
			push(ranking, ranking->heap[i]);
	/* what the protocol took over at the mark is theirs now, and worth the market's price */
	walk->out->protocol -= copysign(closed, shortfall->units) * (price - mark);
	walk->out->borrowers += copysign(closed, shortfall->units) * (price - mark);
	return left > WALK_DUST * fabs(shortfall->units) ? closed * each : wanted;
}
