// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Several nodes of one network: whose head was first, what `blocks` says of them, and one update that both tell. */
#include "session_fixture.h"

#include "base/clock.h"
#include "latency/block_messages.h"
#include "latency/latency.h"
#include "latency/race_heads.h"

static struct fixture fixture;
static struct head_races races;

static int set_up(void **state)
{
	(void)state;
	fixture_session(&fixture);
	fixture_sql(&fixture, "INSERT INTO chain VALUES (0, 'own', 'ethereum'), (1, 'alchemy', 'ethereum'), (2, 'base', 'base');"
			      "INSERT INTO clock VALUES (0, 1000000, 0, 0, NULL, NULL), (100000, 1100000, 0, 0, NULL, NULL)");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	head_races_free(&races);
	fixture_remove(&fixture);
	return 0;
}

static void head(const char *chain, int number, const char *hash, const char *first, const char *complete)
{
	char sql[256];

	snprintf(sql, sizeof(sql), "INSERT INTO chain_block VALUES ('%s', %d, '%s', '0xp', 1000000, %s, %s, 1)", chain, number, hash,
		 first, complete);
	fixture_sql(&fixture, sql);
}

static const struct race *only_race(void)
{
	struct error err = {""};

	head_races_free(&races);
	if (head_races_compute(fixture.db, &races, &err))
		fail_msg("%s", err.text);
	assert_int_equal(races.count, 1); /* a network with one chain has none */
	assert_string_equal(races.items[0].network, "ethereum");
	assert_int_equal(races.items[0].race.feed_count, 2);
	assert_string_equal(races.items[0].race.feeds[0].feed, "own");
	return &races.items[0].race;
}

static void test_by_hash_and_by_the_last_packet(void **state)
{
	const struct race *race;

	(void)state;
	head("own", 1, "0xaa", "10", "40"); /* begun first, complete last */
	head("alchemy", 1, "0xaa", "20", "30");
	head("own", 2, "0xbb", "100", "100");
	head("alchemy", 2, "0xbb", "150", "170");
	head("own", 3, "0xcc", "200", "200");
	head("alchemy", 3, "0xdd", "210", "210"); /* the same number, another block */
	head("base", 3, "0xee", "1", "1");
	head("own", 4, "0xff", "300", "300");
	head("alchemy", 4, "0xff", "300", "300");
	head("alchemy", 4, "0xff", "310", "310"); /* after a reconnect */
	head("own", 5, "0x05", "NULL", "NULL");
	head("alchemy", 5, "0x05", "400", "400");
	race = only_race();
	assert_int_equal(race->count, 6);
	assert_int_equal(race->contested, 3);
	assert_int_equal(race->only_one, 2);
	assert_int_equal(race->ties, 1);
	assert_int_equal(race->feeds[0].wins, 1);
	assert_int_equal(race->feeds[0].lead.p50_ns, 70);
	assert_int_equal(race->feeds[0].behind.p50_ns, 10);
	assert_int_equal(race->feeds[0].only_here, 1);
	assert_int_equal(race->feeds[0].without_wire, 1);
	assert_int_equal(race->feeds[1].wins, 1);
	assert_int_equal(race->feeds[1].lead.p50_ns, 10);
	assert_int_equal(race->feeds[1].repeats, 1);
}

static void test_no_heads_at_all(void **state)
{
	(void)state;
	assert_int_equal(only_race()->count, 0);
}

