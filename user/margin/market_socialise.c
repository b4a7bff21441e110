// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A loss spread over the open positions of its market. Drift's is by open interest, through the funding index of both sides
 * (drift-labs/protocol-v2, controller/liquidation.rs, resolve_perp_bankruptcy, read 2026-11-25). Nobody pays more than he has: what is
 * missing is spread over the others. A block's losses are spread together. Here every position is asked; by open interest market_index.c
 * does without where it can.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/market_walk.h"

struct payer {
	double share, most; /* in proportion to which it pays, up to */
	uint32_t row;
};

int socialise_init(struct market_walk *walk)
{
	if (!waterfall_find(&walk->book->market->waterfall, TIER_SOCIALISED) || walk->book->pools)
		return 0;
	walk->payers = malloc(walk->book->model->account_count * sizeof(*walk->payers));
	return walk->payers ? 0 : -ENOMEM;
}

static struct payer payer_of(const struct market_walk *walk, enum socialised_over over, uint32_t row, double mark, bool at_end)
{
	const struct position *position = &walk->positions[row];
	double equity = fmax(0, cross_is(walk->book, row) ? cross_share(walk, row, !at_end) : position->units * mark + position->cash), profit;

	if (over == OVER_OPEN_INTEREST)
		return (struct payer){fabs(position->units), equity, row};
	if (over == OVER_EQUITY)
		return (struct payer){equity, equity, row};
	profit = fmin(equity, fmax(0, position->units * (mark - walk->book->model->entries[row])));
	return (struct payer){profit, profit, row};
}

/* Whom the rate leaves nothing pays all he has, and is taken out of the first `count`. Returns what they pay. */
static double take_all_of_the_poor(struct market_walk *walk, size_t *count, double rate, double *shares)
{
	double paid = 0, left = 0;
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++) {
		struct payer payer = walk->payers[i];

		if (payer.most > rate * payer.share) {
			walk->payers[kept++] = payer;
			left += payer.share;
			continue;
		}
		walk->positions[basket_head(walk->book, payer.row)].cash -= payer.most;
		paid += payer.most;
	}
	*count = kept;
	*shares = left;
	return paid;
}

double socialise(struct market_walk *walk, const struct tier *tier, uint32_t asset, bool at_end, double wanted)
{
	const struct model *model = walk->book->model;
	double mark = at_end ? walk->assets[asset].price.price : walk->assets[asset].oracle.price, shares = 0, left = wanted;
	size_t count = 0, before;

	if (walk->paid)
		return index_spread(walk, asset, mark, wanted);
	for (uint32_t row = 0; row < model->account_count; row++) {
		struct payer payer;

		if (model->accounts[row].asset != asset || walk->positions[row].units == 0)
			continue;
		payer = payer_of(walk, tier->over, row, mark, at_end);
		if (!(payer.share > 0 && payer.most > 0))
			continue;
		market_walk_touch(walk, row);
		market_walk_touch(walk, basket_head(walk->book, row));
		market_walk_moved(walk, row);
		walk->payers[count++] = payer;
		shares += payer.share;
	}
	do {
		before = count;
		left -= take_all_of_the_poor(walk, &count, left / shares, &shares);
	} while (count && count < before);
	for (size_t i = 0; i < count; i++)
		walk->positions[basket_head(walk->book, walk->payers[i].row)].cash -= left * walk->payers[i].share / shares;
	return count || left <= WALK_DUST * wanted ? wanted : wanted - left;
}
