// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Closed forms: published values, an independent inversion, and two hundred random models against their own simulation. */
#include <complex.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kolmogorov.h"
#include "laws.h"
#include "margin/hit.h"
#include "margin/model.h"
#include "margin/skeleton.h"

static struct process gbm(double volatility)
{
	return process_of(&process_gbm, (double[]){volatility, 0}, 2);
}

static void near_(const char *what, double value, double truth, double relative)
{
	if (!(fabs(value / truth - 1) <= relative))
		fail_msg("%s: %.10g, is %.10g", what, value, truth);
}

/* Loss per debt of an account at its trigger 100, C 1, D = LT·100, if C(1 - slip)S/(1 + bonus) is all there is to pay with. */
static double at_trigger(const struct process *process, double threshold, double slip, double bonus, double seconds)
{
	double part = (1 - slip) / (1 + bonus);

	return part / threshold * process->type->put(process, log(threshold / part), seconds);
}

static void puts_at_the_trigger(void **state)
{
	struct process wild = gbm(3), merton = process_of(&process_merton, (double[]){0.8, 0, 50, -0.02, 0.03}, 5);

	(void)state;
	near_("600 s", at_trigger(&wild, 0.965, 0, 0, 600), 1.311113e-05, 1e-6);
	near_("3600 s", at_trigger(&wild, 0.965, 0, 0, 3600), 2.188341e-03, 1e-6);
	near_("600 s, slippage", at_trigger(&wild, 0.965, 0.01, 0, 600), 1.269903e-04, 1e-6);
	near_("3600 s, bonus", at_trigger(&wild, 0.945, 0, 0.01678, 3600), 1.668804e-03, 1e-6);
	near_("merton 12 s", at_trigger(&merton, 0.945, 0, 0, 12), 3.042176e-08, 1e-6);
	near_("merton 3600 s", at_trigger(&merton, 0.945, 0, 0, 3600), 1.048187e-05, 1e-6);
}

/* A book of one account at its trigger, by the whole of the closed-form engine, per debt. */
static double expected(const struct process *process, double threshold, struct delay_law law)
{
	struct model_asset asset = {"X", 100, *process};
	struct account account = {0, 1, threshold * 100, threshold * (1 - 1e-15)};
	struct model model = {.seed = 1,
			      .paths = 2,
			      .horizon_s = 60,
			      .step_s = 60,
			      .assets = &asset,
			      .asset_count = 1,
			      .accounts = &account,
			      .account_count = 1,
			      .engine = {.type = &engine_instant},
			      .delays = {law, {.type = &delay_constant}, {.type = &delay_constant}}};
	struct model_control control = {.threads = 1};
	struct model_result result;
	struct error err;

	if (delay_prepare(&model.delays[0], &err) || model_expect(&model, &control, &result, &err))
		fail_msg("%s", err.text);
	return result.bad_debt.value / account.debt;
}

/* A·K·k^β/(β(β + 1)) with θ = 1/mean, R = √(μ² + 2θσ²), β = (μ + R)/σ², A = θ/R; also what a tail of 1e-87 looks like. */
static void exponential_and_other_delays_at_the_trigger(void **state)
{
	struct process wild = gbm(3), kou = process_of(&process_kou, (double[]){0.8, 0, 100, 0.4, 50, 40}, 6);
	struct delay_law fixed = {.type = &delay_constant, .parameter = {12}}, law = {.type = &delay_exponential, .parameter = {600}};
	struct delay_law lognormal = {.type = &delay_lognormal, .parameter = {12 / sqrt(5), sqrt(log(5))}};

	(void)state;
	near_("exponential 600 s, LT 0.86", expected(&wild, 0.86, law), 4.158162e-10, 1e-6);
	law.parameter[0] = 60;
	near_("exponential 60 s, LT 0.945", expected(&wild, 0.945, law), 6.040800e-12, 1e-6);
	law.parameter[0] = 12;
	near_("kou, exponential 12 s", expected(&kou, 0.945, law), 5.79689718e-08, 1e-8);
	/* the tail decides: a fixed, an exponential and a lognormal delay (coefficient of variation 2) of the same mean, 12 s */
	near_("fixed", expected(&wild, 0.965, fixed), 6.6e-87, 0.02);
	near_("exponential", expected(&wild, 0.965, law), 1.0e-15, 0.1);
	near_("lognormal", expected(&wild, 0.965, lognormal), 1.0e-8, 0.1);
	/* with jumps only the mean matters: thirty times the delay is thirty times the loss */
	fixed.parameter[0] = 0.4;
	law.parameter[0] = 12;
	near_("kou, ratio", expected(&kou, 0.945, law) / expected(&kou, 0.945, fixed), 30.01, 1e-3);
}

