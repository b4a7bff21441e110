// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Kou's double-exponential jumps against published values, against their own derivative and against the simulation. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "margin/model.h"

static struct process kou(double volatility, double drift, double jumps, double up, double eta_up, double eta_down)
{
	struct process process = {.type = &process_kou, .parameter = {volatility, drift, jumps, up, eta_up, eta_down}};
	struct error err;

	assert_int_equal(process_prepare(&process, &err), 0);
	return process;
}

/* Kou (2002), section 5.2: S 100, K 98, T 0.5, r 0.05: 9.14732 */
static void prices_the_published_call(void **state)
{
	struct process process = kou(0.16, 0.05, 1, 0.4, 10, 5);
	double put = process.type->put(&process, log(0.98), 0.5 * SECONDS_PER_YEAR);
	double call = 100 * exp(-0.05 * 0.5) * (put + exp(0.05 * 0.5) - 0.98);

	(void)state;
	assert_true(fabs(call - 9.14732) < 6e-6);
}

/* An exponential delay of mean 12 s at its trigger, LT 0.945, from the roots of the exponent: 5.79689718e-08 of the debt. */
static void agrees_with_the_exponential_delay(void **state)
{
	struct process process = kou(0.8, 0, 100, 0.4, 50, 40);
	struct delay_law law = {.type = &delay_exponential, .parameter = {12}};
	struct quadrature delay = {0};
	double loss = 0;

	(void)state;
	assert_int_equal(delay_nodes(&law, &delay), 0);
	for (size_t i = 0; i < delay.count; i++)
		loss += delay.weight[i] * process.type->put(&process, log(0.945), delay.node[i]);
	quadrature_free(&delay);
	assert_true(fabs(loss / 0.945 / 5.79689718e-08 - 1) < 2e-9);
}

/* Early, one jump is all that happens: λ(1-p) K^(η₂+1)/(η₂+1) a second out of the money. */
static void starts_with_the_slope_of_one_jump(void **state)
{
	struct process process = kou(0.8, 0, 100, 0.4, 50, 40);
	double expected = 100 / SECONDS_PER_YEAR * 0.6 * pow(0.9, 41) / 41;

	(void)state;
	assert_true(fabs(process.type->put_by_time(&process, log(0.9), 0) / expected - 1) < 1e-6);
	assert_true(fabs(process.type->put(&process, log(0.9), 0.01) / 0.01 / expected - 1) < 1e-4);
}

static void its_slope_is_its_derivative(void **state)
{
	struct process process = kou(0.8, 0.3, 100, 0.4, 50, 40);

	(void)state;
	for (double t = 1; t < 2e7; t *= 7)
		for (double strike = 0.7; strike < 1.2; strike += 0.0801) {
			double step = 1e-4 * t, k = log(strike), slope = process.type->put_by_time(&process, k, t);
			double up = process.type->put(&process, k, t + step), down = process.type->put(&process, k, t - step);

			if (fabs((up - down) / (2 * step) - slope) > 1e-5 * fabs(slope) + 1e-15 / step)
				fail_msg("t %g, strike %g: %.9e, is %.9e", t, strike, slope, (up - down) / (2 * step));
		}
}

/* With so many jumps that the one estimator is needed for the other: the mean by expectation and by execution. */
static void expectation_and_execution_agree(void **state)
{
	struct model_asset asset = {"ETH", 3000, kou(0.8, 0, 800, 0.4, 50, 40)};
	struct account account = {0, 10, 29000, 0.985};
	struct model model = {.seed = 3,
			      .paths = 40000,
			      .horizon_s = 86400,
			      .step_s = 60,
			      .assets = &asset,
			      .asset_count = 1,
			      .accounts = &account,
			      .account_count = 1,
			      .engine = {.type = &engine_instant},
			      .delays = {{.type = &delay_constant, .parameter = {600}},
					 {.type = &delay_constant},
					 {.type = &delay_constant}}};
	struct model_control control = {.threads = 2};
	struct model_result r;
	struct error err;

	(void)state;
	assert_int_equal(model_run(&model, &control, &r, &err), 0);
	assert_true(r.gap.value > 0 && r.latency.value > 0);
	assert_true(fabs(r.bad_debt.value - r.sampled.value) <= 4 * hypot(r.bad_debt.stderr_, r.sampled.stderr_));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prices_the_published_call),
		cmocka_unit_test(agrees_with_the_exponential_delay),
		cmocka_unit_test(starts_with_the_slope_of_one_jump),
		cmocka_unit_test(its_slope_is_its_derivative),
		cmocka_unit_test(expectation_and_execution_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
