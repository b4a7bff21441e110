// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Data Streams: reports made by hand in every version's shape, and a published one with an independent decode. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "data_file.h"
#include "feed_sink.h"

#define WORD 32

static const struct decode_options none;
static struct feed_sink sink;
static uint8_t report[64 * WORD];
static size_t len;

static void put_word(uint64_t value)
{
	memset(report + len, 0, WORD);
	for (int i = 0; i < 8; i++)
		report[len + WORD - 1 - i] = (uint8_t)(value >> 8 * i);
	len += WORD;
}

/* A full report of `values` words behind the common six, each 10^18 times its place, and two signatures. */
static void make_report(unsigned first_bytes, unsigned values, uint64_t observed)
{
	unsigned words = 6 + values;

	len = 0;
	for (int i = 0; i < 3; i++)
		put_word(7);
	put_word(7 * WORD);
	put_word((7 + 1 + words) * WORD);
	put_word((7 + 1 + words + 3) * WORD);
	put_word(0);
	put_word(words * WORD);
	put_word(0xabcd);
	report[len - WORD] = (uint8_t)(first_bytes >> 8);
	report[len - WORD + 1] = (uint8_t)first_bytes;
	put_word(observed - 1);
	put_word(observed);
	put_word(11);
	put_word(12);
	put_word(observed + 86400);
	for (unsigned i = 1; i <= values; i++)
		put_word(i * 1000000000000000000);
	for (int i = 0; i < 2; i++) {
		put_word(2);
		put_word(21);
		put_word(22);
	}
}

static int decode(void)
{
	return feed_sink_run(&sink, chainlink_decode, &none, report, len);
}

static void assert_fault(const char *words)
{
	assert_int_equal(decode(), -EBADMSG);
	if (!strstr(sink.err.text, words))
		fail_msg("\"%s\" does not say %s", sink.err.text, words);
}

static void test_every_version(void **state)
{
	static const struct {
		unsigned version, values;
		double price;
	} cases[] = {{2, 1, 1}, {3, 3, 1}, {4, 2, 1}, {5, 3, 1}, {6, 5, 1}, {7, 1, 1}, {8, 3, 2}, {9, 4, 1}, {10, 7, 2}, {11, 8, 1}, {12, 4, 1}, {13, 5, 5}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make_report(cases[i].version, cases[i].values, 1722348998);
		assert_int_equal(decode(), 1);
		assert_true(sink.messages[0].price == cases[i].price);
		assert_int_equal(sink.messages[0].exponent, -18);
		assert_string_equal(sink.messages[0].key, "1722348998");
		assert_int_equal(sink.messages[0].published_ns, 1722348998000000000);
		assert_string_equal(feed_sink_detail(&sink, 0, "oracle_signatures"), "2");
		make_report(cases[i].version, cases[i].values + 1, 1722348998);
		assert_fault("bytes of data, not");
	}
	make_report(1, 1, 1);
	assert_fault("a report of version 1; known are 2 to 13");
	make_report(14, 1, 1);
	assert_fault("a report of version 14");
}

/* The unit of the times stands above the version. */
static void test_milliseconds(void **state)
{
	(void)state;
	make_report(0x1003, 3, 1722348998123);
	assert_int_equal(decode(), 1);
	assert_string_equal(sink.messages[0].key, "1722348998123");
	assert_int_equal(sink.messages[0].published_ns, 1722348998123000000);
	make_report(0x2003, 3, 1722348998123);
	assert_int_equal(decode(), 1);
	assert_true(sink.messages[0].published_ns == TIME_UNKNOWN);
	assert_string_equal(sink.messages[0].key, "1722348998123");
}

static void test_a_negative_price(void **state)
{
	(void)state;
	make_report(3, 3, 1722348998);
	memset(report + (8 + 6) * WORD, 0xff, WORD);
	assert_int_equal(decode(), 1);
	assert_string_equal(sink.messages[0].mantissa, "-1");
}

