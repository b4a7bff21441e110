// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Prices that came inside blocks, in the join: beside what a node tells, and where none does. */
#include "session_fixture.h"

#include "latency/account.h"
#include "latency/latency.h"

static struct fixture fixture;

/* Two slots of a feed that reads them, the first one whole; Hermes has the prices of two assets, the venue one that no chain has. */
static const char rows[] =
	"INSERT INTO clock VALUES (0, 0, 5, 1, 100, 'kernel'), (1000000, 1000000, 5, 1, 100, 'kernel');"
	"INSERT INTO feed VALUES (0, 'turbine', 'block', 'solana-shred', 'udp'), (1, 'hermes', 'oracle', 'pyth-hermes', 'wss'),"
	" (2, 'venue', 'oracle', 'json', 'ws'), (3, 'stream', 'block', 'solana-shred', 'udp');"
	"INSERT INTO chain VALUES (0, 'solana', 'mainnet');"
	"INSERT INTO block_arrival (feed_id, number, fec_set, first_mono_ns, decodable_mono_ns, last_mono_ns, packets, duplicates, data,"
	" code, complete, repairs) VALUES (0, 7, NULL, 100, NULL, 900, 64, 0, 32, 32, 1, 0), (0, 7, 0, 100, 450, 900, 64, 0, 32, 32, 1, 0),"
	" (0, 7, 32, 100, 480, 900, 64, 0, 32, 32, 1, 0), (0, 8, NULL, 1000, NULL, 1900, 64, 0, 32, 32, 0, 0),"
	" (0, 8, 0, 1000, 1450, 1900, 64, 0, 32, 32, 1, 0);"
	"INSERT INTO oracle_message (feed_id, asset, message_id, key, price, published_ns, wire_mono_ns, bytes) VALUES"
	" (1, 'ETH', 'aa', '5', 1.23, 20, 60, 1), (1, 'SOL', 'bb', '5', 9.5, 20, 60, 1), (1, 'ETH', 'aa', '6', 1.24, 620, 660, 1),"
	" (1, 'SOL', 'bb', '6', 9.6, 620, 660, 1), (2, 'DOGE', 'doge', '1', 0.1, 50, 70, 1);"
	"INSERT INTO block_transaction (feed_id, number, entry, position, shred, signature, watch, block_wire_mono_ns,"
	" readable_mono_ns, recovered, message_id, key, mantissa, exponent, price, published_ns) VALUES"
	" (0, 7, 0, 1, 1, 's1', 'w', 300, 310, 0, 'aa', '5', '123', -2, 1.23, 20), (3, 7, 0, 1, 1, 's1', 'w', 280, 310, 0, 'aa', '5', '123', -2, 1.23, 20),"
	" (0, 7, 0, 2, 2, 's2', 'w', 320, 330, 0, 'bb', '5', '95', -1, 9.5, 20), (0, 7, 0, 3, 2, 's3', 'w', 325, 330, 0, NULL, NULL, NULL, NULL, NULL, NULL),"
	" (0, 8, 0, 0, 1, 's4', 'w', 1200, 1210, 0, 'bb', '6', '96', -1, 9.6, 620), (0, 8, 0, 2, 1, 's5', 'w', 1300, 1310, 0, 'cc', '6', '1', 0, 1, 620);"
	/* the node tells of ETH alone: once of the first slot, whose packets were read here, and of the second, where they were not */
	"INSERT INTO chain_update (chain, asset, type, address, message_id, key, price, exponent, published_ns, block_number, block_hash, tx_hash,"
	" log_index, seen_mono_ns, removed, backfilled) VALUES ('solana', 'ETH', 'pyth-price-update-v2', 'acc', 'aa', '5', 1.23, -2, 20, 7, '', '',"
	" 0, 500, 0, 0), ('solana', 'ETH', 'pyth-price-update-v2', 'acc', 'aa', '6', 1.24, -2, 620, 8, '', '', 0, 1500, 0, 0);"
	"INSERT INTO chain_block (chain, number, hash, parent, block_wire_mono_ns, block_complete_mono_ns) VALUES"
	" ('solana', 7, '', '', 350, 470), ('solana', 8, '', '', 1350, 1470);";

static int set_up(void **state)
{
	struct error err = {""};

	(void)state;
	fixture_session(&fixture);
	fixture_sql(&fixture, rows);
	if (join_session(fixture.db, &err))
		fail_msg("%s", err.text);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_remove(&fixture);
	return 0;
}

#define TOLD(asset) "SELECT group_concat(t, '; ') FROM (SELECT key || ' ' || status || ' ' || ifnull(chain_update_id, '-') || ' ' ||" \
	" ifnull(block_wire_ns, '-') || ' ' || ifnull(block_complete_ns, '-') || ' ' || ifnull(seen_ns, '-') AS t FROM timeline" \
	" WHERE asset = '" asset "' ORDER BY oracle_message_id)"

/* The packets of the post itself, the earliest of both feeds; where they were not read, those that told of the slot. */
static void packets_of_the_post_are_nearer(void **state)
{
	(void)state;
	assert_string_equal(fixture_text(&fixture, TOLD("ETH")), "5 matched 1 280 480 500; 6 matched 2 1350 1470 1500");
}

/* Of an asset that no chain updates the blocks alone tell; a slot that is not whole has no last packet. */
static void blocks_tell_where_no_chain_does(void **state)
{
	(void)state;
	assert_string_equal(fixture_text(&fixture, TOLD("SOL")), "5 matched - 320 480 -; 6 matched - 1200 - -");
	assert_int_equal(fixture_int(&fixture, "SELECT by_key FROM timeline_summary WHERE feed = 'hermes' AND asset = 'SOL'"), 2);
	/* an id that no feed has is of no asset */
	assert_int_equal(fixture_int(&fixture, "SELECT count(*) FROM timeline WHERE status = 'unmatched'"), 0);
}

static void the_latency_to_the_block_is_there(void **state)
{
	const enum stage from = STAGE_WIRE, to = STAGE_BLOCK_WIRE;
	struct latency_list list;
	struct error err = {""};

	(void)state;
	if (latency_compute(fixture.db, &from, &to, &list, &err))
		fail_msg("%s", err.text);
	latency_list_keep(&list, "hermes", "SOL");
	assert_int_equal(list.count, 1);
	assert_int_equal(list.items[0].count, 2);
	assert_int_equal(list.items[0].min_ns, 320 - 60);
	assert_int_equal(list.items[0].max_ns, 1200 - 660);
	latency_list_free(&list);
}

static void what_no_chain_updates_is_accounted_for(void **state)
{
	struct join_account_list accounts;
	struct error err = {""};

	(void)state;
	if (join_accounts_load(fixture.db, &accounts, &err))
		fail_msg("%s", err.text);
	assert_int_equal(accounts.count, 3);
	assert_string_equal(accounts.items[2].feed, "venue");
	assert_string_equal(accounts.items[2].asset, "DOGE");
	assert_int_equal(accounts.items[2].total, 1);
	assert_int_equal(accounts.items[2].censored, 1);
	assert_int_equal(accounts.items[2].matched + accounts.items[2].unmatched, 0);
	assert_false(accounts.items[2].updated);
	assert_true(accounts.items[0].updated && accounts.items[1].updated);
	join_accounts_free(&accounts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_of_the_post_are_nearer),
		cmocka_unit_test(blocks_tell_where_no_chain_does),
		cmocka_unit_test(the_latency_to_the_block_is_there),
		cmocka_unit_test(what_no_chain_updates_is_accounted_for),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
