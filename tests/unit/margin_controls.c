// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Each control and oracle policy alone: on tapes with numbers worked out by hand, to the cent, and where a law is known
 * against it (deviation and heartbeat: margin_oracle_law.c). run() checks conservation on every path.
 */
#include <errno.h>

#include "market_world.h"

#define CENT 5e-3
#define LOAN ((struct account){0, 100, 8000, 0.8}) /* to be liquidated below 100 */

#define TAPE(w, rules, account, ...)                                                   \
	do {                                                                           \
		const double prices_[] = {__VA_ARGS__};                                \
		on_tape(w, rules, prices_, sizeof(prices_) / sizeof(*prices_), account); \
	} while (0)

/* ---- the breaker ---------------------------------------------------------------------------------------------------- */

/* 5 % in a block pauses for 24 s: what falls to 95.20 in block 1 is sold in block 3, at 90. */
static void a_pause_costs_what_the_price_does_meanwhile(void **state)
{
	struct world w;

	(void)state;
	TAPE(&w, &rules_aave_v3, LOAN, 100.5, 95.2, 92, 90);
	run(&w, 1);
	/* health 0.952: half, and at 92 and 90 the rest of (100 - 44.12)·0.8·90/4000 = 1.006 is above 1 */
	near(w.more.liquidations.value, 1, 0);
	near(w.result.outcome_mean.seized, 4200, CENT);
	near(w.more.time_to_liquidation_s, 0, 0);
	w.market.breaker = (struct breaker){.move = 0.05, .window_s = 12, .pause_s = 24};
	run(&w, 1);
	near(w.more.liquidations.value, 1, 0); /* health 0.9: all of it, for 8400 of 9000 */
	near(w.result.outcome_mean.seized, 8400, CENT);
	near(w.more.keeper_profit.value, 360, CENT);
	near(w.more.fees_mean, 40, CENT);
	near(w.more.time_to_liquidation_s, 24, 1e-9);
	near(w.more.waits_mean, 2, 0);
}

/*
 * The same pause by volatility, of half-life one block: after ln(95.2/100.5) = -0.0542 it is 0.0542/√2 in 12 s, 62.1 a year, and a
 * block later, √((0.0542²/2 + 0.0342²)/2), 58.9.
 */
static void a_breaker_by_volatility(void **state)
{
	struct world w;

	(void)state;
	TAPE(&w, &rules_aave_v3, LOAN, 100.5, 95.2, 92, 90);
	w.market.breaker = (struct breaker){.volatility = 60, .window_s = 12, .pause_s = 24};
	run(&w, 1);
	near(w.result.outcome_mean.seized, 8400, CENT);
	near(w.more.time_to_liquidation_s, 24, 1e-9);
	w.market.breaker.volatility = 63;
	run(&w, 1);
	near(w.result.outcome_mean.seized, 4200, CENT);
	near(w.more.time_to_liquidation_s, 0, 0);
	w.market.breaker.volatility = 58; /* trips again in the second block: to the end of the tape and beyond */
	run(&w, 1);
	near(w.more.time_to_liquidation_s, 36, 1e-9);
}

/* ---- requirements --------------------------------------------------------------------------------------------------- */

/*
 * Calm at 0, half-life and step 12 s: after a move x the variance is x²/2 per 12 s. With a horizon of 12 s and gain 1 the factor
 * is 1 - |x|/√2, for 102/104 (x = -0.019418) 0.986270: health 102·0.8·0.98627/80 = 1.006; for 100.8/102 (x = -0.011834):
 * variance (0.019418²/4 + 0.011834²/2), factor 1 - 0.012797, health 0.9951.
 */
