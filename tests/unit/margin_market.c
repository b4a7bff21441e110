// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The market walk: one mechanism at a time, on paths whose numbers can be worked out by hand, and what holds on every path. */
#include "market_world.h"

static const struct account loan = {0, 100, 8000, 0.8}; /* to be liquidated below 100 */

/* The price in block k. */
static double price_at(const struct world *w, double per_step, int k)
{
	return w->asset.price * exp(per_step * k);
}

/* 100.5, falling 0.1 % a block: block 5 is at 99.9988, block 4 at 100.0988. */
static void liquidates_in_the_block_that_crosses(void **state)
{
	struct world w;
	double p;

	(void)state;
	calm_fall(&w, 100.5, -0.001, loan);
	w.model.horizon_s = 60; /* until block 5 */
	run(&w, 1);
	p = price_at(&w, -0.001, 5);
	assert_true(p < 100 && price_at(&w, -0.001, 4) > 100);
	near(w.more.liquidations.value, 1, 0);
	near(w.result.outcome_mean.seized, 4200, 1e-3); /* half, and 5 % */
	near(w.more.keeper_profit.value, 180, 1e-3);   /* 200 less the protocol's 20 */
	near(w.more.fees_mean, 20, 1e-3);
	near(w.result.bad_debt.value, 0, 0);
	near(w.more.time_to_liquidation_s, 0, 1e-12);
}

/* The same with 60 s from trigger to execution: five blocks later, at a lower price, with a health below 0.95 … */
static void a_delay_makes_it_later_and_dearer(void **state)
{
	struct world w;
	double p;

	(void)state;
	calm_fall(&w, 100.5, -0.02, loan);
	w.model.delays[DELAY_KEEPER].parameter[0] = 36;
	w.model.delays[DELAY_INCLUSION].parameter[0] = 24;
	w.model.horizon_s = 120;
	run(&w, 1);
	/* block 1 is at 98.5; executed in block 6 at 89.1: health 0.891, all of it */
	p = price_at(&w, -0.02, 6);
	near(w.result.outcome_mean.seized, 8400, 1e-3);
	near(w.more.time_to_liquidation_s, 60, 1e-9);
	/* 30 blocks later the collateral, 100·55.2, does not pay any more: everything is seized, and a deficit is left */
	w.model.delays[DELAY_INCLUSION].parameter[0] = 324;
	run(&w, 1);
	p = price_at(&w, -0.02, 31);
	near(w.result.bad_debt.value, 8000 - 100 * p / 1.05, 1e-2);
	near(w.result.latency.value, 8000 - 100 * p / 1.05, 1e-2); /* without the delay there is none */
	near(w.result.gap.value, 0, 0);
	near(w.more.lenders.value, w.result.bad_debt.value, 1e-9);
}

static void an_oracle_that_lags_hides_the_fall(void **state)
{
	struct world w;

	(void)state;
	calm_fall(&w, 100.5, -0.001, loan);
	w.model.delays[DELAY_ORACLE].parameter[0] = 3600; /* an hour: the price that is hoped for */
	w.model.horizon_s = 1200;
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	/* reports only when the price moved by 1 %: the first at block 11 (98.1 %), though 100 was crossed in block 5 */
	w.model.delays[DELAY_ORACLE].parameter[0] = 0;
	w.market.oracle = (struct oracle_policy){.on_deviation = true, .deviation = 0.01, .heartbeat_s = 1e6};
	w.model.horizon_s = 120;
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	w.model.horizon_s = 132;
	run(&w, 1);
	near(w.more.liquidations.value, 1, 0);
	/* a heartbeat of five blocks brings it in block 5 */
	w.market.oracle.heartbeat_s = 60;
	w.model.horizon_s = 60;
	run(&w, 1);
	near(w.more.liquidations.value, 1, 0);
	/* the mean of blocks 1 … k, ten at most, is that of block (k + 1)/2: below 100 from k = 9 on */
	w.market.oracle = (struct oracle_policy){.twap_s = 120};
	w.model.horizon_s = 96;
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	w.model.horizon_s = 108;
	run(&w, 1);
	near(w.more.liquidations.value, 1, 0);
}

