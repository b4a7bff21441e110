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
	screen->prices = calloc(assets * STEPS_PATHS, sizeof(*screen->prices));
	screen->levels = calloc(assets * 2, sizeof(*screen->levels));
	if (!screen->prices || !screen->levels) {
		market_screen_free(screen);
		return -ENOMEM;
	}
	for (size_t i = 0; i < assets; i++) {
		const struct front_order *longs = &book->orders[2 * i], *shorts = longs + 1;

		screen->levels[2 * i] = longs->count ? log(longs->entries[0].key) + MARKET_ROUNDING : -INFINITY;
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

void market_screen_paths(struct market_screen *screen, uint64_t path, uint64_t chunks[STEPS_PATHS], double *diffusions)
{
	const struct model *model = screen->book->model;
	size_t assets = model->asset_count, left = STEPS_PATHS;
	uint64_t blocks = market_book_steps(model);

	for (int i = 0; i < STEPS_PATHS; i++) {
		chunks[i] = MARKET_NEVER;
		for (size_t asset = 0; asset < assets; asset++) {
			struct market_price *price = &screen->prices[asset * STEPS_PATHS + i];

			market_price_start(price, model, (uint32_t)asset, path + (uint64_t)i);
			if (chunks[i] && beyond(price->log_price, &screen->levels[2 * asset]))
				chunks[i] = 0;
			diffusions[i * assets + asset] = 0;
		}
		left -= !chunks[i];
	}
	for (uint64_t chunk = 0; left && chunk * STEPS_CHUNK < blocks; chunk++) {
		for (int i = 0; i < STEPS_PATHS; i++)
			for (size_t asset = 0; chunks[i] == MARKET_NEVER && asset < assets; asset++)
				diffusions[i * assets + asset] = screen->prices[asset * STEPS_PATHS + i].diffusion;
		for (size_t asset = 0; asset < assets; asset++) {
			struct market_price *prices = &screen->prices[asset * STEPS_PATHS];
			struct steps_span span;

			prices->steps->span(&prices->place, (uint32_t)chunk, &span);
			screen->steps += STEPS_PATHS * STEPS_CHUNK;
			for (int i = 0; i < STEPS_PATHS; i++) {
				if (chunks[i] != MARKET_NEVER)
					continue;
				if (market_price_keeps(&prices[i], span.low[i], span.high[i], &screen->levels[2 * asset])) {
					market_price_leap(&prices[i], span.end[i]);
				} else if (passes(&prices[i], blocks, &screen->levels[2 * asset])) {
					chunks[i] = chunk;
					left--;
				}
			}
		}
	}
}
