// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Bitcoin's messages: made by hand around the first two blocks of the chain, whose hashes everybody knows. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/sha.h>

#include "base/clock.h"
#include "base/hex.h"
#include "feed_blocks.h"

#define BLOCK_0 "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
#define BLOCK_1 "00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048"
#define TIME_0 1231006505000000000
#define TIME_1 1231469665000000000

static const char header_0[] = "01000000" "0000000000000000000000000000000000000000000000000000000000000000"
			       "3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a" "29ab5f49" "ffff001d" "1dac2b7c";
static const char header_1[] = "01000000" "6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000"
			       "982051fd1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e" "61bc6649" "ffff001d" "01e36299";

static struct block_sink sink;
static uint8_t message[4096];
static size_t len;

/* Header and payload (hex) of a message, with its checksum. */
static void make(const char *command, const char *payload_hex)
{
	uint8_t once[32], hash[32];
	long payload = hex_decode(payload_hex, strlen(payload_hex), message + 24, sizeof(message) - 24);

	assert_true(payload >= 0);
	memset(message, 0, 24);
	memcpy(message, "\xf9\xbe\xb4\xd9", 4);
	memcpy(message + 4, command, strlen(command));
	message[16] = (uint8_t)payload;
	message[17] = (uint8_t)(payload >> 8);
	SHA256(message + 24, (size_t)payload, once);
	SHA256(once, 32, hash);
	memcpy(message + 20, hash, 4);
	len = 24 + (size_t)payload;
}

static int decode(void)
{
	return block_sink_run(&sink, bitcoin_decode, message, len);
}

static void headers_and_blocks(void **state)
{
	char payload[1024];

	(void)state;
	snprintf(payload, sizeof(payload), "02%s00%s00", header_0, header_1);
	make("headers", payload);
	assert_int_equal(decode(), 2);
	assert_int_equal(sink.messages[0].kind, BLOCK_KIND_HEADERS);
	assert_string_equal(sink.messages[0].hash, BLOCK_0);
	assert_int_equal(sink.messages[0].published_ns, TIME_0);
	assert_string_equal(sink.messages[1].hash, BLOCK_1);
	assert_string_equal(sink.messages[1].parent, BLOCK_0);
	assert_int_equal(sink.messages[1].published_ns, TIME_1);
	assert_int_equal(sink.messages[1].part, BLOCK_PART_WHOLE);

	snprintf(payload, sizeof(payload), "%s01", header_1);
	make("block", payload);
	assert_int_equal(decode(), 1);
	assert_int_equal(sink.messages[0].kind, BLOCK_KIND_BLOCK);
	assert_string_equal(sink.messages[0].hash, BLOCK_1);
	snprintf(payload, sizeof(payload), "%s0102030405060708" "01" "aabbccddeeff" "00", header_1);
	make("cmpctblock", payload);
	assert_int_equal(decode(), 1);
	assert_int_equal(sink.messages[0].kind, BLOCK_KIND_CMPCTBLOCK);
	assert_string_equal(sink.messages[0].hash, BLOCK_1);
}

/* A transaction, two blocks, a block with witnesses, and an unknown type. */
static void inventories(void **state)
{
	char payload[1024];
	static const char hash[] = "6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000";

	(void)state;
	snprintf(payload, sizeof(payload), "05" "01000000%s" "02000000%s" "04000000%s" "02000040%s" "05000000%s", hash, hash, hash, hash, hash);
	make("inv", payload);
	assert_int_equal(decode(), 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(sink.messages[i].kind, BLOCK_KIND_INV);
		assert_string_equal(sink.messages[i].hash, BLOCK_0);
		assert_int_equal(sink.messages[i].published_ns, TIME_UNKNOWN);
	}
	make("getdata", payload);
	assert_int_equal(decode(), 3);
	assert_int_equal(sink.messages[0].kind, BLOCK_KIND_GETDATA);
	snprintf(payload, sizeof(payload), "fd0100" "02000000%s", hash); /* the same number, written wider */
	make("inv", payload);
	assert_int_equal(decode(), 1);
	make("inv", "00");
	assert_int_equal(decode(), 0);
	make("tx", "00");
	assert_int_equal(decode(), 0);
}

