// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The model against its closed forms: one account, C 10, D 29000, LT 0.99 (trigger 2929.29), sigma 0.8, one day. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "margin/model.h"

static double normal(double x)
{
	return 0.5 * erfc(-x * M_SQRT1_2);
}

static double put(double spot, double strike, double sigma, double years)
{
	double sd = sigma * sqrt(years), d1 = log(spot / strike) / sd + sd / 2;

	return strike * normal(sd - d1) - spot * normal(-d1);
}

/* First passage of a driftless geometric Brownian motion below `trigger`. */
static double hit(double spot, double trigger, double sigma, double years)
{
	double b = log(trigger / spot), nu = -sigma * sigma / 2, sd = sigma * sqrt(years);

	return normal((b - nu * years) / sd) + exp(2 * nu * b / (sigma * sigma)) * normal((b + nu * years) / sd);
}

#define YEAR_S (365.0 * 86400)

struct one {
	struct model model;
	struct model_asset asset;
	struct account account;
};

static struct one *setup(struct one *one, const struct process_type *process, const double *parameters, double price,
			 const struct delay_type *law, double first, double second)
{
	struct error err;

	memset(one, 0, sizeof(*one));
	strcpy(one->asset.name, "ETH");
	one->asset.price = price;
	one->asset.process.type = process;
	for (int i = 0; i < PROCESS_PARAMETERS_MAX && process->parameters[i].name; i++)
		one->asset.process.parameter[i] = parameters[i];
	one->account = (struct account){0, 10, 29000, 0.99};
	one->model = (struct model){.seed = 7,
				    .paths = 40000,
				    .horizon_s = 86400,
				    .step_s = 60,
				    .assets = &one->asset,
				    .asset_count = 1,
				    .accounts = &one->account,
				    .account_count = 1,
				    .engine = {.type = &engine_instant}};
	for (int i = 0; i < DELAY_STAGES; i++)
		one->model.delays[i].type = &delay_constant;
	one->model.delays[0].type = law;
	one->model.delays[0].parameter[0] = first;
	one->model.delays[0].parameter[1] = second;
	assert_int_equal(process_prepare(&one->asset.process, &err), 0);
	assert_int_equal(delay_prepare(&one->model.delays[0], &err), 0);
	return one;
}

static void run(struct one *one, unsigned threads, struct model_result *result)
{
	struct model_control control = {.threads = threads};
	struct error err;

	if (model_run(&one->model, &control, result, &err))
		fail_msg("%s", err.text);
}

/* Parameters in the order of the process's table: looked up by name, so that the order may change. */
static void parameters_of(const struct process_type *type, double *out)
{
	static const struct {
		const char *name;
		double value;
	} known[] = {{"volatility", 0.8}, {"drift", 0}, {"jumps_per_year", 50}, {"jump_mean", -0.02}, {"jump_sd", 0.05}};

	for (int i = 0; i < PROCESS_PARAMETERS_MAX && type->parameters[i].name; i++)
		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
			if (!strcmp(type->parameters[i].name, known[k].name))
				out[i] = known[k].value;
}

static void check(const char *name, struct one *one, double truth)
{
	struct model_result result;

	run(one, 2, &result);
	if (fabs(result.bad_debt.value - truth) > 4 * result.bad_debt.stderr_ || result.bad_debt.stderr_ > 0.01 * truth)
		fail_msg("%s: %.10g +- %.2g, is %.10g", name, result.bad_debt.value, result.bad_debt.stderr_, truth);
}

static void reproduces_the_table_of_delays(void **state)
{
	double parameters[PROCESS_PARAMETERS_MAX] = {0};
	struct one one;

	(void)state;
	parameters_of(&process_gbm, parameters);
	check("constant 600 s", setup(&one, &process_gbm, parameters, 3000, &delay_constant, 600, 0), 0.03395386643);
	check("constant 3600 s", setup(&one, &process_gbm, parameters, 3000, &delay_constant, 3600, 0), 8.4539221733);
	check("exponential 600 s", setup(&one, &process_gbm, parameters, 3000, &delay_exponential, 600, 0), 0.35241849);
	check("uniform 0-1200 s", setup(&one, &process_gbm, parameters, 3000, &delay_uniform, 0, 1200), 0.13370223);
	check("lognormal 600 s", setup(&one, &process_gbm, parameters, 3000, &delay_lognormal, 600, 1), 1.22919199);
}

static void reproduces_merton_below_the_trigger(void **state)
{
	double parameters[PROCESS_PARAMETERS_MAX] = {0};
	struct one one;

	(void)state;
	parameters_of(&process_merton, parameters);
	check("merton 12 s", setup(&one, &process_merton, parameters, 2925, &delay_constant, 12, 0), 0.0139653121);
	check("merton 600 s", setup(&one, &process_merton, parameters, 2925, &delay_constant, 600, 0), 0.9259086842);
	check("merton 3600 s", setup(&one, &process_merton, parameters, 2925, &delay_constant, 3600, 0), 24.2013568529);
}

