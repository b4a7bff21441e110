// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which update belongs to which message, and what becomes of the rest: the rules of docs/session.md, one by one. */
#include "latency_session.h"

static int set_up(void **state)
{
	(void)state;
	start_session("(0, 'a', 'oracle', 'json', 'ws'), (1, 'b', 'oracle', 'fields', 'udp')", 900);
	return 0;
}

/* rows: (feed_id, key, price, wire_mono_ns) of ETH, with commas between. */
static void messages(const char *rows)
{
	add_messages("feed_id, key, price, wire_mono_ns", rows);
}

/* rows: (key, price, seen_mono_ns, log_index, removed) of ETH in block 1. */
static void updates(const char *rows)
{
	add_updates("key, price, seen_mono_ns, log_index, removed, type, tx_hash", "*, 'chainlink', '0xt'", rows);
}

/* Holds the timeline of a feed to a text: "key status seen_ns" by message, then the updates without one. */
static void expect(const char *feed, const char *wanted)
{
	char sql[512];

	snprintf(sql, sizeof(sql),
		 "SELECT group_concat(t, '; ') FROM (SELECT ifnull(key, '-') || ' ' || status || ' ' || ifnull(seen_ns, '-') AS t"
		 " FROM timeline WHERE feed = '%s' ORDER BY oracle_message_id IS NULL, oracle_message_id, chain_update_id)",
		 feed);
	expect_joined(sql, wanted);
}

/* What docs/session.md promises of every feed and asset. */
static void expect_sums(const char *feed, int message_count, int update_count)
{
	char sql[512];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM timeline WHERE feed = '%s' AND status <> 'unmatched'", feed);
	assert_int_equal(fixture_int(&fixture, sql), message_count);
	snprintf(sql, sizeof(sql),
		 "SELECT (SELECT count(*) FROM timeline WHERE feed = '%s' AND status IN ('matched', 'unmatched')) +"
		 " (SELECT before_start + repeated FROM timeline_summary WHERE feed = '%s')", feed, feed);
	assert_int_equal(fixture_int(&fixture, sql), update_count);
}

static void every_message_and_update_has_one_end(void **state)
{
	(void)state;
	messages("(0, '1', 100, 10), (0, '2', 101, 20), (0, '3', 102, 30), (0, '4', 103, 40)");
	updates("('1', 100, 15, 0, 0), ('3', 102, 35, 1, 0), ('9', 200, 38, 2, 0)");
	expect("a", "1 matched 15; 2 superseded -; 3 matched 35; 4 censored -; 9 unmatched 38");
	expect_sums("a", 4, 3);
	assert_string_equal(fixture_text(&fixture, "SELECT group_concat(DISTINCT joined_by) FROM timeline"), "key");
}

static void a_message_lands_once(void **state)
{
	(void)state;
	messages("(0, '1', 100, 10), (0, '2', 101, 20)");
	updates("('1', 100, 50, 0, 0), ('1', 100, 15, 1, 0), ('2', 101, 60, 2, 0)");
	expect("a", "1 matched 15; 2 matched 60");
	assert_int_equal(fixture_int(&fixture, "SELECT repeated FROM timeline_summary"), 1);
	expect_sums("a", 2, 3);
}

/* A publish time in whole seconds stands for several messages: the price says which. */
static void a_key_of_several_messages(void **state)
{
	(void)state;
	messages("(0, '7', 100, 10), (0, '7', 101, 20), (0, '7', 102, 30)");
	updates("('7', 101, 50, 0, 0)");
	expect("a", "7 superseded -; 7 matched 50; 7 censored -");
}

static void each_feed_has_its_own_join(void **state)
{
	(void)state;
	messages("(0, '1', 100, 10), (1, '1', 100, 12), (1, '2', 101, 22)");
	updates("('1', 100, 15, 0, 0), ('2', 101, 25, 1, 0)");
	expect("a", "1 matched 15; 2 unmatched 25");
	expect("b", "1 matched 15; 2 matched 25");
	expect_sums("a", 1, 2);
	expect_sums("b", 2, 2);
}

