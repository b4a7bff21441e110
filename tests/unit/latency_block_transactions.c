// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Transactions of blocks out of a session: their order, and what they are measured against. */
#include "session_fixture.h"

#include "base/clock.h"
#include "data_file.h"
#include "deliver_shred.h"
#include "latency/watch_summary.h"
#include "session/collect.h"
#include "solana_maker.h"

static struct fixture fixture;

static const char rows[] =
	"INSERT INTO clock VALUES (0, 1000000, 5, 1, 100, 'kernel'), (1000, 1001000, 5, 1, 100, 'kernel');"
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

/* ---- from packets to the figure ------------------------------------------------------------------------------------- */

/* The instruction post_update around the first price of a published update. */
static void make_post(struct bytes *block, const uint8_t *update, size_t len)
{
	static const uint8_t selector[8] = {133, 95, 207, 175, 11, 79, 118, 44}, head[3] = {0, 85, 0};
	const uint8_t *message = memmem(update, len, head, sizeof(head));
	struct bytes data = {.len = 0};

	assert_non_null(message);
	add_bytes(&data, selector, sizeof(selector));
	add_le(&data, 85, 4);
	add_bytes(&data, message + 2, 85);
	add_le(&data, 0, 4);
	add_le(&data, 1, 1);
	add_le(block, 1, 8);
	add_entry_head(block, 1);
	add_transaction(block, -1, 2, data.data, data.len);
}

/* A published update comes over UDP, and later in a block, of which the packet with the price is lost. */
static void test_a_price_in_its_block(void **state)
{
	static uint8_t shreds[64][SHRED_BYTES_MAX];
	struct json_object *root = data_json("oracle/pyth_pnau_updates.json");
	struct watch watch = {.name = "pyth", .has_program = true};
	const struct collect_feed feeds[] = {
		{.name = "turbine", .role = "block", .transport = "udp", .payload = true, .watches = &watch, .watch_count = 1},
		{.name = "pnau", .role = "oracle", .transport = "udp", .decoder = decoder_find("pyth-pnau")},
	};
	struct block_transaction_list list;
	struct collector *collector;
	struct bytes block = {.len = 0};
	struct session *session;
	struct error err = {""};
	uint8_t *update;
	size_t len;

	(void)state;
	update = data_hex(json_object_array_get_idx(json_member(root, "updates"), 0), "hex", &len);
	memset(watch.program, 2, sizeof(watch.program));
	make_post(&block, update, len);
	make_fec_set(shreds, 9, 0, 1, true, block.data, block.len, SHRED_FLAG_LAST_IN_SLOT);
	fixture_folder(&fixture);
	if (session_create(&session, fixture.path, &err) || collector_new(&collector, session, feeds, 2, &err))
		fail_msg("%s", err.text);
	session_put_clock(session, &(struct clock_reading){.mono_ns = 0, .real_ns = 0});
	session_put_clock(session, &(struct clock_reading){.mono_ns = 100000, .real_ns = 100000});
	for (uint32_t i = 0; i < 2; i++)
		session_put_feed(session, &(struct session_feed){i, feeds[i].name, feeds[i].role, collect_feed_type(&feeds[i]),
								 feeds[i].transport});
	collector_datagram(collector, &(struct pl_datagram){.head = {PL_RECORD_DATAGRAM, 1, 5000}, .len = (uint32_t)len,
							    .wanted = (uint32_t)len,
							    .captured = (uint32_t)len}, update);
	for (uint32_t i = 1; i < 64; i++)
		deliver_shred(collector, shreds[i], made_len(i), 20000 + i);
	collector_finish(collector);
	collector_free(collector);
	if (session_close(session, &err) || session_open_read(&fixture.db, fixture.path, &err) ||
	    block_transactions_load(fixture.db, &list, &err))
		fail_msg("%s", err.text);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].watch, "pyth");
	assert_int_equal(strlen(list.items[0].message.id), 64);
	assert_true(list.items[0].recovered && list.items[0].message.price > 0);
	assert_int_equal(list.items[0].block_wire_ns, 20032); /* the 32nd of the set, as data shred 0 is missing */
	assert_int_equal(list.items[0].after_oracle_ns, 20032 - 5000);
	block_transaction_list_free(&list);
	fixture_remove(&fixture);
	json_object_put(root);
	free(update);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_summaries),
		cmocka_unit_test(test_a_price_in_its_block),
	};

	return cmocka_run_group_tests_name("latency_block_transactions", tests, NULL, NULL);
}