static void dynamic_margin(void **state)
{
	struct world w;

	(void)state;
	TAPE(&w, &rules_aave_v3, LOAN, 104, 102, 100.8);
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	w.market.dynamic_margin = (struct dynamic_margin){.gain = 1, .half_life_s = 12, .horizon_s = 12, .floor = 0.5, .step_per_hour = 100};
	run(&w, 1);
	near(w.more.liquidations.value, 1, 0);
	near(w.result.outcome_mean.seized, 4200, CENT);
	w.market.dynamic_margin.gain = 0.5; /* 1 - 0.0064: health 1.0016 */
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	w.market.dynamic_margin.gain = 1;
	w.market.dynamic_margin.floor = 0.993; /* health 1.0009 */
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	w.market.dynamic_margin.floor = 0.5;
	w.market.dynamic_margin.step_per_hour = 0.9; /* 0.003 a block: 0.994 after two, health 1.002 */
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
}

/*
 * The same by GARCH, α 0.4, β 0.5. Calm at 0: h is 0.4·0.019418² after the first move, health 102·0.8·0.98772/80 = 1.0075, and
 * 0.4·0.011834² + 0.5·h after the second, factor 0.98854, health 0.9964; without β 1.0005. Calm at 0.5 % a block, which is where h
 * begins and what it returns to: factor 0.992005 at gain 1.16, health 0.99994; without the 0.1·calm² it would be 1.0001.
 */
static void dynamic_margin_by_garch(void **state)
{
	struct world w;

	(void)state;
	TAPE(&w, &rules_aave_v3, LOAN, 104, 102, 100.8);
	w.market.dynamic_margin = (struct dynamic_margin){.gain = 1, .alpha = 0.4, .beta = 0.5, .horizon_s = 12, .floor = 0.5, .step_per_hour = 100};
	run(&w, 1);
	near(w.more.liquidations.value, 1, 0);
	near(w.result.outcome_mean.seized, 4200, CENT);
	w.model.horizon_s = 12;
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	w.model.horizon_s = 24;
	w.market.dynamic_margin.beta = 0;
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	w.market.dynamic_margin.beta = 0.5;
	w.market.dynamic_margin.calm_volatility = 0.005 * sqrt(SECONDS_PER_YEAR / 12);
	w.market.dynamic_margin.gain = 1.16;
	run(&w, 1);
	near(w.more.liquidations.value, 1, 0);
	w.market.dynamic_margin.gain = 1.15;
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
}

/*
 * Decided when the price is 3 % down in a block, 24 s before thresholds are 2 % lower: at 101.5 the health is then
 * 1.015·0.98 = 0.9947. The crash to 97 in between is met under the old rules, half at health 0.97.
 */
static void governance_takes_its_time(void **state)
{
	struct world w;

	(void)state;
	TAPE(&w, &rules_aave_v3, LOAN, 106, 102, 101.8, 101.5, 101.5);
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	w.market.governance = (struct governance){.move = 0.03, .window_s = 12, .delay_s = 24, .factor = 0.98};
	w.model.horizon_s = 24; /* block 2, decided in block 1: nothing yet */
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	w.model.horizon_s = 36;
	run(&w, 1);
	near(w.more.liquidations.value, 1, 0);
	near(w.result.outcome_mean.seized, 4200, CENT);
	w.market.governance.delay_s = 36;
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	w.market.governance.move = 0.05; /* nobody sees a reason */
	w.market.governance.delay_s = 0;
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	/* down is not the only way: parameters may be relaxed, and the account is left alone at 99 */
	TAPE(&w, &rules_aave_v3, LOAN, 106, 102, 99);
	w.market.governance = (struct governance){.move = 0.03, .window_s = 12, .factor = 1.02};
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0); /* 0.99·1.02 = 1.0098 */
}

/*
 * The first move, 0.1 %, is what is usual. A move of 1 % with a half-life of one block makes the fast variance (1 + 100)/2 = 50
 * times as large, the slow one's (a day) hardly at all: 7 times the usual volatility.
 */
