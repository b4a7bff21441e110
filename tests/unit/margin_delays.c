// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Delays that know of prices: drawn as they should be, and what wrong-way risk does to a tail. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "margin/model.h"

enum { N = 400 };

/* Delays of 2 s in three quarters of the measurement and of 3600 s in one: the wildest one (key: volatility), or the last one (key: time). */
static struct delay_law measured(bool by_volatility)
{
	struct delay_law law = {.type = &delay_empirical, .samples = calloc(N, sizeof(double)), .sample_count = N};
	struct error err;

	law.record = (struct delay_record){calloc(N, sizeof(double)), calloc(N, sizeof(double)), N};
	for (int i = 0; i < N; i++) {
		law.samples[i] = law.record.delay_s[i] = i < 300 ? 2 : 3600;
		law.record.key[i] = by_volatility ? 0.5 + 0.005 * i : 10.0 * i;
	}
	assert_int_equal(delay_prepare(&law, &err), 0);
	return law;
}

static void draws_from_the_regime_of_the_moment(void **state)
{
	struct delay_law law = measured(true);
	struct delay_moment calm = {.volatility = 0.5}, calmest = {.volatility = 0}, wild = {.volatility = 3.5}, wildest = {.volatility = 99};

	(void)state;
	for (double u = 0.01; u < 1; u += 0.01) {
		assert_true(delay_draw(&law, DELAYS_BY_REGIME, &calm, u) == 2);
		assert_true(delay_draw(&law, DELAYS_BY_REGIME, &calmest, u) == 2);
		assert_true(delay_draw(&law, DELAYS_BY_REGIME, &wild, u) == 3600);
		assert_true(delay_draw(&law, DELAYS_BY_REGIME, &wildest, u) == 3600);
		assert_true(delay_draw(&law, DELAYS_INDEPENDENT, &wild, u) == (u < 0.75 ? 2 : 3600));
	}
	delay_free(&law);
}

static void blocks_keep_their_order(void **state)
{
	struct delay_law law = measured(false);
	double sum = 0;

	(void)state;
	for (double start = 0; start < 1; start += 0.001) {
		struct delay_moment here = {.time_s = 50, .start = start};
		double place = fmod(start * 3990 + 50, 3990);

		assert_true(delay_draw(&law, DELAYS_IN_BLOCKS, &here, 0.5) == (place <= 2990 ? 2 : 3600));
		sum += delay_draw(&law, DELAYS_IN_BLOCKS, &here, 0.5) / 1000;
	}
	assert_true(fabs(sum - (0.75 * 2 + 0.25 * 3600)) < 8); /* a random start gives the marginal law */
	delay_free(&law);
}

/* Accounts under a price whose volatility clusters, with one law of the delay and three ideas of when it is long. */
static struct model_result lose(enum delay_dependence dependence, unsigned threads)
{
	struct model_asset asset = {"ETH", 100, {.type = &process_garch, .parameter = {1.5, 0, 0.15, 0.84, 300}}};
	static struct account accounts[40];
	struct model model = {.seed = 9,
			      .paths = 10000,
			      .horizon_s = 86400,
			      .step_s = 60,
			      .assets = &asset,
			      .asset_count = 1,
			      .accounts = accounts,
			      .account_count = 40,
			      .engine = {.type = &engine_instant},
			      .delays = {measured(dependence != DELAYS_IN_BLOCKS), {.type = &delay_constant}, {.type = &delay_constant}},
			      .dependent_delays = dependence,
			      .volatility_window_s = 600};
	struct model_control control = {.threads = threads};
	struct model_result result;
	struct error err;

	for (int i = 0; i < 40; i++)
		accounts[i] = (struct account){0, 1, 88 + 0.2 * i, 0.985};
	assert_int_equal(process_prepare(&asset.process, &err), 0);
	if (model_run(&model, &control, &result, &err))
		fail_msg("%s", err.text);
	delay_free(&model.delays[0]);
	return result;
}

static void wrong_way_risk(void **state)
{
	struct model_result apart = lose(DELAYS_INDEPENDENT, 2), regime = lose(DELAYS_BY_REGIME, 2), block = lose(DELAYS_IN_BLOCKS, 2);
	struct model_result again = lose(DELAYS_BY_REGIME, 1);

	(void)state;
	print_message("the same delays: latency loss %.3f independent, %.3f by regime, %.3f in blocks; ES99 of all loss %.1f, %.1f, %.1f\n",
		      apart.latency.value, regime.latency.value, block.latency.value, apart.es99, regime.es99, block.es99);
	/* the gap does not know of delays, and blocks leave the mean */
	assert_true(fabs(regime.gap.value - apart.gap.value) <= 4 * hypot(regime.gap.stderr_, apart.gap.stderr_));
	assert_true(fabs(block.latency.value - apart.latency.value) <= 4 * hypot(block.latency.stderr_, apart.latency.stderr_));
	assert_true(regime.sampled_assets == 1);
	/* long delays meet the wild hours */
	assert_true(regime.latency.value > 1.5 * apart.latency.value);
	assert_true(regime.es99 > 1.3 * apart.es99);
	assert_memory_equal(&regime.bad_debt, &again.bad_debt, sizeof(regime.bad_debt));
}

static void what_is_not_measured_is_named(void **state)
{
	static const double gbm[] = {0.8, 0};
	struct model_asset asset = {"ETH", 100, {.type = &process_gbm, .parameter = {gbm[0], gbm[1]}}};
	struct account account = {0, 1, 90, 0.98};
	struct model model = {.paths = 10, .horizon_s = 60, .step_s = 60, .assets = &asset, .asset_count = 1, .accounts = &account,
			      .account_count = 1, .engine = {.type = &engine_instant}, .dependent_delays = DELAYS_BY_REGIME,
			      .volatility_window_s = 600};
	struct model_control control = {0};
	struct model_result result;
	struct error err;

	(void)state;
	for (int i = 0; i < DELAY_STAGES; i++)
		model.delays[i].type = &delay_constant;
	assert_int_equal(process_prepare(&asset.process, &err), 0);
	assert_int_equal(model_run(&model, &control, &result, &err), -22);
	assert_non_null(strstr(err.text, "regime"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_from_the_regime_of_the_moment),
		cmocka_unit_test(blocks_keep_their_order),
		cmocka_unit_test(wrong_way_risk),
		cmocka_unit_test(what_is_not_measured_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