static void test_blocks_show_them(void **state)
{
	struct told_blocks blocks;
	struct error err = {""};

	(void)state;
	head("own", 1, "0xaa", "10", "40");
	head("alchemy", 1, "0xaa", "30", "35");
	if (told_blocks_load(fixture.db, &blocks, &err))
		fail_msg("%s", err.text);
	assert_int_equal(blocks.count, 2);
	assert_string_equal(blocks.items[0].feed, "own");
	assert_string_equal(blocks.items[0].hash, "aa");
	assert_string_equal(blocks.items[0].parent, "p");
	assert_int_equal(blocks.items[0].number, 1);
	assert_int_equal(blocks.items[0].first_ns, 1000010);
	assert_int_equal(blocks.items[0].last_ns, 1000040);
	assert_int_equal(blocks.items[0].published_ns, 1000000);
	assert_int_equal(blocks.items[0].behind_ns, 0);
	assert_int_equal(blocks.items[0].kinds[BLOCK_KIND_HEAD], 1);
	assert_int_equal(blocks.items[0].state, TOLD_UNKNOWN);
	assert_string_equal(blocks.items[1].feed, "alchemy");
	assert_int_equal(blocks.items[1].behind_ns, 20);
	told_blocks_free(&blocks);
}

/* Solana's hashes have no 0x before them, and of a slot without its block's answer there is none: each is a block by itself. */
static void test_blocks_of_solana_are_told_apart(void **state)
{
	struct told_blocks blocks;
	struct error err = {""};

	(void)state;
	head("own", 41, "8Hash41", "10", "40");
	head("own", 42, "", "50", "80");
	head("own", 43, "", "90", "95");
	if (told_blocks_load(fixture.db, &blocks, &err))
		fail_msg("%s", err.text);
	assert_int_equal(blocks.count, 3);
	assert_string_equal(blocks.items[0].hash, "8Hash41");
	assert_string_equal(blocks.items[1].hash, "");
	assert_int_equal(blocks.items[1].number, 42);
	assert_int_equal(blocks.items[1].kinds[BLOCK_KIND_HEAD], 1);
	assert_int_equal(blocks.items[2].number, 43);
	assert_int_equal(blocks.items[2].last_ns, 1000095);
	told_blocks_free(&blocks);
}

static void update(const char *chain, const char *key, int seen, int removed)
{
	char sql[512];

	snprintf(sql, sizeof(sql), "INSERT INTO chain_update (chain, asset, type, address, message_id, key, block_number, block_hash,"
		 " tx_hash, log_index, seen_mono_ns, removed, backfilled) VALUES ('%s', 'ETH', 'chainlink', '0x1', NULL, '%s', 1, '0xaa',"
		 " '0xt%s', 0, %d, %d, 0)", chain, key, key, seen, removed);
	fixture_sql(&fixture, sql);
}

/* The node that is first in the file need not be the one whose packet was first. */
static void test_an_update_told_by_two_nodes_is_one(void **state)
{
	struct error err = {""};

	(void)state;
	fixture_sql(&fixture, "INSERT INTO feed VALUES (0, 'venue', 'oracle', 'json', 'ws');"
			      "INSERT INTO oracle_message (feed_id, asset, key, wire_mono_ns, first_mono_ns, bytes) VALUES"
			      " (0, 'ETH', '7', 100, 100, 1), (0, 'ETH', '8', 200, 200, 1)");
	head("alchemy", 1, "0xaa", "490", "495");
	update("own", "7", 600, 0);
	update("alchemy", "7", 500, 0);
	update("base", "8", 900, 0); /* another network: another contract at the same address */
	if (join_session(fixture.db, &err))
		fail_msg("%s", err.text);
	assert_int_equal(fixture_int(&fixture, "SELECT count(*) FROM timeline"), 2);
	assert_int_equal(fixture_int(&fixture, "SELECT sum(repeated) FROM timeline_summary"), 0);
	assert_int_equal(fixture_int(&fixture, "SELECT seen_ns FROM timeline WHERE key = '7'"), 1000500);
	assert_int_equal(fixture_int(&fixture, "SELECT block_wire_ns FROM timeline WHERE key = '7'"), 1000490);
	assert_int_equal(fixture_int(&fixture, "SELECT seen_ns FROM timeline WHERE key = '8'"), 1000900);
}

