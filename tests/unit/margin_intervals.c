// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Answers that are found by searching, and whether their intervals have the truth in them as often as they say. */
#include "laws.h"
#include "market_world.h"

#include "margin/crossing.h"
#include "margin/requirement.h"
#include "margin/rng.h"

static struct model_control two_threads = {.threads = 2};

/* ---- the search itself ---------------------------------------------------------------------------------------------- */

struct noisy {
	double slope, noise, looked; /* value: slope·x + noise, with an error of 1 */
};

static int line(void *context, double x, struct crossing_point *out)
{
	struct noisy *noisy = context;

	noisy->looked++;
	out->value = noisy->slope * x + noisy->noise;
	out->stderr_ = 1;
	return 0;
}

/* Of a line of slope 2 or -2 that passes 10: at 5 or -5, and the ends 1.96/2 beside. */
static void finds_a_line(void **state)
{
	(void)state;
	for (int falling = 0; falling < 2; falling++) {
		double sign = falling ? -1 : 1, good = 0, ends[2];
		struct noisy noisy = {2 * sign, 0, 0};
		struct crossing crossing = {.at = line, .context = &noisy, .level = 10};
		int rc = 0;

		assert_non_null(crossing_look(&crossing, 0, &rc));
		assert_non_null(crossing_look(&crossing, sign * 16, &rc));
		assert_int_equal(crossing_narrow(&crossing, &good, sign * 16, 13), 0);
		near(good, sign * 5, 16 / 8192.0);
		assert_int_equal(crossing_interval(&crossing, good, sign * 16, ends), 0);
		near(ends[0], sign * 5 - 0.98, 0.05);
		near(ends[1], sign * 5 + 0.98, 0.05);
		assert_true(noisy.looked <= 2 + 13 + 10);
		crossing.further = 0.2; /* a fifth of 10 besides: ends of 12 and 8, less or more what 1 adds */
		assert_int_equal(crossing_interval(&crossing, good, sign * 16, ends), 0);
		for (int i = 0; i < 2; i++) {
			double value = 2 * sign * ends[i];

			near(fabs(value - 10), 1.96 * hypot(1, 0.2 * value), 0.4);
		}
	}
}

/* Where nothing that was looked at is good, or bad, beyond doubt there is no end. */
static void has_open_ends(void **state)
{
	struct noisy noisy = {2, 0, 0};
	struct crossing crossing = {.at = line, .context = &noisy, .level = 10};
	double good = 4.5, ends[2];
	int rc = 0;

	(void)state;
	assert_non_null(crossing_look(&crossing, 4.5, &rc));
	assert_non_null(crossing_look(&crossing, 5.5, &rc));
	assert_int_equal(crossing_narrow(&crossing, &good, 5.5, 10), 0);
	assert_int_equal(crossing_interval(&crossing, good, 5.5, ends), 0);
	assert_true(isnan(ends[0]) && isnan(ends[1]));
}

/* ---- by expectation ------------------------------------------------------------------------------------------------- */

static void one_loan(struct world *w, double debt, double threshold)
{
	struct error err;

	calm_fall(w, 3000, 0, (struct account){0, 10, debt, threshold});
	w->asset.process = (struct process){.type = &process_gbm, .parameter = {0.8, 0}};
	assert_int_equal(process_prepare(&w->asset.process, &err), 0);
	w->model.engine.type = &engine_instant;
	w->model.paths = 20000;
	w->model.horizon_s = 86400;
	w->model.step_s = 60;
	w->model.delays[DELAY_KEEPER] = (struct delay_law){.type = &delay_exponential, .parameter = {3600}};
}

static struct requirement_answer require(const struct model *model, const struct market *market, enum requirement_of of, double below)
{
	struct requirement requirement = {of, below};
	struct requirement_answer answer;
	struct error err;

	if (model_requirement(model, market, &requirement, &two_threads, &answer, &err))
		fail_msg("%s", err.text);
	return answer;
}

static bool has(const double ci95[2], double truth)
{
	return ci95[0] <= truth && truth <= ci95[1];
}

