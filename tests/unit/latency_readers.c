// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a session says of other processes' reads: one by one, and as latencies of their feed. */
#include "session_fixture.h"

#include "base/clock.h"
#include "latency/latency.h"
#include "latency/readers.h"

static struct fixture fixture;

static int set_up(void **state)
{
	(void)state;
	fixture_session(&fixture);
	fixture_sql(&fixture, "INSERT INTO feed VALUES (0, 'tls', 'oracle', 'reads', 'tcp'), (1, 'plain', 'oracle', 'reads', 'udp');"
			      "INSERT INTO clock VALUES (0, 1000000, 0, 0, NULL, NULL), (100000, 1100000, 0, 0, NULL, NULL);"
			      "INSERT OR REPLACE INTO session VALUES ('end_mono_ns', '100000');"
			      "INSERT INTO reader VALUES (1, 0, 'tcp', '10.0.0.1', 40000, '10.0.0.2', 443, 7, 'node'),"
			      " (2, 0, 'tcp', '10.0.0.1', 40000, '10.0.0.2', 443, 8, 'node'), (3, 1, 'udp', NULL, 7100, NULL, NULL, 9, 'feed')");
	/* 100 packets of the first process wait 1 to 100 ns, those of the second 1000 */
	fixture_sql(&fixture, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)"
			      " INSERT INTO packet_read SELECT 1, 1000 + 10 * i, 1000 + 10 * i, 1000 + 11 * i, 50 FROM n");
	fixture_sql(&fixture, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10)"
			      " INSERT INTO packet_read SELECT 2, 5000 + i, 5000 + i, 6000 + i, 1 FROM n");
	fixture_sql(&fixture, "INSERT INTO packet_read VALUES (3, 99000, 99000, NULL, 9)");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_remove(&fixture);
	return 0;
}

static void one_by_one(void **state)
{
	struct reader_list list;
	struct error err = {""};

	(void)state;
	assert_int_equal(readers_load(fixture.db, NULL, &list, &err), 0);
	assert_int_equal(list.count, 3);
	assert_string_equal(list.items[0].feed, "plain");
	assert_int_equal(list.items[0].count, 0);
	assert_int_equal(list.items[0].censored, 1);
	assert_int_equal(list.items[0].wait[READER_P50].ns, TIME_UNKNOWN);
	assert_int_equal(list.items[0].max_ns, TIME_UNKNOWN);
	assert_string_equal(list.items[0].local, "");
	assert_int_equal(list.items[0].remote_port, 0);
	assert_int_equal(list.items[1].pid, 7); /* the one with more packets first */
	assert_int_equal(list.items[1].count, 100);
	assert_int_equal(list.items[1].bytes, 5000);
	assert_int_equal(list.items[1].wait[READER_P50].ns, 50);
	assert_int_equal(list.items[1].wait[READER_P90].ns, 90);
	assert_int_equal(list.items[1].max_ns, 100);
	assert_string_equal(list.items[1].remote, "10.0.0.2");
	assert_int_equal(list.items[2].pid, 8);
	assert_int_equal(list.items[2].wait[READER_P99].ns, 1000);
	readers_free(&list);
	assert_int_equal(readers_load(fixture.db, "plain", &list, &err), 0);
	assert_int_equal(list.count, 1);
	readers_free(&list);
}

static void as_latencies(void **state)
{
	enum stage from = STAGE_WIRE, to = STAGE_APP, other = STAGE_SEEN;
	struct latency_list list;
	struct error err = {""};

	(void)state;
	assert_int_equal(latency_compute(fixture.db, &from, &to, &list, &err), 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].feed, "plain");
	assert_int_equal(list.items[0].count, 0);
	assert_int_equal(list.items[0].censored, 1);
	assert_string_equal(list.items[1].feed, "tls");
	assert_string_equal(list.items[1].asset, "");
	assert_int_equal(list.items[1].count, 110);
	assert_int_equal(list.items[1].p50_ns, 55);
	assert_int_equal(list.items[1].max_ns, 1000);
	latency_list_free(&list);
	assert_int_equal(latency_compute(fixture.db, &from, &other, &list, &err), 0);
	for (size_t i = 0; i < list.count; i++)
		assert_int_equal(list.items[i].count + list.items[i].censored, 0); /* no packet lands on a chain */
	latency_list_free(&list);
}

static void nothing_that_makes_no_sense(void **state)
{
	struct reader_list list;
	struct error err = {""};

	(void)state;
	fixture_sql(&fixture, "DELETE FROM packet_read; INSERT INTO packet_read VALUES (1, -9223372036854775807, -9223372036854775807,"
			      " 9223372036854775807, 50), (9, 1, 1, 1, 1)");
	assert_int_equal(readers_load(fixture.db, NULL, &list, &err), 0);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.items[0].count, 0);
	readers_free(&list);
	fixture_sql(&fixture, "DROP TABLE packet_read");
	assert_true(readers_load(fixture.db, NULL, &list, &err) < 0);
	assert_non_null(strstr(err.text, "packet_read"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_by_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(as_latencies, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_that_makes_no_sense, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
