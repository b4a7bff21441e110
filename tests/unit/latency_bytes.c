// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The join by the update's own bytes: where keys and prices cannot tell messages apart, or name the wrong one. */
#include "latency_session.h"

#include "latency/account.h"

static int set_up(void **state)
{
	(void)state;
	start_session("(0, 'hermes', 'oracle', 'pyth-hermes', 'wss'), (1, 'venue', 'oracle', 'json', 'ws')", 900);
	return 0;
}

/* rows: (feed_id, key, price, wire_mono_ns, digest) of ETH. */
static void messages(const char *rows)
{
	add_messages("feed_id, key, price, wire_mono_ns, digest", rows);
}

/* rows: (type, key, price, seen_mono_ns, tx) of ETH, each in a transaction. */
static void updates(const char *rows)
{
	add_updates("type, key, price, seen_mono_ns, tx_hash, log_index, removed", "*, column4, 0", rows);
}

/* rows: (chain, tx, type, digest). */
static void carries(const char *rows)
{
	char sql[4096];

	snprintf(sql, sizeof(sql), "INSERT INTO chain_calldata (chain, tx_hash, type, digest) VALUES %s", rows);
	fixture_sql(&fixture, sql);
}

/* "wire>seen method" of what matched, by message. */
static void expect(const char *feed, const char *wanted)
{
	char sql[400];

	snprintf(sql, sizeof(sql), "SELECT group_concat(wire_ns || '>' || seen_ns || ' ' || joined_by, '; ') FROM timeline"
		 " WHERE feed = '%s' AND status = 'matched'", feed);
	expect_joined(sql, wanted);
}

#define PYTH_MESSAGES                                                                                                 \
	"(0, '7', 100, 10, 'a1'), (0, '7', 100, 410, 'a2'), (0, '7', 100, 810, 'a3'), (0, '8', 101, 1210, 'a4')"

/*
 * Three messages of one publish time and one price, 400 ns apart; the third went on chain. Its key and its price are those
 * of the first too, which is what the join takes without the bytes: 800 too late.
 */
static void one_second_and_one_price(void **state)
{
	(void)state;
	messages(PYTH_MESSAGES);
	updates("('pyth-evm', '7', 100, 2000, '0xt')");
	expect("hermes", "10>2000 key");
	carries("('eth', '0xt', 'pyth-pnau', 'a3')");
	expect("hermes", "810>2000 bytes");
	assert_string_equal(fixture_text(&fixture, "SELECT joined_by || by_bytes || by_key || by_price || ' ' || false_match_rate"
						   " FROM timeline_summary"), "bytes100 0.0");
}

/* Bytes that nobody delivered leave the key in its right; and where they are known for some, each has its own method. */
static void what_has_no_bytes_goes_by_its_key(void **state)
{
	struct join_account_list accounts;
	struct error err = {""};

	(void)state;
	messages(PYTH_MESSAGES);
	updates("('pyth-evm', '7', 100, 2000, '0xt'), ('pyth-evm', '8', 101, 3000, '0xu')");
	carries("('eth', '0xt', 'pyth-pnau', 'a2'), ('eth', '0xu', 'pyth-pnau', 'another publisher')");
	expect("hermes", "410>2000 bytes; 1210>3000 key");
	assert_int_equal(join_accounts_load(fixture.db, &accounts, &err), 0);
	assert_int_equal(accounts.count, 1);
	assert_int_equal(accounts.items[0].by[JOIN_BY_BYTES], 1);
	assert_int_equal(accounts.items[0].by[JOIN_BY_KEY], 1);
	assert_int_equal(accounts.items[0].by[JOIN_BY_PRICE], 0);
	assert_string_equal(accounts.items[0].joined_by, "key");
	join_accounts_free(&accounts);
}

/* A keeper's transaction with three updates of the feed: the event's key and price say which one it took. */
static void several_updates_in_a_transaction(void **state)
{
	(void)state;
	messages("(0, '7', 100, 10, 'a1'), (0, '7', 100, 20, 'a2'), (0, '8', 101, 30, 'a3'), (0, '8', 102, 40, 'a4')");
	updates("('pyth-evm', '8', 102, 2000, '0xt')");
	carries("('eth', '0xt', 'pyth-pnau', 'a1'), ('eth', '0xt', 'pyth-pnau', 'a3'), ('eth', '0xt', 'pyth-pnau', 'a4'),"
		" ('eth', '0xt', 'redstone', 'r1')");
	expect("hermes", "40>2000 bytes");
}

/* The same bytes twice: they were known since they first came. */
static void the_first_of_two_copies(void **state)
{
	(void)state;
	messages("(0, '7', 100, 10, 'a1'), (0, '7', 100, 20, 'a2'), (0, '7', 100, 30, 'a2')");
	updates("('pyth-evm', '7', 100, 2000, '0xt')");
	carries("('eth', '0xt', 'pyth-pnau', 'a2')");
	expect("hermes", "20>2000 bytes");
}

/* A transaction that carries Pyth's message and updates Chainlink's price as well: the answer did not come of that message. */
static void an_oracle_has_messages_of_its_own_kind(void **state)
{
	(void)state;
	messages("(0, '7', 100, 10, 'a1'), (0, '7', 100, 20, 'a2')");
	updates("('chainlink', '900', 100, 2000, '0xt'), ('chronicle', '901', 555, 2001, '0xt')");
	carries("('eth', '0xt', 'pyth-pnau', 'a1')");
	expect("hermes", "20>2000 price");
	fixture_sql(&fixture, "UPDATE chain_update SET type = 'event' WHERE key = '900'"); /* of whatever the site says */
	expect("hermes", "10>2000 bytes");
}

