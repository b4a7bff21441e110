// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "stats/survival.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define UNKNOWN TIME_UNKNOWN
#define assert_ns(actual, expected) assert_true((int64_t)(actual) == (int64_t)(expected))

/* ---- ranks: binomial tails by exact sums, and MARGIN's case ---- */

static void ranks_of_a_large_sample(void **state)
{
	uint64_t ranks[2];

	(void)state;
	quantile_ranks(10000, 0.99, ranks);
	assert_int_equal(ranks[0], 9880);
	assert_int_equal(ranks[1], 9920);
}

static void largest_bounds_p99_from_299(void **state)
{
	uint64_t ranks[2];

	(void)state;
	quantile_ranks(298, 0.99, ranks);
	assert_int_equal(ranks[1], 0);
	quantile_ranks(299, 0.99, ranks);
	assert_int_equal(ranks[1], 299);
	quantile_ranks(2994, 0.999, ranks);
	assert_int_equal(ranks[1], 0);
	quantile_ranks(2995, 0.999, ranks);
	assert_int_equal(ranks[1], 2995);
}

/* n = 6: P(all on one side) = 1/64 < 2.5 %; n = 4: 1/16 > 5 %; the textbook's n = 10: ranks 2 and 9; n = 100: 40 and 61. */
static void ranks_of_a_median(void **state)
{
	static const uint64_t cases[][3] = {{0, 0, 0}, {1, 0, 0}, {4, 0, 0}, {6, 1, 6}, {10, 2, 9}, {100, 40, 61}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t ranks[2];

		quantile_ranks(cases[i][0], 0.5, ranks);
		assert_int_equal(ranks[0], cases[i][1]);
		assert_int_equal(ranks[1], cases[i][2]);
	}
}

static void ranks_cover_by_the_binomial_law(void **state)
{
	static const double shares[] = {0.5, 0.9, 0.99, 0.999};

	(void)state;
	for (size_t s = 0; s < COUNT(shares); s++) {
		for (uint64_t n = 7; n < 40000; n = n * 3 / 2) {
			double p = shares[s], mass = exp((double)n * log1p(-p)), below_low = 0, below_high = 0;
			uint64_t ranks[2];

			quantile_ranks(n, p, ranks);
			if (!ranks[0] || !ranks[1] || mass < 1e-280)
				continue;
			for (uint64_t k = 0; k < ranks[1]; k++) {
				below_low += k < ranks[0] ? mass : 0;
				below_high += mass;
				mass *= (double)(n - k) / (double)(k + 1) * p / (1 - p);
			}
			assert_true(below_high - below_low >= 0.95 - 1e-9);
			assert_true(below_low <= 0.05);
		}
	}
}

/* ---- quantiles ---- */

static void without_censoring_quantiles_are_samples(void **state)
{
	int64_t ends[100], interval[2];
	struct survival s = {.ends = ends, .end_count = 100, .open_weight = 1};

	(void)state;
	for (int i = 0; i < 100; i++)
		ends[i] = 1000 + i + 1;
	assert_ns(survival_quantile(&s, 0.5), 1050);
	assert_ns(survival_quantile(&s, 0.9), 1090);
	assert_ns(survival_quantile(&s, 0.99), 1099);
	assert_ns(survival_quantile(&s, 0.999), 1100);
	survival_interval(&s, 0.5, 1, interval);
	assert_ns(interval[0], 1040);
	assert_ns(interval[1], 1061);
	survival_interval(&s, 0.99, 1, interval);
	assert_ns(interval[0], 1097);
	assert_ns(interval[1], UNKNOWN);
}

static void nothing_gives_nothing(void **state)
{
	const int64_t opens[] = {5};
	struct survival s = {.opens = opens, .open_count = 1, .open_weight = 1};
	int64_t interval[2];

	(void)state;
	assert_ns(survival_quantile(&s, 0.5), UNKNOWN);
	survival_interval(&s, 0.5, 1, interval);
	assert_ns(interval[0], UNKNOWN);
	assert_ns(interval[1], UNKNOWN);
	s.open_count = 0;
	assert_ns(survival_quantile(&s, 0.5), UNKNOWN);
}

