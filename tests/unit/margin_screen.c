// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The market walk from where the first thing can happen, and with leaps over chunks where nothing does, comes to what the walk block by block comes to. */
#include "market_world.h"

#include "margin/market_path.h"
#include "margin/market_screen.h"
#include "margin/market_walk.h"

#define PATHS 64

/* Twelve accounts a little above their trigger, long, or both ways; a price that reaches some of them on some paths. */
static void open_world(struct world *w, const struct process_type *process, const double *parameters, bool shorts)
{
	struct error err;

	calm_fall(w, 100, 0, (struct account){0});
	w->asset.process = (struct process){.type = process};
	memcpy(w->asset.process.parameter, parameters, PROCESS_PARAMETERS_MAX * sizeof(double));
	assert_int_equal(process_prepare(&w->asset.process, &err), 0);
	for (int i = 0; i < 12; i++) {
		bool is_short = shorts && i % 2;
		double health = (shorts ? 1.02 : 1.002) + 0.004 * i;

		/* short: units below 0, debt below 0 (cash that was received), threshold 0.97 asks for 3 % */
		w->accounts[i] = is_short ? (struct account){0, -10, -10 * 100 * 1.03 * health, 0.97}
					  : (struct account){0, 10, 10 * 100 * 0.9 / health, 0.9};
	}
	w->model.account_count = 12;
	w->model.paths = PATHS;
	w->model.horizon_s = 6 * 3600;
	w->model.delays[DELAY_KEEPER].parameter[0] = 30;
	w->model.delays[DELAY_ORACLE] = (struct delay_law){.type = &delay_exponential, .parameter = {20}};
	w->market.keepers.count = 3;
	if (shorts)
		rules_preset(&w->market.rules, &rules_dydx_v4);
}

struct seen {
	int never, later, liquidations;
};

/* To the last bit, or to `rounding` of the amounts. */
static void alike(const struct path_result *a, const struct path_result *b, double rounding)
{
	double scale = rounding * (1 + fabs(b->seized));

	near(a->bad_debt, b->bad_debt, scale);
	near(a->open, b->open, scale);
	near(a->borrowers, b->borrowers, scale);
	near(a->keepers, b->keepers, scale);
	near(a->protocol, b->protocol, scale);
	near(a->buyers, b->buyers, scale);
	near(a->seized, b->seized, scale);
	near(a->gas, b->gas, scale);
	near(a->imbalance, 0, 1e-6);
	near(b->imbalance, 0, 1e-6);
	near(a->first_time_s, b->first_time_s, 0);
	near(a->liquidations, b->liquidations, 0);
	near(a->waits, b->waits, 0);
	near(a->competing, b->competing, 0);
	near(a->recovered, b->recovered, 0);
	near((double)a->steps, (double)b->steps, 0);
}

static void compare(const struct world *w, bool forgets, bool leaps, double rounding, struct seen *seen)
{
	struct market_walk *walk;
	struct market_screen screen;
	struct market_book book;
	static const struct scenario scenarios[] = {{0}, {.no_delay = true}, {.added_s = {[DELAY_ORACLE] = 24}}};

	assert_int_equal(market_book_init(&book, &w->market, &w->model), 0);
	assert_true(market_screen_applies(&book));
	assert_int_equal(market_screen_forgets(&book), forgets);
	assert_int_equal(market_leaps(&book), leaps);
	assert_int_equal(market_walk_new(&walk, &book), 0);
	assert_int_equal(market_screen_init(&screen, &book), 0);
	*seen = (struct seen){0};
	for (uint64_t path = 0; path < PATHS; path++) {
		double diffusions[w->model.asset_count];
		struct market_from from = {market_screen_path(&screen, path, diffusions), forgets ? diffusions : NULL};

		seen->never += from.chunk == MARKET_NEVER;
		seen->later += from.chunk != MARKET_NEVER && from.chunk > 0;
		for (size_t k = 0; k < sizeof(scenarios) / sizeof(scenarios[0]); k++) {
			struct path_result whole, part;

			walk->leaps = false;
			assert_int_equal(market_walk_path(walk, &scenarios[k], path, NULL, &whole), 0);
			walk->leaps = leaps;
			assert_int_equal(market_walk_path(walk, &scenarios[k], path, &from, &part), 0);
			seen->liquidations += (int)whole.liquidations;
			alike(&part, &whole, rounding);
		}
	}
	market_screen_free(&screen);
	market_walk_free(walk);
	market_book_free(&book);
	assert_true(seen->never > 0 && seen->later > 0 && seen->liquidations > 0);
}