/* A feed whose keys count something else, and prices that come again: only the bytes know. */
static void without_a_common_key(void **state)
{
	(void)state;
	messages("(0, 's1', 100, 10, 'a1'), (0, 's2', 101, 20, 'a2'), (0, 's3', 100, 30, 'a3'), (0, 's4', 104, 40, NULL)");
	updates("('event', 'r1', 100, 2000, '0xt'), ('event', 'r2', 104, 2100, '0xu')");
	expect("hermes", "30>2000 price; 40>2100 price");
	carries("('eth', '0xt', 'chainlink-streams', 'a1')");
	expect("hermes", "10>2000 bytes; 40>2100 price");
	fixture_sql(&fixture, "DELETE FROM chain_update WHERE key = 'r2'");
	expect("hermes", "10>2000 bytes"); /* nothing is left for prices to decide */
	assert_string_equal(fixture_text(&fixture, "SELECT group_concat(status) FROM timeline"), "matched,censored,censored,censored");
}

/* What bytes have found, and what comes after it, for prices to go by; a message that both ways lead to is one. */
static void bytes_and_prices_together(void **state)
{
	(void)state;
	messages("(0, 's1', 100, 10, 'a1'), (0, 's2', 103, 20, 'a2'), (0, 's3', 100, 30, 'a3'), (0, 's4', 103, 40, NULL),"
		 " (0, 's5', 103, 50, 'a5')");
	updates("('event', 'r1', 100, 2000, '0xt'), ('event', 'r2', 103, 2100, '0xu'), ('event', 'r3', 100, 2200, '0xv')");
	carries("('eth', '0xt', 'redstone', 'a3')");
	expect("hermes", "30>2000 bytes; 50>2100 price");
	assert_string_equal(fixture_text(&fixture, "SELECT group_concat(key) FROM timeline WHERE status = 'unmatched'"), "r3");
	fixture_sql(&fixture, "UPDATE chain_update SET address = '0x2' WHERE key = 'r3'"); /* another contract, in its own order */
	expect("hermes", "30>2000 bytes; 50>2100 price");
	assert_int_equal(fixture_int(&fixture, "SELECT repeated FROM timeline_summary"), 1);
	assert_string_equal(fixture_text(&fixture, "SELECT group_concat(status) FROM timeline"),
			    "superseded,superseded,matched,superseded,matched");
}

/* Feeds without bytes, and nodes of one network of which only one fetched the transaction. */
static void other_feeds_and_nodes(void **state)
{
	(void)state;
	fixture_sql(&fixture, "INSERT INTO chain VALUES (0, 'eth', 'mainnet'), (1, 'backup', 'mainnet'), (2, 'base', 'base')");
	messages(PYTH_MESSAGES ", (1, '7', 100, 15, NULL)");
	updates("('pyth-evm', '7', 100, 2000, '0xt')");
	carries("('backup', '0xt', 'pyth-pnau', 'a2'), ('base', '0xt', 'pyth-pnau', 'a3')");
	expect("hermes", "410>2000 bytes");
	expect("venue", "15>2000 key");
}

/* rows: (chain, tx, digest, wire_mono_ns). */
static void waits(const char *rows)
{
	char sql[4096];

	snprintf(sql, sizeof(sql), "INSERT INTO chain_pending (chain, tx_hash, digest, wire_mono_ns) VALUES %s", rows);
	fixture_sql(&fixture, sql);
}

static void expect_pending(const char *wanted)
{
	struct error err = {""};

	if (join_session(fixture.db, &err))
		fail_msg("%s", err.text);
	assert_string_equal(fixture_text(&fixture, "SELECT group_concat(key || ' ' || ifnull(pending_ns, '-'), '; ') FROM timeline"
						   " WHERE chain_update_id NOT NULL"), wanted);
}

/* The update's own transaction, as the first node told it; another one that had the same message before; never after it was seen. */
static void pending_transactions(void **state)
{
	(void)state;
	fixture_sql(&fixture, "INSERT INTO chain VALUES (0, 'eth', 'mainnet'), (1, 'backup', 'mainnet'), (2, 'base', 'base')");
	messages("(0, '7', 100, 10, 'a1'), (0, '8', 101, 20, 'a2'), (0, '9', 102, 30, 'a3')");
	updates("('pyth-evm', '7', 100, 2000, '0xt'), ('pyth-evm', '8', 101, 3000, '0xu'), ('pyth-evm', '9', 102, 4000, '0xv')");
	expect_pending("7 -; 8 -; 9 -");
	waits("('eth', '0xt', 'a1', 900), ('backup', '0xt', 'a1', 880), ('base', '0xt', 'a1', 5),"
	      " ('eth', '0xother', 'a2', 2500), ('eth', '0xu', NULL, 2700), ('eth', '0xv', 'a3', 4001)");
	expect_pending("7 880; 8 2700; 9 -");
	carries("('eth', '0xu', 'pyth-pnau', 'a2')");
	expect_pending("7 880; 8 2500; 9 -");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_second_and_one_price),
		TEST(what_has_no_bytes_goes_by_its_key),
		TEST(several_updates_in_a_transaction),
		TEST(the_first_of_two_copies),
		TEST(an_oracle_has_messages_of_its_own_kind),
		TEST(without_a_common_key),
		TEST(bytes_and_prices_together),
		TEST(pending_transactions),
		TEST(other_feeds_and_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
