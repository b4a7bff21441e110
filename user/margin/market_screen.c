// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/market_screen.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

bool market_screen_applies(const struct market_book *book)
{
	const struct market *market = book->market;
	bool triggers_move = market->dynamic_margin.gain > 0 || market->preemptive_margin.factor > 0 || market->governance.move > 0;
	bool reports_err = market->oracle.sources || market->feedback;
	/* deleveraging and socialised losses move triggers too, but only after a first liquidation; leaps see the fronts as they are then */

	for (size_t i = 0; i < book->model->asset_count; i++)
		if (!process_is_levy(&book->model->assets[i].process))
			return false;
	return !book->model->dependence.factor && !reports_err && !triggers_move && !(market->keepers.entry_cost > 0);
}

bool market_screen_forgets(const struct market_book *book)
{
	return market_leaps(book) && !book->market->oracle.on_deviation;
}

int market_screen_init(struct market_screen *screen, const struct market_book *book)
{
	size_t assets = book->model->asset_count;

	*screen = (struct market_screen){.book = book};
	screen->prices = calloc(assets, sizeof(*screen->prices));
	screen->levels = calloc(assets * 2, sizeof(*screen->levels));
	if (!screen->prices || !screen->levels) {
		market_screen_free(screen);
		return -ENOMEM;
	}
	for (size_t i = 0; i < assets; i++) {
		const struct front_order *longs = &book->orders[2 * i], *shorts = longs + 1;

		screen->levels[2 * i] = longs->count && longs->entries[0].key > 0 ? log(longs->entries[0].key) + MARKET_ROUNDING : -INFINITY;
		screen->levels[2 * i + 1] = shorts->count ? -log(shorts->entries[0].key) - MARKET_ROUNDING : INFINITY;
	}
	return 0;
}

void market_screen_free(struct market_screen *screen)
{
	free(screen->prices);
	free(screen->levels);
	screen->prices = NULL;
	screen->levels = NULL;
}

static bool beyond(double log_price, const double level[2])
{
	return log_price < level[0] || log_price > level[1];
}

/* Step by step; true if a price passes. */
static bool passes(struct market_price *price, uint64_t blocks, const double level[2])
{
	for (uint64_t end = price->blocks + STEPS_CHUNK; price->blocks < end;) {
		bool within = price->blocks < blocks;

		market_price_step(price, (double)(price->blocks + 1) * price->model->step_s, NAN);
		if (within && beyond(price->log_price, level))
			return true;
	}
	return false;
}

uint64_t market_screen_path(struct market_screen *screen, uint64_t path, double *diffusions)
{
	const struct model *model = screen->book->model;
	uint64_t blocks = market_book_steps(model);

	for (size_t i = 0; i < model->asset_count; i++) {
		market_price_start(&screen->prices[i], model, (uint32_t)i, path);
		if (beyond(screen->prices[i].log_price, &screen->levels[2 * i]))
			return 0;
	}
	for (uint64_t chunk = 0; chunk * STEPS_CHUNK < blocks; chunk++) {
		for (size_t i = 0; diffusions && i < model->asset_count; i++)
			diffusions[i] = screen->prices[i].diffusion;
		for (size_t i = 0; i < model->asset_count; i++) {
			struct market_price *price = &screen->prices[i];

			screen->steps += STEPS_CHUNK;
			if (market_price_keeps(price, &screen->levels[2 * i]))
				market_price_leap(price);
			else if (passes(price, blocks, &screen->levels[2 * i]))
				return chunk;
		}
	}
	return MARKET_NEVER;
}
