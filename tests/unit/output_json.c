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

#include "base/clock.h"
#include "output/json_out.h"

static void is(struct json_object *object, const char *expected)
{
	assert_string_equal(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
			    expected);
	json_object_put(object);
}

static void unknown_is_null(void **state)
{
	struct json_object *doc = json_document("pricelag.test/1");

	(void)state;
	json_add_ns(doc, "a_ns", TIME_UNKNOWN);
	json_add_number(doc, "b", NAN);
	json_add_number(doc, "c", INFINITY);
	json_add_text(doc, "d", NULL);
	json_add_name(doc, "e", "");
	json_add_text(doc, "f", "");
	json_add_ns(doc, "g_ns", 0);
	json_add_ns_pair(doc, "h_ns", (int64_t[]){5, TIME_UNKNOWN});
	is(doc, "{\"schema\":\"pricelag.test/1\",\"a_ns\":null,\"b\":null,\"c\":null,\"d\":null,\"e\":null,\"f\":\"\","
		"\"g_ns\":0,\"h_ns\":[5,null]}");
}

static void numbers_have_no_noise(void **state)
{
	struct json_object *doc = json_document("s");

	(void)state;
	json_add_number(doc, "a", 0.1);
	json_add_number(doc, "b", 3001.25);
	json_add_number(doc, "c", -2);
	json_add_number(doc, "d", 1e300);
	json_add_count(doc, "e", UINT64_MAX);
	json_add_ns(doc, "f", INT64_MAX);
	json_add_bool(doc, "g", true);
	is(doc, "{\"schema\":\"s\",\"a\":0.1,\"b\":3001.25,\"c\":-2,\"d\":1e+300,\"e\":18446744073709551615,"
		"\"f\":9223372036854775807,\"g\":true}");
}

static void text_is_escaped_and_valid_utf8(void **state)
{
	struct json_object *doc = json_document("s");

	(void)state;
	json_add_text(doc, "a", "\"\\\n\001/µ");
	json_add_text(doc, "b", "x\xffy\xe2\x80");
	is(doc, "{\"schema\":\"s\",\"a\":\"\\\"\\\\\\n\\u0001/µ\",\"b\":\"x\xef\xbf\xbdy\xef\xbf\xbd\xef\xbf\xbd\"}");
}

static void losses_come_from_the_table(void **state)
{
	struct json_object *doc = json_document("s");
	struct error err = {""};
	sqlite3 *db;

	(void)state;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(json_add_losses(doc, "losses", db, &err), -EIO);
	assert_non_null(strstr(err.text, "no such table: loss"));
	assert_int_equal(sqlite3_exec(db,
				      "CREATE TABLE loss (source TEXT, name TEXT, count INTEGER, is_loss INTEGER);"
				      "INSERT INTO loss VALUES ('hermes', 'unmapped', 3, 1), ('hermes', 'messages', 9, 0),"
				      " ('a', 'ring_full', 0, 1);",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(json_add_losses(doc, "losses", db, &err), 0);
	sqlite3_close(db);
	is(doc, "{\"schema\":\"s\",\"losses\":{\"a.ring_full\":0,\"hermes.unmapped\":3}}");
}

static void printing(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct error err = {""};

	(void)state;
	assert_int_equal(json_print(json_document("s"), out, &err), 0);
	fclose(out);
	assert_string_equal(text, "{\n  \"schema\": \"s\"\n}\n");
	free(text);

	out = fopen("/dev/full", "w");
	assert_non_null(out);
	assert_int_equal(json_print(json_document("s"), out, &err), -EIO);
	assert_non_null(strstr(err.text, "No space left"));
	fclose(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_is_null),
		cmocka_unit_test(numbers_have_no_noise),
		cmocka_unit_test(text_is_escaped_and_valid_utf8),
		cmocka_unit_test(losses_come_from_the_table),
		cmocka_unit_test(printing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
