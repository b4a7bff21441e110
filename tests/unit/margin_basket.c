// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Accounts with several collaterals in the market walk. */
#include "market_two.h"

/* 10 ETH and 1 BTC against 15,200: they count 8,000 and 7,500 at the start. */
static const struct account rows[] = {{ETH, 10, 15200, 0.8}, {BTC, 1, 0, 0.75}};

static void on_tapes(struct two *t, const double *eth, const double *btc, size_t count)
{
	on_two_tapes(t, rows, 2, eth, btc, count);
}

/* ETH at 950: (7,600 + 7,500)/15,200 = 0.9934, half: 7,600 repaid, 7,980 seized, 20·… of the bonus of 380 a tenth. */
static void half_of_all_the_debt_from_one_collateral(void **state)
{
	const double eth[] = {1000, 980, 950, 950}, btc[] = {10000, 10000, 10000, 10000};
	struct two t;

	(void)state;
	on_tapes(&t, eth, btc, 4);
	run(&t.w, 1);
	near(t.w.more.liquidations.value, 1, 0); /* afterwards (1,520·0.8 + 7,500)/7,600 = 1.147 */
	near(t.w.result.outcome_mean.seized, 7980, 1e-9);
	near(t.w.more.fees_mean, 38, 1e-9);
	near(t.w.more.keeper_profit.value, 342, 1e-9);
	near(t.w.result.bad_debt.value, 0, 0);
	/* ETH can only be sold at a loss: BTC is taken */
	t.liquidity[ETH] = (struct liquidity){.type = &liquidity_pool, .parameter = 80, .recovery_s = INFINITY};
	run(&t.w, 1);
	near(t.w.more.liquidations.value, 1, 0);
	near(t.w.result.outcome_mean.seized, 7980, 1e-9);
	near(t.w.more.slippage_mean, 0, 0);
	/* a keeper with half the money does half of it, and (7,600 + 6,010·0.75)/11,400 is above 1 */
	t.w.market.keepers.capital = 3800;
	run(&t.w, 1);
	near(t.w.more.keeper_profit.value, 171, 1e-9);
	near(t.w.more.liquidations.value, 1, 0);
}

/* One falls, the other rises as much: no price alone says anything. */
static void what_one_loses_the_other_gains(void **state)
{
	const double eth[] = {1000, 900, 800, 700, 600}, btc[] = {10000, 11100, 12200, 13300, 14400};
	const double down[] = {1000, 900, 800, 700, 600}, late[] = {10000, 11100, 12200, 12000, 11000};
	struct two t;

	(void)state;
	on_tapes(&t, eth, btc, 5);
	run(&t.w, 1);
	near(t.w.more.liquidations.value, 0, 0);
	near(t.w.more.recovered_mean, 0, 0);
	/* 8,000·0.7 + 9,000 = 14,600 */
	on_tapes(&t, down, late, 5);
	t.w.model.horizon_s = 36;
	run(&t.w, 1);
	near(t.w.more.liquidations.value, 1, 0);
	near(t.w.more.time_to_liquidation_s, 0, 0);
}

/* Both fall by half: ETH is worth 5,000 and BTC 5,000, at 5 % they pay 2·5,000/1.05; the rest is lost. */
static void both_go_and_the_rest_is_lost(void **state)
{
	const double eth[] = {1000, 500}, btc[] = {10000, 5000};
	struct two t;

	(void)state;
	on_tapes(&t, eth, btc, 2);
	run(&t.w, 1);
	near(t.w.more.liquidations.value, 2, 0);
	near(t.w.result.bad_debt.value, 15200 - 10000 / 1.05, 1e-9);
	near(t.w.result.outcome_mean.seized, 10000, 1e-9);
	near(t.w.more.open.value, 0, 0);
	/* nobody comes: it is lost all the same, and counted once */
	t.w.market.keepers.min_profit = 1e9;
	run(&t.w, 1);
	near(t.w.result.bad_debt.value, 5200, 1e-9);
	near(t.w.more.open.value, 5200, 1e-9);
}

static void the_breaker_of_one_leaves_the_other(void **state)
{
	const double eth[] = {1000, 1000, 900, 900, 900}, btc[] = {10000, 10000, 10000, 10000, 10000};
	struct two t;

	(void)state;
	on_tapes(&t, eth, btc, 5);
	t.w.market.breaker = (struct breaker){.move = 0.05, .window_s = 60, .pause_s = 1200};
	t.liquidity[BTC] = (struct liquidity){.type = &liquidity_pool, .parameter = 1000, .recovery_s = INFINITY};
	run(&t.w, 1);
	near(t.w.more.liquidations.value, 1, 0);
	assert_true(t.w.more.slippage_mean > 0); /* BTC, though it is the dearer one to sell */
}

