// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Lags of asynchronous prices: of known ones sign and size, of unrelated ones none, and of two real venues. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "margin/rng.h"
#include "stats/leadlag.h"

#define STEPS 200000 /* of the common price, 10 ms each: 2,000 s */
#define STEP_NS 10000000LL
#define TICKS_MAX 20000

static double common[STEPS];

/* A random walk, and for each side its own noise on top. */
static void walk(double *out, uint64_t seed, uint32_t lane)
{
	struct rng rng;
	double at = 0;

	rng_open(&rng, seed, 0, lane, RNG_WALK);
	for (int i = 0; i < STEPS; i++) {
		at += 1e-5 * rng_normal(&rng);
		out[i] = at;
	}
}

/* Looks at the price as it was `delay_ns` ago, at random times, `mean_ns` apart. */
static size_t watch(struct tick *ticks, const double *own, double weight, int64_t delay_ns, int64_t mean_ns, uint64_t seed)
{
	struct rng rng;
	double at = 20e9;
	size_t count = 0;

	rng_open(&rng, seed, 1, 0, RNG_WALK);
	while (count < TICKS_MAX) {
		int64_t step;

		at += (double)mean_ns * rng_exponential(&rng);
		step = ((int64_t)at - delay_ns) / STEP_NS;
		if (step >= STEPS)
			break;
		ticks[count++] = (struct tick){(int64_t)at, common[step] + weight * (own ? own[step] : 0)};
	}
	return count;
}

static void known_lags_are_found(void **state)
{
	static const int64_t lags_ns[] = {400000000, -3000000000, 0};
	static struct tick a[TICKS_MAX], b[TICKS_MAX];
	static double own[STEPS];

	(void)state;
	walk(common, 1, 0);
	walk(own, 1, 1);
	for (size_t i = 0; i < sizeof(lags_ns) / sizeof(lags_ns[0]); i++) {
		int64_t lag = lags_ns[i];
		size_t a_count = watch(a, NULL, 0, lag < 0 ? -lag : 0, 500000000, 2);
		size_t b_count = watch(b, own, 0.5, lag > 0 ? lag : 0, 700000000, 3);
		struct leadlag found;

		assert_int_equal(leadlag_of(a, a_count, b, b_count, 8000000000, &found), 0);
		print_message("lag %.1f s: found %.3f s (%.3f … %.3f), contrast %.2f, same side %.2f, chance %.2f\n", (double)lag / 1e9,
			      (double)found.lag_ns / 1e9, (double)found.lag_ci95_ns[0] / 1e9, (double)found.lag_ci95_ns[1] / 1e9,
			      found.contrast, found.same_side, found.p_value);
		assert_true(llabs(found.lag_ns - lag) < 150000000); /* a quarter of the ticks' distance */
		assert_true(found.lag_ci95_ns[0] <= lag && lag <= found.lag_ci95_ns[1]);
		assert_true(found.p_value <= 0.05);
		assert_true(found.contrast > 0.3);
		if (lag) {
			assert_true(found.same_side > 0.99);
			assert_true(lag > 0 ? found.lag_ci95_ns[0] > 0 && found.ratio > 1 :
					      found.lag_ci95_ns[1] < 0 && found.ratio < 1);
		}
	}
}

/* Prices without a relation: chance tells so in most of six pairs. */
static void unrelated_prices_have_no_lead(void **state)
{
	static struct tick a[TICKS_MAX], b[TICKS_MAX];
	int claimed = 0;

	(void)state;
	for (uint64_t run = 0; run < 6; run++) {
		struct leadlag found;
		size_t a_count, b_count;

		walk(common, 10 + run, 0);
		a_count = watch(a, NULL, 0, 0, 1500000000, 20 + run);
		walk(common, 10 + run, 1);
		b_count = watch(b, NULL, 0, 0, 1500000000, 30 + run);
		assert_int_equal(leadlag_of(a, a_count, b, b_count, 8000000000, &found), 0);
		claimed += found.p_value <= 0.05;
	}
	assert_true(claimed <= 2); /* of six at 5 %: more than two in 0.2 % */
}

static void too_little_says_nothing(void **state)
{
	struct tick few[] = {{0, 1}, {1000000000, 1.1}}, still[100];
	struct leadlag found;

	(void)state;
	assert_int_equal(leadlag_of(few, 2, few, 2, 1000000, &found), 0);
	assert_true(found.lag_ns == TIME_UNKNOWN && isnan(found.contrast));
	assert_int_equal(leadlag_of(few, 0, few, 2, 1000000, &found), 0);
	for (int i = 0; i < 100; i++)
		still[i] = (struct tick){i * 1000000000LL, 1};
	assert_int_equal(leadlag_of(still, 100, still, 100, 1000000, &found), 0);
	assert_true(found.lag_ns == TIME_UNKNOWN);
}

static size_t read_tape(struct tick *ticks, const char *name)
{
	const char *data = getenv("PRICELAG_DATA");
	char path[512];
	double at, price;
	size_t count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/tapes/%s", data ? data : "../shared/data", name);
	file = fopen(path, "re");
	if (!file) {
		print_message("skipped: %s is not here\n", path);
		return 0;
	}
	assert_true(fscanf(file, "%*[^\n]") == 0);
	while (count < TICKS_MAX && fscanf(file, "%lf,%lf", &at, &price) == 2)
		ticks[count++] = (struct tick){(int64_t)(at * 1e9), log(price)};
	fclose(file);
	return count;
}

/* BTC/JPY of 12 August 2018: bitFlyer, the large venue, leads btcbox by some 15 s. */
static void a_real_pair(void **state)
{
	static struct tick flyer[TICKS_MAX], box[TICKS_MAX];
	size_t flyer_count = read_tape(flyer, "leadlag_bitflyer_btcjpy_2018-08-12.csv");
	size_t box_count = read_tape(box, "leadlag_btcbox_btcjpy_2018-08-12.csv");
	struct leadlag found;

	(void)state;
	if (!flyer_count || !box_count)
		skip();
	assert_int_equal(flyer_count, 17507);
	assert_int_equal(box_count, 10516);
	assert_int_equal(leadlag_of(flyer, flyer_count, box, box_count, 30000000000, &found), 0);
	print_message("bitflyer leads btcbox by %.1f s (%.1f … %.1f), contrast %.3f, same side %.3f, chance %.2f\n",
		      (double)found.lag_ns / 1e9, (double)found.lag_ci95_ns[0] / 1e9, (double)found.lag_ci95_ns[1] / 1e9,
		      found.contrast, found.same_side, found.p_value);
	assert_true(found.lag_ci95_ns[0] > 5000000000 && found.lag_ci95_ns[1] < 30000000000);
	assert_true(found.same_side > 0.99 && found.p_value <= 0.05 && found.ratio > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_lags_are_found),
		cmocka_unit_test(unrelated_prices_have_no_lead),
		cmocka_unit_test(too_little_says_nothing),
		cmocka_unit_test(a_real_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