static void preemptive_margin_by_volatility(void **state)
{
	struct world w;

	(void)state;
	TAPE(&w, &rules_aave_v3, LOAN, 102.2, 102.1, 101.1, 101.1, 101.1);
	w.market.preemptive_margin = (struct preemptive_margin){.factor = 0.98, .ratio = 5, .fast_s = 12, .slow_s = 86400, .latency_s = INFINITY};
	w.model.horizon_s = 12;
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	w.model.horizon_s = 24; /* health 1.011·0.98 = 0.9908 */
	run(&w, 1);
	near(w.more.liquidations.value, 1, 0);
	near(w.result.outcome_mean.seized, 4200, CENT);
	w.market.preemptive_margin.ratio = 9;
	w.model.horizon_s = 48;
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	/* whoever comes two blocks later finds it lowered again, unless it is held */
	w.market.preemptive_margin.ratio = 6.9;
	w.model.delays[DELAY_KEEPER].parameter[0] = 24;
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	near(w.more.recovered_mean, 1, 0);
	w.market.preemptive_margin.hold_s = 24;
	run(&w, 1);
	near(w.more.liquidations.value, 1, 0);
}

/* Reports that took 24 s arrive in block 2, and with them the reason to ask for more; those of 12 s give none. */
static void preemptive_margin_by_latency(void **state)
{
	struct world w;

	(void)state;
	TAPE(&w, &rules_aave_v3, LOAN, 101, 101, 101, 101);
	w.market.preemptive_margin =
		(struct preemptive_margin){.factor = 0.98, .ratio = INFINITY, .fast_s = 12, .slow_s = 86400, .latency_s = 20, .hold_s = 0};
	w.model.delays[DELAY_ORACLE].parameter[0] = 12;
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	w.model.delays[DELAY_ORACLE].parameter[0] = 24;
	w.model.horizon_s = 24;
	run(&w, 1); /* sent in block 1, there in block 3 */
	near(w.more.liquidations.value, 0, 0);
	w.model.horizon_s = 36;
	run(&w, 1);
	near(w.more.liquidations.value, 1, 0);
}

/* ---- settlement on another chain ------------------------------------------------------------------------------------ */

/* Bought at 99 for 4000 in block 1, 4180 worth of it less 20 for the protocol; sold when it arrives, at 96 and at 90. */
static void collateral_from_another_chain(void **state)
{
	struct world w;

	(void)state;
	TAPE(&w, &rules_aave_v3, LOAN, 100.5, 99, 99, 99, 96);
	w.market.settlement.delay = (struct delay_law){.type = &delay_constant, .parameter = {36}};
	run(&w, 1);
	near(w.more.liquidations.value, 1, 0);
	near(w.more.keeper_profit.value, 4180 * 96 / 99.0 - 4000, CENT); /* 53.33 */
	near(w.more.held_mean, -4180 * 3 / 99.0, CENT);
	near(w.more.fees_mean, 20, CENT);
	/* into a market where 42.22 of 422.22 units sell for 10/11 on average: it is met on arrival */
	w.liquidity = (struct liquidity){.type = &liquidity_pool, .parameter = 10 * 4180 / 99.0, .recovery_s = INFINITY};
	w.market.keepers.min_profit = -1000;
	run(&w, 1);
	near(w.more.keeper_profit.value, 4180 * 96 / 99.0 / 1.1 - 4000, CENT);
	near(w.more.slippage_mean, 4180 * 96 / 99.0 / 11, CENT);
}

/* A message that fails one time in two takes 1 + 1 = 2 times as long on average: its law is geometric. */
static void messages_that_fail_are_sent_again(void **state)
{
	struct world w;
	double p = 0.5, n = 4000, once, twice;

	(void)state;
	/* at 99 until block 2, at 98 from block 3 on: whoever gets it within 12 s sells at 99 */
	TAPE(&w, &rules_aave_v3, LOAN, 100.5, 99, 99, 98, 98);
	w.model.paths = (uint64_t)n;
	w.market.settlement = (struct settlement){.delay = {.type = &delay_constant, .parameter = {12}}, .fail_probability = p};
	run(&w, 2);
	once = 180, twice = 180 - 4180 / 99.0;
	near(w.more.keeper_profit.value, (1 - p) * once + p * twice, 4 * (once - twice) * sqrt(p * (1 - p) / n));
	near(w.more.keeper_profit.stderr_, (once - twice) * sqrt(p * (1 - p) / n), 0.05 * (once - twice) / sqrt(n));
}

