// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is asked of the market walk: delays that know of prices, the latency that a budget allows, the margin that it asks for. */
#include "market_world.h"

#include "margin/requirement.h"

#define SAMPLES 400

/*
 * Engine instant on a price that falls by 2 % a block from 100.50; the account is below its trigger of 100 in block 1. j blocks
 * later it brings 100·100.5·e^{-0.02(1 + j)}: 7905.61 of 8000 for j = 11, 7749.07 for j = 12. A budget of 200 allows 11 blocks.
 */
static void a_budget_allows_a_delay(void **state)
{
	struct world w;

	(void)state;
	calm_fall(&w, 100.5, -0.02, (struct account){0, 100, 8000, 0.8});
	rules_preset(&w.market.rules, &rules_instant);
	w.model.horizon_s = 12;
	w.model.budget = 200;
	run(&w, 1);
	near(w.result.bad_debt.value, 0, 0);
	near(w.result.budget_added_s, 132, 0.2); /* found between 96 s and 192 s, to 1/512 */
	assert_true(isnan(w.result.budget_scale));
	w.model.delays[DELAY_INCLUSION].parameter[0] = 132;
	run(&w, 1);
	near(w.result.bad_debt.value, 94.39, 5e-3);
	/* 144 s on the way are too much: 11/12 of it, which is 132 s, is not */
	w.model.delays[DELAY_INCLUSION].parameter[0] = 144;
	run(&w, 1);
	near(w.result.bad_debt.value, 250.93, 5e-3);
	assert_true(isnan(w.result.budget_added_s));
	near(w.result.budget_scale, 11 / 12.0, 1 / 256.0);
	/* out of reach either way: 64 blocks on top cost less than 6000, and what falls before anybody can act costs 100 */
	w.model.delays[DELAY_INCLUSION].parameter[0] = 0;
	w.model.budget = 6100;
	run(&w, 1);
	assert_true(isnan(w.result.budget_added_s) && isnan(w.result.budget_scale));
	calm_fall(&w, 100.5, -0.25, (struct account){0, 100, 8000, 0.8}); /* 78.27 in block 1 */
	rules_preset(&w.market.rules, &rules_instant);
	w.model.horizon_s = 12;
	w.model.budget = 100;
	run(&w, 1);
	near(w.result.bad_debt.value, 8000 - 7826.95, 5e-3);
	assert_true(isnan(w.result.budget_added_s) && isnan(w.result.budget_scale));
}

/*
 * The same account, nine in ten at once and one in ten 240 s later: at 100.5·e^{-0.42}, 1396.9 short. After the mean of 24 s nothing
 * is lost: the tail is all of it. Always 144 s late the mean is all of it.
 */
static void the_tail_or_the_mean(void **state)
{
	struct delay_law halves[2] = {{.type = &delay_constant}, {.type = &delay_constant, .parameter = {240}}};
	double shares[2] = {0.9, 0.1};
	struct error err;
	struct world w;

	(void)state;
	calm_fall(&w, 100.5, -0.02, (struct account){0, 100, 8000, 0.8});
	rules_preset(&w.market.rules, &rules_instant);
	w.model.horizon_s = 12;
	w.model.paths = 2000;
	w.model.delays[DELAY_INCLUSION] = (struct delay_law){.type = &delay_mixture, .parts = halves, .shares = shares, .part_count = 2};
	assert_int_equal(delay_prepare(&w.model.delays[DELAY_INCLUSION], &err), 0);
	run(&w, 1);
	near(w.result.latency.value, 139.7, 4 * w.result.latency.stderr_);
	near(w.result.latency_at_mean_delay, 0, 1e-9);
	assert_true(w.result.tail_dominated);
	w.model.delays[DELAY_INCLUSION] = (struct delay_law){.type = &delay_constant, .parameter = {144}};
	run(&w, 1);
	near(w.result.latency_at_mean_delay, 250.93, 5e-3);
	assert_false(w.result.tail_dominated);
	w.model.delays[DELAY_INCLUSION].parameter[0] = 0; /* nothing comes of latency */
	run(&w, 1);
	assert_true(isnan(w.result.latency_at_mean_delay));
}