/* Hits are exact at any step: the grid is not what triggers. And the value is hit × put, with both worked out here. */
static void agrees_with_the_closed_form_at_any_step(void **state)
{
	static const double steps[] = {1, 60, 3600, 86400};
	double parameters[PROCESS_PARAMETERS_MAX] = {0}, trigger = 29000 / (10 * 0.99);
	double p = hit(3000, trigger, 0.8, 86400 / YEAR_S);
	struct model_result result;
	struct one one;

	(void)state;
	parameters_of(&process_gbm, parameters);
	assert_true(fabs(p - 0.575732660) < 1e-8);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		setup(&one, &process_gbm, parameters, 3000, &delay_constant, 3600, 0);
		one.model.step_s = steps[i];
		one.model.paths = 10000;
		run(&one, 1, &result);
		assert_true(fabs(result.triggers.value - p) <= 4 * result.triggers.stderr_);
		assert_true(fabs(result.bad_debt.value - p * 10 * put(trigger, 2900, 0.8, 3600 / YEAR_S)) <= 4 * result.bad_debt.stderr_);
	}
}

static void is_the_same_for_any_number_of_threads(void **state)
{
	double parameters[PROCESS_PARAMETERS_MAX] = {0};
	struct model_result a, b;
	struct one one;

	(void)state;
	parameters_of(&process_merton, parameters);
	setup(&one, &process_merton, parameters, 3000, &delay_lognormal, 600, 1);
	run(&one, 1, &a);
	run(&one, 3, &b);
	assert_memory_equal(&a.bad_debt, &b.bad_debt, sizeof(a.bad_debt));
	assert_memory_equal(&a.sampled, &b.sampled, sizeof(a.sampled));
	assert_memory_equal(a.quantile, b.quantile, sizeof(a.quantile));
	assert_memory_equal(&a.es99, &b.es99, sizeof(a.es99));
}

static void two_estimators_and_the_books_balance(void **state)
{
	double parameters[PROCESS_PARAMETERS_MAX] = {0};
	struct model_result r;
	struct one one;

	(void)state;
	parameters_of(&process_merton, parameters);
	setup(&one, &process_merton, parameters, 3000, &delay_constant, 3600, 0);
	run(&one, 2, &r);
	/* by expectation and by execution */
	assert_true(fabs(r.bad_debt.value - r.sampled.value) <=
		    4 * sqrt(r.bad_debt.stderr_ * r.bad_debt.stderr_ + r.sampled.stderr_ * r.sampled.stderr_));
	/* its parts add up */
	assert_true(fabs(r.gap.value + r.latency.value - r.bad_debt.value) <= 1e-9 * r.bad_debt.value);
	/* what is taken goes somewhere: seized = repaid + returned + slippage */
	assert_true(fabs(r.outcome_mean.seized - r.outcome_mean.repaid - r.outcome_mean.returned - r.outcome_mean.slippage) <=
		    1e-9 * r.outcome_mean.seized);
}

static void grows_with_delay_and_volatility_and_falls_with_margin(void **state)
{
	double parameters[PROCESS_PARAMETERS_MAX] = {0};
	struct model_result base, later, wilder, safer;
	struct one one;

	(void)state;
	parameters_of(&process_gbm, parameters);
	run(setup(&one, &process_gbm, parameters, 3000, &delay_constant, 600, 0), 2, &base);
	run(setup(&one, &process_gbm, parameters, 3000, &delay_constant, 700, 0), 2, &later);
	setup(&one, &process_gbm, parameters, 3000, &delay_constant, 600, 0);
	one.account.liquidation_threshold = 0.97;
	run(&one, 2, &safer);
	for (int i = 0; i < PROCESS_PARAMETERS_MAX; i++)
		parameters[i] *= 1.2;
	run(setup(&one, &process_gbm, parameters, 3000, &delay_constant, 600, 0), 2, &wilder);
	assert_true(later.bad_debt.value > base.bad_debt.value);
	assert_true(wilder.bad_debt.value > base.bad_debt.value);
	assert_true(safer.bad_debt.value < base.bad_debt.value);
	/* the slope per millisecond lies between that of the two ends of a convex curve */
	assert_true(base.stages[0].per_ms.value > 0 &&
		    base.stages[0].per_ms.value < (later.bad_debt.value - base.bad_debt.value) / 1e5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reproduces_the_table_of_delays),
		cmocka_unit_test(reproduces_merton_below_the_trigger),
		cmocka_unit_test(agrees_with_the_closed_form_at_any_step),
		cmocka_unit_test(is_the_same_for_any_number_of_threads),
		cmocka_unit_test(two_estimators_and_the_books_balance),
		cmocka_unit_test(grows_with_delay_and_volatility_and_falls_with_margin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