/*
 * Freireich's 6-MP arm (Kaplan-Meier's classic): 6,6,6,6+,7,9+,10,10+,11+,13,16,17+,19+,20+,22,23,25+,32+,32+,34+,35+.
 * S: 6 .857, 7 .807, 10 .753, 13 .690, 16 .627, 22 .538, 23 .448. Median 23; R's survfit, conf.type "log-log":
 * interval of the median 13 to unknown.
 */
static const int64_t drug_ends[] = {6, 6, 6, 7, 10, 13, 16, 22, 23};
static const int64_t drug_opens[] = {6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35};
static const struct survival drug = {drug_ends, COUNT(drug_ends), drug_opens, COUNT(drug_opens), 1};

static void classic_example(void **state)
{
	int64_t interval[2];

	(void)state;
	assert_ns(survival_quantile(&drug, 0.14), 6);	  /* 1 - .857143 = .142857 */
	assert_ns(survival_quantile(&drug, 0.143), 7);	  /* 1 - .806723 = .193277 */
	assert_ns(survival_quantile(&drug, 0.20), 10);
	assert_ns(survival_quantile(&drug, 0.30), 13);	  /* 1 - .690196 = .309804 */
	assert_ns(survival_quantile(&drug, 0.31), 16);
	assert_ns(survival_quantile(&drug, 0.46), 22);	  /* 1 - .537815 = .462185 */
	assert_ns(survival_quantile(&drug, 0.5), 23);
	assert_ns(survival_quantile(&drug, 0.552), UNKNOWN); /* 1 - .448179 = .551821 is the last step */
	survival_interval(&drug, 0.5, 1, interval);
	assert_ns(interval[0], 13);
	assert_ns(interval[1], UNKNOWN);
}

/* 1, 2+, 3: S(1) = 2/3, S(3) = 0. With the open one counting half: at risk 2.5, S(1) = 0.6. */
static void weight_of_open_samples(void **state)
{
	const int64_t ends[] = {1, 3}, opens[] = {2};
	struct survival s = {ends, 2, opens, 1, 1};

	(void)state;
	assert_ns(survival_quantile(&s, 0.33), 1);
	assert_ns(survival_quantile(&s, 0.37), 3);
	s.open_weight = 0.5;
	assert_ns(survival_quantile(&s, 0.37), 1);
	assert_ns(survival_quantile(&s, 0.41), 3);
	s.open_weight = 0; /* as if it were not there: median of {1, 3} */
	assert_ns(survival_quantile(&s, 0.5), 1);
	assert_ns(survival_quantile(&s, 0.51), 3);
}

/* An open sample of the same time as an end was still there at that end. */
static void ties_of_open_and_ended(void **state)
{
	const int64_t ends[] = {5, 9}, opens[] = {5, 5};
	struct survival s = {ends, 2, opens, 2, 1};

	(void)state;
	assert_ns(survival_quantile(&s, 0.25), 5); /* S(5) = 3/4 */
	assert_ns(survival_quantile(&s, 0.26), 9);
}

static void one_open_sample_takes_the_tail(void **state)
{
	int64_t ends[99], open = 1000;
	struct survival s = {ends, 99, &open, 1, 1};

	(void)state;
	for (int i = 0; i < 99; i++)
		ends[i] = i + 1;
	assert_ns(survival_quantile(&s, 0.99), 99);
	assert_ns(survival_quantile(&s, 0.999), UNKNOWN);
}

/* ---- simulation: splitmix64, fixed seeds ---- */

static uint64_t seed;

