// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is noted at a packet, by the rows of a session made by hand. */
#include "session_fixture.h"

#include "base/clock.h"
#include "cmd/packet_notes.h"

static struct fixture fixture;
static struct packet_notes *notes;
static struct offline_handlers handlers;
static struct collect_feed feeds[2];
static struct site site = {.collect = feeds, .feed_count = 2};

static int set_up(void **state)
{
	struct error err;

	(void)state;
	fixture_session(&fixture);
	fixture_sql(&fixture,
		    "INSERT INTO feed VALUES (0, 'venue', 'oracle', 'fields', 'udp'), (1, 'turbine', 'block', 'solana-shred', 'udp');"
		    "INSERT INTO chain VALUES (0, 'eth', 'eth');"
		    "INSERT INTO clock VALUES (1, 1, 0, 0, NULL, NULL), (100000, 100000, 0, 0, NULL, NULL);"
		    "INSERT INTO oracle_message (id, feed_id, asset, message_id, key, wire_mono_ns, first_mono_ns, bytes) VALUES"
		    " (1, 0, 'ETH', NULL, '7', 100, 100, 1), (2, 0, 'ETH', NULL, '7', 200, 200, 1), (3, 0, 'ETH', NULL, '8', 200, 200, 1);"
		    "INSERT INTO chain_update (chain, asset, type, address, key, block_number, block_hash, tx_hash, log_index, seen_mono_ns,"
		    " removed, backfilled) VALUES ('eth', 'ETH', 'chainlink', '0x1', '8', 5, '0xaa', '0xt', 0, 900, 0, 0);"
		    "INSERT INTO sent VALUES (1, 300, 10, 77, 4000, 8545), (2, 400, 10, 87, 4000, 8545);"
		    "INSERT INTO chain_block VALUES ('eth', 5, '0xaa', '0xp', 1000000000, 700, 800, 900);"
		    "INSERT INTO block_arrival VALUES (1, 9, 0, 100, 150, 160, 33, 0, 32, 1, NULL, NULL, NULL, 1, 0, NULL),"
		    " (1, 9, NULL, 100, NULL, 160, 33, 0, 32, 1, 1, 1, 31, 1, 0, NULL)");
	fixture_sql(&fixture, "INSERT INTO session VALUES ('keeper_after', 'wire'), ('keeper_assets', '')");
	snprintf(feeds[0].name, sizeof(feeds[0].name), "venue");
	feeds[0].decoder = decoder_find("fields");
	assert_int_equal(field_spec_parse("u8@0", &feeds[0].decode.field_key), 0);
	snprintf(feeds[1].name, sizeof(feeds[1].name), "turbine");
	if (packet_notes_new(&notes, fixture.db, &site, &err))
		fail_msg("%s", err.text);
	packet_notes_handlers(notes, &handlers);
	packet_notes_begin(notes);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	packet_notes_free(notes);
	fixture_remove(&fixture);
	return 0;
}

/* The notes of the packet in hand are these, ended by NULL; the next packet begins. */
static void expect(const char *first, const char *second)
{
	const char *wanted[] = {first, second};
	size_t count, expected = first ? second ? 2 : 1 : 0;
	const char *const *texts = packet_notes_take(notes, &count);
	struct error err = {""};

	for (size_t i = 0; i < count && i < expected; i++)
		assert_string_equal(texts[i], wanted[i]);
	assert_int_equal(count, expected);
	if (packet_notes_status(notes, &err))
		fail_msg("%s", err.text);
	packet_notes_begin(notes);
}

static void datagram(uint64_t stamp_ns, uint8_t key)
{
	struct {
		struct pl_datagram head;
		uint8_t payload[1];
	} record = {{.head = {PL_RECORD_DATAGRAM, 0, stamp_ns}, .len = 1, .wanted = 1, .captured = 1}, {key}};

	handlers.on_record(handlers.context, &record.head.head, sizeof(record));
}

static void test_prices_by_stamp_and_key(void **state)
{
	struct packet_notes_missing missing;

	(void)state;
	datagram(100, 7);
	expect("feed=venue asset=ETH key=7 stage=wire message=1 status=superseded", NULL);
	datagram(200, 8); /* two packets of one stamp: the key tells which is which */
	expect("feed=venue asset=ETH key=8 stage=wire message=3 status=matched seen_after_ns=700", NULL);
	packet_notes_missing(notes, &missing);
	assert_int_equal(missing.updates, 1);
	assert_int_equal(missing.of_updates, 3);
	assert_int_equal(missing.slots, 1);
	datagram(555, 7); /* not in the session: whose it is, and no more */
	expect("feed=venue", NULL);
	expect(NULL, NULL);
}