static void nobody_acts_at_a_loss(void **state)
{
	struct world w;

	(void)state;
	calm_fall(&w, 100.5, -0.001, loan);
	w.model.horizon_s = 60;
	/* 180 to earn, 181 to pay */
	w.market.gas = (struct gas){.units = 1e6, .base_fee_gwei = 181, .price = 1000};
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	assert_true(w.more.waits_mean > 0);
	w.market.gas.base_fee_gwei = 179;
	run(&w, 1);
	near(w.more.liquidations.value, 1, 0);
	near(w.more.keeper_profit.value, 1, 1e-2);
	near(w.more.gas_mean, 179, 1e-9);
	/* a market so thin that the bonus does not pay for it: 42 units into 420 bring 1/1.1 */
	w.market.gas.units = 0;
	w.liquidity = (struct liquidity){.type = &liquidity_pool, .parameter = 420, .recovery_s = INFINITY};
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	/* left alone while the price goes down to 70: the collateral is worth less than the debt */
	calm_fall(&w, 100.5, -0.01, loan);
	w.market.gas = (struct gas){.units = 1e6, .base_fee_gwei = 1e6, .price = 1000};
	w.model.horizon_s = 36 * 12;
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	near(w.more.open.value, 8000 - 100 * price_at(&w, -0.01, 72), 1e-2); /* waited for as long again, in vain */
	near(w.result.bad_debt.value, w.more.open.value, 1e-9);
}

static void the_breaker_pauses_liquidations(void **state)
{
	struct world w;

	(void)state;
	calm_fall(&w, 100.5, -0.001, loan);
	w.model.horizon_s = 60;
	w.market.breaker = (struct breaker){.move = 0.0045, .window_s = 60, .pause_s = 120};
	run(&w, 1);
	/* tripped in block 5 by 0.5 % in five blocks, and again as long as it falls: nothing by block 10 */
	near(w.more.liquidations.value, 0, 0);
	w.market.breaker.move = 0.006;
	run(&w, 1);
	near(w.more.liquidations.value, 1, 0);
}

static void a_requirement_that_follows_volatility_comes_earlier(void **state)
{
	struct world w;

	(void)state;
	calm_fall(&w, 104, -0.001, loan); /* 100 is reached in block 40 */
	w.model.horizon_s = 360;
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	/* 0.1 % in 12 s is 162 %/yr; over the calm 50 % by 1.12·√(1 day/year) = 5.9 %, by at most 60 % an hour */
	w.market.dynamic_margin = (struct dynamic_margin){.gain = 1, .calm_volatility = 0.5, .half_life_s = 12, .horizon_s = 86400,
							  .floor = 0.5, .step_per_hour = 0.6};
	run(&w, 1);
	assert_true(w.more.liquidations.value >= 1);
}

static void perpetuals_on_both_sides(void **state)
{
	/* long 10 at 1000 with 350 of margin, maintenance 3 %: below 1000·10 - 350 = 9650, at 9650/(10·0.97) = 994.8 */
	struct account position = {0, 10, 9650, 0.97};
	struct world w;
	double p;

	(void)state;
	calm_fall(&w, 1000, -0.001, position);
	rules_preset(&w.market.rules, &rules_dydx_v4);
	w.model.horizon_s = 72; /* block 6: 994.02 */
	run(&w, 1);
	near(w.more.liquidations.value, 1, 0);
	p = price_at(&w, -0.001, 6);
	near(w.more.fees_mean, 0.005 * 10 * p, 1e-2);
	near(w.result.bad_debt.value, 0, 0);
	/* short 10 at 1000 with 350: up at 10350/(10·1.03) = 1004.85 */
	position = (struct account){0, -10, -10350, 0.97};
	calm_fall(&w, 1000, 0.001, position);
	rules_preset(&w.market.rules, &rules_dydx_v4);
	w.model.horizon_s = 48; /* 1004.008 */
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	w.model.horizon_s = 60; /* 1005.01 */
	run(&w, 1);
	near(w.more.liquidations.value, 1, 0);
	/* five minutes late, 30 blocks: 10·(1035.6 …) is more than 10350: deleveraged, the loss is the fund's and then the others' */
	w.model.delays[DELAY_INCLUSION].parameter[0] = 360;
	w.market.waterfall = (struct waterfall){.count = 1, .tiers = {{"fund", TIER_INSURANCE, 5, 0, 0, 0, 0}}};
	run(&w, 1);
	p = price_at(&w, 0.001, 35);
	near(w.result.bad_debt.value, 10 * p - 10350, 1e-2);
	near(w.more.absorbed[0].value, 5, 1e-9);
	near(w.more.exhausted[0], 1, 0);
	near(w.more.lenders.value, 10 * p - 10355, 1e-2);
}