static void refuses_what_is_wrong(void **state)
{
	char payload[1024];

	(void)state;
	snprintf(payload, sizeof(payload), "02%s00%s00", header_0, header_1);
	make("headers", payload);
	message[60] ^= 1;
	assert_int_equal(decode(), -EBADMSG);
	assert_non_null(strstr(sink.err.text, "checksum"));
	message[60] ^= 1;
	for (size_t whole = len, cut = 0; cut < whole; cut++) {
		len = cut;
		assert_int_equal(decode(), -EBADMSG);
	}
	snprintf(payload, sizeof(payload), "03%s00%s00", header_0, header_1); /* one more than there are */
	make("headers", payload);
	assert_int_equal(decode(), -EBADMSG);
	assert_int_equal(sink.count, 2); /* the two that are whole count */
	make("inv", "ff00000000000000ff");
	assert_int_equal(decode(), -EBADMSG);
	make("inv", "fe");
	assert_int_equal(decode(), -EBADMSG);
	make("inv", "");
	assert_int_equal(decode(), -EBADMSG);
	make("block", header_0);
	assert_int_equal(decode(), -EBADMSG);
}

static void where_messages_begin_and_end(void **state)
{
	(void)state;
	make("tx", "0011223344");
	assert_int_equal(bitcoin_frame(message, len), 29);
	for (size_t cut = 1; cut < 20; cut++)
		assert_int_equal(bitcoin_frame(message, cut), 0);
	assert_int_equal(bitcoin_frame(message, 20), 29);
	message[3] ^= 1;
	assert_int_equal(bitcoin_frame(message, len), FRAME_NONE);
	make("tx", "00");
	message[8] = 'x'; /* something after the padding began */
	assert_int_equal(bitcoin_frame(message, len), FRAME_NONE);
	make("", "00");
	assert_int_equal(bitcoin_frame(message, len), FRAME_NONE);
	make("block", "00");
	memcpy(message + 16, "\x01\x09\x3d\x00", 4); /* 4,000,001 */
	assert_int_equal(bitcoin_frame(message, len), FRAME_NONE);
	memcpy(message + 16, "\x00\x09\x3d\x00", 4);
	assert_int_equal(bitcoin_frame(message, len), BITCOIN_MESSAGE_MAX);
	memcpy(message, "\xfa\xbf\xb5\xda", 4); /* a chain of one's own */
	assert_int_equal(bitcoin_frame(message, len), BITCOIN_MESSAGE_MAX);
}

/* Before 2012 the two greetings had no checksum: the header ends four bytes earlier. */
static void greetings_with_and_without_checksum(void **state)
{
	(void)state;
	make("version", "7f11010001");
	assert_int_equal(bitcoin_frame(message, len), 29);
	assert_int_equal(bitcoin_frame(message, len - 1), 0);
	memmove(message + 20, message + 24, 5);
	memset(message + 25, 0xf9, 4);
	assert_int_equal(bitcoin_frame(message, 29), 25);
	make("verack", "");
	assert_int_equal(bitcoin_frame(message, 24), 24);
	assert_int_equal(bitcoin_frame(message, 20), 0);
	memcpy(message + 20, "\xf9\xbe\xb4\xd9", 4);
	assert_int_equal(bitcoin_frame(message, 24), 20);
	assert_int_equal(decode(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_and_blocks),	       cmocka_unit_test(inventories),
		cmocka_unit_test(refuses_what_is_wrong),       cmocka_unit_test(where_messages_begin_and_end),
		cmocka_unit_test(greetings_with_and_without_checksum),
	};

	return cmocka_run_group_tests_name("feed_bitcoin", tests, NULL, NULL);
}