/*
 * From 140 down by 2 % a block, executed 20 blocks after the trigger: without loss if that is in block 7 or before, at
 * 140·e^{-0.14} = 121.71 or above: below 100/s for thresholds of 0.8·s, so s up to 0.82162.
 */
static void a_budget_asks_for_margin(void **state)
{
	struct requirement requirement = {REQUIREMENT_ES99, 1};
	struct model_control control = {.threads = 1};
	struct requirement_answer answer;
	struct error err;
	struct world w;

	(void)state;
	calm_fall(&w, 140, -0.02, (struct account){0, 100, 8000, 0.8});
	rules_preset(&w.market.rules, &rules_instant);
	w.model.delays[DELAY_INCLUSION].parameter[0] = 240;
	if (model_requirement(&w.model, &w.market, &requirement, &control, &answer, &err))
		fail_msg("%s", err.text);
	near(answer.threshold_scale, 0.82162, 1e-4);
	near(answer.value, 0, 0);
	assert_false(answer.unlimited);
	/* at the next block the loss is 8000 - 14000·e^{-0.56} = 3.07 */
	requirement.below = 3.1;
	assert_int_equal(model_requirement(&w.model, &w.market, &requirement, &control, &answer, &err), 0);
	near(answer.value, 3.07, 5e-3);
	near(answer.threshold_scale, 100 / (140 * exp(-0.16)), 1e-4);
}

/* Three quarters of the delays are 2 s, those measured under the highest volatility 10 min; in time, the last quarter. */
static struct delay_law measured(bool by_volatility)
{
	struct delay_law law = {.type = &delay_empirical, .sample_count = SAMPLES};
	struct error err;

	law.samples = calloc(SAMPLES, sizeof(double));
	law.record = (struct delay_record){calloc(SAMPLES, sizeof(double)), calloc(SAMPLES, sizeof(double)), SAMPLES};
	for (int i = 0; i < SAMPLES; i++) {
		law.samples[i] = law.record.delay_s[i] = i < 3 * SAMPLES / 4 ? 2 : 600;
		law.record.key[i] = by_volatility ? 0.2 + 2.0 * i / SAMPLES : 10.0 * i;
	}
	assert_int_equal(delay_prepare(&law, &err), 0);
	return law;
}

/* Loans under a price whose volatility clusters; the same delays under one idea of when they are long. */
static void cluster(struct world *w, enum delay_dependence dependence)
{
	static const double garch[] = {1.5, 0, 0.15, 0.84, 60};
	struct error err;

	calm_fall(w, 100, 0, (struct account){0});
	w->asset.process = (struct process){.type = &process_garch};
	memcpy(w->asset.process.parameter, garch, sizeof(garch));
	assert_int_equal(process_prepare(&w->asset.process, &err), 0);
	w->model.paths = 2000;
	w->model.horizon_s = 6 * 3600;
	w->model.step_s = 60;
	w->model.account_count = 20;
	for (int i = 0; i < 20; i++)
		w->accounts[i] = (struct account){0, 100, 8900 + 30 * i, 0.965};
	w->market.rules.parameter[4] = 0.015; /* a bonus that leaves something at this threshold */
	w->model.delays[DELAY_INCLUSION] = measured(dependence != DELAYS_IN_BLOCKS);
	w->model.dependent_delays = dependence;
	w->model.volatility_window_s = 600;
	run(w, 2);
	delay_free(&w->model.delays[DELAY_INCLUSION]);
}

static void wrong_way_risk(void **state)
{
	struct world apart, regime, block;

	(void)state;
	cluster(&apart, DELAYS_INDEPENDENT);
	cluster(&regime, DELAYS_BY_REGIME);
	cluster(&block, DELAYS_IN_BLOCKS);
	print_message("the same delays: latency loss %.1f ± %.1f independent, %.1f by regime, %.1f ± %.1f in blocks; ES99 %.0f, %.0f, %.0f\n",
		      apart.result.latency.value, apart.result.latency.stderr_, regime.result.latency.value, block.result.latency.value,
		      block.result.latency.stderr_, apart.result.es99, regime.result.es99, block.result.es99);
	/* the gap does not know of delays; by regime long ones meet the wild hours; blocks leave the mean */
	near(regime.result.gap.value, apart.result.gap.value, 0);
	assert_true(regime.result.latency.value > 1.5 * apart.result.latency.value);
	assert_true(regime.result.es99 > 1.5 * apart.result.es99);
	near(block.result.latency.value, apart.result.latency.value, 4 * hypot(block.result.latency.stderr_, apart.result.latency.stderr_));
}