static const double gbm[PROCESS_PARAMETERS_MAX] = {0.8, 0.5};
static const double merton[PROCESS_PARAMETERS_MAX] = {0.4, 0, 3000, -0.002, 0.01};
static const double kou[PROCESS_PARAMETERS_MAX] = {0.4, 0, 3000, 0.4, 100, 80};

static void under_every_process(void **state)
{
	struct seen seen;
	struct world w;

	(void)state;
	open_world(&w, &process_gbm, gbm, false);
	compare(&w, true, true, 0, &seen);
	open_world(&w, &process_merton, merton, false);
	compare(&w, true, true, 0, &seen);
	open_world(&w, &process_kou, kou, false);
	compare(&w, true, true, 0, &seen);
	w.model.step_s = 1; /* more than one chunk an hour, and a last one that the horizon cuts */
	w.model.horizon_s = 5000;
	compare(&w, true, true, 0, &seen);
}

static void on_both_sides(void **state)
{
	struct seen seen;
	struct world w;

	(void)state;
	open_world(&w, &process_gbm, gbm, true);
	compare(&w, true, true, 0, &seen);
	open_world(&w, &process_merton, merton, true);
	compare(&w, true, true, 0, &seen);
}

/* What remembers is walked from the start, and only paths on which nothing happens are left out. */
static void with_a_memory_of_prices(void **state)
{
	struct seen seen;
	struct world w;

	(void)state;
	open_world(&w, &process_gbm, gbm, false);
	w.market.oracle.twap_s = 600;
	compare(&w, false, false, 0, &seen);
	open_world(&w, &process_gbm, gbm, false);
	w.market.oracle.hop_s = 900;
	compare(&w, false, false, 0, &seen);
	open_world(&w, &process_gbm, gbm, false);
	w.market.breaker = (struct breaker){.move = 0.01, .window_s = 600, .pause_s = 300};
	compare(&w, false, false, 0, &seen);
	open_world(&w, &process_gbm, gbm, false);
	w.market.gas = (struct gas){.units = 500000, .base_fee_gwei = 20, .price = 100, .congestion = 0.3};
	compare(&w, false, false, 0, &seen);
	w.market.gas.congestion = 0;
	compare(&w, true, true, 0, &seen);
	/* delays by the volatility of the moment, or from one stretch of a measurement */
	for (int dependence = DELAYS_BY_REGIME; dependence <= DELAYS_IN_BLOCKS; dependence++) {
		double samples[] = {1, 2, 3, 100, 1, 2, 3, 300}, delays[] = {1, 2, 3, 100, 1, 2, 3, 300}, keys[] = {0.1, 0.2, 0.3, 0.4, 0.7, 0.8, 0.9, 1};

		open_world(&w, &process_gbm, gbm, false);
		w.model.delays[DELAY_ORACLE] = (struct delay_law){.type = &delay_empirical, .samples = samples, .sample_count = 8,
								  .record = {keys, delays, 8}};
		w.model.dependent_delays = (enum delay_dependence)dependence;
		w.model.volatility_window_s = 600;
		compare(&w, false, false, 0, &seen);
	}
}

/* Reports that wait for a deviation or a heartbeat: leaps while neither comes. */
static void with_reports_on_deviation(void **state)
{
	struct seen seen;
	struct world w;

	(void)state;
	open_world(&w, &process_merton, merton, false);
	w.market.oracle = (struct oracle_policy){.on_deviation = true, .deviation = 0.003, .heartbeat_s = 3600};
	w.model.step_s = 1;
	w.model.horizon_s = 9000;
	compare(&w, false, true, 0, &seen);
	w.market.oracle.heartbeat_s = 100; /* hardly longer than a chunk */
	compare(&w, false, true, 0, &seen);
}

/* A market that recovers, with auctions in it: while lots are on offer every block counts. */
static void with_markets_that_recover(void **state)
{
	struct seen seen;
	struct world w;

	(void)state;
	open_world(&w, &process_gbm, gbm, false);
	w.liquidity = (struct liquidity){.type = &liquidity_pool, .parameter = 500, .recovery_s = 600};
	w.model.step_s = 1;
	w.model.horizon_s = 9000;
	compare(&w, true, true, 1e-9, &seen);
	rules_preset(&w.market.rules, &rules_maker);
	compare(&w, true, true, 1e-9, &seen);
}

static void with_jumps_that_assets_share(void **state)
{
	struct model_asset assets[2];
	struct liquidity liquidity[2];
	struct seen seen;
	struct world w;

	(void)state;
	open_world(&w, &process_merton, merton, false);
	assets[0] = assets[1] = w.asset;
	liquidity[0] = liquidity[1] = w.liquidity;
	w.model.assets = assets;
	w.model.asset_count = 2;
	w.market.liquidity = liquidity;
	for (int i = 0; i < 12; i++)
		w.accounts[i].asset = (uint32_t)(i / 2 % 2);
	w.model.dependence.jumps_together = calloc(2, sizeof(bool));
	w.model.dependence.jumps_together[0] = w.model.dependence.jumps_together[1] = true;
	w.model.dependence.common_rate = 0.5 * assets[0].process.jump_rate;
	compare(&w, true, true, 0, &seen);
	free(w.model.dependence.jumps_together);
}

