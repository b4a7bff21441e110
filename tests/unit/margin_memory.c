// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Prices with a memory (tape, garch, bootstrap), and several assets that move together. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "laws.h"
#include "margin/model.h"

static struct series series_of(const double *time_s, const double *price, size_t count)
{
	struct series series = {calloc(count, sizeof(double)), calloc(count, sizeof(double)), count};

	for (size_t i = 0; i < count; i++) {
		series.time_s[i] = time_s[i];
		series.log_price[i] = log(price[i]);
	}
	return series;
}

static struct model model_of(struct model_asset *assets, size_t asset_count, struct account *accounts, size_t account_count,
			     double horizon_s, double delay_s)
{
	return (struct model){.seed = 5,
			      .paths = 20000,
			      .horizon_s = horizon_s,
			      .step_s = 60,
			      .assets = assets,
			      .asset_count = asset_count,
			      .accounts = accounts,
			      .account_count = account_count,
			      .engine = {.type = &engine_instant},
			      .delays = {{.type = &delay_constant, .parameter = {delay_s}},
					 {.type = &delay_constant},
					 {.type = &delay_constant}}};
}

static struct model_result run(const struct model *model, unsigned threads)
{
	struct model_control control = {.threads = threads};
	struct model_result result;
	struct error err;

	if (model_run(model, &control, &result, &err))
		fail_msg("%s", err.text);
	return result;
}

/*
 * Price 100, at 60 s 95, at 120 s 90, at 180 s 80. Debt 92 on one unit, threshold 0.96: trigger 95.83, reached at 60 s.
 * After 30 s it is sold at 95, after 70 s at 90 (2 missing), after 150 s, beyond the tape, at 80 (12 missing).
 */
static void a_tape_is_replayed_as_it_is(void **state)
{
	static const double times[] = {1000, 1060, 1120, 1180}, prices[] = {100, 95, 90, 80}, start[] = {0, 60};
	static const double delays[] = {30, 70, 150}, losses[] = {0, 2, 12};
	struct account account = {0, 1, 92, 0.96};

	(void)state;
	for (int from = 0; from < 2; from++)
		for (int i = 0; i < 3; i++) {
			struct model_asset asset = {"X", from ? 95 : 100, {.type = &process_tape}};
			struct model model = model_of(&asset, 1, &account, 1, from ? 120 : 180, delays[i]);
			struct model_result r;
			struct error err;

			asset.process.series = series_of(times, prices, 4);
			asset.process.parameter[0] = start[from];
			assert_int_equal(process_prepare(&asset.process, &err), 0);
			model.paths = 100;
			r = run(&model, 1);
			assert_true(fabs(r.bad_debt.value - losses[i]) < 1e-9);
			/* never losing in fifty pairs is no proof: as if everything had been lost in one of them */
			assert_true(losses[i] > 0 ? r.bad_debt.stderr_ < 1e-4 : fabs(r.bad_debt.stderr_ - 92.0 / 50) < 1e-9);
			assert_true(fabs(r.gap.value) < 1e-9 && fabs(r.triggers.value - 1) < 1e-12);
			assert_true(fabs(r.es99 - losses[i]) < 1e-9);
			assert_int_equal(r.sampled_assets, 1);
			assert_int_equal(r.beyond_tape > 0, delays[i] == 150);
			/* the curve of added delays ends far beyond the tape: 80 */
			assert_true(fabs(r.added_bad_debt[MODEL_CURVE_POINTS - 1] - 12) < 1e-9);
			assert_true(fabs(r.stages[0].without) < 1e-9);
			process_free(&asset.process);
		}
}

static void a_tape_must_reach_the_horizon(void **state)
{
	static const double times[] = {0, 60}, prices[] = {100, 95};
	struct model_asset asset = {"X", 100, {.type = &process_tape}};
	struct account account = {0, 1, 92, 0.96};
	struct model model = model_of(&asset, 1, &account, 1, 61, 0);
	struct model_control control = {0};
	struct model_result result;
	struct error err;

	(void)state;
	asset.process.series = series_of(times, prices, 2);
	assert_int_equal(process_prepare(&asset.process, &err), 0);
	assert_int_equal(model_run(&model, &control, &result, &err), -22);
	assert_non_null(strstr(err.text, "before the horizon"));
	process_free(&asset.process);
}