/* ---- keepers that come and go --------------------------------------------------------------------------------------- */

/*
 * Reviewed each block. Two keepers share 180 in block 1: 90 each, above a cost of 60 a block, so a third one comes; nothing is
 * to be had in blocks 2 and 3: one goes in each, and the last one stays.
 */
static void keepers_come_for_profit(void **state)
{
	struct world w;

	(void)state;
	TAPE(&w, &rules_aave_v3, LOAN, 100.5, 99);
	w.market.keepers.count = 2;
	run(&w, 1);
	near(w.more.keepers_mean, 2, 0);
	w.market.keepers.entry_cost = 60 * 300;
	w.market.keepers.review_s = 12;
	w.market.keepers.most = 3;
	run(&w, 1);
	near(w.more.keepers_mean, 3, 0);
	w.market.keepers.entry_cost = 100 * 300; /* 90 is less */
	run(&w, 1);
	near(w.more.keepers_mean, 1, 0);
	w.market.keepers.entry_cost = 60 * 300;
	TAPE(&w, &rules_aave_v3, LOAN, 100.5, 99, 99, 99, 99);
	w.market.keepers = (struct keepers){.count = 2, .capital = INFINITY, .entry_cost = 60 * 300, .review_s = 12, .most = 3};
	run(&w, 1);
	near(w.more.keepers_mean, 1, 0);
}

/* Of k keepers with exponential delays of mean 60 s the first one comes after 60/k on average: more of them sooner. */
static void more_keepers_come_sooner(void **state)
{
	struct world w;
	double few;

	(void)state;
	TAPE(&w, &rules_aave_v3, LOAN, 100.5, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99);
	w.model.delays[DELAY_KEEPER] = (struct delay_law){.type = &delay_exponential, .parameter = {60}};
	w.model.paths = 2000;
	run(&w, 2);
	few = w.more.time_to_liquidation_s;
	near(few, 66, 4 * 60 / sqrt(2000)); /* 60, and to the next block: 12/(1 - e^-0.2) = 66.2 */
	w.market.keepers.count = 6;
	run(&w, 2);
	near(w.more.time_to_liquidation_s, 17, 4 * 10 / sqrt(2000)); /* 12/(1 - e^-1.2) = 17.2 */
	assert_true(w.more.time_to_liquidation_s < few);
}

/* ---- oracle policies ------------------------------------------------------------------------------------------------ */

/* Every moment of the window counts alike: the mean of the last prices, of those that are there before it is full. */
static void twap_weighs_its_window_alike(void **state)
{
	const double prices[] = {100, 104, 102, 98, 90}, means[] = {100, 102, 102, 304 / 3.0, 290 / 3.0};
	struct oracle_policy policy = {.twap_s = 36};
	struct oracle oracle;
	double report;

	(void)state;
	assert_int_equal(oracle_init(&oracle, &policy, 12), 0);
	oracle_start(&oracle, 100);
	for (int k = 0; k < 5; k++) {
		assert_true(oracle_observe(&oracle, prices[k], 12 * (k + 1), NULL, &report));
		near(report, means[k], 1e-9);
	}
	oracle_free(&oracle);
}

/* How far the mean over W lags: ln of it is less than ln S by a variance of σ²W/3, for n prices of it (n - 1)(2n - 1)/6n · σ²dt. */
static void twap_lags_by_a_third_of_its_window(void **state)
{
	struct oracle_policy policy = {.twap_s = 600};
	double sigma = 0.8, sd = sigma * sqrt(1 / YEAR_S), x = 0, squares = 0, report, n = 0;
	struct oracle oracle;
	struct rng rng;

	(void)state;
	assert_int_equal(oracle_init(&oracle, &policy, 1), 0);
	oracle_start(&oracle, 1);
	rng_open(&rng, 12, 0, 0, RNG_PRICE);
	for (int k = 1; k <= 3000000; k++) {
		x += sd * rng_normal(&rng);
		assert_true(oracle_observe(&oracle, exp(x), k, NULL, &report));
		if (k % 600 == 0 && ++n > 1) /* windows that share no price */
			squares += pow(log(report) - x, 2);
	}
	oracle_free(&oracle);
	near(squares / (n - 1) / (sigma * sigma * 600 / YEAR_S / 3), 599.0 * 1199 / (2 * 600 * 600), 4 * sqrt(2 / n));
}

