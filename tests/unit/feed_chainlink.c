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
#define OPENSSL_SUPPRESS_DEPRECATED /* EC_KEY is the shortest way to a key of a given secret */
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/keccak.h"
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

/* ---- signatures, by OpenSSL's own signer ---- */

#define ORACLES 10 /* n = 3 f + 1 with f = 3: four sign */

struct oracle {
	EC_KEY *key;
	char address[41];
};

static void make_oracle(struct oracle *oracle, int secret)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_secp256k1);
	BIGNUM *number = BN_new();
	EC_POINT *point = EC_POINT_new(group);
	uint8_t bytes[65], hash[KECCAK256_LEN];

	assert_true(BN_set_word(number, (BN_ULONG)secret));
	assert_true(EC_POINT_mul(group, point, number, NULL, NULL, NULL));
	oracle->key = EC_KEY_new_by_curve_name(NID_secp256k1);
	assert_true(EC_KEY_set_private_key(oracle->key, number) && EC_KEY_set_public_key(oracle->key, point));
	assert_int_equal(EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, bytes, sizeof(bytes), NULL), sizeof(bytes));
	keccak256(bytes + 1, 64, hash);
	hex_encode(hash + 12, 20, oracle->address);
	EC_POINT_free(point);
	BN_free(number);
	EC_GROUP_free(group);
}

/* The report that was made, with signatures of these oracles in the place of its two. */
static void sign_report(const struct oracle *oracles, const int *who, unsigned count)
{
	const unsigned words = 6 + 3;
	uint8_t signed_bytes[4 * WORD], digest[KECCAK256_LEN];

	make_report(3, 3, 1722348998);
	len = (7 + 1 + words) * WORD;
	keccak256(report + (7 + 1) * WORD, words * WORD, signed_bytes);
	memcpy(signed_bytes + WORD, report, 3 * WORD);
	keccak256(signed_bytes, sizeof(signed_bytes), digest);
	for (int half = 0; half < 2; half++) {
		uint8_t *offset = report + (4 + half) * WORD;

		for (int i = 0; i < 8; i++)
			offset[WORD - 1 - i] = (uint8_t)(len >> 8 * i);
		put_word(count);
		len += count * WORD;
	}
	for (unsigned i = 0; i < count; i++) {
		ECDSA_SIG *signature = ECDSA_do_sign(digest, sizeof(digest), oracles[who[i]].key);
		uint8_t *rs = report + (7 + 1 + words + 1 + i) * WORD;

		assert_non_null(signature);
		BN_bn2binpad(ECDSA_SIG_get0_r(signature), rs, WORD);
		BN_bn2binpad(ECDSA_SIG_get0_s(signature), rs + (count + 1) * WORD, WORD);
		ECDSA_SIG_free(signature);
	}
}

/* One of the 2^count ways to recover the keys is the signers' (a signer tells it; OpenSSL's does not). */
static enum feed_signature verdict(const struct decode_options *options, const struct oracle *oracles, const int *who, unsigned count)
{
	static uint8_t kept[sizeof(report)];
	enum feed_signature best = FEED_SIGNATURE_BAD;

	sign_report(oracles, who, count);
	memcpy(kept, report, sizeof(report));
	for (unsigned recovery = 0; recovery < 1U << count; recovery++) {
		memcpy(report, kept, sizeof(report));
		for (unsigned i = 0; i < count; i++)
			report[6 * WORD + i] = (uint8_t)(recovery >> i & 1);
		assert_int_equal(feed_sink_run(&sink, chainlink_decode, options, report, len), 1);
		if (sink.messages[0].signature != FEED_SIGNATURE_BAD)
			best = sink.messages[0].signature;
		if (best == FEED_SIGNATURE_VERIFIED) /* what was verified is left in the report */
			break;
	}
	return best;
}

static void test_signatures(void **state)
{
	static const int four[] = {3, 0, 9, 5}, three[] = {3, 0, 9}, twice[] = {3, 0, 9, 3}, stranger[] = {3, 0, 9, 10};
	struct oracle oracles[ORACLES + 1];
	struct decode_options options = {0};

	(void)state;
	for (int i = 0; i <= ORACLES; i++)
		make_oracle(&oracles[i], 1000 + i);
	/* secret 1's address is known to everybody: the last byte order and hash are right */
	{
		struct oracle one;

		make_oracle(&one, 1);
		assert_string_equal(one.address, "7e5f4552091a69125d5dfcb7b8c2659029395bdf");
		EC_KEY_free(one.key);
	}
	assert_int_equal(verdict(&options, oracles, four, 4), FEED_SIGNATURE_UNCHECKED);
	for (int i = 0; i < ORACLES; i++)
		assert_int_equal(decode_signer_parse(oracles[i].address, &options), 0);
	assert_int_equal(verdict(&options, oracles, three, 3), FEED_SIGNATURE_BAD);
	assert_int_equal(verdict(&options, oracles, twice, 4), FEED_SIGNATURE_BAD);
	assert_int_equal(verdict(&options, oracles, stranger, 4), FEED_SIGNATURE_BAD);
	assert_int_equal(verdict(&options, oracles, four, 4), FEED_SIGNATURE_VERIFIED);
	/* any bit of the context or the report, or of a signature, takes it back */
	for (size_t at = WORD - 1; at < len; at += WORD) {
		if (at / WORD >= 3 && at / WORD < 8) /* offsets, recoveries, a length */
			continue;
		if (at / WORD == 8 + 9 || at / WORD == 8 + 9 + 5) /* lengths */
			continue;
		report[at] ^= 1;
		assert_int_equal(feed_sink_run(&sink, chainlink_decode, &options, report, len), 1);
		assert_int_equal(sink.messages[0].signature, FEED_SIGNATURE_BAD);
		report[at] ^= 1;
	}
	assert_int_equal(feed_sink_run(&sink, chainlink_decode, &options, report, len), 1);
	assert_int_equal(sink.messages[0].signature, FEED_SIGNATURE_VERIFIED);
	for (int i = 0; i <= ORACLES; i++)
		EC_KEY_free(oracles[i].key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_version), cmocka_unit_test(test_milliseconds),
		cmocka_unit_test(test_a_negative_price), cmocka_unit_test(test_json),
		cmocka_unit_test(test_faults),		 cmocka_unit_test(test_published_report),
		cmocka_unit_test(test_signatures),
	};

	return cmocka_run_group_tests_name("feed_chainlink", tests, NULL, NULL);
}
