// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The generalised Pareto tail, of samples whose law is known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "margin/rng.h"
#include "stats/tail.h"

#define MS 1e6
#define SAMPLES_MAX 4000

static int64_t ends[SAMPLES_MAX], opens[SAMPLES_MAX];

/* Fewer runs where nobody asks for more with PRICELAG_SLOW=1. */
static int runs_of(int slow, int quick)
{
	return getenv("PRICELAG_SLOW") ? slow : quick;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int by_number(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* From 10 ms on Pareto with this shape and scale 10 ms: then the excesses over any threshold are, too. */
static double draw(struct rng *rng, double shape)
{
	double e = rng_exponential(rng);

	return 10 * MS + 10 * MS * (shape ? expm1(shape * e) / shape : e);
}

/* Each watched for an exponential time of mean `patience` (0: to its end). */
static struct survival sample(uint64_t run, size_t count, double shape, double patience)
{
	struct survival s = {.ends = ends, .opens = opens, .open_weight = 1};
	struct rng rng;

	rng_open(&rng, 31, run, 0, RNG_WALK);
	for (size_t i = 0; i < count; i++) {
		double ns = draw(&rng, shape), watched = patience ? patience * rng_exponential(&rng) : INFINITY;

		if (ns <= watched)
			ends[s.end_count++] = (int64_t)ns;
		else
			opens[s.open_count++] = (int64_t)watched;
	}
	qsort(ends, s.end_count, sizeof(*ends), by_value);
	qsort(opens, s.open_count, sizeof(*opens), by_value);
	return s;
}

/* ξ and p99.99 within their intervals in about 95 % of runs; the test of the fit rejects about one in ten at 10 %. */
static void tails_of_a_known_law(void **state)
{
	static const double shapes[] = {-0.2, 0, 0.3};

	(void)state;
	for (int c = 0; c < 3; c++) {
		double shape = shapes[c], y = log(1e4), truth = 10 * MS + 10 * MS * (shape ? expm1(shape * y) / shape : y), sum = 0;
		int held = 0, reached = 0, runs = runs_of(150, 20);

		for (int run = 0; run < runs; run++) {
			struct survival s = sample((uint64_t)run, 600, shape, 0);
			struct tail tail;

			assert_int_equal(tail_fit(&s, 1, &tail), 0);
			assert_true(tail.count >= TAIL_SAMPLES_MIN && tail.count <= 150);
			assert_true(fabs(tail.share - (double)tail.count / 600) < 1e-9);
			held += fabs(tail.shape - shape) < 1.96 * tail.shape_se;
			reached += (double)tail.p9999_ci95_ns[0] <= truth && truth <= (double)tail.p9999_ci95_ns[1];
			sum += tail.shape;
		}
		print_message("shape %.1f: mean %.3f, held %.3f, p99.99 held %.3f\n", shape, sum / runs, (double)held / runs,
			      (double)reached / runs);
		assert_true(fabs(sum / runs - shape) < 0.1);
		assert_true(held >= 0.85 * runs);
		assert_true(reached >= 0.85 * runs);
	}
}

static void the_test_of_the_fit_knows_its_error(void **state)
{
	int rejected = 0, runs = runs_of(600, 80);

	(void)state;
	for (int run = 0; run < runs; run++) {
		struct survival s = sample((uint64_t)(1000 + run), 200, 0.2, 0);
		struct tail tail;

		/* 200 samples have one threshold with 50 beyond it: no choice bends the p-value */
		assert_int_equal(tail_fit(&s, 1, &tail), 0);
		assert_int_equal(tail.count, 50);
		rejected += tail.p_value < 0.1;
	}
	print_message("rejected %d of %d at 10 %%\n", rejected, runs);
	assert_true(fabs(rejected - 0.1 * runs) < 3 * sqrt(0.09 * runs));
}

/* Two speeds, 10 ms and 200 ms: no Pareto law fits across the step between them. */
static void what_does_not_fit_is_told(void **state)
{
	struct survival s = {.ends = ends};
	struct rng rng;
	struct tail tail;

	(void)state;
	rng_open(&rng, 32, 0, 0, RNG_WALK);
	for (s.end_count = 0; s.end_count < 2000; s.end_count++)
		ends[s.end_count] = (int64_t)((s.end_count % 20 ? 10 : 200) * MS + MS * rng_normal(&rng));
	qsort(ends, s.end_count, sizeof(*ends), by_value);
	assert_int_equal(tail_fit(&s, 1, &tail), 0);
	assert_true(tail.threshold_ns > 190 * (int64_t)MS); /* it moved beyond the step, or nothing fits */
}

/* A third is censored: the tail of the ends alone would be too thin. */
static void open_durations_count(void **state)
{
	double with = 0, without = 0, y = log(1e4), truth = 10 * MS + 10 * MS * expm1(0.3 * y) / 0.3, guesses[15], ignored[15];

	(void)state;
	for (int run = 0; run < 15; run++) {
		struct survival s = sample((uint64_t)(2000 + run), 3000, 0.3, 60 * MS);
		struct tail tail;

		assert_int_equal(tail_fit(&s, 1, &tail), 0);
		assert_true(isnan(tail.p_value));
		guesses[run] = (double)tail.p9999_ns;
		with += tail.shape / 15;
		s.open_count = 0;
		assert_int_equal(tail_fit(&s, 1, &tail), 0);
		without += tail.shape / 15;
		ignored[run] = (double)tail.p9999_ns;
	}
	qsort(guesses, 15, sizeof(double), by_number);
	qsort(ignored, 15, sizeof(double), by_number);
	print_message("censored: shape %.3f (ends alone %.3f), p99.99 %.0f ms (%.0f ms) of %.0f ms\n", with, without,
		      guesses[7] / MS, ignored[7] / MS, truth / MS);
	assert_true(fabs(with - 0.3) < 0.1);
	assert_true(without < with - 0.1);
	assert_true(fabs(guesses[7] / truth - 1) < 0.25);
	assert_true(ignored[7] / truth < 0.75);
}

static void too_few_give_none(void **state)
{
	struct survival s = sample(1, 199, 0.2, 0);
	struct tail tail;

	(void)state;
	assert_int_equal(tail_fit(&s, 1, &tail), 0);
	assert_int_equal(tail.count, 0);
	s.end_count = 0;
	assert_int_equal(tail_fit(&s, 1, &tail), 0);
	assert_int_equal(tail.count, 0);
	/* all equal: nothing lies beyond */
	for (s.end_count = 0; s.end_count < 1000; s.end_count++)
		ends[s.end_count] = 5;
	assert_int_equal(tail_fit(&s, 1, &tail), 0);
	assert_int_equal(tail.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tails_of_a_known_law),
		cmocka_unit_test(the_test_of_the_fit_knows_its_error),
		cmocka_unit_test(what_does_not_fit_is_told),
		cmocka_unit_test(open_durations_count),
		cmocka_unit_test(too_few_give_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