/* 200 measurements of one law: added delay, shorter delays and thresholds that a budget allows. */
static void a_measurement_moves_the_answer(void **state)
{
	unsigned added = 0, scaled = 0, margins = 0;
	struct model_result more, less, result;
	struct requirement_answer margin;
	struct error err;
	struct world w;
	double truly;

	(void)state;
	one_loan(&w, 29000, 0.99);
	assert_int_equal(model_expect(&w.model, &two_threads, &result, &err), 0);
	w.model.budget = 2 * result.bad_debt.value;
	assert_int_equal(model_expect(&w.model, &two_threads, &more, &err), 0);
	w.model.budget = 0.25 * result.bad_debt.value;
	assert_int_equal(model_expect(&w.model, &two_threads, &less, &err), 0);
	truly = less.budget_scale;
	margin = require(&w.model, NULL, REQUIREMENT_MEAN, result.bad_debt.value / 2);
	assert_true(has(more.budget_ci95, more.budget_added_s) && more.budget_ci95[1] - more.budget_ci95[0] < 1e-4 * more.budget_added_s);
	assert_true(isnan(margin.measurement_stderr) && margin.ci95[1] - margin.ci95[0] < 3e-4);
	for (uint64_t k = 0; k < 200; k++) {
		struct requirement_answer answer;

		w.model.delays[DELAY_KEEPER] = measured_delays(400, 3600, k + 1);
		w.model.budget = 2 * result.bad_debt.value;
		assert_int_equal(model_expect(&w.model, &two_threads, &less, &err), 0);
		added += has(less.budget_ci95, more.budget_added_s);
		w.model.budget = 0.25 * result.bad_debt.value;
		assert_int_equal(model_expect(&w.model, &two_threads, &less, &err), 0);
		scaled += has(less.budget_ci95, truly);
		w.model.budget = 0;
		if (k < 30) {
			answer = require(&w.model, NULL, REQUIREMENT_MEAN, result.bad_debt.value / 2);
			assert_true(has(answer.ci95, answer.threshold_scale) && answer.measurement_stderr > 0);
			margins += has(answer.ci95, margin.threshold_scale);
		}
		delay_free(&w.model.delays[DELAY_KEEPER]);
	}
	print_message("with the truth in them: %u of 200 added delays, %u of shorter ones, %u of 30 thresholds\n", added, scaled, margins);
	assert_true(added >= 180 && added <= 199 && scaled >= 180 && scaled <= 199 && margins >= 25);
}

/* ---- by paths ------------------------------------------------------------------------------------------------------- */

/* Jumps: the bad debt is known from paths only. The truth is that of 400,000 of them, known ten times better. */
static void paths_move_the_answer(void **state)
{
	enum { SEEDS = 5 };
	const double true_added_s = 3988, true_scale = 0.97175;
	unsigned added = 0, found = 0, margins = 0;
	struct error err;
	struct world w;

	(void)state;
	one_loan(&w, 27000, 0.95);
	w.asset.process = (struct process){.type = &process_merton, .parameter = {0.8, 0, 300, -0.02, 0.05}};
	assert_int_equal(process_prepare(&w.asset.process, &err), 0);
	w.model.delays[DELAY_KEEPER] = (struct delay_law){.type = &delay_constant, .parameter = {3600}};
	w.model.paths = 4000;
	w.model.budget = 27.599399966965535;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct model_result result;
		struct requirement_answer answer;

		w.model.seed = seed;
		assert_int_equal(model_run(&w.model, &two_threads, &result, &err), 0);
		/* within its error of what is there already, a budget has the one answer or the other, and an open end */
		added += !(result.budget_ci95[0] > true_added_s) && !(result.budget_ci95[1] < true_added_s) && isnan(result.budget_scale);
		found += isnan(result.budget_scale);
		answer = require(&w.model, NULL, REQUIREMENT_ES99, 996.3639149);
		margins += has(answer.ci95, true_scale);
	}
	print_message("with the truth in them: %u of %u added delays, %u of %d thresholds\n", added, found, margins, SEEDS);
	assert_true(found >= SEEDS / 2 && added + 1 >= found && margins + 1 >= SEEDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_a_line),
		cmocka_unit_test(has_open_ends),
		cmocka_unit_test(a_measurement_moves_the_answer),
		cmocka_unit_test(paths_move_the_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