static void an_auction_ends_where_it_pays(void **state)
{
	struct account vault = {0, 10, 6900, 0.69}; /* below 1000 */
	struct world w;

	(void)state;
	calm_fall(&w, 1000.5, -1e-9, vault);
	w.asset.price = 999.9; /* flat from here on */
	rules_preset(&w.market.rules, &rules_maker);
	w.model.horizon_s = 7200;
	run(&w, 1);
	/* from 1299.87 by 1 % each 90 s: at step 27 it is 990.9, the first price below the market's 999.9 */
	near(w.result.bad_debt.value, 0, 0);
	near(w.more.keeper_profit.value, 6900 * 1.13 / (1299.87 * pow(0.99, 27)) * (999.9 - 1299.87 * pow(0.99, 27)) + 7.797, 1e-2);
	near(w.more.fees_mean, 6900 * 0.13 - 7.797, 1e-2); /* the penalty, less a thousandth of 7797 for the bark */
	near(w.more.liquidations.value, 2, 0);	   /* the bark and the take */
}

/* ---- on random paths ------------------------------------------------------------------------------------------------ */

/* Rewards that are made for a cheap chain, or for larger debts. */
static void cheaper(struct world *w)
{
	if (w->market.rules.type == &rules_synthetix_v3 || w->market.rules.type == &rules_maker)
		w->market.gas.units = 4e4;
}

/* What borrowers lose, keepers gain, the protocol takes, the market's other side buys cheaply and lenders absorb: nothing is left over. */
static void the_books_balance_on_every_path(void **state)
{
	(void)state;
	for (size_t i = 0; rules_types[i]; i++) {
		struct world w;

		wild(&w, rules_types[i], 300);
		cheaper(&w);
		run(&w, 2); /* checks them */
		assert_true(w.more.liquidations.value > 1);
	}
}

/* Nor is anything where the market is shut now and then, and keepers wait, or hold what they took. */
static void nor_where_trading_halts(void **state)
{
	(void)state;
	for (size_t i = 0; rules_types[i]; i++)
		for (int hold = 0; hold < 2; hold++) {
			struct world w;

			wild(&w, rules_types[i], 100);
			cheaper(&w);
			w.market.breaker = (struct breaker){.move = 0.03, .window_s = 300, .pause_s = 300, .trading = true, .hold = hold};
			run(&w, 2);
			assert_true(w.more.liquidations.value > 0.5);
		}
}

static void the_same_for_any_number_of_threads(void **state)
{
	struct world one, three;

	(void)state;
	wild(&one, &rules_aave_v3, 500);
	wild(&three, &rules_aave_v3, 500);
	run(&one, 1);
	run(&three, 3);
	one.result.seconds = three.result.seconds = 0;
	assert_memory_equal(&one.result.bad_debt, &three.result.bad_debt, sizeof(one.result.bad_debt));
	assert_memory_equal(one.result.quantile, three.result.quantile, sizeof(one.result.quantile));
	assert_memory_equal(&one.more, &three.more, sizeof(one.more));
}

/* Four keepers with the same law: each is first in a quarter of the cases. */
static void keepers_alike_win_alike(void **state)
{
	struct world w;
	double n;

	(void)state;
	wild(&w, &rules_aave_v3, 1000);
	run(&w, 2);
	n = w.more.liquidations.value * (double)w.result.paths;
	assert_true(fabs(w.more.win_rate - 0.25) < 4 * sqrt(0.25 * 0.75 / n));
}

/* Means and quotients spread over seeds by what their errors say: to a quarter, as sixty runs know a spread to a tenth. */
static void errors_are_what_runs_spread_by(void **state)
{
	enum { RUNS = 60, WHAT = 4 };
	double sum[WHAT] = {0}, squares[WHAT] = {0}, said[WHAT] = {0};

	(void)state;
	for (int i = 0; i < RUNS; i++) {
		struct model_control control = {.threads = 1};
		struct world w;
		struct error err;

		wild(&w, &rules_aave_v3, 200);
		w.model.seed = 100 + (uint64_t)i;
		assert_int_equal(market_bad_debt(&w.market, &w.model, &control, &w.result, &w.more, &err), 0);
		const double values[WHAT] = {w.more.win_rate, w.more.time_to_liquidation_s, w.more.slippage_mean, w.result.outcome_mean.seized};
		const double errors[WHAT] = {w.more.errors.win_rate, w.more.errors.time_to_liquidation_s, w.more.errors.slippage, w.more.errors.seized};

		for (int k = 0; k < WHAT; k++) {
			sum[k] += values[k];
			squares[k] += values[k] * values[k];
			said[k] += errors[k] / RUNS;
		}
	}
	for (int k = 0; k < WHAT; k++)
		near(sqrt((squares[k] - sum[k] * sum[k] / RUNS) / (RUNS - 1)) / said[k], 1, 0.25);
}