/* Every hop what was reported a hop ago becomes the price, and what happened in between is not seen. */
static void a_hop_delays_by_a_hop(void **state)
{
	const double prices[] = {100, 101, 102, 103, 104, 105, 106};
	struct oracle_policy policy = {.hop_s = 36};
	struct oracle oracle;

	(void)state;
	assert_int_equal(oracle_init(&oracle, &policy, 12), 0);
	oracle_start(&oracle, 100);
	for (int k = 1; k < 7; k++) {
		double report;
		bool sent = oracle_observe(&oracle, prices[k], 12 * k, NULL, &report);

		assert_int_equal(sent, k == 3 || k == 6);
		if (sent)
			near(report, k == 3 ? 100 : 103, 0);
	}
	oracle_free(&oracle);
}

/* Of three sources the middle one counts: an outlier of one in ten does no harm unless there are two. */
static void the_median_of_sources(void **state)
{
	struct oracle_policy policy = {.sources = 3, .source_sd = 1e-4, .outlier_probability = 0.1, .outlier_sd = 5};
	struct oracle oracle;
	struct rng rng;
	double far = 0, n = 20000, p = 3 * 0.01 * 0.9 + 0.001, both;

	(void)state;
	assert_int_equal(oracle_init(&oracle, &policy, 12), 0);
	oracle_start(&oracle, 100);
	rng_open(&rng, 13, 0, 0, RNG_REPORT);
	for (int k = 0; k < n; k++) {
		double report;

		oracle_observe(&oracle, 100, 12 * k, &rng, &report);
		far += fabs(report / 100 - 1) > 0.01;
	}
	oracle_free(&oracle);
	/* two far ones on either side of the good one leave it in the middle: half of 0.027; three: the middle one is far */
	both = 0.5 * 0.027 + 0.001;
	assert_true(both < p);
	near(far / n, both, 4 * sqrt(both / n));
}

/* Three sources, the price of now, of a block ago and of two: the median of a fall is a block old. */
static void sources_are_late_each_by_its_own(void **state)
{
	struct world w;
	struct error err;

	(void)state;
	TAPE(&w, &rules_aave_v3, LOAN, 102, 99, 98, 97);
	w.market.oracle.sources = 3;
	run(&w, 1);
	near(w.result.outcome_mean.seized, 4200, CENT); /* at 99, health 0.99: half */
	near(w.more.time_to_liquidation_s, 0, 0);
	w.market.oracle.source_delay_s[1] = 12;
	w.market.oracle.source_delay_s[2] = 24;
	run(&w, 1);
	near(w.result.outcome_mean.seized, 4200.0 / 99 * 98, CENT); /* 99 is on chain when the market is at 98 */
	near(w.more.liquidations.value, 1, 0);
	w.model.horizon_s = 12; /* block 1: two of three say 102 */
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	w.market.oracle.source_delay_s[2] = -1;
	assert_int_equal(market_check(&w.market, &w.model, &err), -EINVAL);
}

/* ---- a price that transactions bring, and places in a block that are bid for ------------------------------------------ */

/*
 * Below 100 at 99, and the transaction is in the next block. At 101 it finds the account healthy where the oracle reports by
 * itself; where it brings what its sender saw, 4200/99 units are taken, worth 101 each.
 */