/* Without α and β a bar is a piece of a geometric Brownian motion: the same account, by formula. */
static void garch_without_shocks_is_gbm(void **state)
{
	static const double garch[] = {0.8, 0, 0, 0, 300}, gbm[] = {0.8, 0};
	struct model_asset sampled = {"ETH", 3000, process_of(&process_garch, garch, 5)};
	struct model_asset exact = {"ETH", 3000, process_of(&process_gbm, gbm, 2)};
	struct account account = {0, 10, 29000, 0.99};
	struct model a = model_of(&sampled, 1, &account, 1, 86400, 3600), b = model_of(&exact, 1, &account, 1, 86400, 3600);
	struct model_result r = run(&a, 2), again = run(&a, 1), truth = run(&b, 2);

	(void)state;
	assert_true(fabs(r.bad_debt.value - truth.bad_debt.value) <= 4 * hypot(r.bad_debt.stderr_, truth.bad_debt.stderr_));
	assert_true(fabs(r.triggers.value - 0.575732660) <= 4 * r.triggers.stderr_);
	assert_true(fabs(r.stages[0].per_ms.value - truth.stages[0].per_ms.value) <= 4 * r.stages[0].per_ms.stderr_);
	/* a whole stage less, and a delay that is 20 times as long on top */
	assert_true(r.stages[0].without == 0);
	assert_true(fabs(r.added_bad_debt[8] / truth.added_bad_debt[8] - 1) < 0.1);
	assert_memory_equal(&r.bad_debt, &again.bad_debt, sizeof(r.bad_debt));
}

/* E[h] is the long-run variance, and squared returns are correlated as α, β say: ρ₁ = α(1 - αβ - β²)/(1 - 2αβ - β²). */
static void garch_has_its_moments(void **state)
{
	static const double p[] = {0.8, 0, 0.1, 0.85, 60};
	struct process process = process_of(&process_garch, p, 5);
	double a = 0.1, b = 0.85, h = 0.64 / SECONDS_PER_YEAR * 60, squares = 0, products = 0, fourth = 0, last = 0;
	double rho = a * (1 - a * b - b * b) / (1 - 2 * a * b - b * b), n = 1000000;
	struct process_state at;
	struct rng rng;

	(void)state;
	rng_open(&rng, 1, 0, 0, RNG_SKELETON);
	process.type->start(&process, &at, &rng);
	for (int i = 0; i < (int)n; i++) {
		struct stretch stretch;
		double shock, square;

		process.type->next(&process, &at, rng_normal(&rng), &rng, &stretch);
		shock = stretch.move + 0.5 * stretch.variance;
		square = shock * shock / h;
		squares += square;
		fourth += square * square;
		products += square * last;
		last = square;
	}
	squares /= n;
	assert_true(fabs(squares - 1) < 0.02);
	assert_true(fabs((products / n - squares * squares) / (fourth / n - squares * squares) - rho) < 0.05);
}

/*
 * Restarted where history had a new 24 h low, the next minute is three times as wild as any minute (ETH, January 2021); and four times
 * for an account whose trigger may lie anywhere, so that a low triggers it the likelier the deeper it is: 575 % against 150.
 */
static void a_bootstrap_restarts_where_it_hurt(void **state)
{
	const char *folder = getenv("PRICELAG_DATA") ? getenv("PRICELAG_DATA") : "../shared/data";
	double parameters[] = {60, 86400}, all = 0, after = 0, triggered = 0, before = 0, seconds = 0, after_s = 0, ask, bid, stamp;
	struct series series = {calloc(50000, sizeof(double)), calloc(50000, sizeof(double)), 0};
	struct process process = {.type = &process_bootstrap, .series = series};
	char path[512], line[256];
	struct error err;
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/tapes/ethusdt_1m_bidask_liq_2021-01.csv", folder);
	file = fopen(path, "r");
	if (!file) {
		free(series.time_s);
		free(series.log_price);
		print_message("skip: %s is not there\n", path);
		skip();
	}
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%lf,%lf,%lf", &stamp, &ask, &bid) == 3 && process.series.count < 50000) {
			process.series.time_s[process.series.count] = stamp * 1e-6;
			process.series.log_price[process.series.count++] = log(0.5 * (ask + bid));
		}
	fclose(file);
	memcpy(process.parameter, parameters, sizeof(parameters));
	assert_int_equal(process_prepare(&process, &err), 0);
	for (size_t i = 0; i + 1 < process.series.count; i++)
		all += pow(process.series.log_price[i + 1] - process.series.log_price[i], 2);
	seconds = process.series.time_s[process.series.count - 1] - process.series.time_s[0];
	for (size_t k = 0; k < process.restart_count; k++) {
		size_t i = process.restarts[k];

		double square = pow(process.series.log_price[i + 1] - process.series.log_price[i], 2);

		after += square;
		triggered += (process.restart_depths[k] - before) / (process.series.time_s[i + 1] - process.series.time_s[i]) * square;
		before = process.restart_depths[k];
		after_s += process.series.time_s[i + 1] - process.series.time_s[i];
	}
	all = sqrt(all / seconds * SECONDS_PER_YEAR);
	after = sqrt(after / after_s * SECONDS_PER_YEAR);
	triggered = sqrt(triggered / before * SECONDS_PER_YEAR);
	print_message("volatility: %.0f %% a year, %.0f %% after a new low of 24 h (%zu of them), %.0f %% after a trigger\n", 100 * all, 100 * after,
		      process.restart_count, 100 * triggered);
	assert_true(fabs(triggered - 5.75) < 0.05);
	assert_true(fabs(all - 1.50) < 0.05 && after > 2.5 * all);

	struct model_asset asset = {"ETH", 1000, process};
	struct account account = {0, 10, 9500, 0.985};
	struct model model = model_of(&asset, 1, &account, 1, 43200, 300);
	struct model_result restarted, plain;

	model.paths = 2000;
	restarted = run(&model, 2);
	asset.process.restart_count = 0;
	plain = run(&model, 2);
	print_message("minute by minute, bad debt is %.3g without restarts and %.3g with them\n", plain.bad_debt.value,
		      restarted.bad_debt.value);
	assert_true(plain.bad_debt.value > 0 && restarted.bad_debt.value > 2 * plain.bad_debt.value);
	process_free(&process);
}

