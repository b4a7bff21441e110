// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Flashblocks made by hand from the published layout, plain and compressed; and streams that are not what they claim. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <brotli/encode.h>
#include <cmocka.h>

#include "base/clock.h"
#include "feed/expand.h"
#include "feed_blocks.h"

#define HASH "0x1111111111111111111111111111111111111111111111111111111111111111"
#define BASE                                                                                                           \
	"\"base\":{\"parent_beacon_block_root\":\"" HASH "\",\"parent_hash\":\"0xABcd" /* … */                          \
	"000000000000000000000000000000000000000000000000000000000001\",\"fee_recipient\":"                              \
	"\"0x4200000000000000000000000000000000000011\",\"prev_randao\":\"" HASH "\",\"block_number\":\"0x1f4a3b2\","   \
	"\"gas_limit\":\"0x11e1a300\",\"timestamp\":\"0x692cd1c0\",\"extra_data\":\"0x\",\"base_fee_per_gas\":\"0x1\"},"
#define DIFF                                                                                                           \
	"\"diff\":{\"state_root\":\"" HASH "\",\"receipts_root\":\"" HASH "\",\"logs_bloom\":\"0x00\",\"gas_used\":\"0x5208\"," \
	"\"block_hash\":\"" HASH "\",\"transactions\":[\"0x7ef8\"],\"withdrawals\":[],\"withdrawals_root\":\"" HASH "\"}"
#define FIRST "{\"payload_id\":\"0x03A5b5c67d8e9f01\",\"index\":0," BASE DIFF ",\"metadata\":{\"block_number\":7,\"receipts\":{}}}"

static struct block_sink sink;

static int decode(const char *text)
{
	return block_sink_run(&sink, flashblocks_decode, text, strlen(text));
}

static void test_first_of_a_block(void **state)
{
	const struct block_message *m = &sink.messages[0];

	(void)state;
	assert_int_equal(decode(FIRST), 1);
	assert_int_equal(m->kind, BLOCK_KIND_FLASHBLOCK);
	assert_string_equal(m->hash, "03a5b5c67d8e9f01");
	assert_int_equal(m->part, 0);
	assert_true(m->has_number);
	assert_int_equal(m->number, 0x1f4a3b2);
	assert_string_equal(m->parent, "abcd000000000000000000000000000000000000000000000000000000000001");
	assert_int_equal(m->published_ns, TIME_UNKNOWN); /* base.timestamp is the block's */
	assert_int_equal(m->parts_needed, 0);
}

static void test_later_ones(void **state)
{
	(void)state;
	assert_int_equal(decode("{\"payload_id\":\"0x03a5b5c67d8e9f01\",\"index\":9," DIFF
				",\"metadata\":{\"block_number\":32809906,\"flashblock_timestamp\":1767225600123456789}}"), 1);
	assert_int_equal(sink.messages[0].part, 9);
	assert_int_equal(sink.messages[0].number, 32809906);
	assert_string_equal(sink.messages[0].parent, "");
	assert_int_equal(sink.messages[0].published_ns, 1767225600123456789);
	assert_int_equal(decode("{\"payload_id\":\"0x03a5b5c67d8e9f01\",\"index\":3,\"metadata\":{\"block_number\":\"0x10\"}}"), 1);
	assert_int_equal(sink.messages[0].number, 16);
	assert_int_equal(decode("{\"payload_id\":\"0x03a5b5c67d8e9f01\",\"index\":3}"), 1);
	assert_false(sink.messages[0].has_number);
}

static void test_as_a_subscription(void **state)
{
	(void)state;
	assert_int_equal(decode("{\"jsonrpc\":\"2.0\",\"method\":\"eth_subscription\",\"params\":{\"subscription\":\"0x1\",\"result\":" FIRST "}}"), 1);
	assert_string_equal(sink.messages[0].hash, "03a5b5c67d8e9f01");
	assert_int_equal(decode("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x1\"}"), 0);
	assert_int_equal(decode("{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32602,\"message\":\"no such subscription\"}}"), -EBADMSG);
	assert_non_null(strstr(sink.err.text, "no such subscription"));
}

