// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Changes of level: those that are there, and none where there are none, with and without autocorrelation. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "margin/rng.h"
#include "stats/change.h"

#define COUNT 3000

static struct observation series[COUNT];

/* Lognormal, median 1 ms, autocorrelation rho, times levels[k] in the k-th of `parts` equal parts. */
static void draw(uint64_t run, double rho, const double *levels, int parts)
{
	struct rng rng;
	double z;

	rng_open(&rng, 41, run, 0, RNG_WALK);
	z = rng_normal(&rng);
	for (int i = 0; i < COUNT; i++) {
		series[i] = (struct observation){.at_ns = i, .ns = (int64_t)(1e6 * exp(0.7 * z) * levels[i * parts / COUNT])};
		z = rho * z + sqrt(1 - rho * rho) * rng_normal(&rng);
	}
}

static void steps_are_found_where_they_are(void **state)
{
	static const double levels[] = {1, 1.5, 0.8};
	static const double rhos[] = {0, 0.5};
	struct change found[CHANGES_MAX];
	size_t count;

	(void)state;
	for (int r = 0; r < 2; r++) {
		draw(1, rhos[r], levels, 3);
		assert_int_equal(changes_find(series, COUNT, found, &count), 0);
		assert_int_equal(count, 2);
		for (int k = 0; k < 2; k++) {
			print_message("autocorrelation %.1f: at %zu, %.2f ms to %.2f ms\n", rhos[r], found[k].index,
				      (double)found[k].before_p50_ns / 1e6, (double)found[k].after_p50_ns / 1e6);
			assert_in_range(found[k].index, 1000 * (k + 1) - 60, 1000 * (k + 1) + 60);
			assert_true(fabs((double)found[k].before_p50_ns / 1e6 / levels[k] - 1) < 0.15);
			assert_true(fabs((double)found[k].after_p50_ns / 1e6 / levels[k + 1] - 1) < 0.15);
			assert_true(found[k].p_value <= 0.01);
			assert_int_equal(found[k].before_count + found[k].after_count, k ? COUNT - found[0].index : found[1].index);
		}
	}
}

/* At 1 % a search, 200 series show 2; more than 8 would be one in 4,000. */
static void where_nothing_changes_none_is_found(void **state)
{
	static const double level = 1;
	static const double rhos[] = {0, 0.5, 0.8};

	(void)state;
	for (int r = 0; r < 3; r++) {
		size_t alarms = 0;

		for (uint64_t run = 0; run < 200; run++) {
			struct change found[CHANGES_MAX];
			size_t count;

			draw(100 + run, rhos[r], &level, 1);
			assert_int_equal(changes_find(series, COUNT, found, &count), 0);
			alarms += count > 0;
		}
		print_message("autocorrelation %.1f: %zu false alarms in 200\n", rhos[r], alarms);
		assert_true(alarms <= 8);
	}
}

static void odd_series(void **state)
{
	struct change found[CHANGES_MAX];
	size_t count;

	(void)state;
	assert_int_equal(changes_find(series, 0, found, &count), 0);
	assert_int_equal(count, 0);
	for (int i = 0; i < COUNT; i++)
		series[i] = (struct observation){.at_ns = i, .ns = 5, .open = i % 2};
	assert_int_equal(changes_find(series, COUNT, found, &count), 0);
	assert_int_equal(count, 0);
	/* a step among every other one: open durations are passed over, the index is the series' own */
	for (int i = 0; i < COUNT; i++)
		series[i].ns = i < 1500 ? 5 + i % 7 : 50 + i % 7;
	assert_int_equal(changes_find(series, COUNT, found, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(found[0].index, 1500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_found_where_they_are),
		cmocka_unit_test(where_nothing_changes_none_is_found),
		cmocka_unit_test(odd_series),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