/* Whoever looks at one price on chain looks at the others too: those that were left out matter, unless none was sent. */
static void with_several_collaterals(void **state)
{
	struct model_asset assets[2];
	struct liquidity liquidity[2];
	bool joined[12];
	struct seen seen;
	struct world w;

	(void)state;
	open_world(&w, &process_gbm, gbm, false);
	assets[0] = assets[1] = w.asset;
	liquidity[0] = liquidity[1] = w.liquidity;
	w.model.assets = assets;
	w.model.asset_count = 2;
	w.market.liquidity = liquidity;
	for (int i = 0; i < 12; i++) {
		joined[i] = i % 2;
		w.accounts[i].asset = (uint32_t)(i % 2);
		w.accounts[i].debt = joined[i] ? 0 : 1.99 * w.accounts[i].debt;
	}
	w.model.joined = joined;
	compare(&w, false, false, 0, &seen);
	w.market.oracle = (struct oracle_policy){.on_deviation = true, .deviation = 0.003, .heartbeat_s = 3600};
	w.model.step_s = 1;
	w.model.horizon_s = 9000;
	compare(&w, false, true, 0, &seen);
}

/* Ends of chunks and bridges between them, put together, are a walk: moves of one block and of several, wherever they begin, are normal and independent. */
static void prices_are_a_walk(void **state)
{
	enum { PATHS_WALKED = 40, BLOCKS = 64 * STEPS_CHUNK };
	static double at[PATHS_WALKED][BLOCKS + 1];
	const int lengths[] = {1, 2, 7, 40, 64, 100};
	struct world w;

	(void)state;
	open_world(&w, &process_gbm, gbm, false);
	for (int path = 0; path < PATHS_WALKED; path++) {
		struct market_price price;

		market_price_start(&price, &w.model, 0, (uint64_t)path);
		for (int k = 1; k <= BLOCKS; k++) {
			double now_s = k * w.model.step_s;

			market_price_step(&price, now_s, NAN);
			at[path][k] = (price.log_price - price.start - w.asset.process.log_drift * now_s) / price.sd;
		}
	}
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		int length = lengths[i], n = 0;
		double square = 0, neighbours = 0;

		for (int path = 0; path < PATHS_WALKED; path++) {
			for (int k = 0; k + 2 * length <= BLOCKS; k += length, n++) {
				double move = (at[path][k + length] - at[path][k]) / sqrt(length);
				double next = (at[path][k + 2 * length] - at[path][k + length]) / sqrt(length);

				square += move * move;
				neighbours += move * next;
			}
		}
		assert_true(fabs(square / n - 1) < 4 * sqrt(2.0 / n));
		assert_true(fabs(neighbours / n) < 4 / sqrt(n));
	}
}

/* Where a price on chain can lie beyond all prices so far, or a trigger move, the whole walk is walked. */
static void not_where_it_would_be_wrong(void **state)
{
	struct market_book book;
	struct world w;

	(void)state;
	open_world(&w, &process_gbm, gbm, false);
	assert_int_equal(market_book_init(&book, &w.market, &w.model), 0);
	assert_true(market_screen_applies(&book));
	w.market.oracle.sources = 3;
	assert_false(market_screen_applies(&book));
	w.market.oracle.sources = 0;
	w.market.feedback = true;
	assert_false(market_screen_applies(&book));
	w.market.feedback = false;
	w.market.dynamic_margin.gain = 1;
	assert_false(market_screen_applies(&book));
	w.market.dynamic_margin.gain = 0;
	w.market.preemptive_margin.factor = 0.9;
	assert_false(market_screen_applies(&book));
	w.market.preemptive_margin.factor = 0;
	w.market.governance.move = 0.05;
	assert_false(market_screen_applies(&book));
	w.market.governance.move = 0;
	w.market.keepers.entry_cost = 10;
	assert_false(market_screen_applies(&book));
	market_book_free(&book);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(under_every_process),
		cmocka_unit_test(on_both_sides),
		cmocka_unit_test(with_a_memory_of_prices),
		cmocka_unit_test(with_reports_on_deviation),
		cmocka_unit_test(with_markets_that_recover),
		cmocka_unit_test(with_jumps_that_assets_share),
		cmocka_unit_test(with_several_collaterals),
		cmocka_unit_test(prices_are_a_walk),
		cmocka_unit_test(not_where_it_would_be_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