static void test_json(void **state)
{
	static char text[6000];
	char hex[2 * sizeof(report) + 1];

	(void)state;
	make_report(3, 3, 1722348998);
	hex_encode(report, len, hex);
	snprintf(text, sizeof(text), "{\"report\":{\"feedID\":\"0x0003%056dabcd\",\"fullReport\":\"0x%s\"}}", 0, hex);
	assert_int_equal(feed_sink_run(&sink, chainlink_decode, &none, text, strlen(text)), 1);
	assert_true(sink.messages[0].price == 1);
	assert_string_equal(feed_sink_detail(&sink, 0, "report_version"), "3");
	snprintf(text, sizeof(text), "{\"report\":{\"feedID\":\"0x0003%056dabce\",\"fullReport\":\"0x%s\"}}", 0, hex);
	assert_int_equal(feed_sink_run(&sink, chainlink_decode, &none, text, strlen(text)), -EBADMSG);
	assert_string_equal(sink.err.text, "/report: feedID: not the feed of fullReport");
	assert_int_equal(sink.count, 0);
	snprintf(text, sizeof(text), "{\"reports\":[{\"fullReport\":\"0x00\"},{\"fullReport\":\"%s\"}]}", hex);
	assert_int_equal(feed_sink_run(&sink, chainlink_decode, &none, text, strlen(text)), -EBADMSG);
	assert_non_null(strstr(sink.err.text, "/reports/0: fullReport: a full report begins with 224 bytes"));
	assert_int_equal(sink.count, 1);
	strcpy(text, "{\"error\":\"unauthorized\"}");
	assert_int_equal(feed_sink_run(&sink, chainlink_decode, &none, text, strlen(text)), -EBADMSG);
	assert_non_null(strstr(sink.err.text, "unauthorized"));
	strcpy(text, "{}");
	assert_int_equal(feed_sink_run(&sink, chainlink_decode, &none, text, strlen(text)), -EBADMSG);
}

static void test_faults(void **state)
{
	size_t whole;

	(void)state;
	make_report(3, 3, 1722348998);
	for (whole = len; whole-- > 0;) {
		len = whole;
		assert_int_equal(decode(), -EBADMSG);
	}
	make_report(3, 3, 1722348998);
	put_word(0);
	assert_fault("32 bytes are left over at offset");
	make_report(3, 3, 1722348998);
	report[4 * WORD - 1] = 1;
	assert_fault("the offset in word 3 is 1,");
	make_report(3, 3, 1722348998);
	report[5 * WORD - WORD] = 1;
	assert_fault("offset: beyond 64 bits");
	make_report(3, 3, 1722348998);
	memset(report + 7 * WORD + WORD - 8, 0xff, 8);
	assert_fault("18446744073709551615 bytes at offset 256");
	make_report(3, 3, 1722348998);
	report[len - 2 * WORD - 1] = 1;
	assert_fault("2 r of signatures, but 1 s");
	make_report(3, 3, 1722348998);
	report[(8 + 2) * WORD] = 1;
	assert_fault("observations timestamp: beyond 64 bits");
	make_report(3, 3, UINT64_MAX);
	assert_fault("observations timestamp: 18446744073709551615");
}

static void test_published_report(void **state)
{
	struct json_object *root = data_json("oracle/chainlink_datastreams_v3_report.json"), *wanted = json_member(root, "decoded");
	size_t size;
	uint8_t *data = data_hex(root, "fullReport", &size);

	(void)state;
	assert_int_equal(feed_sink_run(&sink, chainlink_decode, &none, data, size), 1);
	assert_string_equal(sink.messages[0].id, json_text(json_member(wanted, "feedId")) + 2);
	assert_string_equal(sink.messages[0].key, json_object_get_string(json_member(wanted, "observationsTimestamp")));
	assert_string_equal(sink.messages[0].mantissa, json_object_get_string(json_member(wanted, "benchmarkPrice")));
	assert_string_equal(feed_sink_detail(&sink, 0, "bid"), json_object_get_string(json_member(wanted, "bid")));
	assert_string_equal(feed_sink_detail(&sink, 0, "ask"), json_object_get_string(json_member(wanted, "ask")));
	assert_string_equal(feed_sink_detail(&sink, 0, "expires_at"), json_object_get_string(json_member(wanted, "expiresAt")));
	free(data);
	json_object_put(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_version), cmocka_unit_test(test_milliseconds),
		cmocka_unit_test(test_a_negative_price), cmocka_unit_test(test_json),
		cmocka_unit_test(test_faults),		 cmocka_unit_test(test_published_report),
	};

	return cmocka_run_group_tests_name("feed_chainlink", tests, NULL, NULL);
}
