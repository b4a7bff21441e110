// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The curve of bad debt against added delay says how well each of its points is known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "margin/market_result.h"

/*
 * By hand. All of base: 1, 3, 5, 7, mean 4, its error² 20/3/4. The first two became 2 and 3: the difference 1, 0 has mean 1/2 and
 * error² 1/4, its covariance with base is -1/2·1 - 1/2·1 over 1 = -1, which counts twice, over 4.
 */
static void a_part_of_the_paths_is_controlled_by_all(void **state)
{
	const struct path_result base[] = {{.bad_debt = 1}, {.bad_debt = 3}, {.bad_debt = 5}, {.bad_debt = 7}};
	const struct path_result other[] = {{.bad_debt = 2}, {.bad_debt = 3}};
	struct estimate found;

	(void)state;
	market_controlled(base, 4, other, 2, &found);
	assert_true(fabs(found.value - 4.5) < 1e-12);
	assert_true(fabs(found.stderr_ - sqrt(20.0 / 12 + 0.25 - 0.5)) < 1e-12);
	/* with all paths the control says nothing: what is left is the other's own mean, 2.5, and error² 1/2/2 */
	market_controlled(base, 2, other, 2, &found);
	assert_true(fabs(found.value - 2.5) < 1e-12 && fabs(found.stderr_ - 0.5) < 1e-12);
	market_controlled(base, 4, other, 0, &found);
	assert_true(isnan(found.value) && isnan(found.stderr_));
}

#define SEEDS 60

/* Runs of the same question under other seeds spread by as much as each says of itself. */
static void executions_spread_as_they_say(void **state)
{
	static const double garch[] = {2, 0, 0.15, 0.84, 60};
	struct account account = {0, 1, 97, 0.99};
	struct model_asset asset = {"X", 100, {.type = &process_garch}};
	double mean[MODEL_CURVE_POINTS] = {0}, squares[MODEL_CURVE_POINTS] = {0}, said[MODEL_CURVE_POINTS] = {0};
	struct model model = {.paths = 2000, .horizon_s = 3600, .step_s = 60, .assets = &asset, .asset_count = 1,
			      .accounts = &account, .account_count = 1, .engine = {.type = &engine_instant},
			      .delays = {{.type = &delay_constant, .parameter = {300}}, {.type = &delay_constant}, {.type = &delay_constant}}};
	struct error err;

	(void)state;
	for (int i = 0; i < 5; i++)
		asset.process.parameter[i] = garch[i];
	assert_int_equal(process_prepare(&asset.process, &err), 0);
	for (model.seed = 1; model.seed <= SEEDS; model.seed++) {
		struct model_control control = {.threads = 1};
		struct model_result result;

		if (model_run(&model, &control, &result, &err))
			fail_msg("%s", err.text);
		for (int k = 0; k < MODEL_CURVE_POINTS; k++) {
			mean[k] += result.added_bad_debt[k] / SEEDS;
			squares[k] += result.added_bad_debt[k] * result.added_bad_debt[k];
			said[k] += result.added_stderr[k] / SEEDS;
		}
	}
	for (int k = 0; k < MODEL_CURVE_POINTS; k++) {
		double spread = sqrt((squares[k] - SEEDS * mean[k] * mean[k]) / (SEEDS - 1));

		assert_true(mean[k] > 0 && (!k || mean[k] > mean[k - 1]));
		if (!(said[k] > 0.75 * spread && said[k] < 1.33 * spread)) /* the spread itself is known to 9 % */
			fail_msg("point %d: says %g, spreads by %g", k, said[k], spread);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_part_of_the_paths_is_controlled_by_all),
		cmocka_unit_test(executions_spread_as_they_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