/* A path of a steady price: its volatility of late is its own, and a delay comes from that quarter of the measurement. */
static void delays_come_from_the_regime_of_the_price(void **state)
{
	static const double calm = 0.5, wild = 1.95; /* the second quarter, and the last one */
	struct error err;
	struct world w;

	(void)state;
	for (int i = 0; i < 2; i++) {
		calm_fall(&w, 100, 0, (struct account){0, 100, 8001, 0.8}); /* below 1 from the start */
		w.asset.process.parameter[0] = i ? wild : calm;
		assert_int_equal(process_prepare(&w.asset.process, &err), 0);
		rules_preset(&w.market.rules, &rules_instant);
		w.model.paths = 200;
		w.model.horizon_s = 12;
		w.model.delays[DELAY_INCLUSION] = measured(true);
		w.model.dependent_delays = DELAYS_BY_REGIME;
		w.model.volatility_window_s = 600;
		run(&w, 1);
		near(w.more.time_to_liquidation_s, i ? 600 : 12, 1e-9);
		w.model.dependent_delays = DELAYS_INDEPENDENT;
		run(&w, 1);
		near(w.more.time_to_liquidation_s, 0.75 * 12 + 0.25 * 600, 4 * 600 * sqrt(0.25 * 0.75 / 200));
		delay_free(&w.model.delays[DELAY_INCLUSION]);
	}
}

static void what_is_not_measured_is_named(void **state)
{
	struct model_control control = {0};
	struct error err;
	struct world w;

	(void)state;
	calm_fall(&w, 100.5, -0.001, (struct account){0, 100, 8000, 0.8});
	w.model.dependent_delays = DELAYS_BY_REGIME;
	assert_int_equal(market_run(&w.market, &w.model, &control, &w.result, &w.more, &err), -22);
	assert_non_null(strstr(err.text, "regime"));
}

/*
 * What a millisecond is worth to keepers, worked out by hand. At 99 the account's health is 0.99: half of the debt is repaid, 4,000
 * for 4,200 of collateral less a fee of 20, a profit of 180. A block later, at 94, health is 0.94 and all of it is repaid, 8,000 for
 * 8,400 less 40: 360. Whatever takes a block longer brings 180 more: with an oracle a block late the price of 99 comes when
 * collateral sells at 94, which does not pay, and then that of 94. The own keeper comes at once, the other one six seconds later; when
 * the own one alone takes twelve more the other has been there, and 180 are lost.
 */
static void a_millisecond_of_keepers(void **state)
{
	static const double prices[] = {110, 99, 94, 94, 94, 94};
	struct world w;

	(void)state;
	on_tape(&w, &rules_aave_v3, prices, 6, (struct account){0, 100, 8000, 0.8});
	w.market.keepers.has_own = true;
	w.market.keepers.own = (struct delay_law){.type = &delay_constant};
	w.model.delays[DELAY_KEEPER].parameter[0] = 6;
	run(&w, 1);
	near(w.more.own_profit.value, 180, 1e-9);
	for (int stage = 0; stage < DELAY_STAGES; stage++) {
		near(w.more.keeper_profit_per_ms[stage].value, 180 / 12e3, 1e-12);
		near(w.more.own_profit_per_ms[stage].value, 180 / 12e3, 1e-12);
	}
	near(w.more.own_profit_per_own_ms.value, -180 / 12e3, 1e-12);
	w.market.keepers.has_own = false;
	run(&w, 1);
	near(w.more.keeper_profit.value, 360, 1e-9);
	assert_true(isnan(w.more.own_profit_per_own_ms.value) && isnan(w.more.own_profit_per_ms[DELAY_KEEPER].value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_budget_allows_a_delay),
		cmocka_unit_test(the_tail_or_the_mean),
		cmocka_unit_test(a_budget_asks_for_margin),
		cmocka_unit_test(wrong_way_risk),
		cmocka_unit_test(delays_come_from_the_regime_of_the_price),
		cmocka_unit_test(what_is_not_measured_is_named),
		cmocka_unit_test(a_millisecond_of_keepers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
