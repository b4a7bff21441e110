// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Published messages of real feeds, read from PRICELAG_DATA. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data_file.h"
#include "feed_sink.h"

/* Two signed RedStone packages: one value with rounding noise that a double would print shorter, times in ms. */
static void test_redstone_packages(void **state)
{
	struct decode_options o = {.price = "/dataPoints/0/value", .published = "/timestampMilliseconds",
				   .published_unit = TIME_UNIT_MS};
	struct feed_sink sink;
	size_t len;
	uint8_t *data = data_read("oracle/redstone_data_packages.json", &len);

	(void)state;
	assert_int_equal(feed_sink_run(&sink, json_decode, &o, data, len), 2);
	assert_string_equal(sink.messages[0].mantissa, "30193730000000003");
	assert_int_equal(sink.messages[0].exponent, -12);
	assert_true(sink.messages[0].price == 30193.730000000003);
	assert_int_equal(sink.messages[0].published_ns, 1654105216794000000);
	assert_string_equal(sink.messages[1].mantissa, "103280834076226");
	assert_int_equal(sink.messages[1].exponent, -14);
	assert_int_equal(sink.messages[1].published_ns, 1719856900000000000);

	strcpy(o.asset, "/dataPoints/0/symbol"); /* the second package calls it dataFeedId */
	assert_int_equal(feed_sink_run(&sink, json_decode, &o, data, len), -EBADMSG);
	assert_non_null(strstr(sink.err.text, "/1/dataPoints/0/symbol:"));
	assert_int_equal(sink.count, 1);
	assert_string_equal(sink.messages[0].id, "BTC");
	free(data);
}

/* CME MDP3: 3,000 packets of two feeds; the sequence number steps by one in each, and SendingTime is near the capture. */
static void test_cme_packets(void **state)
{
	struct decode_options o = {.published_unit = TIME_UNIT_NS};
	struct feed_sink sink;
	unsigned long last[65536] = {0}, steps = 0, packets = 0;
	size_t len, at = 24;
	uint8_t *data = data_read("marketdata/cme_mdp3_v1.6_first3000.nsec.pcap", &len);

	(void)state;
	assert_int_equal(field_spec_parse("u32le@0", &o.field_key), 0);
	assert_int_equal(field_spec_parse("u64le@4", &o.field_published), 0);
	while (at + 16 <= len) {
		uint32_t head[4]; /* seconds, ns, captured, original */
		const uint8_t *frame = data + at + 16;
		unsigned long seq;
		int64_t captured_ns;
		unsigned port;

		memcpy(head, data + at, sizeof(head));
		at += 16 + head[2];
		assert_true(at <= len);
		if (head[2] < 42 + 12 || frame[12] != 8 || frame[14] != 0x45 || frame[23] != 17)
			continue;
		port = frame[36] << 8 | frame[37];
		assert_int_equal(feed_sink_run(&sink, fields_decode, &o, frame + 42, head[2] - 42), 1);
		captured_ns = (int64_t)head[0] * 1000000000 + head[1];
		assert_in_range(captured_ns - sink.messages[0].published_ns, 0, 1000000);
		seq = strtoul(sink.messages[0].key, NULL, 10);
		if (last[port]) {
			assert_int_equal(seq, last[port] + 1);
			steps++;
		}
		last[port] = seq;
		packets++;
	}
	assert_int_equal(packets, 3000);
	assert_true(steps > 2900);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_redstone_packages),
		cmocka_unit_test(test_cme_packets),
	};

	return cmocka_run_group_tests_name("feed_golden", tests, NULL, NULL);
}
