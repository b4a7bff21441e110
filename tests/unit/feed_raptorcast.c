// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Packets of Monad's RaptorCast, made by hand after the layouts in monad-bft: there is no capture of real ones. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed_blocks.h"

#define MESSAGE_HASH "808182838485868788898a8b8c8d8e8f90919293"

static struct block_sink sink;
static uint8_t packet[2048];

static void le(size_t at, uint64_t value, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++)
		packet[at + i] = (uint8_t)(value >> 8 * i);
}

static void hash(size_t at)
{
	for (unsigned int i = 0; i < 20; i++)
		packet[at + i] = (uint8_t)(0x80 + i);
}

/* A chunk of 1,000 bytes of a message of 100,001: version 0, tree of depth 6. */
static size_t version_0(uint8_t mode)
{
	size_t proof = 108 + 20 * 5;

	memset(packet, 0x5a, sizeof(packet));
	le(65, 0, 2);
	packet[67] = (uint8_t)(mode << 6 | 6);
	le(68, 4711, 8);
	le(76, 1764000000123, 8);
	hash(84);
	le(104, 100001, 4);
	le(proof + 22, 258, 2);
	return proof + 24 + 1000;
}

static size_t version_1(void)
{
	size_t proof = 117 + 20 * 8;

	memset(packet, 0x5a, sizeof(packet));
	le(65, 1, 2);
	packet[67] = 2 << 6 | 9;
	packet[68] = 1;
	le(69, 99, 8);
	le(77, 5, 8);
	le(85, 1764000000456, 8);
	hash(93);
	le(113, 200000, 4);
	le(proof + 2, 300, 2);
	return 1440;
}

static void reads_version_0(void **state)
{
	size_t len = version_0(2);

	(void)state;
	assert_int_equal(block_sink_run(&sink, raptorcast_decode, packet, len), 1);
	assert_int_equal(sink.messages[0].kind, BLOCK_KIND_CHUNK);
	assert_false(sink.messages[0].has_number); /* an epoch is no block */
	assert_int_equal(sink.messages[0].part, 258);
	assert_int_equal(sink.messages[0].parts_needed, 101);
	assert_string_equal(sink.messages[0].hash, MESSAGE_HASH);
	assert_int_equal(sink.messages[0].published_ns, 1764000000123000000);

	len = version_0(1); /* the secondary broadcast has the round in that place */
	assert_int_equal(block_sink_run(&sink, raptorcast_decode, packet, len), 1);
	assert_true(sink.messages[0].has_number);
	assert_int_equal(sink.messages[0].number, 4711);
}

static void reads_version_1(void **state)
{
	size_t len = version_1();

	(void)state;
	assert_int_equal(block_sink_run(&sink, raptorcast_decode, packet, len), 1);
	assert_int_equal(sink.messages[0].number, 99);
	assert_int_equal(sink.messages[0].part, 300);
	assert_int_equal(sink.messages[0].parts_needed, (200000 + 1158) / 1159); /* 1440 - 117 - 160 - 4 a chunk */
	assert_string_equal(sink.messages[0].hash, MESSAGE_HASH);
	assert_int_equal(sink.messages[0].published_ns, 1764000000456000000);
}

static void tells_encrypted_packets(void **state)
{
	static const size_t handshakes[] = {150, 93, 56};

	(void)state;
	memset(packet, 0x5a, sizeof(packet));
	le(0, 4, 4);
	assert_int_equal(block_sink_run(&sink, raptorcast_decode, packet, 1472), -ENOKEY);
	assert_int_equal(block_sink_run(&sink, raptorcast_decode, packet, 32), -ENOKEY);
	assert_int_equal(block_sink_run(&sink, raptorcast_decode, packet, 31), -EBADMSG);
	for (unsigned int i = 0; i < 3; i++) {
		le(0, i + 1, 4);
		assert_int_equal(block_sink_run(&sink, raptorcast_decode, packet, handshakes[i]), -ENOKEY);
		assert_int_equal(block_sink_run(&sink, raptorcast_decode, packet, handshakes[i] + 1), -EBADMSG);
	}
}

/* Every shorter packet of version 0 is still one until its data is gone; of version 1 only the full size is. */
static void refuses_what_is_cut_short(void **state)
{
	size_t len = version_0(2), data = len - 1000;

	(void)state;
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(block_sink_run(&sink, raptorcast_decode, packet, cut), cut > data ? 1 : -EBADMSG);
	len = version_1();
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(block_sink_run(&sink, raptorcast_decode, packet, cut), -EBADMSG);
}

static void refuses(size_t at, uint8_t value, size_t len, const char *word)
{
	packet[at] = value;
	assert_int_equal(block_sink_run(&sink, raptorcast_decode, packet, len), -EBADMSG);
	if (!strstr(sink.err.text, word))
		fail_msg("'%s' does not say '%s'", sink.err.text, word);
}

static void refuses_what_cannot_be(void **state)
{
	size_t len = version_0(2);

	(void)state;
	refuses(67, 3 << 6 | 6, len, "broadcast bits 3");
	refuses(67, 2 << 6, len, "depth 0");
	refuses(67, 2 << 6 | 10, len, "depth 10");
	refuses(65, 2, len, "version 2");
	version_0(2);
	le(104, 0, 4);
	refuses(108, 0, len, "0 bytes");
	version_0(2);
	refuses(83, 0xff, len, "time");
	len = version_1();
	refuses(67, 9, len, "broadcast bits 0");
	refuses(67, 2 << 6 | 2, len, "depth 2");
	version_1();
	refuses(68, 2, len, "encoding 2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_version_0),
		cmocka_unit_test(reads_version_1),
		cmocka_unit_test(tells_encrypted_packets),
		cmocka_unit_test(refuses_what_is_cut_short),
		cmocka_unit_test(refuses_what_cannot_be),
	};

	return cmocka_run_group_tests_name("feed_raptorcast", tests, NULL, NULL);
}
