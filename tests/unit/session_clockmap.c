// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "session_fixture.h"

#include <errno.h>

#include "session/clockmap.h"

static struct clockmap *load_columns(const char *columns, const char *readings)
{
	struct clockmap *map = NULL;
	struct fixture f;
	struct error err = {""};
	char sql[1024];

	fixture_session(&f);
	snprintf(sql, sizeof(sql), "INSERT INTO clock (%s) VALUES %s", columns, readings);
	fixture_sql(&f, sql);
	if (clockmap_load(&map, f.db, &err))
		fail_msg("%s", err.text);
	fixture_remove(&f);
	return map;
}

static struct clockmap *load(const char *readings)
{
	return load_columns("mono_ns, real_ns, half_width_ns, synchronized, max_error_ns", readings);
}

static void interpolates(void **state)
{
	/* the offset rises by 100 ns over the first second, by 20 over the next two */
	struct clockmap *map = load("(1000000000, 5000000000, 40, 1, 2000), (2000000000, 6000000100, 60, 1, 3000),"
				    "(4000000000, 8000000120, 50, 1, 2500)");

	(void)state;
	assert_int_equal(clockmap_utc(map, 1000000000), 5000000000);
	assert_int_equal(clockmap_utc(map, 1500000000), 5500000050);
	assert_int_equal(clockmap_utc(map, 2000000000), 6000000100);
	assert_int_equal(clockmap_utc(map, 3000000000), 7000000110);
	assert_int_equal(clockmap_utc(map, 4000000000), 8000000120);
	clockmap_free(map);
}

static void extrapolates(void **state)
{
	struct clockmap *map = load("(2000000000, 6000000100, 60, 1, 3000), (1000000000, 5000000000, 40, 1, 2000),"
				    "(4000000000, 8000000120, 50, 1, 2500)");

	(void)state;
	assert_int_equal(clockmap_utc(map, 0), 3999999900);
	assert_int_equal(clockmap_utc(map, 5000000000), 9000000130);
	clockmap_free(map);
}

static void one_reading_is_an_offset(void **state)
{
	struct clockmap *map = load("(1000, 5000, 7, 1, 9)");

	(void)state;
	assert_int_equal(clockmap_utc(map, 0), 4000);
	assert_int_equal(clockmap_utc(map, 1000000), 1004000);
	assert_int_equal(clockmap_bracket_ns(map), 7);
	assert_int_equal(clockmap_utc_error_ns(map), 9);
	clockmap_free(map);
}

static void unknown_stays_unknown(void **state)
{
	struct clockmap *map = load("(1000, 5000, 7, 1, 9)");

	(void)state;
	assert_true(clockmap_utc(map, TIME_UNKNOWN) == TIME_UNKNOWN);
	clockmap_free(map);
}

static void bounds_are_the_widest(void **state)
{
	struct clockmap *map = load("(1000000000, 5000000000, 40, 1, 2000), (2000000000, 6000000010, 60, 1, 3000)");

	(void)state;
	assert_int_equal(clockmap_bracket_ns(map), 60);
	assert_int_equal(clockmap_utc_error_ns(map), 3000);
	clockmap_free(map);
}

/* Somebody set the clock between two readings: where between them is unknown. */
static void a_step_is_in_the_bound(void **state)
{
	struct clockmap *map = load("(1000000000, 5000000000, 40, 1, 2000), (2000000000, 6500000000, 60, 1, 3000)");

	(void)state;
	assert_int_equal(clockmap_bracket_ns(map), 500000000);
	clockmap_free(map);
}

static void unsynchronized_once_is_unbounded(void **state)
{
	struct clockmap *map = load("(1, 5, 1, 1, 2000), (2000, 2004, 1, 0, NULL), (3000, 3004, 1, 1, 10)");

	(void)state;
	assert_true(clockmap_utc_error_ns(map) == TIME_UNKNOWN);
	clockmap_free(map);
}

static void says(const char *readings, enum clock_source source, const char *words)
{
	struct clockmap *map = load_columns("mono_ns, real_ns, half_width_ns, synchronized, max_error_ns, source", readings);
	char text[160];

	assert_int_equal(clockmap_source(map), source);
	assert_string_equal(clockmap_describe(map, text, sizeof(text)), words);
	clockmap_free(map);
}

static void largest_bound_names_its_source(void **state)
{
	(void)state;
	says("(1, 5, 31, 1, 2000, 'chrony'), (2000, 2004, 1, 1, 1200000, 'kernel'), (3000, 3004, 1, 1, 10, 'chrony')",
	     CLOCK_SOURCE_KERNEL, "UTC within ±1.20 ms, by kernel; inside this machine exact to ±31 ns");
	says("(1, 5, 31, 1, 25000, 'chrony+ena')", CLOCK_SOURCE_CHRONY_ENA,
	     "UTC within ±25.0 µs, by chrony+ena; inside this machine exact to ±31 ns");
	/* another program's session, or a later pricelag's */
	says("(1, 5, 31, 1, 25000, 'sundial')", CLOCK_SOURCE_NONE, "UTC within ±25.0 µs; inside this machine exact to ±31 ns");
	/* synchronised, and without a bound: a reference clock that nobody vouches for */
	says("(1, 5, 31, 1, 2000, 'chrony'), (2000, 2004, 1, 1, NULL, NULL)", CLOCK_SOURCE_NONE,
	     "distance from UTC unknown; inside this machine exact to ±31 ns");
}

static void hostile_readings_do_not_overflow(void **state)
{
	struct clockmap *map = load("(-9223372036854775807, 9223372036854775807, 1, 1, 1),"
				    "(-9223372036854775806, -9223372036854775807, 1, 1, 1),"
				    "(9223372036854775807, 9223372036854775807, 1, 1, 1)");

	(void)state;
	for (int64_t t = INT64_MAX; t > 0; t /= 3) {
		assert_true(clockmap_utc(map, t) != TIME_UNKNOWN);
		assert_true(clockmap_utc(map, -t) != TIME_UNKNOWN);
	}
	clockmap_free(map);
}

static void no_reading_is_an_error(void **state)
{
	struct clockmap *map = NULL;
	struct fixture f;
	struct error err = {""};

	(void)state;
	fixture_session(&f);
	assert_int_equal(clockmap_load(&map, f.db, &err), -ENODATA);
	assert_non_null(strstr(err.text, "record again"));
	fixture_remove(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interpolates),
		cmocka_unit_test(extrapolates),
		cmocka_unit_test(one_reading_is_an_offset),
		cmocka_unit_test(unknown_stays_unknown),
		cmocka_unit_test(bounds_are_the_widest),
		cmocka_unit_test(a_step_is_in_the_bound),
		cmocka_unit_test(unsynchronized_once_is_unbounded),
		cmocka_unit_test(largest_bound_names_its_source),
		cmocka_unit_test(hostile_readings_do_not_overflow),
		cmocka_unit_test(no_reading_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
