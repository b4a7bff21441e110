// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Fits against series drawn from known parameters, and the published optimum of what has one in closed form. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "margin/fit.h"

static struct series draw(const struct process_type *type, const double *parameters, size_t count, double step, uint64_t seed)
{
	struct series series = {calloc(count, sizeof(double)), calloc(count, sizeof(double)), count};
	struct process process = {.type = type};
	struct process_state state;
	struct error err;
	struct rng rng;

	memcpy(process.parameter, parameters, sizeof(process.parameter));
	if (process_prepare(&process, &err))
		fail_msg("%s", err.text);
	rng_open(&rng, seed, 0, 0, RNG_SKELETON);
	if (type->start)
		type->start(&process, &state, &rng);
	for (size_t i = 1; i < count; i++) {
		double move = process.log_drift * step + sqrt(process.variance * step) * rng_normal(&rng);

		if (type->next) {
			struct stretch stretch;

			type->next(&process, &state, rng_normal(&rng), &rng, &stretch);
			move = stretch.move;
		} else if (process.jump_rate > 0) {
			for (double t = rng_exponential(&rng); t < process.jump_rate * step; t += rng_exponential(&rng))
				move += type->draw_jump(&process, &rng);
		}
		series.time_s[i] = series.time_s[i - 1] + step;
		series.log_price[i] = series.log_price[i - 1] + move;
	}
	return series;
}

/* Every parameter within four standard errors, and the errors small enough to mean something. */
static void recovers(const struct process_type *type, const double *parameters, size_t count, double step, size_t estimated)
{
	struct series series = draw(type, parameters, count, step, 17);
	struct fit fit;
	struct error err;

	if (fit_process(type, &series, 2, NULL, &fit, &err))
		fail_msg("%s", err.text);
	assert_true(fit.converged);
	for (size_t i = 0; i < estimated; i++) {
		if (!strcmp(type->parameters[i].name, "drift") && type == &process_garch)
			continue;
		if (!(fabs(fit.value[i] - parameters[i]) < 4 * fit.stderr_[i]))
			fail_msg("%s: %s is %g, fitted %g +- %g", type->name, type->parameters[i].name, parameters[i], fit.value[i],
				 fit.stderr_[i]);
		if (strcmp(type->parameters[i].name, "drift"))
			assert_true(fit.stderr_[i] < 0.4 * fabs(parameters[i]) + 0.002);
	}
	free(series.time_s);
	free(series.log_price);
}

static void what_was_drawn_is_found(void **state)
{
	static const double gbm[PROCESS_PARAMETERS_MAX] = {0.8, 0.5}, garch[PROCESS_PARAMETERS_MAX] = {0.8, 0, 0.1, 0.85, 60};
	static const double merton[PROCESS_PARAMETERS_MAX] = {0.6, 0.5, 2000, -0.01, 0.02};
	static const double kou[PROCESS_PARAMETERS_MAX] = {0.6, 0.5, 3000, 0.4, 80, 50};

	(void)state;
	recovers(&process_gbm, gbm, 4000, 60, 2);
	recovers(&process_garch, garch, 20000, 60, 4);
	recovers(&process_merton, merton, 8000, 600, 5);
	recovers(&process_kou, kou, 4000, 600, 6);
}

/* gbm has its maximum in closed form, also on an uneven grid: σ² = mean of (r - ν Δ)²/Δ, ν = Σr/ΣΔ; its error σ/√(2n). */
static void gbm_agrees_with_its_formula(void **state)
{
	enum { N = 500 };
	double times[N] = {0}, prices[N] = {0}, variance = 0, seconds, nu;
	struct series series = {times, prices, N};
	struct fit fit;
	struct error err;
	struct rng rng;

	(void)state;
	rng_open(&rng, 3, 0, 0, RNG_SKELETON);
	for (int i = 1; i < N; i++) {
		double length = 10 + 500 * rng_uniform(&rng);

		times[i] = times[i - 1] + length;
		prices[i] = prices[i - 1] + 2e-4 * sqrt(length) * rng_normal(&rng);
	}
	seconds = times[N - 1];
	nu = prices[N - 1] / seconds;
	for (int i = 1; i < N; i++)
		variance += pow(prices[i] - prices[i - 1] - nu * (times[i] - times[i - 1]), 2) / (times[i] - times[i - 1]) / (N - 1);
	assert_int_equal(fit_process(&process_gbm, &series, 1, NULL, &fit, &err), 0);
	assert_true(fabs(fit.value[0] / sqrt(variance * SECONDS_PER_YEAR) - 1) < 1e-4);
	assert_true(fabs(fit.stderr_[0] / (fit.value[0] / sqrt(2 * (N - 1.0))) - 1) < 0.01);
	assert_true(fabs(fit.value[1] - (nu + 0.5 * variance) * SECONDS_PER_YEAR) < 0.02 * fit.stderr_[1]);
	assert_true(fabs(fit.stderr_[1] / (fit.value[0] / sqrt(seconds / SECONDS_PER_YEAR)) - 1) < 0.05);
}

/* A density has area one, also where jumps are many. */
static void densities_are_densities(void **state)
{
	struct process processes[] = {{.type = &process_gbm, .parameter = {0.8, 0.3}},
				      {.type = &process_merton, .parameter = {0.8, 0.3, 500, -0.02, 0.05}},
				      {.type = &process_kou, .parameter = {0.8, 0.3, 500, 0.4, 50, 30}}};
	struct error err;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (double t = 600; t < 2e6; t *= 15) {
			double sum = 0, price = 0, step = 2e-4;

			assert_int_equal(process_prepare(&processes[i], &err), 0);
			for (double x = -2; x < 2; x += step) {
				double density = processes[i].type->density(&processes[i], x, t);

				sum += step * density;
				price += step * density * exp(x);
			}
			assert_true(fabs(sum - 1) < 1e-6);
			assert_true(fabs(price - exp(processes[i].total_drift * t)) < 1e-5);
		}
}

static void what_cannot_be_fitted_is_named(void **state)
{
	double times[200], prices[200] = {0};
	struct series series = {times, prices, 200};
	struct fit fit;
	struct error err;

	(void)state;
	for (int i = 0; i < 200; i++)
		times[i] = i;
	assert_int_equal(fit_process(&process_gbm, &series, 1, NULL, &fit, &err), -22);
	assert_non_null(strstr(err.text, "never moves"));
	series.count = 50;
	assert_int_equal(fit_process(&process_gbm, &series, 1, NULL, &fit, &err), -22);
	assert_non_null(strstr(err.text, "at least"));
	assert_int_equal(fit_process(&process_tape, &series, 1, NULL, &fit, &err), -22);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_drawn_is_found),
		cmocka_unit_test(gbm_agrees_with_its_formula),
		cmocka_unit_test(densities_are_densities),
		cmocka_unit_test(what_cannot_be_fitted_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
