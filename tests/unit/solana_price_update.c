// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Pyth's price accounts: as mainnet has them, and made by hand where it has none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"
#include "feed_sink.h"
#include "price_accounts.h"
#include "solana/decode.h"
#include "solana/price_update.h"

static long bytes_of(const char *base64, uint8_t out[PRICE_ACCOUNT_BYTES])
{
	return base64_decode(base64, strlen(base64), out, PRICE_ACCOUNT_BYTES);
}

static int decode(struct feed_sink *sink, const void *data, size_t len)
{
	return feed_sink_run(sink, solana_decoder_find("solana-price-update")->decode, NULL, data, len);
}

static void test_accounts_of_mainnet(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(price_accounts) / sizeof(price_accounts[0]); i++) {
		const struct price_account *want = &price_accounts[i];
		uint8_t data[PRICE_ACCOUNT_BYTES];
		struct feed_sink sink;
		char json[512];

		assert_int_equal(bytes_of(want->base64, data), PRICE_ACCOUNT_BYTES);
		snprintf(json, sizeof(json), "{\"result\":{\"context\":{\"slot\":1},\"value\":{\"data\":[\"%s\",\"base64\"]}}}", want->base64);
		for (int as_json = 0; as_json < 2; as_json++) {
			assert_int_equal(as_json ? decode(&sink, json, strlen(json)) : decode(&sink, data, sizeof(data)), 1);
			assert_string_equal(sink.messages[0].id, want->feed_id);
			assert_string_equal(sink.messages[0].mantissa, want->price);
			assert_int_equal(sink.messages[0].exponent, -8);
			assert_string_equal(sink.messages[0].key, want->publish_time);
			assert_string_equal(feed_sink_detail(&sink, 0, "confidence"), want->confidence);
			assert_string_equal(feed_sink_detail(&sink, 0, "posted_slot"), want->posted_slot);
			assert_string_equal(feed_sink_detail(&sink, 0, "verification"), "full");
			assert_string_equal(feed_sink_detail(&sink, 0, "guardian_signatures"), "");
			assert_int_equal(sink.messages[0].published_ns, strtoll(want->publish_time, NULL, 10) * 1000000000);
		}
	}
}

/* The longer form of the verification moves all behind it by one byte, and fills the account. */
static size_t make_partial(uint8_t out[PRICE_ACCOUNT_BYTES], uint8_t signatures)
{
	uint8_t full[PRICE_ACCOUNT_BYTES];

	assert_int_equal(bytes_of(price_accounts[0].base64, full), PRICE_ACCOUNT_BYTES);
	memcpy(out, full, 40);
	out[40] = 0;
	out[41] = signatures;
	memcpy(out + 42, full + 41, PRICE_ACCOUNT_BYTES - 42);
	return PRICE_ACCOUNT_BYTES;
}

static void test_partial(void **state)
{
	uint8_t data[PRICE_ACCOUNT_BYTES];
	struct feed_sink sink;

	(void)state;
	assert_int_equal(decode(&sink, data, make_partial(data, 5)), 1);
	assert_string_equal(sink.messages[0].mantissa, price_accounts[0].price);
	assert_string_equal(feed_sink_detail(&sink, 0, "posted_slot"), price_accounts[0].posted_slot);
	assert_string_equal(feed_sink_detail(&sink, 0, "verification"), "partial");
	assert_string_equal(feed_sink_detail(&sink, 0, "guardian_signatures"), "5");
	assert_int_equal(decode(&sink, data, sizeof(data) - 1), -EBADMSG); /* the posted slot breaks off */
	assert_non_null(strstr(sink.err.text, "posted slot: 8 bytes at offset 126, but the message ends at 133"));
}

static void test_extremes(void **state)
{
	uint8_t data[PRICE_ACCOUNT_BYTES];
	struct feed_sink sink;

	(void)state;
	bytes_of(price_accounts[0].base64, data);
	memset(data + 73, 0, 8);
	data[80] = 0x80; /* -2^63 */
	memset(data + 81, 0xff, 8);
	memset(data + 125, 0xff, 8);
	assert_int_equal(decode(&sink, data, 133), 1); /* what is left over is not needed */
	assert_string_equal(sink.messages[0].mantissa, "-9223372036854775808");
	assert_string_equal(feed_sink_detail(&sink, 0, "confidence"), "18446744073709551615");
	assert_string_equal(feed_sink_detail(&sink, 0, "posted_slot"), "18446744073709551615");
}

static void test_malformed(void **state)
{
	static const struct {
		size_t at;
		uint8_t byte;
		const char *says;
	} faults[] = {
		{0, 0x23, "no PriceUpdateV2: another discriminator at offset 0"},
		{7, 0xcc, "no PriceUpdateV2: another discriminator at offset 0"},
		{40, 2, "verification level: 2 at offset 40"},
		{40, 0xff, "verification level: 255 at offset 40"},
		{92, 0x7f, "is beyond a double"},   /* the exponent, 0x7f…f8 */
		{100, 0x7f, "is no time in seconds"}, /* the publish time */
		{100, 0x80, "is no time in seconds"},
	};
	struct feed_sink sink;

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		uint8_t data[PRICE_ACCOUNT_BYTES];

		bytes_of(price_accounts[0].base64, data);
		data[faults[i].at] = faults[i].byte;
		assert_int_equal(decode(&sink, data, sizeof(data)), -EBADMSG);
		if (!strstr(sink.err.text, faults[i].says))
			fail_msg("byte %zu: %s", faults[i].at, sink.err.text);
	}
	for (size_t len = 0; len < PRICE_ACCOUNT_BYTES - 1; len++) {
		uint8_t data[PRICE_ACCOUNT_BYTES];

		bytes_of(price_accounts[0].base64, data);
		assert_int_equal(decode(&sink, data, len), -EBADMSG);
		assert_int_equal(sink.count, 0);
	}
}

static void test_json_that_is_none_of_it(void **state)
{
	static const struct {
		const char *text, *says;
	} faults[] = {
		{"{}", "data: a pair"},
		{"{\"data\":\"\"}", "data: a pair"},
		{"{\"data\":[\"IvEj\"]}", "data: a pair"},
		{"{\"data\":[\"IvEj\",\"base64\",1]}", "data: a pair"},
		{"{\"data\":[\"IvEj\",\"base58\"]}", "another encoding"},
		{"{\"data\":[\"IvEj\",7]}", "another encoding"},
		{"{\"data\":[7,\"base64\"]}", "where text belongs"},
		{"{\"data\":[\"Iv*j\",\"base64\"]}", "base64"},
		{"{\"data\":[\"IvEj\",\"base64\"]}", "discriminator: 8 bytes at offset 0, but the message ends at 3"},
		{"{\"result\":{\"value\":null}}", "data: a pair"}, /* the account does not exist */
		{"{\"data\":", "JSON ends early"},
	};
	struct feed_sink sink;

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		assert_int_equal(decode(&sink, faults[i].text, strlen(faults[i].text)), -EBADMSG);
		if (!strstr(sink.err.text, faults[i].says))
			fail_msg("%s: %s", faults[i].text, sink.err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accounts_of_mainnet), cmocka_unit_test(test_partial), cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_malformed),	    cmocka_unit_test(test_json_that_is_none_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