/* C 10, D 29,000, LT 0.99, σ 0.8: what execution after the delay costs, given the trigger. */
static void delays_at_the_trigger(void **state)
{
	static const struct {
		const char *name;
		struct delay_law law;
		double cost;
	} cases[] = {
		{"constant 600 s", {.type = &delay_constant, .parameter = {600}}, 0.05897505698},
		{"constant 3600 s", {.type = &delay_constant, .parameter = {3600}}, 14.6837634211},
		{"exponential 600 s", {.type = &delay_exponential, .parameter = {600}}, 0.61212176},
		{"uniform 0-1200 s", {.type = &delay_uniform, .parameter = {0, 1200}}, 0.23222971},
		{"lognormal 600 s", {.type = &delay_lognormal, .parameter = {600, 1}}, 2.13500480},
	};
	struct process process = gbm(0.8);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		near_(cases[i].name, 29000 * expected(&process, 0.99, cases[i].law), cases[i].cost, 3e-8);
}

static void first_passages(void **state)
{
	struct process process = gbm(0.8), kou = process_of(&process_kou, (double[]){0.2, 0, 3, 0.5, 1 / 0.03, 1 / 0.02}, 6), rare;
	struct hit hit;

	(void)state;
	near_("1 day", hit_probability(&process, log(0.95), 86400).touched, 0.22629682, 1e-7);
	near_("7 days", hit_probability(&process, log(0.95), 7 * 86400).touched, 0.65978290, 1e-7);
	near_("looked at every 12 s", hit_probability(&process, log(0.95) - hit_monitoring_shift(&process, 12), 86400).touched, 0.223686, 3e-6);
	near_("overshoot", hit_monitoring_shift(&process, 12), 2.8751e-4, 3e-5);
	/* Kou and Wang 2003, seen from below: P(max over [0, 1] >= 0.3) with log-drift 0.1 */
	kou.log_drift = -0.1 / SECONDS_PER_YEAR;
	hit = hit_probability(&kou, -0.3, SECONDS_PER_YEAR);
	near_("Kou and Wang", hit.touched + hit.jumped, 0.25584, 2e-5);
	rare = process_of(&process_kou, (double[]){0.8, 0, 1e-9, 0.4, 50, 40}, 6);
	for (double b = -0.001; b > -0.3; b *= 1.5)
		assert_true(fabs(hit_probability(&rare, b, 86400).touched - hit_probability(&process, b, 86400).touched) < HIT_ERROR_KOU);
}

/* Watched every 12 s by simulation: the shifted barrier is what such a watch hits. */
static void a_watched_path_overshoots(void **state)
{
	struct process process = gbm(0.8);
	double level = log(0.95), sd = sqrt(process.variance * 12), overshoot = 0, hits = 0, n = 2000;

	(void)state;
	for (int path = 0; path < (int)n; path++) {
		struct rng rng;
		double x = 0;

		rng_open(&rng, 11, (uint64_t)path, 0, RNG_SKELETON);
		for (int i = 0; i < 7200 && x > level; i++)
			x += process.log_drift * 12 + sd * rng_normal(&rng);
		if (x <= level) {
			hits++;
			overshoot += level - x;
		}
	}
	assert_true(fabs(hits / n - 0.223686) < 4 * sqrt(0.223686 * 0.776 / n));
	assert_true(fabs(overshoot / hits / 2.8751e-4 - 1) < 4 / sqrt(hits));
}

/* The minimum drawn at u has the crossing probability u, whatever the level. */
static void bridges_agree_with_themselves(void **state)
{
	double variance = 0.64 / 8760;

	(void)state;
	for (double u = 0.001; u < 1; u += 0.0713)
		for (double end = -0.02; end < 0.03; end += 0.0117)
			assert_true(fabs(bridge_crossing_probability(0, end, bridge_minimum(0, end, variance, u), variance) - u) < 1e-9);
	/* exp(-2 ln(S0/B) ln(S1/B)/(σ²Δt)) */
	assert_true(fabs(bridge_crossing_probability(log(100), log(101), log(99), variance) -
			 exp(-2 * log(100 / 99.) * log(101 / 99.) / variance)) < 1e-12);
}