static double uniform(void)
{
	uint64_t z = (seed += 0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return ((double)((z ^ z >> 31) >> 11) + 0.5) / 9007199254740992.0;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

#define MEAN_NS 1e9
#define SAMPLES_MAX 20000

/* n exponential durations, each watched for an exponential time too (mean `patience`; 0 = for ever). */
static void simulate(struct survival *s, size_t n, double patience)
{
	static int64_t ends[SAMPLES_MAX], opens[SAMPLES_MAX];

	*s = (struct survival){.ends = ends, .opens = opens, .open_weight = 1};
	for (size_t i = 0; i < n; i++) {
		double duration = -log(uniform()) * MEAN_NS;
		double watched = patience > 0 ? -log(uniform()) * patience : INFINITY;

		if (duration <= watched)
			ends[s->end_count++] = (int64_t)duration;
		else
			opens[s->open_count++] = (int64_t)watched;
	}
	qsort(ends, s->end_count, sizeof(*ends), by_value);
	qsort(opens, s->open_count, sizeof(*opens), by_value);
}

/* A third is censored: plain quantiles of what ended would be far too small, Kaplan-Meier's are right to within its error. */
static void censored_quantiles_are_unbiased(void **state)
{
	struct survival s;
	double sum = 0, naive = 0;

	(void)state;
	seed = 1;
	for (int i = 0; i < 50; i++) {
		simulate(&s, 2000, 2 * MEAN_NS);
		sum += (double)survival_quantile(&s, 0.9);
		naive += (double)s.ends[s.end_count * 9 / 10];
	}
	/* true p90 = ln 10; the standard error of the mean of 50 is 0.013 */
	assert_true(fabs(sum / 50 / MEAN_NS - log(10)) < 0.05);
	assert_true(naive / 50 / MEAN_NS < 1.7);
}

/* Share of runs in which the interval holds the true quantile of the exponential law. */
static double coverage(size_t n, double p, double patience, int runs)
{
	double truth = -log1p(-p) * MEAN_NS;
	int covered = 0;

	for (int i = 0; i < runs; i++) {
		struct survival s;
		int64_t interval[2];

		simulate(&s, n, patience);
		survival_interval(&s, p, 1, interval);
		assert_true(interval[0] != UNKNOWN);
		covered += (double)interval[0] <= truth && (interval[1] == UNKNOWN || truth <= (double)interval[1]);
	}
	return (double)covered / runs;
}

#define assert_coverage(share)                                                                                         \
	do {                                                                                                           \
		double s_ = (share);                                                                                   \
		if (s_ < 0.93 || s_ > 0.97)                                                                            \
			fail_msg("coverage %.4f", s_);                                                                 \
	} while (0)

static void intervals_cover(void **state)
{
	(void)state;
	seed = 2;
	assert_coverage(coverage(200, 0.5, 0, 2000));
	assert_coverage(coverage(1000, 0.5, 0, 2000));
	assert_coverage(coverage(4000, 0.99, 0, 2000));
}

static void censored_intervals_cover(void **state)
{
	(void)state;
	seed = 3;
	assert_coverage(coverage(200, 0.5, 2 * MEAN_NS, 2000));
	assert_coverage(coverage(500, 0.5, 10 * MEAN_NS, 2000));
	assert_coverage(coverage(4000, 0.99, 20 * MEAN_NS, 2000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranks_of_a_large_sample),
		cmocka_unit_test(largest_bounds_p99_from_299),
		cmocka_unit_test(ranks_of_a_median),
		cmocka_unit_test(ranks_cover_by_the_binomial_law),
		cmocka_unit_test(without_censoring_quantiles_are_samples),
		cmocka_unit_test(nothing_gives_nothing),
		cmocka_unit_test(classic_example),
		cmocka_unit_test(weight_of_open_samples),
		cmocka_unit_test(ties_of_open_and_ended),
		cmocka_unit_test(one_open_sample_takes_the_tail),
		cmocka_unit_test(censored_quantiles_are_unbiased),
		cmocka_unit_test(intervals_cover),
		cmocka_unit_test(censored_intervals_cover),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
