// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Exact decimals and times. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed/decimal.h"
#include "feed/timestamp.h"

static void test_decimals_are_exact(void **state)
{
	static const struct {
		const char *text, *mantissa;
		int exponent;
		double value;
	} cases[] = {
		{"2999.12", "299912", -2, 2999.12},
		{"3e3", "3", 3, 3000},
		{"3E+3", "3", 3, 3000},
		{"-0.5", "-5", -1, -0.5},
		{".5", "5", -1, 0.5},
		{"7.", "7", 0, 7},
		{"0", "0", 0, 0},
		{"-0.00", "0", -2, 0},
		{"0012.50", "1250", -2, 12.5},
		{"1.5e-8", "15", -9, 1.5e-8},
		{"123456789012345678901234567890.123456789", "123456789012345678901234567890123456789", -9,
		 123456789012345678901234567890.123456789},
		{"-57896044618658097711785492504343953926634992332820282019728792003956564819968",
		 "-57896044618658097711785492504343953926634992332820282019728792003956564819968", 0, -0x1p255},
		{"0.1", "1", -1, 0.1},
		{"1e308", "1", 308, 1e308},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct decimal d;

		assert_int_equal(decimal_parse(cases[i].text, &d), 0);
		assert_string_equal(d.mantissa, cases[i].mantissa);
		assert_int_equal(d.exponent, cases[i].exponent);
		assert_true(decimal_value(d.mantissa, d.exponent) == cases[i].value);
	}
}

static void test_what_is_no_number_is_refused(void **state)
{
	static const char *const cases[] = {"",	   "-",	   ".",	  "e5",	 "1e",	"1e+",	"+1",  " 1",  "1 ",
					    "1.2.3", "0x10", "NaN", "inf", "1,5", "--1", "1e5.", "1e5x", "12a"};
	struct decimal d;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(decimal_parse(cases[i], &d), -EINVAL);
}

static void test_absurd_numbers_are_refused(void **state)
{
	char digits[10001];
	struct decimal d;

	(void)state;
	memset(digits, '7', sizeof(digits) - 1);
	digits[sizeof(digits) - 1] = '\0';
	assert_int_equal(decimal_parse(digits, &d), -ERANGE);
	digits[DECIMAL_DIGITS_MAX + 1] = '\0';
	assert_int_equal(decimal_parse(digits, &d), -ERANGE);
	digits[DECIMAL_DIGITS_MAX] = '\0';
	assert_int_equal(decimal_parse(digits, &d), 0);
	assert_int_equal(strlen(d.mantissa), DECIMAL_DIGITS_MAX);
	memset(digits, '0', sizeof(digits) - 1);
	digits[1] = '.';
	assert_int_equal(decimal_parse(digits, &d), -ERANGE);
	assert_int_equal(decimal_parse("1e309", &d), -ERANGE);
	assert_int_equal(decimal_parse("1e-309", &d), -ERANGE);
	assert_int_equal(decimal_parse("1e99999999999999999999999999", &d), -ERANGE);
	assert_int_equal(decimal_parse("1e-18446744073709551616", &d), -ERANGE);
	assert_true(isnan(decimal_value("10", 308)));
	assert_true(isnan(decimal_value("", 0)));
}

static int64_t time_of(const char *text, int unit_exponent)
{
	struct decimal d;
	int64_t ns;

	assert_int_equal(decimal_parse(text, &d), 0);
	assert_int_equal(decimal_time_ns(&d, unit_exponent, &ns), 0);
	return ns;
}

