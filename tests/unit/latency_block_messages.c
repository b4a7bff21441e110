// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Blocks that came in messages: which messages are of one block, what is first, enough, whole, and who was behind. */
#include "session_fixture.h"

#include "base/clock.h"
#include "latency/block_messages.h"
#include "latency/race.h"

static struct fixture fixture;
static struct told_blocks told;

static int set_up(void **state)
{
	(void)state;
	fixture_session(&fixture);
	fixture_sql(&fixture, "INSERT INTO feed (id, name, role, decoder, transport) VALUES"
			      " (0, 'a', 'block', 'monad-raptorcast', 'udp'), (1, 'turbine', 'block', 'solana-shred', 'udp'),"
			      " (2, 'b', 'block', 'monad-raptorcast', 'udp');"
			      "INSERT INTO clock VALUES (0, 1000000, 0, 0, NULL, NULL)");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	told_blocks_free(&told);
	fixture_remove(&fixture);
	return 0;
}

/* Each row: feed_id, kind, number, part, parts_needed, hash, first_mono_ns, wire_mono_ns. */
static void load(const char *rows)
{
	char sql[4096];
	struct error err = {""};

	snprintf(sql, sizeof(sql), "INSERT INTO block_message (feed_id, kind, number, part, parts_needed, hash, first_mono_ns,"
				   " wire_mono_ns, bytes) SELECT *, 1 FROM (VALUES %s)", rows);
	fixture_sql(&fixture, sql);
	if (told_blocks_load(fixture.db, &told, &err))
		fail_msg("%s", err.text);
}

#define MONO(ns) (1000000 + (ns))

static void parts_make_a_block(void **state)
{
	const struct told_block *block = NULL;

	(void)state;
	load("(0, 'chunk', 7, 4, 3, 'aa', 50, 50), (0, 'chunk', 7, 0, 3, 'aa', 10, 10), (0, 'chunk', 7, 0, 3, 'aa', 60, 60),"
	     "(0, 'chunk', 7, 9, 3, 'aa', 30, 30), (0, 'chunk', 7, 2, 3, 'aa', 70, 70),"
	     "(2, 'chunk', 7, 1, 3, 'aa', 15, 15), (2, 'chunk', 7, 1, 3, 'aa', 16, 16),"
	     "(2, 'chunk', NULL, 0, NULL, 'bb', 5, 5), (2, 'chunk', NULL, NULL, NULL, NULL, 6, 6)");
	assert_int_equal(told.count, 3);
	assert_int_equal(told.nameless, 1);
	block = &told.items[0];
	assert_string_equal(block->hash, "bb"); /* the first signal of all */
	assert_int_equal(block->state, TOLD_UNKNOWN);
	assert_false(block->has_number);
	assert_int_equal(block->behind_ns, TIME_UNKNOWN); /* no other feed has it */

	block = &told.items[1];
	assert_string_equal(block->feed, "a");
	assert_string_equal(block->hash, "aa");
	assert_int_equal(block->number, 7);
	assert_int_equal(block->first_ns, MONO(10));
	assert_int_equal(block->enough_ns, MONO(50)); /* the third distinct part, not the third packet */
	assert_int_equal(block->last_ns, MONO(70));
	assert_int_equal(block->complete_ns, TIME_UNKNOWN);
	assert_int_equal(block->messages, 5);
	assert_int_equal(block->repeats, 1);
	assert_int_equal(block->parts, 4);
	assert_int_equal(block->parts_needed, 3);
	assert_int_equal(block->kinds[BLOCK_KIND_CHUNK], 5);
	assert_int_equal(block->state, TOLD_UNKNOWN); /* Raptor may need a few more */
	assert_int_equal(block->behind_ns, 0);

	block = &told.items[2];
	assert_string_equal(block->feed, "b");
	assert_int_equal(block->enough_ns, TIME_UNKNOWN);
	assert_int_equal(block->state, TOLD_INCOMPLETE); /* one part of three */
	assert_int_equal(block->behind_ns, 5);
}

