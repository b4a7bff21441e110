// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "output/table.h"

static const struct table_column columns[] = {
	{"feed", "feed", TABLE_LEFT},
	{"p50", "p50_ns", TABLE_RIGHT},
	{"count", "count", TABLE_RIGHT},
	{"note", "note", TABLE_LEFT},
};

static struct table *example(void)
{
	struct table *table = table_new(columns, 4);

	table_text(table, "hermes");
	table_duration(table, 14200);
	table_count(table, 7);
	table_text(table, "a, \"b\"\nc");
	table_text(table, "日本");
	table_duration(table, TIME_UNKNOWN);
	table_count(table, 18446744073709551615u);
	table_text(table, "");
	return table;
}

static char *printed(const struct table *table, int (*print)(const struct table *, FILE *), int expected)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(print(table, out), expected);
	fclose(out);
	return text;
}

static void columns_line_up(void **state)
{
	struct table *table = example();
	char *text = printed(table, table_print, 0);

	(void)state;
	assert_int_equal(table_rows(table), 2);
	assert_string_equal(text, "feed        p50                 count  note\n"
				  "hermes  14.2 µs                     7  a, \"b\"\xef\xbf\xbd" "c\n"
				  "日本          –  18446744073709551615  –\n");
	free(text);
	table_free(table);
}

static void csv_quotes_and_keeps_raw_values(void **state)
{
	struct table *table = example();
	char *text = printed(table, table_csv, 0);

	(void)state;
	assert_string_equal(text, "feed,p50_ns,count,note\r\n"
				  "hermes,14200,7,\"a, \"\"b\"\"\nc\"\r\n"
				  "日本,,18446744073709551615,\r\n");
	free(text);
	table_free(table);
}

static void every_kind_of_cell(void **state)
{
	static const struct table_column kinds[] = {
		{"i", "i", TABLE_RIGHT}, {"t", "t", TABLE_RIGHT}, {"n", "n", TABLE_RIGHT},
		{"s", "s", TABLE_RIGHT}, {"u", "u", TABLE_RIGHT},
	};
	struct table *table = table_new(kinds, 5);
	char *text;

	(void)state;
	table_integer(table, -3);
	table_time(table, 1000);
	table_number(table, 2.0 / 3, 2);
	table_share(table, 0.1234);
	table_unknown(table);
	table_integer(table, 0);
	table_time(table, TIME_UNKNOWN);
	table_number(table, NAN, 2);
	table_share(table, NAN);
	table_unknown(table);
	text = printed(table, table_csv, 0);
	assert_string_equal(text, "i,t,n,s,u\r\n-3,1000,0.6666666666666666,0.1234,\r\n0,,,,\r\n");
	free(text);
	text = printed(table, table_print, 0);
	assert_string_equal(text, " i                               t     n       s  u\n"
				  "-3  1970-01-01 00:00:00.000001 UTC  0.67  12.3 %  –\n"
				  " 0                               –     –       –  –\n");
	free(text);
	table_free(table);
}

static void an_empty_table_is_its_heading(void **state)
{
	struct table *table = table_new(columns, 4);
	char *text = printed(table, table_csv, 0);

	(void)state;
	assert_string_equal(text, "feed,p50_ns,count,note\r\n");
	free(text);
	text = printed(table, table_print, 0);
	assert_string_equal(text, "feed  p50  count  note\n");
	free(text);
	table_free(table);
}

static void a_full_disk_is_reported(void **state)
{
	struct table *table = example();
	FILE *out = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(out);
	assert_int_equal(table_print(table, out), -EIO);
	fclose(out);
	table_free(table);
}

static void no_memory_is_reported(void **state)
{
	struct error err;

	(void)state;
	table_text(NULL, "x");
	assert_int_equal(table_print(NULL, stdout), -ENOMEM);
	assert_int_equal(table_csv(NULL, stdout), -ENOMEM);
	assert_int_equal(table_finish(NULL, true, &err), -ENOMEM);
	assert_non_null(strstr(err.text, "stdout"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_line_up),
		cmocka_unit_test(csv_quotes_and_keeps_raw_values),
		cmocka_unit_test(every_kind_of_cell),
		cmocka_unit_test(an_empty_table_is_its_heading),
		cmocka_unit_test(a_full_disk_is_reported),
		cmocka_unit_test(no_memory_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