/* ---- an independent way to the same numbers ------------------------------------------------------------------------ */

static double complex exponent(const struct process *p, double complex s)
{
	double complex jumps = 0;

	if (p->type == &process_merton)
		jumps = cexp(p->parameter[3] * s + 0.5 * p->parameter[4] * p->parameter[4] * s * s) - 1;
	else if (p->type == &process_kou)
		jumps = p->parameter[3] * p->parameter[4] / (p->parameter[4] - s) +
			(1 - p->parameter[3]) * p->parameter[5] / (p->parameter[5] + s) - 1;
	return p->log_drift * s + 0.5 * p->variance * s * s + p->jump_rate * jumps;
}

/* Lewis: put = 1/2πi ∫ K^(1-s) φ(s)/(s(s - 1)) ds left of 0, φ(s) = Σ weight e^(τ ψ(s)) of a histogram of delays. */
static double inversion(const struct process *process, double log_strike, const double *delay, const double *weight, int delays)
{
	double sum = 0, step = 0.5, line = -8;

	for (int i = 0; i < 40000; i++) {
		double complex s = line + i * step * I, phi = 0;

		for (int k = 0; k < delays; k++)
			phi += weight[k] * cexp(delay[k] * exponent(process, s));
		sum += (i ? 1 : 0.5) * creal(cexp((1 - s) * log_strike) * phi / (s * (s - 1)));
	}
	return sum * step / M_PI;
}

static void a_histogram_of_delays_by_inversion(void **state)
{
	static const double delay[] = {60, 600, 900, 3600}, weight[] = {0.5, 0.3, 0.15, 0.05};
	struct process processes[] = {gbm(0.8), process_of(&process_merton, (double[]){0.8, 0.1, 400, -0.02, 0.03}, 5),
				      process_of(&process_kou, (double[]){0.8, -0.1, 900, 0.4, 50, 40}, 6)};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (double strike = 0.94; strike < 1.03; strike += 0.011) {
			double direct = 0, other = inversion(&processes[i], log(strike), delay, weight, 4);

			for (int k = 0; k < 4; k++)
				direct += weight[k] * processes[i].type->put(&processes[i], log(strike), delay[k]);
			if (fabs(direct - other) > 1e-9 * direct + 1e-12)
				fail_msg("%s, strike %g: %.12g, by inversion %.12g", processes[i].type->name, strike, direct, other);
		}
}

/* ---- two hundred models -------------------------------------------------------------------------------------------- */

#define CASES 200

static double between(struct rng *rng, double low, double high)
{
	return low + (high - low) * rng_uniform(rng);
}

/* One random book of three accounts: how many standard errors lie between its paths and its closed form? */
static double z_of(struct rng *rng, uint64_t seed, bool jumps)
{
	double kou[] = {between(rng, 0.3, 1.5), between(rng, -1, 1), between(rng, 200, 1000), between(rng, 0.2, 0.8),
			between(rng, 20, 80), between(rng, 15, 40)};
	struct model_asset asset = {"X", 100, process_of(jumps ? &process_kou : &process_gbm, kou, jumps ? 6 : 2)};
	struct account accounts[3];
	struct model model = {.seed = seed,
			      .paths = 3000,
			      .horizon_s = between(rng, 40000, 200000),
			      .step_s = 60,
			      .assets = &asset,
			      .asset_count = 1,
			      .accounts = accounts,
			      .account_count = 3,
			      .engine = {.type = &engine_instant, .parameter = {between(rng, 0, 0.02)}},
			      .delays = {{.type = seed % 2 ? &delay_exponential : &delay_constant, .parameter = {between(rng, 100, 2000)}},
					 {.type = seed % 2 ? &delay_constant : &delay_uniform, .parameter = {0, between(rng, 10, 600)}},
					 {.type = &delay_constant, .parameter = {12}}}};
	struct model_control control = {.threads = 2};
	struct model_result r;
	struct error err;

	for (int i = 0; i < 3; i++) {
		double threshold = between(rng, jumps ? 0.98 : 0.96, 0.995);

		accounts[i] = (struct account){0, between(rng, 1, 10), 0, threshold};
		accounts[i].debt = accounts[i].collateral * 100 * threshold * between(rng, 0.95, 0.999);
	}
	for (int i = 0; i < DELAY_STAGES; i++)
		assert_int_equal(delay_prepare(&model.delays[i], &err), 0);
	if (model_run(&model, &control, &r, &err))
		fail_msg("%s", err.text);
	assert_true(r.closed_form);
	return (r.conditional.value - r.bad_debt.value) / r.conditional.stderr_;
}

