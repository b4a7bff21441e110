// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* RedStone's payload: a published package in its binary form, whose signature gives the signer that it names. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"
#include "data_file.h"
#include "feed_sink.h"

/* redstone-primary-prod's package of 3Crv: 1.03280834 at 1719856900000 */
#define SIGNATURE_TEXT "amrZXlANgIX66hOpKJ9X4mNahSfa5CKpP03mLJoQ7K4gFosh/9GQp+MmJcl3M/B9hHTlZRA6D802x+gZbeUvzRs="
#define SIGNER	       "51ce04be4b3e32572c4ec9135221d0691ba7d202"
#define PACKAGE_LEN    (64 + 13 + 65)

static struct decode_options options;
static struct feed_sink sink;

static size_t put(uint8_t *at, uint64_t value, size_t width)
{
	for (size_t i = 0; i < width; i++)
		at[i] = (uint8_t)(value >> 8 * (width - 1 - i));
	return width;
}

static size_t put_package(uint8_t *at)
{
	size_t n = 32;

	memset(at, 0, PACKAGE_LEN);
	memcpy(at, "3Crv", 4);
	put(at + 56, 103280834, 8);
	n = 64;
	n += put(at + n, 1719856900000, 6);
	n += put(at + n, 32, 4);
	n += put(at + n, 1, 3);
	assert_int_equal(base64_decode(SIGNATURE_TEXT, strlen(SIGNATURE_TEXT), at + n, 65), 65);
	return n + 65;
}

/* Two packages behind a call's own 4 bytes, with metadata. */
static size_t make_payload(uint8_t *out)
{
	static const uint8_t marker[] = {0, 0, 2, 0xed, 0x57, 1, 0x1e, 0, 0};
	size_t n = 4;

	memset(out, 0x7b, 4); /* as JSON begins */
	n += put_package(out + n);
	n += put_package(out + n);
	out[4 + 31] = 1; /* the first package's id is then no text */
	n += put(out + n, 2, 2);
	memcpy(out + n, "1.0#test", 8);
	n += 8;
	n += put(out + n, 8, 3);
	memcpy(out + n, marker, sizeof(marker));
	return n + sizeof(marker);
}

static int decode(const void *data, size_t len)
{
	return feed_sink_run(&sink, redstone_decode, &options, data, len);
}

static void assert_fault(const void *data, size_t len, const char *words)
{
	assert_int_equal(decode(data, len), -EBADMSG);
	if (!strstr(sink.err.text, words))
		fail_msg("\"%s\" does not say %s", sink.err.text, words);
}

static void test_payload(void **state)
{
	uint8_t payload[400];
	size_t len = make_payload(payload);
	const struct feed_message *m = sink.messages;

	(void)state;
	options = (struct decode_options){.explain = true};
	assert_int_equal(decode(payload, len), 2);
	assert_string_equal(m[0].id, "3343727600000000000000000000000000000000000000000000000000000001");
	assert_string_equal(m[1].id, "3Crv");
	assert_string_equal(m[1].key, "1719856900000");
	assert_string_equal(m[1].mantissa, "103280834");
	assert_false(m[1].has_exponent);
	assert_true(isnan(m[1].price));
	assert_int_equal(m[1].published_ns, 1719856900000000000);
	assert_int_equal(m[1].signature, FEED_SIGNATURE_UNCHECKED);
	assert_string_equal(feed_sink_detail(&sink, 1, "signer"), SIGNER);
	assert_string_equal(feed_sink_detail(&sink, 1, "package"), "1");
	assert_string_equal(feed_sink_detail(&sink, 1, "feed_id"), "3343727600000000000000000000000000000000000000000000000000000000");

	options = (struct decode_options){.exponent = -8, .has_exponent = true};
	assert_int_equal(decode_signer_parse("0x8bb8f32df04c8b654987daaed53d6b6091e3b774", &options), 0);
	assert_int_equal(decode_signer_parse(SIGNER, &options), 0);
	assert_int_equal(decode(payload, len), 2);
	assert_true(m[1].price == 1.03280834);
	assert_int_equal(m[1].signature, FEED_SIGNATURE_VERIFIED);
	assert_int_equal(m[0].signature, FEED_SIGNATURE_BAD);
}

