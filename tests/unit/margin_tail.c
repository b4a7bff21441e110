// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Measured delays with a fitted tail: the fit, the law that it makes, and the error that it has. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "margin/model.h"
#include "margin/pareto.h"
#include "margin/rng.h"

static void near(double is, double wanted, double tolerance)
{
	if (!(fabs(is - wanted) <= tolerance))
		fail_msg("%.12g, should be %.12g", is, wanted);
}

/*
 * Uniform up to 10 s with probability 0.8, and generalised Pareto beyond. Beyond t it is generalised Pareto again, with the same
 * shape and a scale larger by shape·(t - 10).
 */
static double delay_of(double u, double shape, double scale)
{
	return u < 0.8 ? u / 0.08 : 10 + pareto_excess(shape, scale, -log((1 - u) / 0.2));
}

static struct delay_law sampled(size_t count, double shape, double scale, uint64_t seed)
{
	struct delay_law law = {.type = &delay_empirical, .samples = calloc(count, sizeof(double)), .sample_count = count, .tail.above = 0.9};
	struct rng rng;

	rng_open(&rng, seed, 0, 0, RNG_DELAY);
	for (size_t i = 0; i < count; i++)
		law.samples[i] = delay_of(seed ? rng_uniform(&rng) : ((double)i + 0.5) / (double)count, shape, scale);
	return law;
}

static void prepare(struct delay_law *law)
{
	struct error err;

	if (delay_prepare(law, &err))
		fail_msg("%s", err.text);
}

/* Samples at even quantiles, of known laws. */
static void finds_the_law(void **state)
{
	static const double cases[][2] = {{0.3, 5}, {0, 8}, {-0.2, 20}, {0.6, 2}};

	(void)state;
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		struct delay_law law = sampled(20000, cases[k][0], cases[k][1], 0);

		prepare(&law);
		assert_int_equal(law.tail.count, 2000);
		near(law.tail.share, 0.1, 1e-12);
		near(law.tail.threshold_s, 10 + pareto_excess(cases[k][0], cases[k][1], log(2)), 1e-2);
		near(law.tail.shape, cases[k][0], 0.02);
		near(law.tail.scale_s / (cases[k][1] + cases[k][0] * (law.tail.threshold_s - 10)), 1, 0.02);
		near(law.tail.shape_stderr, (1 + law.tail.shape) / sqrt(2000), 1e-12);
		delay_free(&law);
	}
}

/* The standard errors are those of samples drawn again: z-scores of spread 1. */
static void says_how_sure_it_is(void **state)
{
	double sums[2] = {0}, squares[2] = {0}, n = 400;

	(void)state;
	for (uint64_t seed = 1; seed <= 400; seed++) {
		struct delay_law law = sampled(3000, 0.3, 5, seed);
		double z[2];

		prepare(&law);
		z[0] = (law.tail.shape - 0.3) / law.tail.shape_stderr;
		z[1] = (law.tail.scale_s - 5 - 0.3 * (law.tail.threshold_s - 10)) / law.tail.scale_stderr_s;
		for (int k = 0; k < 2; k++) {
			sums[k] += z[k] / n;
			squares[k] += z[k] * z[k] / n;
		}
		delay_free(&law);
	}
	for (int k = 0; k < 2; k++) {
		double sd = sqrt(squares[k] - sums[k] * sums[k]);

		print_message("%s: z-scores have mean %.3f and spread %.3f\n", k ? "scale" : "shape", sums[k], sd);
		assert_true(fabs(sums[k]) < 4 / sqrt(n));
		assert_true(sd > 0.88 && sd < 1.12);
	}
}

