// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who had a message first, and when two messages are the same one. */
#include "session_fixture.h"

#include "base/clock.h"
#include "latency/race.h"

static struct fixture fixture;

static int set_up(void **state)
{
	(void)state;
	fixture_session(&fixture);
	fixture_sql(&fixture, "INSERT INTO feed (id, name, role, decoder, transport) VALUES (0, 'a', 'oracle', 'json', 'ws'),"
			      " (1, 'turbine', 'block', 'solana-shred', 'udp'), (2, 'b', 'oracle', 'json', 'ws'),"
			      " (3, 'c', 'oracle', 'json', 'ws')");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_remove(&fixture);
	return 0;
}

/* Each row: feed_id, asset, key, published_ns, wire_mono_ns. */
static void run(const char *rows, struct race *race)
{
	char sql[2048];
	struct error err = {""};

	snprintf(sql, sizeof(sql),
		 "INSERT INTO oracle_message (feed_id, asset, key, published_ns, wire_mono_ns, bytes) SELECT *, 1 FROM (VALUES %s)",
		 rows);
	fixture_sql(&fixture, sql);
	if (race_compute(fixture.db, race, &err))
		fail_msg("%s", err.text);
	assert_int_equal(race->feed_count, 3); /* block feeds do not run */
	assert_string_equal(race->feeds[0].feed, "a");
	assert_string_equal(race->feeds[1].feed, "b");
	assert_string_equal(race->feeds[2].feed, "c");
}

static void wins_leads_and_distances(void **state)
{
	struct race race;

	(void)state;
	run("(0, 'ETH', '1', 10, 100), (2, 'ETH', '1', 10, 107), (3, 'ETH', '1', 10, 150),"
	    "(0, 'ETH', '2', 20, 205), (2, 'ETH', '2', 20, 200),"
	    "(0, 'ETH', '3', 30, 300), (2, 'ETH', '3', 30, 311),"
	    "(0, 'ETH', '4', 40, 400), (2, 'ETH', '4', 40, 499),"
	    "(0, 'BTC', '1', 10, 100)",
	    &race);
	assert_int_equal(race.count, 5);
	assert_int_equal(race.contested, 4);
	assert_int_equal(race.ties, 0);
	assert_int_equal(race.feeds[0].seen, 5);
	assert_int_equal(race.feeds[0].wins, 3);
	assert_int_equal(race.feeds[0].only_here, 1);
	assert_int_equal(race.feeds[0].contested, 4);
	assert_int_equal(race.feeds[0].lead.p50_ns, 11); /* of 7, 11, 99: over the next one, not over the last */
	assert_int_equal(race.feeds[0].behind.p50_ns, 5);
	assert_int_equal(race.feeds[1].wins, 1);
	assert_int_equal(race.feeds[1].lead.p50_ns, 5);
	assert_int_equal(race.feeds[1].behind.p50_ns, 11);
	assert_int_equal(race.feeds[2].seen, 1);
	assert_int_equal(race.feeds[2].wins, 0);
	assert_int_equal(race.feeds[2].lead.p50_ns, TIME_UNKNOWN);
	assert_int_equal(race.feeds[2].behind.p50_ns, 50);
	race_free(&race);
}

static void ties_are_nobodys_win(void **state)
{
	struct race race;

	(void)state;
	run("(0, 'ETH', '1', 10, 100), (2, 'ETH', '1', 10, 100), (3, 'ETH', '1', 10, 130)", &race);
	assert_int_equal(race.ties, 1);
	assert_int_equal(race.contested, 1);
	assert_int_equal(race.feeds[0].wins + race.feeds[1].wins + race.feeds[2].wins, 0);
	assert_int_equal(race.feeds[0].ties, 1);
	assert_int_equal(race.feeds[1].ties, 1);
	assert_int_equal(race.feeds[2].ties, 0);
	assert_int_equal(race.feeds[1].behind.p50_ns, TIME_UNKNOWN);
	assert_int_equal(race.feeds[2].behind.p50_ns, 30);
	race_free(&race);
}

static void copies_count_as_their_first_arrival(void **state)
{
	struct race race;

	(void)state;
	run("(0, 'ETH', '1', 10, 150), (0, 'ETH', '1', 10, 100), (0, 'ETH', '1', 10, 120), (2, 'ETH', '1', 10, 110)", &race);
	assert_int_equal(race.count, 1);
	assert_int_equal(race.feeds[0].seen, 1);
	assert_int_equal(race.feeds[0].repeats, 2);
	assert_int_equal(race.feeds[0].wins, 1);
	assert_int_equal(race.feeds[0].lead.p50_ns, 10);
	race_free(&race);
}

static void messages_without_key_or_stamp_do_not_run(void **state)
{
	struct race race;

	(void)state;
	run("(0, 'ETH', NULL, 10, 100), (2, 'ETH', NULL, 10, 110), (0, 'ETH', '1', 10, NULL), (2, 'ETH', '1', 10, 110)", &race);
	assert_int_equal(race.count, 1);
	assert_int_equal(race.contested, 0);
	assert_int_equal(race.feeds[0].without_key, 1);
	assert_int_equal(race.feeds[1].without_key, 1);
	assert_int_equal(race.feeds[0].without_wire, 1);
	assert_int_equal(race.feeds[0].seen, 1);
	assert_int_equal(race.feeds[1].wins, 0);
	assert_int_equal(race.feeds[1].only_here, 0);
	race_free(&race);
}

static void without_assets_the_key_alone_counts(void **state)
{
	struct race race;

	(void)state;
	run("(0, NULL, '1', 10, 100), (2, NULL, '1', 10, 110), (3, 'ETH', '1', 10, 90)", &race);
	assert_int_equal(race.count, 2);
	assert_int_equal(race.feeds[0].wins, 1);
	assert_int_equal(race.feeds[2].only_here, 1);
	race_free(&race);
}

static void another_publish_time_is_another_message(void **state)
{
	struct race race;

	(void)state;
	/* a sequence that starts again, and a feed that gives no publish time */
	run("(0, NULL, '1', 10, 100), (2, NULL, '1', 10, 101), (0, NULL, '1', 70, 700), (2, NULL, '1', 70, 703),"
	    "(0, NULL, '2', 20, 200), (2, NULL, '2', NULL, 190), (3, NULL, '1', NULL, 702)",
	    &race);
	assert_int_equal(race.count, 4); /* the two of key 1, that of feed c which could be either, and key 2 */
	assert_int_equal(race.contested, 3);
	assert_int_equal(race.feeds[0].seen, 3);
	assert_int_equal(race.feeds[0].repeats, 0);
	assert_int_equal(race.feeds[0].wins, 2);
	assert_int_equal(race.feeds[1].wins, 1);
	assert_int_equal(race.feeds[1].lead.p50_ns, 10);
	assert_int_equal(race.feeds[2].only_here, 1);
	race_free(&race);
}

static void an_empty_session_has_no_race(void **state)
{
	struct race race;
	struct error err;

	(void)state;
	assert_int_equal(race_compute(fixture.db, &race, &err), 0);
	assert_int_equal(race.count, 0);
	assert_int_equal(race.feed_count, 3);
	assert_int_equal(race.feeds[0].lead.p50_ns, TIME_UNKNOWN);
	race_free(&race);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(wins_leads_and_distances, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ties_are_nobodys_win, set_up, tear_down),
		cmocka_unit_test_setup_teardown(copies_count_as_their_first_arrival, set_up, tear_down),
		cmocka_unit_test_setup_teardown(messages_without_key_or_stamp_do_not_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_assets_the_key_alone_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_publish_time_is_another_message, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_empty_session_has_no_race, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