static void test_a_removal_told_by_two_nodes_is_one(void **state)
{
	struct error err = {""};

	(void)state;
	fixture_sql(&fixture, "INSERT INTO feed VALUES (0, 'venue', 'oracle', 'json', 'ws');"
			      "INSERT INTO oracle_message (feed_id, asset, key, wire_mono_ns, first_mono_ns, bytes) VALUES"
			      " (0, 'ETH', '7', 100, 100, 1)");
	update("own", "7", 500, 0);
	update("alchemy", "7", 600, 0);
	update("own", "7", 700, 1);
	update("alchemy", "7", 800, 1);
	if (join_session(fixture.db, &err))
		fail_msg("%s", err.text);
	assert_int_equal(fixture_int(&fixture, "SELECT count(*) FROM timeline WHERE status = 'matched'"), 0);
}

static void slot_update(const char *chain, const char *key, int slot, const char *seen, int removed, const char *tx)
{
	char sql[512];

	snprintf(sql, sizeof(sql), "INSERT INTO chain_update (chain, asset, type, address, message_id, key, block_number, block_hash,"
		 " tx_hash, log_index, seen_mono_ns, removed, backfilled) VALUES ('%s', 'SOL', 'pyth-price-update-v2', 'acct', NULL, '%s', %d, '',"
		 " '%s', 0, %s, %d, 0)", chain, key, slot, tx, seen, removed);
	fixture_sql(&fixture, sql);
}

/* Accounts tell neither block nor transaction: slot and key say which update it is, whoever tells and in whatever way. */
static void test_updates_of_slots(void **state)
{
	struct error err = {""};

	(void)state;
	fixture_sql(&fixture, "INSERT INTO feed VALUES (0, 'venue', 'oracle', 'json', 'ws');"
			      "INSERT INTO oracle_message (feed_id, asset, key, wire_mono_ns, first_mono_ns, bytes) VALUES"
			      " (0, 'SOL', '7', 100, 100, 1), (0, 'SOL', '8', 200, 200, 1), (0, 'SOL', '9', 300, 300, 1)");
	slot_update("own", "7", 41, "600", 0, "");
	slot_update("alchemy", "7", 41, "500", 0, "");
	slot_update("own", "7", 42, "700", 0, ""); /* posted again in another slot: another update */
	slot_update("own", "8", 43, "800", 0, "");
	slot_update("own", "8", 43, "900", 1, ""); /* the slot was left behind … */
	slot_update("own", "8", 44, "950", 0, ""); /* … and the price posted anew */
	slot_update("own", "9", 45, "NULL", 0, "sig"); /* one node fetched it out of its transaction, the other one saw it */
	slot_update("alchemy", "9", 45, "990", 0, "");
	head("own", 41, "Hash41", "490", "495");
	head("alchemy", 41, "", "480", "485"); /* which nobody asked for the block */
	head("alchemy", 44, "", "940", "945");
	if (join_session(fixture.db, &err))
		fail_msg("%s", err.text);
	assert_int_equal(fixture_int(&fixture, "SELECT count(*) FROM timeline WHERE status = 'matched'"), 3);
	assert_int_equal(fixture_int(&fixture, "SELECT sum(repeated) FROM timeline_summary"), 1); /* slot 42's */
	assert_int_equal(fixture_int(&fixture, "SELECT seen_ns FROM timeline WHERE key = '7'"), 1000500);
	assert_int_equal(fixture_int(&fixture, "SELECT block_wire_ns FROM timeline WHERE key = '7'"), 1000480);
	assert_int_equal(fixture_int(&fixture, "SELECT block_ns IS NOT NULL FROM timeline WHERE key = '7'"), 1);
	assert_int_equal(fixture_int(&fixture, "SELECT seen_ns FROM timeline WHERE key = '8'"), 1000950);
	assert_int_equal(fixture_int(&fixture, "SELECT block_wire_ns FROM timeline WHERE key = '8'"), 1000940);
	assert_int_equal(fixture_int(&fixture, "SELECT seen_ns FROM timeline WHERE key = '9'"), 1000990);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_by_hash_and_by_the_last_packet, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_heads_at_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_blocks_show_them, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_blocks_of_solana_are_told_apart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_an_update_told_by_two_nodes_is_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_removal_told_by_two_nodes_is_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_updates_of_slots, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("nodes of one network", tests, NULL, NULL);
}