static void removed_updates_leave_nothing(void **state)
{
	(void)state;
	messages("(0, '1', 100, 10), (0, '2', 101, 20)");
	updates("('1', 100, 15, 0, 0), ('1', 100, 30, 0, 1), ('2', 101, 40, 3, 0), ('2', 101, 41, 3, 0)");
	expect("a", "1 superseded -; 2 matched 40");
	/* the same log comes back: a new update */
	updates("('1', 100, 50, 0, 0)");
	expect("a", "1 matched 50; 2 matched 40");
}

static void without_keys_the_price_decides(void **state)
{
	(void)state;
	messages("(0, NULL, 100, 10), (0, NULL, 101, 20), (0, NULL, 100, 30), (0, NULL, 105, 40), (0, NULL, 100, 60)");
	updates("(NULL, 100, 50, 0, 0), (NULL, 105.0005, 55, 1, 0), (NULL, 300, 58, 2, 0)");
	expect("a", "- superseded -; - superseded -; - matched 50; - matched 55; - censored -; - unmatched 58");
	assert_string_equal(fixture_text(&fixture, "SELECT group_concat(DISTINCT joined_by) FROM timeline"), "price");
	expect_sums("a", 5, 3);
}

/* A message after the update was seen cannot be its cause. */
static void price_never_looks_ahead(void **state)
{
	(void)state;
	messages("(0, NULL, 100, 10), (0, NULL, 101, 60)");
	updates("(NULL, 101, 50, 0, 0)");
	expect("a", "- censored -; - censored -; - unmatched 50");
}

/* Of 100,000 messages, told in the reverse of their order, the last 65,536 before the update are looked at. */
static void the_price_is_looked_for_in_a_window(void **state)
{
	struct error err = {""};

	(void)state;
	fixture_sql(&fixture, "WITH RECURSIVE n(i) AS (SELECT 100000 UNION ALL SELECT i - 1 FROM n WHERE i > 1)"
			      " INSERT INTO oracle_message (asset, feed_id, price, wire_mono_ns, bytes)"
			      " SELECT 'ETH', 0, 1000 + i, 10 * i, 1 FROM n");
	/* of message 1 + 90000 - 65536, and of the one before it; and of the last of all */
	updates("(NULL, 25465, 900000, 0, 0), (NULL, 25464, 900000, 1, 0), (NULL, 101000, 1000005, 2, 0)");
	fixture_sql(&fixture, "UPDATE chain_update SET address = '0x' || log_index");
	if (join_session(fixture.db, &err))
		fail_msg("%s", err.text);
	assert_string_equal(fixture_text(&fixture, "SELECT group_concat(u.price || ' at ' || t.wire_ns, ', ') FROM timeline t"
						   " JOIN chain_update u ON u.id = t.chain_update_id WHERE status = 'matched'"),
			    "101000.0 at 1000000, 25465.0 at 244650");
	assert_int_equal(fixture_int(&fixture, "SELECT count(*) FROM timeline WHERE status = 'unmatched'"), 1);
	expect_sums("a", 100000, 3);
	assert_int_equal(fixture_int(&fixture, "SELECT count(*) FROM timeline WHERE status = 'superseded'"), 99998);
}

/* Ten keys agree by chance (a venue's sequence, a round), their prices do not: the prices decide. */
static void keys_that_count_different_things(void **state)
{
	char text[2048] = "";

	(void)state;
	for (int i = 0; i < 12; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s(0, '%d', %d, %d)", i ? ", " : "", i + 1, 100 + i,
			 10 + 10 * i);
	messages(text);
	text[0] = '\0';
	for (int i = 0; i < 12; i++) /* of price 100 + i, with the key of another message */
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s('%d', %d, %d, %d, 0)", i ? ", " : "",
			 (i + 5) % 12 + 1, 100 + i, 15 + 10 * i, i);
	updates(text);
	expect("a", "1 matched 15; 2 matched 25; 3 matched 35; 4 matched 45; 5 matched 55; 6 matched 65; 7 matched 75;"
		    " 8 matched 85; 9 matched 95; 10 matched 105; 11 matched 115; 12 matched 125");
	assert_string_equal(fixture_text(&fixture, "SELECT group_concat(DISTINCT joined_by) FROM timeline"), "price");
}

