// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Shreds with their payload through the collector into block_content and block_transaction. */
#include "session_fixture.h"

#include "base/base58.h"
#include "deliver_shred.h"
#include "session/collect.h"
#include "session/loss.h"
#include "solana_maker.h"
#include "shred_files.h"

#define SLOT 7
#define VERSION 6051

static struct fixture fixture;
static struct session *session;
static struct collector *collector;
static struct watch watches[2] = {{.name = "program two", .has_program = true}, {.name = "account three", .has_account = true}};
static struct collect_feed feed = {.name = "turbine", .role = "block", .transport = "udp", .payload = true, .watches = watches,
				   .watch_count = 2};

static void begin(void)
{
	struct error err = {""};

	memset(watches[0].program, 2, sizeof(watches[0].program));
	memset(watches[1].account, 3, sizeof(watches[1].account));
	fixture_folder(&fixture);
	if (session_create(&session, fixture.path, &err) || collector_new(&collector, session, &feed, 1, &err))
		fail_msg("%s", err.text);
	session_put_feed(session, &(struct session_feed){0, feed.name, feed.role, collect_feed_type(&feed), feed.transport});
}

static void deliver(const uint8_t *bytes, uint32_t len, uint64_t stamp_ns)
{
	deliver_shred(collector, bytes, len, stamp_ns);
}

static void end(void)
{
	uint64_t counts[COLLECT_COUNTER_MAX];
	struct error err = {""};

	collector_finish(collector);
	collector_counters(collector, 0, counts);
	loss_put_collect(session, "turbine", counts);
	if (*collector_last_error(collector, 0))
		fail_msg("%s", collector_last_error(collector, 0));
	collector_free(collector);
	if (session_close(session, &err) || session_open_read(&fixture.db, fixture.path, &err))
		fail_msg("%s", err.text);
}

static int64_t counter(const char *name)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "SELECT count FROM loss WHERE source = 'turbine' AND name = '%s'", name);
	return fixture_int(&fixture, sql);
}

/* A slot of two sets, the second resigned: three transactions, one of them of nobody and one forged, and the footer. */
static void make_block(uint8_t shreds[128][SHRED_BYTES_MAX])
{
	struct bytes block = {.len = 0};
	size_t first = MADE_SET_BYTES(false), forged;

	add_le(&block, 1, 8);
	add_entry_head(&block, 1);
	while (block.len < 1000) /* so that the transactions stand in the second data shred */
		add_entry_head(&block, 0);
	put_le(block.data, (block.len - 8) / 48, 8);
	put_le(block.data + 8 + 40, 0, 8);
	put_le(block.data + block.len - 8, 3, 8);
	add_transaction(&block, -1, 2, (const uint8_t *)"wanted", 6);
	add_transaction(&block, 0, 3, (const uint8_t *)"not wanted", 10);
	forged = block.len;
	add_transaction(&block, -1, 2, (const uint8_t *)"forged", 6);
	block.data[forged + 5] ^= 1; /* its signature */
	make_fec_set(shreds, SLOT, 0, VERSION, false, block.data, block.len, SHRED_FLAG_DATA_COMPLETE);
	assert_true(block.len < first);
	block.len = 0;
	add_footer(&block, 1790000000123456789);
	make_fec_set(shreds + 64, SLOT, 32, VERSION, true, block.data, block.len, SHRED_FLAG_LAST_IN_SLOT);
}

static void test_a_block_into_rows(void **state)
{
	static uint8_t shreds[128][SHRED_BYTES_MAX];

	(void)state;
	make_block(shreds);
	begin();
	for (uint32_t i = 0; i < 128; i++) /* data shred 1, which has the transactions, comes last of the first set */
		if (i != 1)
			deliver(shreds[i], made_len(i % 64), 1000 + i);
	deliver(shreds[1], made_len(1), 5000);
	collector_slot(collector, &(struct pl_slot_key){.slot = SLOT}, &(struct pl_slot){.first_ns = 1000, .last_ns = 5000, .sets = 2});
	end();
	assert_string_equal(fixture_text(&fixture, "SELECT number || ' ' || transactions || ' ' || sets || ' ' || sets_recovered ||"
						   " ' ' || published_ns || ' ' || whole FROM block_content"),
			    "7 3 2 1 1790000000123456789 1");
	/* the set was decodable with the code shred at bit 32, stamped 1032: before the data shred itself came */
	assert_string_equal(fixture_text(&fixture, "SELECT count(*) || ' ' || watch || ' ' || position || ' ' || shred || ' ' ||"
						   " block_wire_mono_ns || ' ' || readable_mono_ns || ' ' || recovered || ' ' ||"
						   " length(signature) FROM block_transaction"),
			    "1 program two 0 1 1032 1032 1 88");
	assert_int_equal(fixture_int(&fixture, "SELECT count(*) FROM shred_arrival"), 0);
	assert_int_equal(counter("watched"), 1);
	assert_int_equal(counter("forged"), 1);
	assert_int_equal(counter("footers"), 1);
	assert_int_equal(counter("transactions"), 3);
	assert_int_equal(counter("sets_recovered"), 1);
	assert_int_equal(counter("sets_not_recovered"), 0);
	fixture_remove(&fixture);
}

static void test_a_footer_of_no_century(void **state)
{
	static uint8_t shreds[64][SHRED_BYTES_MAX];
	struct bytes block = {.len = 0};

	(void)state;
	add_footer(&block, 5);
	make_fec_set(shreds, SLOT, 0, VERSION, true, block.data, block.len, SHRED_FLAG_LAST_IN_SLOT);
	begin();
	for (uint32_t i = 32; i < 64; i++)
		deliver(shreds[i], made_len(i), i);
	end();
	assert_int_equal(fixture_int(&fixture, "SELECT published_ns IS NULL FROM block_content"), 1);
	assert_int_equal(counter("bad_footers"), 1);
	fixture_remove(&fixture);
}

static void test_a_published_block(void **state)
{
	struct shred_file *file = shred_file_json("sig_testnet-417955322_shreds.json.gz");

	(void)state;
	begin();
	assert_int_equal(base58_decode("Vote111111111111111111111111111111111111111", watches[0].program, 32), 0);
	for (size_t i = 0; i < file->count; i++)
		deliver(file->bytes[i], file->len[i], 1000 + i);
	end();
	assert_int_equal(fixture_int(&fixture, "SELECT count(*) FROM block_transaction WHERE watch = 'program two'"), 417);
	assert_int_equal(fixture_int(&fixture, "SELECT count(DISTINCT signature) FROM block_transaction"), 417);
	assert_int_equal(fixture_int(&fixture, "SELECT max(position) FROM block_transaction"), 416);
	assert_int_equal(fixture_int(&fixture, "SELECT entries FROM block_content WHERE whole"), 103);
	assert_int_equal(counter("forged"), 0);
	fixture_remove(&fixture);
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_block_into_rows),
		cmocka_unit_test(test_a_footer_of_no_century),
		cmocka_unit_test(test_a_published_block),
	};

	return cmocka_run_group_tests_name("session_ledger", tests, NULL, NULL);
}
