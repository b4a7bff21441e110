// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Transactions of blocks out of a session: their order, and what they are measured against. */
#include "session_fixture.h"

#include "base/clock.h"
#include "latency/watch_summary.h"

static struct fixture fixture;

static const char rows[] =
	"INSERT INTO clock VALUES (0, 1000000, 5, 1, 100), (1000, 1001000, 5, 1, 100);"
	"INSERT INTO feed VALUES (0, 'turbine', 'block', 'solana-shred', 'udp'), (1, 'hermes', 'oracle', 'pyth-hermes', 'wss'),"
	" (2, 'other', 'oracle', 'pyth-hermes', 'wss');"
	"INSERT INTO block_arrival (feed_id, number, fec_set, first_mono_ns, last_mono_ns, packets, duplicates, data, code, repairs)"
	" VALUES (0, 7, NULL, 100, 900, 64, 0, 32, 32, 0), (0, 7, 0, 150, 900, 64, 0, 32, 32, 0);"
	"INSERT INTO oracle_message (feed_id, message_id, key, mantissa, wire_mono_ns, bytes) VALUES"
	" (1, 'aa', '5', '123', 60, 1), (2, 'aa', '5', '123', 50, 1), (1, 'aa', '5', '124', 10, 1), (1, 'aa', '4', '123', 20, 1),"
	" (1, 'bb', '5', '123', 30, 1);"
	"INSERT INTO block_transaction (feed_id, number, entry, position, shred, signature, watch, block_wire_mono_ns,"
	" readable_mono_ns, recovered, message_id, key, mantissa, exponent, price) VALUES"
	" (0, 7, NULL, NULL, 9, 's3', 'w', 400, 500, 0, NULL, NULL, NULL, NULL, NULL),"
	" (0, 7, 2, 5, 3, 's2', 'w', 300, 310, 1, 'aa', '5', '123', -2, 1.23),"
	" (0, 8, 0, 0, 1, 's4', 'w', 700, 700, 0, 'aa', '6', '123', -2, 1.23),"
	" (0, 7, 0, 1, 0, 's1', 'w', 200, 200, 0, NULL, NULL, NULL, NULL, NULL);";

static void test_load(void **state)
{
	struct block_transaction_list list;
	struct error err = {""};

	(void)state;
	fixture_session(&fixture);
	fixture_sql(&fixture, rows);
	if (block_transactions_load(fixture.db, &list, &err))
		fail_msg("%s", err.text);
	assert_int_equal(list.count, 4);
	assert_string_equal(list.items[0].signature, "s1");
	assert_int_equal(list.items[0].block_wire_ns, 1000200);
	assert_int_equal(list.items[0].after_first_ns, 100);
	assert_int_equal(list.items[0].after_oracle_ns, TIME_UNKNOWN);
	assert_string_equal(list.items[0].message.id, "");
	assert_string_equal(list.items[1].signature, "s2");
	assert_int_equal(list.items[1].entry, 2);
	assert_true(list.items[1].recovered);
	assert_int_equal(list.items[1].readable_ns, 1000310);
	assert_int_equal(list.items[1].after_oracle_ns, 250); /* the earlier of the two feeds; not another price, key or id */
	assert_int_equal(list.items[1].message.exponent, -2);
	assert_string_equal(list.items[2].signature, "s3"); /* of unknown position: behind the others of its slot */
	assert_int_equal(list.items[2].position, -1);
	assert_string_equal(list.items[3].signature, "s4");
	assert_int_equal(list.items[3].after_first_ns, TIME_UNKNOWN); /* the row of its slot was lost */
	assert_int_equal(list.items[3].after_oracle_ns, TIME_UNKNOWN);
	block_transaction_list_free(&list);
	fixture_remove(&fixture);
}

/* 301 transactions of two prices each, 1 … 301 ns after a feed had the first of them, and one of another watch. */
static void test_summaries(void **state)
{
	static struct block_transaction items[603];
	struct block_transaction_list list = {items, 603};
	struct watch_summary *watches;
	size_t count;

	(void)state;
	for (int i = 0; i < 602; i++) {
		items[i] = (struct block_transaction){.feed = "turbine", .watch = "pyth", .number = 7, .position = i / 2,
						      .block_wire_ns = 1000 + i, .after_first_ns = 5000 - i / 2,
						      .after_oracle_ns = i % 2 ? TIME_UNKNOWN : 1 + i / 2, .recovered = i < 4};
		snprintf(items[i].signature, sizeof(items[i].signature), "s%d", i / 2);
	}
	items[602] = (struct block_transaction){.feed = "turbine", .watch = "keeper", .after_first_ns = TIME_UNKNOWN,
						.after_oracle_ns = TIME_UNKNOWN};
	assert_int_equal(watch_summaries(&list, &watches, &count), 0);
	assert_int_equal(count, 2);
	assert_string_equal(watches[0].watch, "pyth");
	assert_int_equal(watches[0].transactions, 301);
	assert_int_equal(watches[0].recovered, 2);
	assert_int_equal(watches[0].after_first[WATCH_P50].ns, 5000 - 150);
	assert_int_equal(watches[0].prices, 301);
	assert_int_equal(watches[0].after_oracle[WATCH_P50].ns, 151);
	assert_int_equal(watches[0].after_oracle[WATCH_P99].ns, 298);
	assert_true(watches[0].after_oracle[WATCH_P50].ci95_ns[0] < 151 && watches[0].after_oracle[WATCH_P50].ci95_ns[1] > 151);
	assert_string_equal(watches[1].watch, "keeper");
	assert_int_equal(watches[1].transactions, 1);
	assert_int_equal(watches[1].after_first[WATCH_P50].ns, TIME_UNKNOWN);
	assert_int_equal(watches[1].prices, 0);
	free(watches);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_summaries),
	};

	return cmocka_run_group_tests_name("latency_block_transactions", tests, NULL, NULL);
}