static void updates_before_the_feed_began(void **state)
{
	(void)state;
	messages("(0, '5', 100, 100), (0, '6', 101, 200)");
	updates("('4', 99, 50, 0, 0), ('5', 100, 150, 1, 0)");
	expect("a", "5 matched 150; 6 censored -");
	assert_int_equal(fixture_int(&fixture, "SELECT before_start FROM timeline_summary"), 1);
	expect_sums("a", 2, 2);
}

static void updates_that_no_feed_carries(void **state)
{
	struct error err = {""};

	(void)state;
	updates("('1', 100, 15, 0, 0)");
	assert_int_equal(join_session(fixture.db, &err), 0);
	assert_string_equal(fixture_text(&fixture, "SELECT status || ' ' || ifnull(feed, '-') FROM timeline"), "unmatched -");
}

/* No stamp of its own: landed by the end of its block's second, and without a latency to `seen`. */
static void backfilled_updates_have_no_seen(void **state)
{
	(void)state;
	messages("(0, '1', 100, 10), (0, '2', 101, 20)");
	fixture_sql(&fixture, "INSERT INTO chain_update (chain, asset, type, address, key, price, exponent, block_number,"
			      " block_hash, tx_hash, log_index, seen_mono_ns, removed, backfilled) VALUES"
			      " ('eth', 'ETH', 'chainlink', '0x1', '1', 100, -8, 1, '0xb', '0xt', 0, NULL, 0, 1)");
	expect("a", "1 matched -; 2 censored -");
	assert_string_equal(fixture_text(&fixture, "SELECT block_ns FROM timeline WHERE status = 'matched'"), "NULL");
	fixture_sql(&fixture, "INSERT INTO chain_block VALUES ('eth', 1, '0xb', '0xa', 3000000000, 400, 500, 600)");
	expect("a", "1 matched -; 2 censored -");
	assert_string_equal(fixture_text(&fixture, "SELECT block_ns || ' ' || block_wire_ns || ' ' || block_complete_ns"
						   " FROM timeline WHERE status = 'matched'"), "3000000000 400 500");
}

static void blocks_are_found_by_hash(void **state)
{
	(void)state;
	messages("(0, '1', 100, 10)");
	updates("('1', 100, 15, 0, 0)");
	fixture_sql(&fixture, "INSERT INTO chain_block VALUES ('eth', 1, '0xother', '0xa', 1000000000, 1, 1, 1),"
			      " ('eth', 1, '0xb', '0xa', 400000000, 12, 13, 14), ('base', 1, '0xb', '0xa', 9000000000, 9, 9, 9)");
	expect("a", "1 matched 15");
	assert_string_equal(fixture_text(&fixture, "SELECT block_ns || ' ' || block_wire_ns FROM timeline"), "400000000 12");
}

/* The block's first packet cannot come after a log of the block has been read. */
static void a_log_may_come_before_its_head(void **state)
{
	(void)state;
	messages("(0, '1', 100, 10)");
	updates("('1', 100, 15, 0, 0)");
	fixture_sql(&fixture, "INSERT INTO chain_block VALUES ('eth', 1, '0xb', '0xa', 400000000, 18, 19, 20)");
	expect("a", "1 matched 15");
	assert_string_equal(fixture_text(&fixture, "SELECT block_wire_ns || ' ' || block_complete_ns FROM timeline"), "15 19");
}

/* ---- the keeper ------------------------------------------------------------------------------------------------------- */

static void the_first_packet_after_an_update(void **state)
{
	(void)state;
	messages("(0, '1', 100, 10), (0, '2', 101, 20), (0, '3', 102, 30)");
	fixture_sql(&fixture, "INSERT INTO sent (mono_ns, bytes, seq, local_port, remote_port) VALUES (5, 9, 1, 7, 8),"
			      " (12, 9, 10, 7, 8), (13, 9, 19, 7, 8), (31, 9, 28, 7, 8), (40, 9, 28, 7, 8)");
	expect("a", "1 censored -; 2 censored -; 3 censored -");
	assert_string_equal(fixture_text(&fixture, "SELECT group_concat(ifnull(sent_ns, '-')) FROM timeline"), "12,-,31");
}