static void test_times_are_exact(void **state)
{
	struct decimal d;
	int64_t ns;

	(void)state;
	assert_int_equal(time_of("1763899200123456789", -9), 1763899200123456789);
	assert_int_equal(time_of("1763899200123456", -6), 1763899200123456000);
	assert_int_equal(time_of("1763899200123", -3), 1763899200123000000);
	assert_int_equal(time_of("1763899200", 0), 1763899200000000000);
	assert_int_equal(time_of("1763899200.123456789", 0), 1763899200123456789);
	assert_int_equal(time_of("1763899200.1234567899", 0), 1763899200123456789);
	assert_int_equal(time_of("1.7638992e9", 0), 1763899200000000000);
	assert_int_equal(time_of("-1.5", -9), -2);
	assert_int_equal(time_of("-0.0000000001", 0), -1);
	assert_int_equal(time_of("0e300", 0), 0);
	assert_int_equal(time_of("1e-300", 0), 0);
	assert_int_equal(time_of("9223372036854775807", -9), INT64_MAX);

	assert_int_equal(decimal_parse("9223372036854775808", &d), 0);
	assert_int_equal(decimal_time_ns(&d, -9, &ns), -ERANGE);
	assert_int_equal(decimal_parse("-9223372036854775808", &d), 0); /* TIME_UNKNOWN */
	assert_int_equal(decimal_time_ns(&d, -9, &ns), -ERANGE);
	assert_int_equal(decimal_parse("1763899200123", &d), 0);
	assert_int_equal(decimal_time_ns(&d, 0, &ns), -ERANGE);
	assert_int_equal(decimal_parse("1e300", &d), 0);
	assert_int_equal(decimal_time_ns(&d, -9, &ns), -ERANGE);
}

static void test_iso_8601(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} good[] = {
		{"2026-11-23T12:00:00.123456789Z", 1795435200123456789},
		{"2026-11-23T12:00:00Z", 1795435200000000000},
		{"2026-11-23 12:00:00.5z", 1795435200500000000},
		{"2026-11-23T13:30:00+01:30", 1795435200000000000},
		{"2026-11-23T04:00:00,25-0800", 1795435200250000000},
		{"2026-11-23T12:00:00.1234567899999Z", 1795435200123456789},
		{"1970-01-01T00:00:00Z", 0},
		{"1969-12-31T23:59:59.5Z", -500000000},
		{"2024-02-29T00:00:00Z", 1709164800000000000},
		{"2016-12-31T23:59:60Z", 1483228800000000000},
	};
	static const char *const bad[] = {
		"",			     "2026",			 "2026-11-23",		    "2026-11-23T12:00:00",
		"2026-11-23T12:00:00.Z",     "2026-11-23T12:00Z",	 "2026-13-01T00:00:00Z",    "2026-02-29T00:00:00Z",
		"2026-11-23T24:00:00Z",	     "2026-11-23T12:60:00Z",	 "2026-11-23T12:00:61Z",    "2026-11-23T12:00:00Zx",
		"2026-11-23T12:00:00+1:00",  "2026-11-23T12:00:00+24:00", "2026-11-23T12:00:00+01:", "2026/11/23T12:00:00Z",
		"0000-01-01T00:00:00Z",	     "-026-11-23T12:00:00Z",	 "2026-11-00T12:00:00Z",    "2026-11-23T12:00:00+01:60",
	};
	int64_t ns;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(timestamp_parse_iso(good[i].text, &ns), 0);
		assert_int_equal(ns, good[i].ns);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(timestamp_parse_iso(bad[i], &ns), -EINVAL);
	assert_int_equal(timestamp_parse_iso("9999-12-31T23:59:59Z", &ns), -ERANGE);
	assert_int_equal(timestamp_parse_iso("0001-01-01T00:00:00Z", &ns), -ERANGE);
}

static void test_units(void **state)
{
	enum time_unit unit;

	(void)state;
	assert_int_equal(time_unit_parse("us", &unit), 0);
	assert_int_equal(unit, TIME_UNIT_US);
	assert_int_equal(time_unit_exponent(unit), -6);
	assert_int_equal(time_unit_parse("m", &unit), -EINVAL);
	assert_int_equal(time_unit_parse("", &unit), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decimals_are_exact),
		cmocka_unit_test(test_what_is_no_number_is_refused),
		cmocka_unit_test(test_absurd_numbers_are_refused),
		cmocka_unit_test(test_times_are_exact),
		cmocka_unit_test(test_iso_8601),
		cmocka_unit_test(test_units),
	};

	return cmocka_run_group_tests_name("feed_decimal", tests, NULL, NULL);
}