/* Quantiles, nodes and mean are one law, whose body is the samples. */
static void is_one_law(void **state)
{
	struct delay_law law = sampled(5000, 0.25, 6, 7);
	double beyond, at, mean = 0, mass = 0, faded = 0, drawn = 0;
	struct quadrature rule = {0};

	(void)state;
	prepare(&law);
	/* body: the samples; tail: exceeded by 1 - u */
	near(delay_quantile(&law, 0.5), law.samples[2500], 0);
	for (double u = 0.901; u < 1; u += 0.007) {
		at = delay_quantile(&law, u);
		beyond = law.tail.share * pow(1 + law.tail.shape * (at - law.tail.threshold_s) / law.tail.scale_s, -1 / law.tail.shape);
		near(beyond, 1 - u, 1e-12);
	}
	assert_true(delay_quantile(&law, 1 - 1e-9) > 2 * law.samples[4999]); /* longer than any that was measured */
	assert_int_equal(delay_nodes(&law, &rule), 0);
	for (size_t i = 0; i < rule.count; i++) {
		mass += rule.weight[i];
		mean += rule.weight[i] * rule.node[i];
		faded += rule.weight[i] * exp(-rule.node[i] / 20);
	}
	for (int i = 0; i < 500000; i++)
		drawn += exp(-delay_quantile(&law, (i + 0.5) / 500000) / 20) / 500000;
	near(mass, 1, 1e-9);
	near(mean, delay_mean(&law), 1e-6 * mean);
	near(faded, drawn, 1e-6);
	quadrature_free(&rule);
	delay_free(&law);
}

static double bad_debt(struct delay_law *law, double *measurement)
{
	struct model_asset asset = {"ETH", 3000, {.type = &process_gbm, .parameter = {1.5, 0}}};
	struct account account = {0, 10, 29000, 0.99};
	struct model model = {.paths = 2, .horizon_s = 86400, .step_s = 60, .assets = &asset, .asset_count = 1, .accounts = &account,
			      .account_count = 1, .engine = {.type = &engine_instant}, .delays = {{.type = &delay_constant}, *law,
			      {.type = &delay_constant}}};
	struct model_control control = {.threads = 1};
	struct model_result result;
	struct error err;

	assert_int_equal(process_prepare(&asset.process, &err), 0);
	if (model_expect(&model, &control, &result, &err))
		fail_msg("%s", err.text);
	*measurement = result.measurement_stderr;
	return result.bad_debt.value;
}

/* What the model says of the measurement's error is how far its answers for other measurements of the same delays spread. */
static void the_answer_has_the_error_of_the_fit(void **state)
{
	double sum = 0, squares = 0, said = 0, n = 150, measurement, exact;
	struct delay_law whole = sampled(200000, 0.4, 30, 0);

	(void)state;
	whole.tail.above = 0;
	prepare(&whole);
	exact = bad_debt(&whole, &measurement);
	delay_free(&whole);
	for (uint64_t seed = 1; seed <= 150; seed++) {
		struct delay_law law = sampled(1000, 0.4, 30, seed);
		double value;

		prepare(&law);
		value = bad_debt(&law, &measurement);
		sum += value / n;
		squares += value * value / n;
		said += measurement / n;
		delay_free(&law);
	}
	squares = sqrt((squares - sum * sum) * n / (n - 1));
	print_message("bad debt %.5f (of the law: %.5f), other measurements spread by %.5f, it says %.5f\n", sum, exact, squares, said);
	near(sum, exact, 4 * squares / sqrt(n));
	assert_true(said > 0.8 * squares && said < 1.25 * squares);
}

static void what_has_no_tail_is_told(void **state)
{
	struct delay_law few = sampled(400, 0.3, 5, 3), heavy = sampled(20000, 1.3, 5, 0), odd = sampled(1000, 0.3, 5, 3);
	struct error err;

	(void)state;
	assert_int_equal(delay_prepare(&few, &err), -22);
	assert_non_null(strstr(err.text, "begin lower"));
	assert_int_equal(delay_prepare(&heavy, &err), -22);
	assert_non_null(strstr(err.text, "no mean"));
	odd.tail.above = 1.5;
	assert_int_equal(delay_prepare(&odd, &err), -22);
	assert_non_null(strstr(err.text, "quantile"));
	delay_free(&few);
	delay_free(&heavy);
	delay_free(&odd);
}

/* The same samples with what was around them: volatilities that follow the delays loosely, or times in no order. */
static struct delay_law recorded(size_t count, bool by_volatility, uint64_t seed)
{
	struct delay_law law = sampled(count, 0.4, 30, seed);
	struct rng rng;

	law.record = (struct delay_record){calloc(count, sizeof(double)), calloc(count, sizeof(double)), count};
	rng_open(&rng, seed, 1, 0, RNG_DELAY);
	for (size_t i = 0; i < count; i++) {
		law.record.delay_s[i] = law.samples[i];
		law.record.key[i] = by_volatility ? log1p(law.samples[i]) * exp(rng_normal(&rng)) : (double)i;
	}
	prepare(&law);
	return law;
}

