/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A market made by hand, for tests: one asset without noise or on a tape, a few accounts, no delays, Aave's rules. Whatever a
 * test changes, every run checks on every path that what is lost is what others gain.
 */
#ifndef PL_TESTS_MARKET_WORLD_H
#define PL_TESTS_MARKET_WORLD_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "margin/market.h"

#define YEAR_S (365.0 * 86400)
#define ACCOUNTS_MAX 64
#define TAPE_MAX 16

struct world {
	struct model model;
	struct market market;
	struct model_asset asset;
	struct account accounts[ACCOUNTS_MAX];
	uint8_t groups[ACCOUNTS_MAX];
	struct liquidity liquidity;
	double tape_s[TAPE_MAX], tape_log[TAPE_MAX];
	struct model_result result;
	struct market_result more;
};

/* One asset that moves by `per_step` in logs each 12 s block, without noise; one account; Aave; no delay. */
static inline void calm_fall(struct world *w, double price, double per_step, struct account account)
{
	struct error err;

	memset(w, 0, sizeof(*w));
	strcpy(w->asset.name, "ETH");
	w->asset.price = price;
	w->asset.process.type = &process_gbm;
	w->asset.process.parameter[0] = 1e-6;
	assert_int_equal(process_prepare(&w->asset.process, &err), 0);
	w->asset.process.variance = 0;
	w->asset.process.log_drift = per_step / 12;
	w->accounts[0] = account;
	w->liquidity = (struct liquidity){.type = &liquidity_none, .recovery_s = INFINITY};
	w->model = (struct model){.seed = 3, .paths = 1, .horizon_s = 1200, .step_s = 12, .assets = &w->asset, .asset_count = 1,
				  .accounts = w->accounts, .account_count = 1};
	for (int i = 0; i < DELAY_STAGES; i++)
		w->model.delays[i].type = &delay_constant;
	w->market.liquidity = &w->liquidity;
	w->market.keepers = (struct keepers){.count = 1, .capital = INFINITY};
	w->market.gas.price = 0;
	rules_preset(&w->market.rules, &rules_aave_v3);
}

/* The same on a tape: these prices, one in each 12 s block, the first at the start; the horizon ends with the last. */
static inline void on_tape(struct world *w, const struct rules_type *rules, const double *prices, size_t count, struct account account)
{
	struct error err;

	calm_fall(w, prices[0], 0, account);
	for (size_t i = 0; i < count; i++) {
		w->tape_s[i] = 12.0 * (double)i;
		w->tape_log[i] = log(prices[i]);
	}
	w->asset.process = (struct process){.type = &process_tape, .series = {w->tape_s, w->tape_log, count}};
	assert_int_equal(process_prepare(&w->asset.process, &err), 0);
	w->model.horizon_s = 12.0 * (double)(count - 1);
	rules_preset(&w->market.rules, rules);
}

/* Many accounts near their triggers, prices that jump, and everything that feeds back. */
static inline void wild(struct world *w, const struct rules_type *rules, uint64_t paths)
{
	static const double merton[] = {1.5, 0, 400, -0.03, 0.05};
	struct error err;

	calm_fall(w, 1000, 0, (struct account){.collateral = 0});
	w->asset.process.type = &process_merton;
	memcpy(w->asset.process.parameter, merton, sizeof(merton));
	assert_int_equal(process_prepare(&w->asset.process, &err), 0);
	rules_preset(&w->market.rules, rules);
	w->model.paths = paths;
	w->model.horizon_s = 3600;
	w->model.account_count = ACCOUNTS_MAX;
	for (int i = 0; i < ACCOUNTS_MAX; i++) {
		double size = 1 + i % 7, threshold = rules->perpetual ? 0.97 : 0.8, health = 1.005 + 0.002 * i;

		w->accounts[i] = (struct account){0, size, size * 1000 * threshold / health, threshold};
		if (rules->perpetual && i % 2) /* short: cash = |size|·1000·1.03·health */
			w->accounts[i] = (struct account){0, -size, -size * 1000 * 1.03 * health, threshold};
	}
	for (int i = 0; i < DELAY_STAGES; i++) {
		w->model.delays[i].type = &delay_exponential;
		w->model.delays[i].parameter[0] = 20;
	}
	w->liquidity = (struct liquidity){.type = &liquidity_pool, .parameter = 2000, .recovery_s = 600};
	w->market.feedback = true;
	w->market.gas = (struct gas){.units = 4e5, .base_fee_gwei = 20, .priority_gwei = 1, .price = NAN, .congestion = 0.5};
	w->market.keepers = (struct keepers){.count = 3, .has_own = true, .capital = 3000, .min_profit = 0,
					     .own = {.type = &delay_exponential, .parameter = {20}}};
	w->market.waterfall = (struct waterfall){.count = 2, .tiers = {{"fund", TIER_INSURANCE, 100, 0.5, 0, 0, 0},
									{"token", TIER_BACKSTOP, 200, 0, 0.5, 0, 0}}};
}

static inline void near(double is, double wanted, double tolerance)
{
	if (!(fabs(is - wanted) <= tolerance))
		fail_msg("%.12g, should be %.12g", is, wanted);
}

/* Every other account in a group of its own, unless the test has groups: what groups come to has to add up in all of them. */
static inline void deal_into_groups(struct world *w)
{
	if (w->model.group_count || w->model.account_count > ACCOUNTS_MAX)
		return;
	for (size_t i = 0, account = 0; i < w->model.account_count; i++) {
		account += i && !(w->model.joined && w->model.joined[i]);
		w->groups[i] = account % 2;
	}
	w->model.groups = w->groups;
	w->model.group_count = 2;
}

/* Runs it; conservation on every path, parts, groups and keepers that add up, tiers that take the whole loss. */
static inline void run(struct world *w, unsigned threads)
{
	struct model_control control = {.threads = threads};
	struct error err;
	double parts = 0, absorbed = 0, of_groups = 0, liquidations = 0, profits = 0, wins = 0, scale;

	deal_into_groups(w);
	if (market_run(&w->market, &w->model, &control, &w->result, &w->more, &err))
		fail_msg("%s", err.text);
	scale = 1e-9 * (1 + w->result.outcome_mean.seized + w->result.bad_debt.value);
	near(w->more.imbalance_max, 0, 1e-6);
	for (int part = 0; part < MARKET_PARTS; part++)
		parts += w->more.parts[part].value;
	near(parts, w->result.bad_debt.value, scale);
	for (size_t g = 0; g < w->model.group_count; g++) {
		of_groups += w->result.groups[g].bad_debt.value;
		liquidations += w->result.groups[g].triggers.value;
	}
	near(of_groups, w->result.bad_debt.value, scale);
	near(liquidations, w->result.triggers.value, 1e-9 * w->result.triggers.value);
	for (unsigned kind = 0; kind < KEEPER_KINDS; kind++) {
		profits += w->more.keepers[kind].profit.value;
		wins += w->more.keepers[kind].liquidations.value;
	}
	near(profits, w->more.keeper_profit.value, scale);
	near(wins, w->result.triggers.value, 1e-9 * w->result.triggers.value);
	for (size_t i = 0; i < w->market.waterfall.count; i++)
		absorbed += w->more.absorbed[i].value;
	near(absorbed + w->more.lenders.value, w->result.bad_debt.value, scale);
}

#endif