/*
 * Compound v3 takes all of it at once. ETH at 950: credited with 0.95·9,500 + 0.9·10,000 = 18,025 for 15,200; sold at 0.975 and 0.95 of
 * the price, for 9,262.5 + 9,500. Both by half: 0.95·5,000 + 0.9·5,000 are too little, and 4,875 + 4,750 come in.
 */
static void absorbed_as_a_whole(void **state)
{
	const double eth[] = {1000, 950, 950, 950}, btc[] = {10000, 10000, 10000, 10000}, half_eth[] = {1000, 500, 500}, half_btc[] = {10000, 5000, 5000};
	uint32_t terms[] = {0, 1};
	struct rules of_btc;
	struct two t;

	(void)state;
	for (int fall = 0; fall < 2; fall++) {
		on_tapes(&t, fall ? half_eth : eth, fall ? half_btc : btc, fall ? 3 : 4);
		rules_preset(&t.w.market.rules, &rules_compound_v3);
		of_btc = t.w.market.rules;
		of_btc.parameter[0] = 0.9;
		t.w.market.variants = &of_btc;
		t.w.market.variant_count = 1;
		t.w.model.terms = terms;
		run(&t.w, 1);
		near(t.w.result.outcome_mean.seized, fall ? 10000 : 19500, 1e-9);
		near(t.w.result.bad_debt.value, fall ? 15200 - 9625 : 0, 1e-8);
		near(t.w.more.keeper_profit.value, fall ? 375 : 19500 - 18762.5, 1e-8);
		near(t.w.more.liquidations.value, 3, 0); /* the account, and two purchases */
	}
}

/*
 * The same at 950: there is 237.50 in ETH and 500 in BTC. If a transaction costs 240, BTC alone is worth buying, and pays for the
 * absorption too; at 251 it does not, and the account is left alone.
 */
static void absorbed_if_what_pays_is_enough(void **state)
{
	const double eth[] = {1000, 950, 950, 950}, btc[] = {10000, 10000, 10000, 10000};
	uint32_t terms[] = {0, 1};
	struct rules of_btc;
	struct two t;

	(void)state;
	for (int dear = 0; dear < 2; dear++) {
		on_tapes(&t, eth, btc, 4);
		rules_preset(&t.w.market.rules, &rules_compound_v3);
		of_btc = t.w.market.rules;
		of_btc.parameter[0] = 0.9;
		t.w.market.variants = &of_btc;
		t.w.market.variant_count = 1;
		t.w.model.terms = terms;
		t.w.market.gas = (struct gas){.units = 1e6, .base_fee_gwei = dear ? 251 : 240, .price = 1000};
		run(&t.w, 1);
		near(t.w.more.liquidations.value, dear ? 0 : 2, 0);
		near(t.w.more.keeper_profit.value, dear ? 0 : 500 - 2 * 240, 1e-8);
		near(t.w.result.outcome_mean.seized, dear ? 0 : 19500, 1e-9);
		near(t.w.result.bad_debt.value, 0, 0);
		assert_true(dear ? t.w.more.waits_mean > 0 : t.w.more.waits_mean == 0);
	}
}

/* ---- on random paths ------------------------------------------------------------------------------------------------ */

static void volatile_assets(struct two *t, const struct account *accounts, size_t count)
{
	struct error err;

	with_two(t, accounts, count);
	for (int asset = 0; asset < 2; asset++) {
		t->assets[asset].process = (struct process){.type = &process_gbm, .parameter = {asset ? 1.5 : 2.5}};
		assert_int_equal(process_prepare(&t->assets[asset].process, &err), 0);
	}
	t->w.model.paths = 600;
	t->w.model.step_s = 60;
	t->w.model.horizon_s = 4 * 3600;
}

/*
 * The sum of two rows of one asset is the account that holds both. (All of the debt at once, and a bonus so large that no
 * liquidation heals: else two liquidations would stop between them.) The bounds of the rows must find the very block.
 */