static void test_faults(void **state)
{
	uint8_t payload[400], changed[400];
	size_t len = make_payload(payload), count = len - 9 - 3 - 8 - 2;

	(void)state;
	options = (struct decode_options){.explain = true};
	memset(payload, 0x12, 4);
	assert_fault(payload, 0, "marker");
	assert_fault(payload, len - 1, "marker");
	assert_fault(payload + len - 8, 8, "marker");
	assert_fault(payload + len - 12, 12, "8 bytes of metadata do not fit");
	assert_fault(payload + 4 + 80, len - 84, "package 0: a package has at least 78 bytes, but 62 are left");
	assert_fault(payload + 4 + 40, len - 44, "package 0: a package of 1 points of 64 bytes that ends at offset 102 begins before");
	assert_fault(payload + count - 20, len - count + 20, "2 packages do not fit");

	memcpy(changed, payload, len);
	put(changed + count - 65 - 3, 0xffffff, 3);
	assert_fault(changed, len, "package 1: a package of 16777215 points of 64 bytes");
	memcpy(changed, payload, len);
	put(changed + count - 65 - 7, 0xffffffff, 4);
	assert_fault(changed, len, "package 1: a package of 1 points of 4294967327 bytes");
	memcpy(changed, payload, len);
	put(changed + count - 65 - 7, 33, 4); /* package 1 takes a byte of package 0 */
	assert_fault(changed, len, "package 0: ");
	memcpy(changed, payload, len);
	put(changed + count - 65 - 13, 0xffffffffffff, 6);
	assert_fault(changed, len, "package 1: point 0: timestamp: 281474976710655");
	assert_int_equal(sink.count, 1);
}

static void test_json(void **state)
{
	static const char one[] = "{\"dataPoints\":[{\"dataFeedId\":\"ETH\",\"value\":3000.12}],\"timestampMilliseconds\":1719856900000}";
	char text[400];

	(void)state;
	options = (struct decode_options){.explain = true};
	assert_int_equal(decode(one, strlen(one)), 1);
	assert_string_equal(sink.messages[0].id, "ETH");
	assert_true(sink.messages[0].price == 3000.12);
	snprintf(text, sizeof(text), "{\"ETH\":[%s,%s]}", one, one);
	assert_int_equal(decode(text, strlen(text)), 2);
	snprintf(text, sizeof(text), "{\"ETH\":[{\"dataPoints\":{}},%s],\"X\":7}", one);
	assert_fault(text, strlen(text), "/ETH/0: dataPoints");
	assert_int_equal(sink.count, 1);
	assert_fault("{\"X\":7}", 7, "/X: no list");
	assert_fault("[{}]", 4, "/0: dataPoints");
	assert_fault("{\"dataPoints\":[]}", 17, "timestampMilliseconds");
}

/* The published package of 3Crv in JSON. */
static void test_signed_json(void **state)
{
	static const char package[] = "{\"timestampMilliseconds\":1719856900000,\"signature\":\"" SIGNATURE_TEXT
				      "\",\"dataPoints\":[{\"dataFeedId\":\"3Crv\",\"value\":1.03280834076226}],\"signerAddress\":\"0x" SIGNER "\"}";
	char changed[sizeof(package)];

	(void)state;
	options = (struct decode_options){.explain = true};
	assert_int_equal(decode(package, strlen(package)), 1);
	assert_int_equal(sink.messages[0].signature, FEED_SIGNATURE_VERIFIED);
	assert_string_equal(feed_sink_detail(&sink, 0, "signer"), SIGNER);
	strcpy(changed, package);
	strstr(changed, "1.0328")[5] = '9';
	assert_int_equal(decode(changed, strlen(changed)), 1);
	assert_int_equal(sink.messages[0].signature, FEED_SIGNATURE_BAD);
	options = (struct decode_options){.explain = false};
	assert_int_equal(decode(package, strlen(package)), 1);
	assert_int_equal(sink.messages[0].signature, FEED_SIGNATURE_UNCHECKED);
	assert_int_equal(decode_signer_parse(SIGNER, &options), 0);
	assert_int_equal(decode(package, strlen(package)), 1);
	assert_int_equal(sink.messages[0].signature, FEED_SIGNATURE_VERIFIED);
	assert_int_equal(decode(changed, strlen(changed)), 1);
	assert_int_equal(sink.messages[0].signature, FEED_SIGNATURE_BAD);
}

static void test_published_packages(void **state)
{
	size_t len;
	uint8_t *data = data_read("oracle/redstone_data_packages.json", &len);

	(void)state;
	options = (struct decode_options){.explain = true};
	assert_int_equal(decode(data, len), 2);
	assert_string_equal(sink.messages[0].id, "BTC");
	assert_string_equal(sink.messages[0].mantissa, "30193730000000003");
	assert_string_equal(sink.messages[1].id, "3Crv");
	assert_string_equal(sink.messages[1].key, "1719856900000");
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_payload),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_signed_json),
		cmocka_unit_test(test_published_packages),
	};

	return cmocka_run_group_tests_name("feed_redstone", tests, NULL, NULL);
}