/* Whatever delays know of prices, the law of all of them is the one with the tail; and whoever was slow is so still. */
static void dependence_leaves_the_law(void **state)
{
	struct delay_law regimes = recorded(2000, true, 7), blocks = recorded(2000, false, 8);
	const double levels[] = {0.5, 0.89, 0.95, 0.99, 0.999};
	double by_regime[DELAY_REGIMES] = {0}, n = 200000, above[5] = {0}, in_blocks[5] = {0}, longest = 0;
	struct rng rng;

	(void)state;
	rng_open(&rng, 9, 0, 0, RNG_DELAY);
	for (int i = 0; i < (int)n; i++) {
		size_t at = (size_t)(rng_uniform(&rng) * 2000);
		struct delay_moment moment = {.volatility = regimes.record.key[at], .time_s = 77, .start = rng_uniform(&rng)};
		double u = rng_uniform(&rng), delay = delay_draw(&regimes, DELAYS_BY_REGIME, &moment, u);
		double together = delay_draw(&blocks, DELAYS_IN_BLOCKS, &moment, u);

		by_regime[at / 500] += delay / (n / DELAY_REGIMES);
		longest = fmax(longest, delay);
		for (int k = 0; k < 5; k++) {
			above[k] += delay > delay_quantile(&regimes, levels[k]);
			in_blocks[k] += together > delay_quantile(&blocks, levels[k]);
		}
		/* everybody on the path meets the same congestion */
		assert_true(delay_draw(&blocks, DELAYS_IN_BLOCKS, &moment, 1 - u) == together);
	}
	print_message("longest of %d samples %.0f s, longest drawn %.0f s; by regime %.1f, %.1f, %.1f, %.1f s\n", 2000, regimes.samples[1999], longest,
		      by_regime[0], by_regime[1], by_regime[2], by_regime[3]);
	for (int k = 0; k < 5; k++) {
		double share = 1 - levels[k], error = 4 * sqrt(share * levels[k] / n) + 1 / 2000.; /* samples are steps of 1/2000 */

		near(above[k] / n, share, error);
		near(in_blocks[k] / n, share, error);
	}
	assert_true(longest > regimes.samples[1999]);
	assert_true(by_regime[0] < by_regime[1] && by_regime[1] < by_regime[2] && by_regime[2] < by_regime[3]);
	delay_free(&regimes);
	delay_free(&blocks);
}

/*
 * Over many measurements: the mean delay in the wildest quarter is that of a measurement without end, and the tail makes it no less
 * certain: it spreads no more than the mean of the samples there.
 */
static void many_measurements_agree(void **state)
{
	struct delay_law endless = recorded(400000, true, 1000);
	struct delay_moment wild = {.volatility = 1e9};
	double n = 200, with[2] = {0}, without[2] = {0}, truth = 0;

	(void)state;
	for (size_t i = 300000; i < 400000; i++)
		truth += endless.record.delay_s[i] / 100000;
	delay_free(&endless);
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct delay_law law = recorded(1000, true, seed);
		double mean = 0, samples = 0;

		for (int i = 0; i < 10000; i++)
			mean += delay_draw(&law, DELAYS_BY_REGIME, &wild, (i + 0.5) / 10000) / 10000;
		for (size_t i = 750; i < 1000; i++)
			samples += law.record.delay_s[i] / 250;
		with[0] += mean / n, with[1] += mean * mean / n;
		without[0] += samples / n, without[1] += samples * samples / n;
		delay_free(&law);
	}
	with[1] = sqrt((with[1] - with[0] * with[0]) * n / (n - 1));
	without[1] = sqrt((without[1] - without[0] * without[0]) * n / (n - 1));
	print_message("wildest quarter: %.2f s; with the tail %.2f, spreading by %.2f; by samples %.2f, by %.2f\n", truth, with[0], with[1], without[0],
		      without[1]);
	near(with[0], truth, 4 * with[1] / sqrt(n));
	assert_true(with[1] < 1.1 * without[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_law),
		cmocka_unit_test(says_how_sure_it_is),
		cmocka_unit_test(is_one_law),
		cmocka_unit_test(the_answer_has_the_error_of_the_fit),
		cmocka_unit_test(what_has_no_tail_is_told),
		cmocka_unit_test(dependence_leaves_the_law),
		cmocka_unit_test(many_measurements_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
