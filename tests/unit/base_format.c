// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"

static void duration_is(int64_t ns, const char *expected)
{
	char text[FORMAT_MAX];

	assert_string_equal(format_duration(ns, text, sizeof(text)), expected);
}

static void durations(void **state)
{
	(void)state;
	duration_is(0, "0 ns");
	duration_is(812, "812 ns");
	duration_is(999, "999 ns");
	duration_is(1000, "1.00 µs");
	duration_is(14240, "14.2 µs");
	duration_is(3200000, "3.20 ms");
	duration_is(1050000000, "1.05 s");
	duration_is(42000000000, "42.0 s");
	duration_is(-3200000, "-3.20 ms");
	duration_is(-5, "-5 ns");
	duration_is(TIME_UNKNOWN, "–");
}

static void durations_round_into_the_next_unit(void **state)
{
	(void)state;
	duration_is(9994, "9.99 µs");
	duration_is(9996, "10.0 µs");
	duration_is(99949, "99.9 µs");
	duration_is(99960, "100 µs");
	duration_is(999400, "999 µs");
	duration_is(999960, "1.00 ms");
	duration_is(599400000000, "599 s");
	duration_is(600000000000, "10.0 min");
	duration_is(3600000000000, "60.0 min");
	duration_is(4 * 3600000000000, "4.00 h");
	duration_is(100 * 3600000000000, "4.17 d");
	duration_is(INT64_MAX, "106752 d");
	duration_is(INT64_MIN + 1, "-106752 d");
}

static void a_short_buffer_is_cut_not_overrun(void **state)
{
	char text[5];

	(void)state;
	assert_string_equal(format_duration(3200000, text, sizeof(text)), "3.20");
}

static void times(void **state)
{
	char text[FORMAT_MAX];

	(void)state;
	assert_string_equal(format_time(1763942711123456789, text, sizeof(text)), "2025-11-24 00:05:11.123456 UTC");
	assert_string_equal(format_time(0, text, sizeof(text)), "1970-01-01 00:00:00.000000 UTC");
	assert_string_equal(format_time(-1, text, sizeof(text)), "1969-12-31 23:59:59.999999 UTC");
	assert_string_equal(format_time(TIME_UNKNOWN, text, sizeof(text)), "–");
}

static void numbers(void **state)
{
	static const double values[] = {0.1, 1.0 / 3, 2e300, 5e-324, 123456789.123456789, 0.1 + 0.2, -0.25};
	char text[FORMAT_MAX];

	(void)state;
	assert_string_equal(format_number(0.1, text, sizeof(text)), "0.1");
	assert_string_equal(format_number(3, text, sizeof(text)), "3");
	assert_string_equal(format_number(NAN, text, sizeof(text)), "–");
	assert_string_equal(format_number(-INFINITY, text, sizeof(text)), "–");
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		assert_true(strtod(format_number(values[i], text, sizeof(text)), NULL) == values[i]);
}

static void widths(void **state)
{
	(void)state;
	assert_int_equal(utf8_width(""), 0);
	assert_int_equal(utf8_width("14.2 µs"), 7);
	assert_int_equal(utf8_width("–"), 1);
	assert_int_equal(utf8_width("e\xcc\x81"), 1); /* e and a combining accent */
	assert_int_equal(utf8_width("日本"), 4);
	assert_int_equal(utf8_width("\xff\xfe"), 2); /* two bytes that are no UTF-8 */
}

static void code_points(void **state)
{
	static const struct {
		const char *text;
		size_t taken;
		uint32_t code_point;
	} cases[] = {
		{"", 0, 0}, {"a", 1, 'a'}, {"µ", 2, 0xb5}, {"–", 3, 0x2013}, {"\xf0\x9f\x98\x80", 4, 0x1f600},
		{"\xc0\x80", 1, 0xfffd},     /* overlong NUL */
		{"\xe2\x80", 1, 0xfffd},     /* cut short: must not step over the NUL */
		{"\xed\xa0\x80", 1, 0xfffd}, /* surrogate */
		{"\xf4\x90\x80\x80", 1, 0xfffd}, /* above U+10FFFF */
		{"\x80", 1, 0xfffd}, {"\xf8\x88\x80\x80\x80", 1, 0xfffd},
	};
	uint32_t code_point;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(utf8_next(cases[i].text, &code_point), cases[i].taken);
		assert_int_equal(code_point, cases[i].code_point);
	}
}

static void names_cannot_steer_a_terminal(void **state)
{
	char *text = text_printable("ETH\033[2J\n\xc2\x9b" "x\xe2\x80\xae\xff µ");

	(void)state;
	assert_string_equal(text, "ETH\xef\xbf\xbd[2J\xef\xbf\xbd\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd µ");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(durations_round_into_the_next_unit),
		cmocka_unit_test(a_short_buffer_is_cut_not_overrun),
		cmocka_unit_test(times),
		cmocka_unit_test(numbers),
		cmocka_unit_test(widths),
		cmocka_unit_test(code_points),
		cmocka_unit_test(names_cannot_steer_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