static void test_the_keeper(void **state)
{
	struct pl_egress egress = {.head = {PL_RECORD_EGRESS, PL_FEED_NONE, 300}, .seq = 77, .len = 10, .local_port = 4000};

	(void)state;
	handlers.on_record(handlers.context, &egress.head, sizeof(egress));
	expect("keeper stage=sent message=2 sent_after_ns=100", NULL); /* the first of the two that one packet brought */
	egress.head.stamp_ns = 400;
	egress.seq = 87;
	handlers.on_record(handlers.context, &egress.head, sizeof(egress));
	expect("keeper", NULL);
}

static void test_heads_and_logs(void **state)
{
	struct oracle_config oracle = {.asset = "ETH"};
	struct chain_update update = {.oracle = &oracle, .block_number = 5, .tx_hash = "0xt", .message.key = "8"};
	struct chain_block block = {.number = 5, .hash = "0xaa", .stamps = {700, 800, TIME_UNKNOWN}};

	(void)state;
	handlers.on_segment(handlers.context, "eth", true, 600);
	expect("chain=eth", NULL);
	handlers.on_segment(handlers.context, "eth", true, 700);
	expect("chain=eth block=5 hash=0xaa stage=block_wire", NULL);
	handlers.on_segment(handlers.context, "eth", true, 800);
	handlers.on_block(handlers.context, "eth", &block);
	expect("chain=eth block=5 hash=0xaa stage=block_complete", NULL);
	handlers.on_update(handlers.context, "eth", &update);
	update.removed = true;
	handlers.on_update(handlers.context, "eth", &update);
	expect("chain=eth asset=ETH key=8 block=5 tx=0xt stage=seen", "chain=eth asset=ETH key=8 block=5 tx=0xt removed=1 stage=seen");
}

static void shred(uint64_t stamp_ns, uint32_t index, bool decodable)
{
	struct pl_shred_record record = {.head = {PL_RECORD_SHRED, 1, stamp_ns}, .slot = 9, .index = index};
	struct pl_set_record set = {.head = {PL_RECORD_SET, 1, stamp_ns}};

	handlers.on_record(handlers.context, &record.head, sizeof(record));
	if (decodable)
		handlers.on_record(handlers.context, &set.head, sizeof(set));
}

static void test_shreds(void **state)
{
	(void)state;
	shred(100, 0, false);
	expect("feed=turbine slot=9 index=0 kind=data set=0 stage=block_wire", NULL);
	shred(100, 1, false); /* the same stamp: the slot has begun already */
	expect("feed=turbine slot=9 index=1 kind=data set=0", NULL);
	shred(150, 30, false);
	expect("feed=turbine slot=9 index=30 kind=data set=0", NULL);
	shred(150, 31, true);
	expect("feed=turbine slot=9 index=31 kind=data set=0 stage=set_decodable,block_complete", NULL);
	shred(160, 32, false);
	expect("feed=turbine slot=9 index=32 kind=data set=0 stage=block_last", NULL);
}

static void test_text_from_the_network_and_many_notes(void **state)
{
	struct oracle_config oracle = {.asset = "ETH"};
	struct chain_update update = {.oracle = &oracle, .tx_hash = "0xt", .message.key = "a\n\033[2J\xff"};
	const char *const *texts;
	size_t count;

	(void)state;
	handlers.on_update(handlers.context, "eth", &update);
	expect("chain=eth asset=ETH key=a\xef\xbf\xbd\xef\xbf\xbd[2J\xef\xbf\xbd block=0 tx=0xt stage=seen", NULL);
	for (int i = 0; i < 100; i++)
		handlers.on_update(handlers.context, "eth", &update);
	texts = packet_notes_take(notes, &count);
	assert_int_equal(count, 64);
	assert_string_equal(texts[63], "and 37 more");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_prices_by_stamp_and_key, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_keeper, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_heads_and_logs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_shreds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_text_from_the_network_and_many_notes, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("packet notes", tests, NULL, NULL);
}