static void test_mistakes_are_named(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"{}", "/payload_id: missing"},
		{"{\"payload_id\":\"0x03\",\"index\":0}", "/payload_id: not 0x"},
		{"{\"payload_id\":\"03a5b5c67d8e9f01\",\"index\":0}", "/payload_id: not 0x"},
		{"{\"payload_id\":\"0x03a5b5c67d8e9f0g\",\"index\":0}", "/payload_id: not 0x"},
		{"{\"payload_id\":\"0x03a5b5c67d8e9f01\"}", "/index"},
		{"{\"payload_id\":\"0x03a5b5c67d8e9f01\",\"index\":-1}", "/index"},
		{"{\"payload_id\":\"0x03a5b5c67d8e9f01\",\"index\":\"0\"}", "/index"},
		{"{\"payload_id\":\"0x03a5b5c67d8e9f01\",\"index\":99999999999999999999}", "/index"},
		{"{\"payload_id\":\"0x03a5b5c67d8e9f01\",\"index\":0,\"base\":{\"block_number\":\"0x\"}}", "/base/block_number"},
		{"{\"payload_id\":\"0x03a5b5c67d8e9f01\",\"index\":0,\"base\":{\"block_number\":\"0x12345678901234567\"}}", "/base/block_number"},
		{"{\"payload_id\":\"0x03a5b5c67d8e9f01\",\"index\":0,\"base\":{\"block_number\":\"0x1\"}}", "/base/parent_hash"},
		{"{\"payload_id\":\"0x03a5b5c67d8e9f01\",\"index\":0,\"metadata\":{\"block_number\":-1}}", "/metadata/block_number"},
		{"{\"payload_id\":\"0x03a5b5c67d8e9f01\",\"index\":0,\"metadata\":{\"flashblock_timestamp\":\"now\"}}", "/metadata/flashblock_timestamp"},
		{"", "neither JSON nor a brotli frame"},
		{"[1]", "neither JSON nor a brotli frame"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(decode(cases[i].text), -EBADMSG);
		if (!strstr(sink.err.text, cases[i].says))
			fail_msg("'%s' does not say '%s'", sink.err.text, cases[i].says);
	}
}

static size_t compress(const void *data, size_t len, uint8_t *out, size_t room)
{
	assert_true(BrotliEncoderCompress(5, 22, BROTLI_MODE_TEXT, len, data, &room, out));
	return room;
}

static void test_compressed(void **state)
{
	uint8_t frame[8192];
	size_t len = compress(FIRST, strlen(FIRST), frame, sizeof(frame));

	(void)state;
	assert_true(len < strlen(FIRST));
	assert_int_equal(block_sink_run(&sink, flashblocks_decode, frame, len), 1);
	assert_string_equal(sink.messages[0].hash, "03a5b5c67d8e9f01");
	/* cut, and with something behind it */
	for (size_t cut = 0; cut < len; cut++)
		assert_true(block_sink_run(&sink, flashblocks_decode, frame, cut) < 0);
	frame[len] = 0;
	assert_int_equal(block_sink_run(&sink, flashblocks_decode, frame, len + 1), -EBADMSG);
	assert_non_null(strstr(sink.err.text, "1 bytes behind"));
	len = compress("{\"index\":0}", 11, frame, sizeof(frame));
	assert_int_equal(block_sink_run(&sink, flashblocks_decode, frame, len), -EBADMSG);
	assert_non_null(strstr(sink.err.text, "expanded from brotli: /payload_id"));
}

static void test_a_bomb_is_refused(void **state)
{
	size_t size = 64 << 20, len, out_len;
	uint8_t *zeros = calloc(1, size), frame[8192], *out;
	struct error err;

	(void)state;
	assert_non_null(zeros);
	len = compress(zeros, size, frame, sizeof(frame));
	assert_true(len < 1000); /* 64 MiB out of a few hundred bytes */
	assert_int_equal(block_sink_run(&sink, flashblocks_decode, frame, len), -EBADMSG);
	assert_non_null(strstr(sink.err.text, "more than 16777216 bytes"));
	/* the limit itself is allowed, one byte less is not */
	assert_int_equal(expand_brotli(frame, len, size, &out, &out_len, &err), 0);
	assert_int_equal(out_len, size);
	assert_memory_equal(out, zeros, size);
	free(out);
	assert_int_equal(expand_brotli(frame, len, size - 1, &out, &out_len, &err), -EBADMSG);
	free(zeros);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_of_a_block),   cmocka_unit_test(test_later_ones),
		cmocka_unit_test(test_as_a_subscription),  cmocka_unit_test(test_mistakes_are_named),
		cmocka_unit_test(test_compressed),	   cmocka_unit_test(test_a_bomb_is_refused),
	};

	return cmocka_run_group_tests_name("flashblocks", tests, NULL, NULL);
}