static void pull_brings_the_price_that_was_seen(void **state)
{
	struct world w;
	struct error err;

	(void)state;
	TAPE(&w, &rules_aave_v3, LOAN, 100.5, 99, 101, 101);
	w.model.delays[DELAY_INCLUSION].parameter[0] = 12;
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	near(w.more.recovered_mean, 1, 0);
	w.market.oracle.pull = true;
	run(&w, 1);
	near(w.more.liquidations.value, 1, 0);
	near(w.result.outcome_mean.seized, 4284.85, CENT);
	near(w.more.keeper_profit.value, 264.44, CENT); /* 4180/99·101 - 4000 */
	near(w.more.fees_mean, 20.40, CENT);
	/* at 90 the price of 99 makes nobody's fortune: 4180/99·90 = 3800. A block later it brings 90, and all is repaid */
	TAPE(&w, &rules_aave_v3, LOAN, 100.5, 99, 90, 90);
	w.model.delays[DELAY_INCLUSION].parameter[0] = 12;
	run(&w, 1);
	near(w.more.waits_mean, 0, 0);
	near(w.more.time_to_liquidation_s, 12, 1e-9);
	w.market.oracle.pull = true;
	run(&w, 1);
	near(w.more.waits_mean, 1, 0);
	near(w.more.time_to_liquidation_s, 24, 1e-9);
	near(w.result.outcome_mean.seized, 8400, CENT);
	near(w.more.keeper_profit.value, 360, CENT);
	w.market.oracle.hop_s = 3600;
	assert_int_equal(market_check(&w.market, &w.model, &err), -EINVAL);
}

/* Half of the loan at 99 brings 180. Whoever is alone in the block keeps it; of those who are not, one wins, and pays 90 % of it. */
static void keepers_bid_for_a_place(void **state)
{
	struct world w;

	(void)state;
	TAPE(&w, &rules_aave_v3, LOAN, 100.5, 99, 99);
	w.model.paths = 2000;
	w.market.gas.bid_share = 0.9;
	run(&w, 1);
	near(w.more.keeper_profit.value, 180, CENT);
	w.market.keepers.count = 3;
	run(&w, 1);
	near(w.more.keeper_profit.value, 18, CENT);
	near(w.more.gas_mean, 162, CENT);
	/* the own one a second after the price, the others five: in one block, where four seconds buy nothing */
	w.market.keepers.has_own = true;
	w.market.keepers.own = (struct delay_law){.type = &delay_constant, .parameter = {1}};
	w.model.delays[DELAY_KEEPER].parameter[0] = 5;
	run(&w, 1);
	near(w.more.win_rate, 0.25, 4 * sqrt(0.25 * 0.75 / 2000));
	near(w.more.own_profit.value, 18 * w.more.win_rate, CENT);
	/* without an auction the first one has it */
	w.market.gas.bid_share = 0;
	run(&w, 1);
	near(w.more.win_rate, 1, 0);
	near(w.more.own_profit.value, 180, CENT);
	/* a block earlier than the others there is nobody to bid against */
	w.market.gas.bid_share = 0.9;
	w.market.keepers.own.parameter[0] = 0;
	run(&w, 1);
	near(w.more.win_rate, 1, 0);
	near(w.more.own_profit.value, 180, CENT);
	near(w.more.gas_mean, 0, CENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pause_costs_what_the_price_does_meanwhile),
		cmocka_unit_test(a_breaker_by_volatility),
		cmocka_unit_test(dynamic_margin),
		cmocka_unit_test(dynamic_margin_by_garch),
		cmocka_unit_test(governance_takes_its_time),
		cmocka_unit_test(preemptive_margin_by_volatility),
		cmocka_unit_test(preemptive_margin_by_latency),
		cmocka_unit_test(collateral_from_another_chain),
		cmocka_unit_test(messages_that_fail_are_sent_again),
		cmocka_unit_test(keepers_come_for_profit),
		cmocka_unit_test(more_keepers_come_sooner),
		cmocka_unit_test(twap_weighs_its_window_alike),
		cmocka_unit_test(twap_lags_by_a_third_of_its_window),
		cmocka_unit_test(a_hop_delays_by_a_hop),
		cmocka_unit_test(the_median_of_sources),
		cmocka_unit_test(sources_are_late_each_by_its_own),
		cmocka_unit_test(pull_brings_the_price_that_was_seen),
		cmocka_unit_test(keepers_bid_for_a_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