/*
 * Engine instant against the closed form of a barrier that is looked at once a block: Broadie, Glasserman and Kou (1997)
 * move it by 0.5826·σ·√dt. Executed 3600 s after, at the put's value from the (mean) price at the trigger.
 */
static double normal(double x)
{
	return 0.5 * erfc(-x * M_SQRT1_2);
}

static void agrees_with_the_closed_form(void **state)
{
	double sigma = 0.8, t = 86400 / YEAR_S, shift = 0.5826 * sigma * sqrt(60 / YEAR_S), h = 29000 / 9.9 * exp(-shift), nu, b, sd, p;
	double tau = 3600 / YEAR_S, d1, put;
	struct world w;
	struct error err;

	(void)state;
	calm_fall(&w, 3000, 0, (struct account){0, 10, 29000, 0.99});
	w.asset.process.parameter[0] = sigma;
	w.asset.process.parameter[1] = 0;
	assert_int_equal(process_prepare(&w.asset.process, &err), 0);
	w.market.rules.type = &rules_instant;
	w.model.paths = 3000;
	w.model.horizon_s = 86400;
	w.model.step_s = 60;
	w.model.delays[DELAY_INCLUSION].parameter[0] = 3600;
	run(&w, 2);
	nu = -sigma * sigma / 2, b = log(h / 3000), sd = sigma * sqrt(t);
	p = normal((b - nu * t) / sd) + exp(2 * nu * b / (sigma * sigma)) * normal((b + nu * t) / sd);
	d1 = log(h / 2900) / (sigma * sqrt(tau)) + sigma * sqrt(tau) / 2;
	put = 2900 * normal(sigma * sqrt(tau) - d1) - h * normal(-d1);
	assert_true(fabs(w.result.bad_debt.value - 10 * p * put) < 4 * w.result.bad_debt.stderr_);
	assert_true(fabs(w.more.liquidations.value - p) < 4 * w.more.liquidations.stderr_);
}

/* More latency, less margin, a thinner market: more bad debt. On the same random numbers. */
static void grows_with_what_makes_it_worse(void **state)
{
	struct world base, later, thinner;

	(void)state;
	wild(&base, &rules_aave_v3, 1500);
	wild(&later, &rules_aave_v3, 1500);
	wild(&thinner, &rules_aave_v3, 1500);
	later.model.delays[DELAY_KEEPER].parameter[0] = later.market.keepers.own.parameter[0] = 600;
	thinner.liquidity.parameter = 500;
	run(&base, 2);
	run(&later, 2);
	run(&thinner, 2);
	assert_true(later.result.bad_debt.value > base.result.bad_debt.value);
	assert_true(thinner.result.bad_debt.value > base.result.bad_debt.value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(liquidates_in_the_block_that_crosses),
		cmocka_unit_test(a_delay_makes_it_later_and_dearer),
		cmocka_unit_test(an_oracle_that_lags_hides_the_fall),
		cmocka_unit_test(nobody_acts_at_a_loss),
		cmocka_unit_test(the_breaker_pauses_liquidations),
		cmocka_unit_test(a_requirement_that_follows_volatility_comes_earlier),
		cmocka_unit_test(perpetuals_on_both_sides),
		cmocka_unit_test(an_auction_ends_where_it_pays),
		cmocka_unit_test(the_books_balance_on_every_path),
		cmocka_unit_test(nor_where_trading_halts),
		cmocka_unit_test(the_same_for_any_number_of_threads),
		cmocka_unit_test(keepers_alike_win_alike),
		cmocka_unit_test(errors_are_what_runs_spread_by),
		cmocka_unit_test(agrees_with_the_closed_form),
		cmocka_unit_test(grows_with_what_makes_it_worse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
