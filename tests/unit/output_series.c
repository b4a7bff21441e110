// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/clock.h"
#include "output/series.h"

static void a_curve_of_few_has_every_step(void **state)
{
	static const int64_t ends[] = {10, 20, 20, 40};
	const struct survival s = {.ends = ends, .end_count = 4};
	struct curve_point *points;

	(void)state;
	assert_int_equal(curve_points(&s, &points), 3);
	assert_int_equal(points[0].ns, 10);
	assert_true(points[0].share == 0.25);
	assert_int_equal(points[1].ns, 20);
	assert_true(points[1].share == 0.75);
	assert_int_equal(points[2].ns, 40);
	assert_true(points[2].share == 1);
	free(points);
}

static void an_open_duration_keeps_the_curve_below_one(void **state)
{
	static const int64_t ends[] = {10, 30}, opens[] = {20, 50};
	const struct survival s = {ends, 2, opens, 2, 1};
	struct curve_point *points;

	(void)state;
	/* 4 at risk at 10, 2 at 30: S = 3/4 * 1/2 */
	assert_int_equal(curve_points(&s, &points), 2);
	assert_true(points[0].share == 0.25);
	assert_true(points[1].share == 1 - 0.375);
	free(points);
}

static void nothing_ended_is_no_curve(void **state)
{
	static const int64_t opens[] = {20};
	const struct survival s = {.opens = opens, .open_count = 1, .open_weight = 1};
	struct curve_point *points;

	(void)state;
	assert_int_equal(curve_points(&s, &points), 0);
	assert_null(points);
}

static void a_large_curve_is_thinned_and_agrees_with_the_quantiles(void **state)
{
	const size_t count = 200000;
	int64_t *ends = calloc(count, sizeof(*ends));
	struct survival s = {.ends = ends, .end_count = count};
	struct curve_point *points;
	size_t kept;

	(void)state;
	assert_non_null(ends);
	for (size_t i = 0; i < count; i++)
		ends[i] = (int64_t)(i * 7 + 3);
	kept = curve_points(&s, &points);
	assert_in_range(kept, 800, 2000);
	assert_int_equal(points[0].ns, ends[0]);
	assert_int_equal(points[kept - 1].ns, ends[count - 1]);
	for (size_t i = 0; i < kept; i++) {
		size_t rank = (size_t)(points[i].share * (double)count + 0.5);

		assert_int_equal(points[i].ns, ends[rank - 1]);
		if (i) {
			assert_true(points[i].ns > points[i - 1].ns);
			assert_true(points[i].share - points[i - 1].share < 1.1 / 800);
		}
	}
	free(points);
	free(ends);
}

static bool is_kept(const size_t *keep, size_t kept, size_t row)
{
	for (size_t i = 0; i < kept; i++) {
		if (keep[i] == row)
			return true;
	}
	return false;
}

static void thinning_keeps_the_extremes(void **state)
{
	enum { COUNT = 100000, LIMIT = 5000 };
	int64_t *a = calloc(COUNT, sizeof(*a)), *b = calloc(COUNT, sizeof(*b));
	size_t *keep = calloc(COUNT, sizeof(*keep)), kept;
	const int64_t *columns[] = {a, b};

	(void)state;
	assert_true(a && b && keep);
	for (size_t i = 0; i < COUNT; i++) {
		a[i] = (int64_t)(i * 2654435761u % 1000);
		b[i] = TIME_UNKNOWN;
	}
	a[31337] = 1000000;
	a[31338] = -1000000;
	b[77777] = 5;
	kept = thin_rows(columns, 2, COUNT, LIMIT, keep);
	assert_in_range(kept, 1000, LIMIT);
	assert_int_equal(keep[0], 0);
	assert_int_equal(keep[kept - 1], COUNT - 1);
	for (size_t i = 1; i < kept; i++)
		assert_true(keep[i] > keep[i - 1]);
	assert_true(is_kept(keep, kept, 31337));
	assert_true(is_kept(keep, kept, 31338));
	assert_true(is_kept(keep, kept, 77777));
	free(a);
	free(b);
	free(keep);
}

static void few_rows_stay_as_they_are(void **state)
{
	static const int64_t column[] = {3, TIME_UNKNOWN, 2};
	const int64_t *columns[] = {column};
	size_t keep[3];

	(void)state;
	assert_int_equal(thin_rows(columns, 1, 3, 100, keep), 3);
	assert_int_equal(keep[1], 1);
	assert_int_equal(thin_rows(columns, 1, 0, 100, keep), 0);
	/* a limit below what one stretch needs still keeps both ends and the extremes */
	assert_int_equal(thin_rows(columns, 1, 3, 1, keep), 2);
	assert_int_equal(keep[0], 0);
	assert_int_equal(keep[1], 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_curve_of_few_has_every_step),
		cmocka_unit_test(an_open_duration_keeps_the_curve_below_one),
		cmocka_unit_test(nothing_ended_is_no_curve),
		cmocka_unit_test(a_large_curve_is_thinned_and_agrees_with_the_quantiles),
		cmocka_unit_test(thinning_keeps_the_extremes),
		cmocka_unit_test(few_rows_stay_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