/* ---- several assets ------------------------------------------------------------------------------------------------ */

static const double merton[] = {0.8, 0, 200, -0.02, 0.05};

static void together(struct model_result *out, double correlation, double common, bool alone)
{
	struct model_asset assets[2] = {{"A", 100, process_of(&process_merton, merton, 5)},
					{"B", 50, process_of(&process_merton, merton, 5)}};
	struct account accounts[2] = {{0, 1, 93, 0.98}, {1, 2, 93, 0.98}};
	struct model model = model_of(assets, alone ? 1 : 2, accounts, alone ? 1 : 2, 86400, 600);
	double matrix[4] = {1, correlation, correlation, 1};
	bool jumps[2] = {true, true};
	struct error err;

	model.step_s = 600;
	if (!alone && correlation != 0) {
		model.dependence.correlation = malloc(sizeof(matrix));
		memcpy(model.dependence.correlation, matrix, sizeof(matrix));
	}
	if (!alone && common > 0) {
		model.dependence.jumps_together = malloc(sizeof(jumps));
		memcpy(model.dependence.jumps_together, jumps, sizeof(jumps));
		model.dependence.common_share = common;
	}
	assert_int_equal(dependence_prepare(&model.dependence, &model, &err), 0);
	*out = run(&model, 2);
	dependence_free(&model.dependence);
}

/* Dependence moves the tail, never the mean; perfect dependence makes both fail on the same paths. */
static void dependence_moves_the_tail_only(void **state)
{
	struct model_result alone, apart, diffusions, both;

	(void)state;
	together(&alone, 0, 0, true);
	together(&apart, 0, 0, false);
	together(&diffusions, 0.9, 0, false);
	together(&both, 1, 1, false);
	print_message("expected shortfall 99 %%: %.3f apart, %.3f with diffusions at 0.9, %.3f with jumps as well; the mean %.4f, %.4f, %.4f\n",
		      apart.es99, diffusions.es99, both.es99, apart.bad_debt.value, diffusions.bad_debt.value, both.bad_debt.value);
	assert_true(fabs(apart.bad_debt.value - 2 * alone.bad_debt.value) <=
		    4 * hypot(apart.bad_debt.stderr_, 2 * alone.bad_debt.stderr_));
	assert_true(fabs(diffusions.bad_debt.value - apart.bad_debt.value) <=
		    4 * hypot(apart.bad_debt.stderr_, diffusions.bad_debt.stderr_));
	assert_true(fabs(both.bad_debt.value - apart.bad_debt.value) <= 4 * hypot(apart.bad_debt.stderr_, both.bad_debt.stderr_));
	assert_true(fabs(both.bad_debt.value - both.sampled.value) <= 4 * hypot(both.bad_debt.stderr_, both.sampled.stderr_));
	assert_true(fabs(apart.probability - alone.probability * (2 - alone.probability)) < 0.01);
	assert_true(fabs(both.probability - alone.probability) < 0.02);
	assert_true(both.es99 > 1.5 * apart.es99);
}

static void impossible_dependence_is_named(void **state)
{
	static const double gbm[] = {0.8, 0};
	struct model_asset assets[3] = {{"A", 1, process_of(&process_gbm, gbm, 2)},
					{"B", 1, process_of(&process_gbm, gbm, 2)},
					{"C", 1, process_of(&process_gbm, gbm, 2)}};
	double matrix[9] = {1, 0.9, -0.9, 0.9, 1, 0.9, -0.9, 0.9, 1};
	struct model model = {.assets = assets, .asset_count = 3};
	struct dependence dependence = {.correlation = matrix};
	bool jumps[3] = {true, true, false};
	struct error err;

	(void)state;
	assert_int_equal(dependence_prepare(&dependence, &model, &err), -22);
	assert_non_null(strstr(err.text, "not positive"));
	free(dependence.factor);
	dependence = (struct dependence){.jumps_together = jumps, .common_share = 1};
	assert_int_equal(dependence_prepare(&dependence, &model, &err), -22);
	assert_non_null(strstr(err.text, "no jumps"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tape_is_replayed_as_it_is),	    cmocka_unit_test(a_tape_must_reach_the_horizon),
		cmocka_unit_test(garch_without_shocks_is_gbm),	    cmocka_unit_test(garch_has_its_moments),
		cmocka_unit_test(a_bootstrap_restarts_where_it_hurt), cmocka_unit_test(dependence_moves_the_tail_only),
		cmocka_unit_test(impossible_dependence_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