static void a_keeper_that_waits_for_the_chain(void **state)
{
	(void)state;
	fixture_sql(&fixture, "INSERT INTO session VALUES ('keeper_after', 'seen')");
	messages("(0, '1', 100, 10), (0, '2', 101, 20)");
	updates("('1', 100, 50, 0, 0)");
	fixture_sql(&fixture, "INSERT INTO sent (mono_ns, bytes, seq, local_port, remote_port) VALUES (12, 9, 1, 7, 8),"
			      " (60, 9, 10, 7, 8)");
	expect("a", "1 matched 50; 2 censored -");
	assert_string_equal(fixture_text(&fixture, "SELECT group_concat(ifnull(sent_ns, '-')) FROM timeline"), "60,-");
}

static void a_keeper_of_other_assets(void **state)
{
	(void)state;
	fixture_sql(&fixture, "INSERT INTO session VALUES ('keeper_assets', 'BTC')");
	messages("(0, '1', 100, 10)");
	fixture_sql(&fixture, "INSERT INTO sent (mono_ns, bytes, seq, local_port, remote_port) VALUES (12, 9, 1, 7, 8)");
	expect("a", "1 censored -");
	assert_string_equal(fixture_text(&fixture, "SELECT sent_ns FROM timeline"), "NULL");
}

/* ---- what may not be trusted ------------------------------------------------------------------------------------------ */

/* Six messages of either feed a second apart, published on a grid, seen 100 ms later; the machine's clock has a bound of 1 ms. */
static void measured_session(const char *published)
{
	char sql[512];

	fixture_sql(&fixture, "UPDATE clock SET max_error_ns = 1000000");
	for (int i = 1; i <= 6; i++) {
		snprintf(sql, sizeof(sql),
			 "INSERT INTO oracle_message (asset, feed_id, key, price, published_ns, wire_mono_ns, bytes) VALUES"
			 " ('ETH', 0, '%d', 100, %d * %s, %d * 1000000000 + 50000000, 1),"
			 " ('ETH', 1, '%d', 100, %d * %s, %d * 1000000000 + 50000000, 1)", i, i, published, i, i, i, published, i);
		fixture_sql(&fixture, sql);
		snprintf(sql, sizeof(sql), "('%d', 100, %d * 1000000000 + 150000000, %d, 0)", i, i, i);
		updates(sql);
	}
}

static bool untrusted(char *reason, size_t size)
{
	struct latency_list list;
	struct error err = {""};
	bool result;

	if (latency_compute(fixture.db, NULL, NULL, &list, &err))
		fail_msg("%s", err.text);
	result = latency_untrusted(fixture.db, &list, reason, size);
	latency_list_free(&list);
	return result;
}

static void nothing_speaks_against_it(void **state)
{
	char reason[4096];

	(void)state;
	measured_session("1000000001");
	if (untrusted(reason, sizeof(reason)))
		fail_msg("%s", reason);
	assert_string_equal(reason, "");
}

static void stamps_in_whole_seconds(void **state)
{
	char reason[4096];

	(void)state;
	measured_session("1000000000");
	assert_true(untrusted(reason, sizeof(reason)));
	assert_string_equal(reason, "the stamps of the publisher or of the block come in steps above 10 % of the median:"
				    " a ETH published to wire (±1.00 s of 50.0 ms), a ETH published to seen (±1.00 s of 150 ms),"
				    " b ETH published to wire (±1.00 s of 50.0 ms), b ETH published to seen (±1.00 s of 150 ms)\n");
}

static void a_clock_without_a_bound_is_told_once(void **state)
{
	char reason[4096];

	(void)state;
	measured_session("1000000001");
	fixture_sql(&fixture, "UPDATE clock SET synchronized = 0");
	assert_true(untrusted(reason, sizeof(reason)));
	assert_string_equal(reason, "nothing bounds how far the two clocks are apart; synchronize this machine's clock"
				    " ('pricelag doctor' tells how): published to wire, published to seen\n");
}

