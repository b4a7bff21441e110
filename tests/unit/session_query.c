// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reading a session: values that are missing, an argument, and what ends a query. */
#include "session_fixture.h"

#include <errno.h>
#include <math.h>

#include "base/clock.h"
#include "session/query.h"

static struct fixture fixture;

static int set_up(void **state)
{
	(void)state;
	fixture_session(&fixture);
	fixture_sql(&fixture, "INSERT INTO feed (id, name, role, decoder, transport) VALUES (0, 'a', 'oracle', 'json', 'ws'),"
			      " (1, 'b', 'oracle', 'json', 'ws'), (2, 'c', 'block', 'bitcoin', 'tcp')");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_remove(&fixture);
	return 0;
}

static int hold_columns(void *context, sqlite3_stmt *row)
{
	char cut[4] = "---";

	assert_int_equal(column_ns(row, 0), -5);
	assert_int_equal(column_ns(row, 1), TIME_UNKNOWN);
	assert_true(column_number(row, 2) == 0.25);
	assert_true(isnan(column_number(row, 1)));
	assert_string_equal(column_text(row, 3), "hermes");
	assert_string_equal(column_text(row, 1), "");
	column_copy(row, 3, cut, sizeof(cut));
	assert_string_equal(cut, "her");
	column_copy(row, 1, cut, sizeof(cut));
	assert_string_equal(cut, "");
	++*(int *)context;
	return 0;
}

static void values_and_their_absence(void **state)
{
	struct error err = {""};
	int rows = 0;

	(void)state;
	assert_int_equal(query_each(fixture.db, "SELECT -5, NULL, 0.25, 'hermes'", NULL, "table none", hold_columns, &rows, &err), 0);
	assert_int_equal(rows, 1);
}

/* Adds the names up, as "a,b,", until there are `limit` of them. */
struct names {
	char text[32];
	int limit;
};

static int add_name(void *context, sqlite3_stmt *row)
{
	struct names *names = context;

	if (!names->limit--)
		return -ENOMEM;
	strcat(strcat(names->text, column_text(row, 0)), ",");
	return 0;
}

static void an_argument_is_bound(void **state)
{
	static const char query[] = "SELECT name FROM feed WHERE ?1 IS NULL OR role = ?1 ORDER BY id";
	struct names oracles = {.limit = 9}, all = {.limit = 9}, none = {.limit = 9};
	struct error err = {""};

	(void)state;
	assert_int_equal(query_each(fixture.db, query, "oracle", "table feed", add_name, &oracles, &err), 0);
	assert_string_equal(oracles.text, "a,b,");
	assert_int_equal(query_each(fixture.db, query, NULL, "table feed", add_name, &all, &err), 0);
	assert_string_equal(all.text, "a,b,c,");
	assert_int_equal(query_each(fixture.db, query, "' OR 1 --", "table feed", add_name, &none, &err), 0);
	assert_string_equal(none.text, "");
}

static void what_ends_it_is_said(void **state)
{
	struct names names = {.limit = 1};
	struct error err = {""};

	(void)state;
	assert_int_equal(query_each(fixture.db, "SELECT name FROM feed", NULL, "table feed", add_name, &names, &err), -ENOMEM);
	assert_string_equal(names.text, "a,"); /* not called again */
	assert_string_equal(err.text, "session: no memory for table feed");
	assert_int_equal(query_each(fixture.db, "SELECT name FROM feeds", NULL, "table feeds", add_name, &names, &err), -EIO);
	assert_string_equal(err.text, "session: table feeds: no such table: feeds");
	names.limit = 9;
	assert_int_equal(query_each(fixture.db, "SELECT abs(CASE id WHEN 1 THEN -9223372036854775808 ELSE id END) FROM feed", NULL,
				    "table feed", add_name, &names, &err), -EIO);
	assert_string_equal(names.text, "a,0,"); /* a row came, and then none could be made */
	assert_string_equal(err.text, "session: table feed: integer overflow");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(values_and_their_absence, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_argument_is_bound, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_ends_it_is_said, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("session_query", tests, NULL, NULL);
}