static void without_a_hash_the_number_is_the_name(void **state)
{
	(void)state;
	load("(0, 'chunk', 8, 0, NULL, NULL, 20, 20), (0, 'chunk', 8, 1, NULL, NULL, 21, 21), (2, 'chunk', 8, 0, NULL, NULL, 10, 10),"
	     "(0, 'chunk', 9, 0, NULL, NULL, NULL, NULL)");
	assert_int_equal(told.count, 3);
	assert_string_equal(told.items[0].feed, "b");
	assert_string_equal(told.items[1].feed, "a");
	assert_int_equal(told.items[1].behind_ns, 10);
	assert_int_equal(told.items[1].parts, 2);
	assert_int_equal(told.items[2].first_ns, TIME_UNKNOWN); /* never stamped: behind all that was */
}

/* An announcement, the block, and a question for it, which tells of no arrival. */
static void announced_asked_for_and_whole(void **state)
{
	struct race race;
	struct error err = {""};

	(void)state;
	load("(0, 'getdata', NULL, NULL, NULL, 'aa', 10, 10), (0, 'inv', NULL, NULL, NULL, 'aa', 20, 20), (0, 'inv', NULL, NULL, NULL, 'aa', 25, 25),"
	     "(0, 'block', NULL, NULL, NULL, 'aa', 40, 90), (2, 'inv', NULL, NULL, NULL, 'aa', 15, 15), (2, 'getdata', NULL, NULL, NULL, 'bb', 1, 1)");
	assert_int_equal(told.count, 3);
	assert_string_equal(told.items[0].feed, "b");
	assert_int_equal(told.items[0].state, TOLD_INCOMPLETE);
	assert_string_equal(told.items[1].feed, "a");
	assert_int_equal(told.items[1].first_ns, MONO(20));
	assert_int_equal(told.items[1].complete_ns, MONO(90));
	assert_int_equal(told.items[1].state, TOLD_COMPLETE);
	assert_int_equal(told.items[1].behind_ns, 5);
	assert_int_equal(told.items[1].messages, 4);
	assert_int_equal(told.items[1].repeats, 1);
	assert_int_equal(told.items[1].kinds[BLOCK_KIND_INV], 2);
	assert_string_equal(told.items[2].hash, "bb");
	assert_int_equal(told.items[2].first_ns, TIME_UNKNOWN);
	assert_int_equal(told.items[2].state, TOLD_UNKNOWN);
	if (race_compute(fixture.db, &race, &err))
		fail_msg("%s", err.text);
	assert_int_equal(race.count, 1); /* of bb nothing came */
	assert_int_equal(race.feeds[1].wins, 1);
	race_free(&race);
}

/* Block feeds race over the same hash and part; feeds of shreds do not run here. */
static void they_race(void **state)
{
	struct race race;
	struct error err = {""};

	(void)state;
	load("(0, 'chunk', 7, 0, 3, 'aa', 10, 10), (2, 'chunk', 7, 0, 3, 'aa', 13, 13), (2, 'chunk', 7, 0, 3, 'aa', 14, 14),"
	     "(0, 'chunk', 7, 1, 3, 'aa', 20, 20), (2, 'chunk', 7, 1, 3, 'aa', 18, 18),"
	     "(0, 'chunk', 8, 1, NULL, NULL, 30, 30), (2, 'chunk', 8, 1, NULL, NULL, 35, 35), (0, 'chunk', NULL, NULL, NULL, 'cc', 40, 40),"
	     "(0, 'chunk', NULL, NULL, NULL, NULL, 41, 41)");
	if (race_compute(fixture.db, &race, &err))
		fail_msg("%s", err.text);
	assert_int_equal(race.feed_count, 2);
	assert_int_equal(race.count, 4);
	assert_int_equal(race.contested, 3);
	assert_string_equal(race.feeds[0].feed, "a");
	assert_int_equal(race.feeds[0].wins, 2);
	assert_int_equal(race.feeds[0].only_here, 1);
	assert_int_equal(race.feeds[0].without_key, 1);
	assert_int_equal(race.feeds[0].lead.p50_ns, 3);
	assert_int_equal(race.feeds[1].wins, 1);
	assert_int_equal(race.feeds[1].repeats, 1);
	race_free(&race);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(parts_make_a_block, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_a_hash_the_number_is_the_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(announced_asked_for_and_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(they_race, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("latency_block_messages", tests, NULL, NULL);
}