static void losses_and_too_few(void **state)
{
	char reason[4096];

	(void)state;
	messages("(0, '1', 100, 10)");
	updates("('1', 100, 150000, 0, 0)");
	fixture_sql(&fixture, "UPDATE feed SET name = 'a' || char(27) || '[2J' WHERE id = 0;"
			      "INSERT INTO loss VALUES ('b', 'ring_full', 3, 1), ('b', 'packets', 9, 0), ('a', 'late', 0, 1)");
	assert_true(untrusted(reason, sizeof(reason)));
	assert_string_equal(reason, "lost or unreadable: b.ring_full 3\n"
				    "too few samples for an interval of the median: a\xef\xbf\xbd[2J ETH wire to seen (1)\n");
}

/* A session of many rows that ended well. SQLite says that a file of a limited number of pages is full, as it does of a disk. */
static void fill_a_file(void)
{
	fixture_sql(&fixture, "INSERT OR REPLACE INTO session VALUES ('clean_close', '1');"
			      "INSERT INTO oracle_message (asset, bytes, feed_id, key, price, wire_mono_ns) WITH RECURSIVE n (n) AS"
			      " (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 4000) SELECT 'ETH', 1, 0, n, 100, n * 10 FROM n;"
			      "INSERT INTO chain_update (chain, asset, address, exponent, block_number, block_hash, backfilled, key, price,"
			      " seen_mono_ns, log_index, removed, type, tx_hash) SELECT 'eth', 'ETH', '0x1', -8, 1, '0xb', 0, key, 100,"
			      " wire_mono_ns + 5, id, 0, 'chainlink', '0xt' FROM oracle_message;"
			      "PRAGMA main.max_page_count = 1");
}

static void a_file_without_room(void **state)
{
	struct error err = {""};

	(void)state;
	fill_a_file();
	if (join_session(fixture.db, &err))
		fail_msg("%s", err.text);
	assert_int_equal(fixture_int(&fixture, "SELECT count(*) FROM main.timeline"), 0);
	assert_int_equal(fixture_int(&fixture, "SELECT count(*) FROM timeline WHERE status = 'matched' AND seen_ns = wire_ns + 5"), 4000);
	if (join_if_needed(fixture.db, &err)) /* where it is looked for */
		fail_msg("%s", err.text);
	assert_int_equal(fixture_int(&fixture, "SELECT sum(by_key) FROM timeline_summary"), 4000);
}

/* Whatever there is room for: what SQLite said first is told, and nothing stays. */
static void too_little_room(void **state)
{
	struct error err = {""};
	int failed = 0;

	(void)state;
	fill_a_file();
	for (int pages = 15;; pages += 15, failed++) {
		char sql[64];

		snprintf(sql, sizeof(sql), "PRAGMA temp.max_page_count = %d", pages);
		fixture_sql(&fixture, sql);
		if (!join_session(fixture.db, &err))
			break;
		if (!strstr(err.text, "database or disk is full"))
			fail_msg("%d pages: %s", pages, err.text);
		assert_true(sqlite3_get_autocommit(fixture.db));
		assert_int_equal(fixture_int(&fixture, "SELECT count(*) FROM main.timeline"), 0);
	}
	assert_true(failed > 4);
	assert_int_equal(fixture_int(&fixture, "SELECT count(*) FROM timeline"), 4000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(every_message_and_update_has_one_end),
		TEST(a_message_lands_once),
		TEST(a_key_of_several_messages),
		TEST(each_feed_has_its_own_join),
		TEST(removed_updates_leave_nothing),
		TEST(without_keys_the_price_decides),
		TEST(price_never_looks_ahead),
		TEST(the_price_is_looked_for_in_a_window),
		TEST(keys_that_count_different_things),
		TEST(updates_before_the_feed_began),
		TEST(updates_that_no_feed_carries),
		TEST(backfilled_updates_have_no_seen),
		TEST(blocks_are_found_by_hash),
		TEST(a_log_may_come_before_its_head),
		TEST(the_first_packet_after_an_update),
		TEST(a_keeper_that_waits_for_the_chain),
		TEST(a_keeper_of_other_assets),
		TEST(nothing_speaks_against_it),
		TEST(stamps_in_whole_seconds),
		TEST(a_clock_without_a_bound_is_told_once),
		TEST(losses_and_too_few),
		TEST(a_file_without_room),
		TEST(too_little_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