static void two_hundred_random_models(void **state)
{
	double z[CASES];
	struct rng rng;

	(void)state;
	rng_open(&rng, 20, 0, 0, RNG_SKELETON);
	for (int i = 0; i < CASES; i++)
		z[i] = z_of(&rng, (uint64_t)i + 1, i % 8 == 7);
	z_are_normal("random models, paths against closed form", z, CASES);
}

/* A loan more or less of the same kind, and a healthy one, change the sum by what they are worth: and order does not matter. */
static void a_large_book_is_a_sum(void **state)
{
	enum { N = 2400 };
	struct model_asset asset = {"X", 100, process_of(&process_kou, (double[]){0.8, 0, 100, 0.4, 50, 40}, 6)};
	struct account *accounts = calloc(N, sizeof(*accounts)), few[4];
	struct model model = {.seed = 1,
			      .paths = 2,
			      .horizon_s = 86400,
			      .step_s = 60,
			      .assets = &asset,
			      .asset_count = 1,
			      .engine = {.type = &engine_instant},
			      .delays = {{.type = &delay_exponential, .parameter = {30}},
					 {.type = &delay_constant},
					 {.type = &delay_constant}}};
	struct model_control one = {.threads = 1}, three = {.threads = 3};
	struct model_result all, again, part;
	struct error err;

	(void)state;
	for (int i = 0; i < 4; i++)
		few[i] = (struct account){0, 1 + i, (1 + i) * (92 + 0.5 * i), 0.94 + 0.01 * i};
	for (int i = 0; i < N; i++)
		accounts[i] = few[i % 4];
	model.accounts = accounts;
	model.account_count = N;
	assert_int_equal(model_expect(&model, &one, &all, &err), 0);
	assert_int_equal(model_expect(&model, &three, &again, &err), 0);
	assert_memory_equal(&all.bad_debt, &again.bad_debt, sizeof(all.bad_debt));
	model.accounts = few;
	model.account_count = 4;
	assert_int_equal(model_expect(&model, &one, &part, &err), 0);
	near_("sum", all.bad_debt.value, N / 4 * part.bad_debt.value, 1e-7);
	near_("slope", all.stages[0].per_ms.value, N / 4 * part.stages[0].per_ms.value, 1e-7);
	near_("curve", all.added_bad_debt[5], N / 4 * part.added_bad_debt[5], 1e-7);
	/* every account another threshold: no groups any more, the same kind of sum */
	for (int i = 0; i < N; i++)
		accounts[i].liquidation_threshold = 0.94 + 0.04 * i / N;
	model.accounts = accounts;
	model.account_count = N;
	assert_int_equal(model_expect(&model, &three, &all, &err), 0);
	part.bad_debt.value = 0;
	for (int i = 0; i < N; i += 400) { /* in parts, each exactly grouped */
		struct model_result fewer;

		model.accounts = accounts + i;
		model.account_count = 400;
		assert_int_equal(model_expect(&model, &one, &fewer, &err), 0);
		part.bad_debt.value += fewer.bad_debt.value;
	}
	near_("ungrouped", all.bad_debt.value, part.bad_debt.value, 1e-7);
	near_("ungrouped, added delay of 0", all.added_bad_debt[0], all.bad_debt.value, 1e-3);
	free(accounts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(puts_at_the_trigger),
		cmocka_unit_test(exponential_and_other_delays_at_the_trigger),
		cmocka_unit_test(delays_at_the_trigger),
		cmocka_unit_test(first_passages),
		cmocka_unit_test(a_watched_path_overshoots),
		cmocka_unit_test(bridges_agree_with_themselves),
		cmocka_unit_test(a_histogram_of_delays_by_inversion),
		cmocka_unit_test(two_hundred_random_models),
		cmocka_unit_test(a_large_book_is_a_sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
