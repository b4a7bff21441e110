// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Binance SBE: messages made by hand from schema stream_1_0.xml. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed_sink.h"

static const struct decode_options none;
static struct feed_sink sink;
static uint8_t message[512];
static size_t len;

static void put(int64_t value, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		message[len++] = (uint8_t)((uint64_t)value >> 8 * i);
}

static void put_head(unsigned block, unsigned template)
{
	len = 0;
	put(block, 2);
	put(template, 2);
	put(1, 2);
	put(0, 2);
}

static void put_symbol(const char *symbol)
{
	put((int64_t)strlen(symbol), 1);
	memcpy(message + len, symbol, strlen(symbol));
	len += strlen(symbol);
}

/* `more` bytes of a later version at the block's end */
static void make_best(unsigned more)
{
	put_head(50 + more, 10001);
	put(1765215119172715, 8);
	put(8000000123, 8);
	put(-8, 1);
	put(-5, 1);
	put(9012345000000, 8);
	put(150000, 8);
	put(9012346000000, 8);
	put(70000, 8);
	put(0, more);
	put_symbol("BTCUSDT");
}

static void make_trades(unsigned more)
{
	put_head(18 + more, 10000);
	put(1765215119172715, 8);
	put(1765215119172001, 8);
	put(-2, 1);
	put(-4, 1);
	put(0, more);
	put(25 + more, 2);
	put(2, 4);
	for (int i = 0; i < 2; i++) {
		put(5000 + i, 8);
		put(300012 - 2 * i, 8);
		put(12345, 8);
		put(i, 1);
		put(0, more);
	}
	put_symbol("ETHUSDT");
}

static int decode(void)
{
	return feed_sink_run(&sink, binance_sbe_decode, &none, message, len);
}

static void assert_fault(const char *words)
{
	assert_int_equal(decode(), -EBADMSG);
	if (!strstr(sink.err.text, words))
		fail_msg("\"%s\" does not say %s", sink.err.text, words);
}

static void test_best_bid_and_ask(void **state)
{
	(void)state;
	for (unsigned more = 0; more < 9; more += 4) {
		make_best(more);
		assert_int_equal(decode(), 1);
		assert_string_equal(sink.messages[0].id, "BTCUSDT");
		assert_string_equal(sink.messages[0].key, "8000000123");
		assert_string_equal(sink.messages[0].mantissa, "9012345000000");
		assert_int_equal(sink.messages[0].exponent, -8);
		assert_true(sink.messages[0].price == 90123.45);
		assert_int_equal(sink.messages[0].published_ns, 1765215119172715000);
		assert_string_equal(feed_sink_detail(&sink, 0, "ask"), "9012346000000");
	}
}

static void test_trades(void **state)
{
	(void)state;
	for (unsigned more = 0; more < 9; more += 4) {
		make_trades(more);
		assert_int_equal(decode(), 2);
		assert_string_equal(sink.messages[0].id, "ETHUSDT");
		assert_string_equal(sink.messages[0].key, "5000");
		assert_true(sink.messages[0].price == 3000.12);
		assert_string_equal(sink.messages[1].key, "5001");
		assert_true(sink.messages[1].price == 3000.10);
		assert_int_equal(sink.messages[1].published_ns, 1765215119172715000);
		assert_string_equal(feed_sink_detail(&sink, 0, "transact_time_us"), "1765215119172001");
		assert_string_equal(feed_sink_detail(&sink, 0, "buyer_is_maker"), "false");
		assert_string_equal(feed_sink_detail(&sink, 1, "buyer_is_maker"), "true");
	}
}

static void test_what_is_no_update(void **state)
{
	(void)state;
	put_head(18, 10003);
	assert_int_equal(decode(), 0);
	len = (size_t)sprintf((char *)message, "{\"result\":null,\"id\":1}");
	assert_int_equal(decode(), 0);
	len = (size_t)sprintf((char *)message, "{\"error\":{\"code\":2,\"msg\":\"Invalid request\"}}");
	assert_fault("Invalid request");
}

static void test_faults(void **state)
{
	size_t whole;

	(void)state;
	make_trades(0);
	for (whole = len; len > 0; len = whole) {
		whole--;
		len = whole;
		assert_int_equal(decode(), -EBADMSG);
	}
	make_best(0);
	put(0, 1);
	assert_fault("1 bytes are left over");
	put_head(50, 9999);
	assert_fault("template 9999");
	put_head(50, 10001);
	message[4] = 3;
	assert_fault("schema 3");
	put_head(49, 10001);
	assert_fault("a block of 49 bytes");
	put_head(17, 10000);
	assert_fault("a block of 17 bytes");
	make_trades(0);
	message[26] = 24;
	assert_fault("24 bytes each");
	make_trades(0);
	message[31] = 0xff; /* number of trades */
	assert_fault("trades: ");
	make_best(0);
	memset(message + 8, 0x7f, 8);
	assert_fault("event time");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_best_bid_and_ask),
		cmocka_unit_test(test_trades),
		cmocka_unit_test(test_what_is_no_update),
		cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests_name("feed_binance_sbe", tests, NULL, NULL);
}