static void two_rows_of_one_asset_are_one(void **state)
{
	const struct account split[] = {{ETH, 4, 9000, 0.93}, {ETH, 6, 0, 0.93}, {ETH, 1, 700, 0.93}};
	const struct account whole[] = {{ETH, 10, 9000, 0.93}, {ETH, 1, 700, 0.93}};
	struct model_result results[2];
	struct market_result mores[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct two t;

		volatile_assets(&t, i ? whole : split, i ? 2 : 3);
		rules_preset(&t.w.market.rules, &rules_compound_v2);
		t.w.market.rules.parameter[0] = 1;
		t.w.market.oracle = (struct oracle_policy){.on_deviation = true, .deviation = 0.02, .heartbeat_s = 3600};
		run(&t.w, 2);
		results[i] = t.w.result;
		mores[i] = t.w.more;
	}
	assert_true(results[0].bad_debt.value > 1 && results[0].distribution_losses > 30);
	near(results[0].bad_debt.value, results[1].bad_debt.value, 1e-9 * results[1].bad_debt.value);
	near(results[0].es99, results[1].es99, 1e-9 * results[1].es99);
	near(results[0].outcome_mean.seized, results[1].outcome_mean.seized, 1e-9 * results[1].outcome_mean.seized);
	near(mores[0].keeper_profit.value, mores[1].keeper_profit.value, 1e-9 * mores[1].keeper_profit.value);
}

/* The same for any number of threads, and a path leaves nothing to the next: with one thread it is the next one's. */
static void paths_leave_nothing_behind(void **state)
{
	const struct account accounts[] = {{ETH, 10, 18000, 0.93}, {BTC, 1, 0, 0.93}, {BTC, 2, 20500, 0.93}, {ETH, 3, 0, 0.93}};
	struct two t;
	double bad_debt, seized;

	(void)state;
	volatile_assets(&t, accounts, 4);
	t.w.model.delays[DELAY_KEEPER].parameter[0] = 3600;
	t.w.market.dynamic_margin = (struct dynamic_margin){.gain = 0.5, .calm_volatility = 2, .half_life_s = 600, .horizon_s = 3600, .floor = 0.8, .step_per_hour = 0.2};
	run(&t.w, 1);
	bad_debt = t.w.result.bad_debt.value;
	seized = t.w.result.outcome_mean.seized;
	assert_true(bad_debt > 0 && seized > 0 && t.w.more.recovered_mean > 0);
	run(&t.w, 3);
	assert_true(t.w.result.bad_debt.value == bad_debt && t.w.result.outcome_mean.seized == seized);
	/* uncorrelated collateral is the safer one: the same worth in one asset loses more */
	t.w.accounts[1].asset = ETH;
	t.w.accounts[1].collateral = 10;
	run(&t.w, 2);
	assert_true(t.w.result.bad_debt.value > bad_debt);
}

static void rules_that_know_one_collateral_refuse(void **state)
{
	const struct rules_type *const refuse[] = {&rules_morpho, &rules_maker, &rules_instant};
	struct account alone = rows[1];
	struct error err;
	struct two t;

	(void)state;
	with_two(&t, rows, 2);
	for (size_t i = 0; i < sizeof(refuse) / sizeof(*refuse); i++) {
		rules_preset(&t.w.market.rules, refuse[i]);
		assert_true(market_check(&t.w.market, &t.w.model, &err) < 0);
		assert_non_null(strstr(err.text, "account 0: has 2 collaterals"));
	}
	rules_preset(&t.w.market.rules, &rules_aave_v3);
	assert_int_equal(market_check(&t.w.market, &t.w.model, &err), 0);
	t.w.accounts[1].debt = 5;
	assert_true(market_check(&t.w.market, &t.w.model, &err) < 0);
	with_two(&t, &alone, 1);
	t.joined[0] = true;
	assert_true(market_check(&t.w.market, &t.w.model, &err) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_of_all_the_debt_from_one_collateral),
		cmocka_unit_test(what_one_loses_the_other_gains),
		cmocka_unit_test(both_go_and_the_rest_is_lost),
		cmocka_unit_test(the_breaker_of_one_leaves_the_other),
		cmocka_unit_test(absorbed_as_a_whole),
		cmocka_unit_test(absorbed_if_what_pays_is_enough),
		cmocka_unit_test(two_rows_of_one_asset_are_one),
		cmocka_unit_test(paths_leave_nothing_behind),
		cmocka_unit_test(rules_that_know_one_collateral_refuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
