// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Paths drawn towards what is rare: they have to say the same as plain ones, with as much less variance as theory promises. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "laws.h"
#include "margin/lognormal.h"
#include "margin/skeleton.h"

#define PATHS 400000
#define DAY_S 86400.0

static double end_of(const struct skeleton *skeleton)
{
	return skeleton->points[skeleton->count - 1].before;
}

struct sums {
	double mean, squares;
};

static void add(struct sums *sums, double value)
{
	sums->mean += value;
	sums->squares += value * value;
}

static void finish(struct sums *sums, double count)
{
	sums->mean /= count;
	sums->squares = sums->squares / count - sums->mean * sums->mean; /* the variance of one */
}

/*
 * A fall of four standard deviations, P = Φ(-4) = 3.167e-5. With the mean shifted there a path's weight is p/q, the second moment
 * e^16·Φ(-8), and the variance P(1 - P)/(e^16·Φ(-8) - P²) = 6,999 times smaller. Half of the paths plain and half of them shifted,
 * weighted by the balance heuristic as model_run() does, know it as well as the shifted half does: never a weight above 2.
 */
static void a_fall_of_four_deviations(void **state)
{
	struct process process = process_of(&process_gbm, (double[]){0.8, 0}, 2);
	double sd = sqrt(process.variance * DAY_S), level = process.log_drift * DAY_S - 4 * sd, p = normal_cdf(-4), theory, cut;
	struct tilt tilt = {.extra_drift = -4 * sd / DAY_S};
	struct skeleton skeleton = {0};
	struct sums shifted = {0}, pairs = {0};
	double most = 0;

	(void)state;
	theory = p * (1 - p) / (exp(16) * normal_cdf(-8) - p * p);
	assert_true(fabs(theory - 6999) < 1);
	for (uint64_t path = 0; path < PATHS; path++) {
		double pair = 0;

		for (int tilted = 0; tilted < 2; tilted++) {
			double log_ratio, weight;
			struct rng rng;

			rng_open(&rng, 5, 2 * path + (uint64_t)tilted, 0, RNG_SKELETON);
			assert_int_equal(skeleton_draw(&skeleton, &process, 0, DAY_S, tilted ? &tilt : NULL, NULL, &rng), 0);
			log_ratio = skeleton_log_ratio(&skeleton, &process, DAY_S, &tilt);
			weight = 2 / (1 + exp(log_ratio));
			most = fmax(most, weight);
			pair += end_of(&skeleton) < level ? weight / 2 : 0;
			if (tilted)
				add(&shifted, end_of(&skeleton) < level ? exp(-log_ratio) : 0);
		}
		add(&pairs, pair);
	}
	finish(&shifted, PATHS);
	finish(&pairs, PATHS);
	cut = p * (1 - p) / shifted.squares;
	print_message("a fall of 4 deviations, %.5g: shifted paths say %.5g with a variance %.0f times smaller (%.0f); pairs %.5g, a path of them %.0f times\n",
		      p, shifted.mean, cut, theory, pairs.mean, p * (1 - p) / pairs.squares / 2);
	assert_true(fabs(shifted.mean - p) < 4 * sqrt(shifted.squares / PATHS));
	assert_true(fabs(pairs.mean - p) < 4 * sqrt(pairs.squares / PATHS));
	assert_true(fabs(cut / theory - 1) < 0.02);
	assert_true(most <= 2 && p * (1 - p) / pairs.squares / 2 > 3000);
	skeleton_free(&skeleton);
}

/* Jumps drawn twenty times as often, and a drift: weighted back, their number and the price are what they were (E S = S without drift). */
static void more_jumps_weighted_back(void **state)
{
	struct process process = process_of(&process_merton, (double[]){0.8, 0, 50, -0.02, 0.05}, 5);
	struct tilt tilt = {.extra_drift = -sqrt(process.variance / DAY_S), .jump_rate = 20 * process.jump_rate};
	struct skeleton skeleton = {0};
	struct sums ones = {0}, jumps = {0}, price = {0};

	(void)state;
	for (uint64_t path = 0; path < PATHS; path++) {
		double weight;
		struct rng rng;

		rng_open(&rng, 6, path, 0, RNG_SKELETON);
		assert_int_equal(skeleton_draw(&skeleton, &process, 0, DAY_S, &tilt, NULL, &rng), 0);
		weight = exp(-skeleton_log_ratio(&skeleton, &process, DAY_S, &tilt));
		add(&ones, weight);
		add(&jumps, weight * (double)skeleton.jumps);
		add(&price, weight * exp(end_of(&skeleton)));
	}
	finish(&ones, PATHS);
	finish(&jumps, PATHS);
	finish(&price, PATHS);
	print_message("weights %.4f (1), jumps %.4f (%.4f), price %.4f (1)\n", ones.mean, jumps.mean, process.jump_rate * DAY_S, price.mean);
	assert_true(fabs(ones.mean - 1) < 4 * sqrt(ones.squares / PATHS));
	assert_true(fabs(jumps.mean - process.jump_rate * DAY_S) < 4 * sqrt(jumps.squares / PATHS));
	assert_true(fabs(price.mean - 1) < 4 * sqrt(price.squares / PATHS));
	skeleton_free(&skeleton);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fall_of_four_deviations),
		cmocka_unit_test(more_jumps_weighted_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
