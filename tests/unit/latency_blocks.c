// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Blocks judged by their FEC sets: complete, incomplete, or open-ended. */
#include "session_fixture.h"

#include "base/clock.h"
#include "latency/blocks.h"

static struct fixture fixture;

static int set_up(void **state)
{
	(void)state;
	fixture_session(&fixture);
	fixture_sql(&fixture, "INSERT INTO feed (id, name, role, decoder, transport) VALUES"
			      " (0, 'turbine', 'block', 'solana-shred', 'udp'), (1, 'shredstream', 'block', 'solana-shred', 'udp');"
			      "INSERT INTO clock VALUES (0, 1000000, 0, 0, NULL, NULL), (10000, 1010000, 0, 0, NULL, NULL)");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_remove(&fixture);
	return 0;
}

static void add_slot(int feed, int slot, int first, int last, int sets, int decodable, const char *last_index)
{
	char sql[512];

	snprintf(sql, sizeof(sql), "INSERT INTO block_arrival VALUES (%d, %d, NULL, %d, NULL, %d, 9, 1, 5, 3, %d, %d, %s, 0, 2, 40)",
		 feed, slot, first, last, sets, decodable, last_index);
	fixture_sql(&fixture, sql);
}

static void add_set(int feed, int slot, int index, const char *decodable)
{
	char sql[512];

	snprintf(sql, sizeof(sql), "INSERT INTO block_arrival VALUES (%d, %d, %d, 1, %s, 2, 3, 0, 2, 1, NULL, NULL, NULL, 0, 0, NULL)",
		 feed, slot, index, decodable);
	fixture_sql(&fixture, sql);
}

static struct block_list load(size_t count)
{
	struct block_list list;
	struct error err = {""};

	if (blocks_load(fixture.db, &list, &err))
		fail_msg("%s", err.text);
	assert_int_equal(list.count, count);
	return list;
}

static void complete_up_to_its_last_shred(void **state)
{
	struct block_list list;

	(void)state;
	add_set(0, 5, 32, "140");
	add_set(0, 5, 0, "150");
	add_slot(0, 5, 100, 200, 2, 2, "63");
	list = load(1);
	assert_string_equal(list.items[0].feed, "turbine");
	assert_int_equal(list.items[0].number, 5);
	assert_int_equal(list.items[0].state, BLOCK_COMPLETE);
	assert_int_equal(list.items[0].first_ns, 1000100); /* UTC */
	assert_int_equal(list.items[0].decodable_ns, 1000150); /* the later of both sets */
	assert_int_equal(list.items[0].last_ns, 1000200);
	assert_int_equal(list.items[0].packets, 9);
	assert_int_equal(list.items[0].duplicates, 1);
	assert_int_equal(list.items[0].data, 5);
	assert_int_equal(list.items[0].code, 3);
	assert_int_equal(list.items[0].last_index, 63);
	assert_int_equal(list.items[0].repairs, 2);
	assert_int_equal(list.items[0].tick, 40);
	assert_int_equal(list.items[0].first_mono_ns, 100);
	assert_int_equal(list.items[0].decodable_mono_ns, 150);
	assert_int_equal(list.items[0].sets_missing, 0);
	assert_int_equal(list.items[0].behind_ns, TIME_UNKNOWN);
	block_list_free(&list);
}

static void without_a_last_shred_the_end_is_open(void **state)
{
	struct block_list list;

	(void)state;
	add_set(0, 5, 0, "150");
	add_set(0, 5, 32, "140");
	add_slot(0, 5, 100, 200, 2, 2, "NULL");
	list = load(1);
	assert_int_equal(list.items[0].state, BLOCK_UNKNOWN);
	assert_int_equal(list.items[0].decodable_ns, 1000150);
	assert_int_equal(list.items[0].last_index, -1);
	block_list_free(&list);
}

static void holes_and_undecodable_sets_are_incomplete(void **state)
{
	struct block_list list;

	(void)state;
	add_set(0, 1, 0, "150"); /* set 32 is missing, 64 and 96 were seen */
	add_set(0, 1, 64, "150");
	add_set(0, 1, 96, "150");
	add_slot(0, 1, 100, 200, 3, 3, "127");
	add_set(0, 2, 0, "150"); /* the first 32 of 96 shreds */
	add_slot(0, 2, 100, 200, 1, 1, "95");
	add_set(0, 3, 0, "NULL");
	add_slot(0, 3, 100, 200, 1, 0, "NULL");
	add_set(0, 4, 64, "150"); /* the beginning is missing, the end not known */
	add_slot(0, 4, 100, 200, 1, 1, "NULL");
	list = load(4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(list.items[i].state, BLOCK_INCOMPLETE);
		assert_int_equal(list.items[i].decodable_ns, TIME_UNKNOWN);
	}
	assert_int_equal(list.items[0].sets_missing, 1);
	assert_int_equal(list.items[1].sets_missing, 2);
	assert_int_equal(list.items[2].sets_missing, 0);
	assert_int_equal(list.items[3].sets_missing, 2);
	block_list_free(&list);
}

static void the_feed_that_was_first(void **state)
{
	struct block_list list;

	(void)state;
	add_slot(0, 7, 130, 200, 1, 0, "NULL");
	add_slot(1, 7, 100, 200, 1, 0, "NULL");
	add_slot(0, 6, 90, 95, 1, 0, "NULL");
	list = load(3);
	assert_int_equal(list.items[0].number, 6);
	assert_int_equal(list.items[0].behind_ns, TIME_UNKNOWN);
	assert_string_equal(list.items[1].feed, "shredstream");
	assert_int_equal(list.items[1].behind_ns, 0);
	assert_string_equal(list.items[2].feed, "turbine");
	assert_int_equal(list.items[2].behind_ns, 30);
	block_list_free(&list);
}

static void slots_beyond_63_bits(void **state)
{
	struct block_list list;

	(void)state;
	fixture_sql(&fixture, "INSERT INTO block_arrival VALUES (0, -1, NULL, 100, NULL, 200, 1, 0, 1, 0, 1, 0, NULL, 0, 0, NULL)");
	list = load(1);
	assert_true(list.items[0].number == UINT64_MAX);
	block_list_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(complete_up_to_its_last_shred, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_a_last_shred_the_end_is_open, set_up, tear_down),
		cmocka_unit_test_setup_teardown(holes_and_undecodable_sets_are_incomplete, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_feed_that_was_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(slots_beyond_63_bits, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
