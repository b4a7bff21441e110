// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Oracle messages inside the input of transactions: what a feed delivered has the digest of what the chain was given, in
 * published messages (PRICELAG_DATA) and in such that are laid out here; other updates have others.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/keccak.h"
#include "data_file.h"
#include "feed/calldata.h"
#include "feed/transmit.h"
#include "feed_sink.h"

static const struct decode_options none;
static struct feed_sink feed; /* what the feed's own decoder says */

/* ---- building input --------------------------------------------------------------------------------------------------- */

struct input {
	uint8_t bytes[65536];
	size_t len;
};

static void put(struct input *in, const void *bytes, size_t len)
{
	assert_true(in->len + len <= sizeof(in->bytes));
	memcpy(in->bytes + in->len, bytes, len);
	in->len += len;
}

static void put_word(struct input *in, uint64_t value)
{
	uint8_t word[32] = {0};

	for (int i = 0; i < 8; i++)
		word[31 - i] = (uint8_t)(value >> 8 * i);
	put(in, word, sizeof(word));
}

static void put_selector(struct input *in, const char *signature)
{
	uint8_t hash[KECCAK256_LEN];

	keccak256(signature, strlen(signature), hash);
	put(in, hash, 4);
}

/* A `bytes`: its length, itself, and zeros up to the next word. */
static void put_bytes(struct input *in, const uint8_t *bytes, size_t len)
{
	static const uint8_t zeros[32];

	put_word(in, len);
	put(in, bytes, len);
	put(in, zeros, (32 - len % 32) % 32);
}

/* Goes through another contract: execute(address, bytes), whose selector and arguments shift everything behind them. */
static void wrap(struct input *in)
{
	static struct input inner;

	inner = *in;
	in->len = 0;
	put_selector(in, "execute(address,bytes)");
	put_word(in, 0x4305fb66);
	put_word(in, 64);
	put_bytes(in, inner.bytes, inner.len);
}

/* ---- reading it ------------------------------------------------------------------------------------------------------- */

struct carried {
	struct feed_message messages[CALLDATA_MESSAGES_MAX];
	const char *types[CALLDATA_MESSAGES_MAX];
	unsigned count;
};
static struct carried carried;

static void keep(void *context, const char *type, const struct feed_message *message)
{
	struct carried *all = context;

	assert_in_range(all->count, 0, CALLDATA_MESSAGES_MAX - 1);
	all->types[all->count] = type;
	all->messages[all->count++] = *message;
}

/* From an exact copy on the heap, so that AddressSanitizer sees a read behind the end. */
static unsigned scan(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len + !len);
	unsigned found;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	carried.count = 0;
	found = calldata_scan(copy, len, keep, &carried);
	free(copy);
	assert_int_equal(found, carried.count);
	return found;
}

static void assert_same(const struct feed_message *a, const struct feed_message *b)
{
	assert_int_equal(strlen(a->digest), 32);
	assert_string_equal(a->digest, b->digest);
	assert_string_equal(a->id, b->id);
	assert_string_equal(a->key, b->key);
	assert_string_equal(a->mantissa, b->mantissa);
	assert_int_equal(a->published_ns, b->published_ns);
}

/* All that the feed's decoder said is what the transaction carries, by itself and inside another call. */
static void expect_carried(struct input *in, const char *type)
{
	for (int i = 0; i < 2; i++, wrap(in)) {
		assert_int_equal(scan(in->bytes, in->len), feed.count);
		for (int k = 0; k < feed.count; k++) {
			assert_string_equal(carried.types[k], type);
			assert_same(&carried.messages[k], &feed.messages[k]);
		}
	}
}

/* ---- Pyth --------------------------------------------------------------------------------------------------------------- */

static void put_pyth(struct input *in, const uint8_t *update, size_t len)
{
	in->len = 0;
	put_selector(in, "updatePriceFeeds(bytes[])");
	put_word(in, 32);
	put_word(in, 1);
	put_word(in, 32);
	put_bytes(in, update, len);
}

static void test_pyth(void **state)
{
	struct json_object *root = data_json("oracle/pyth_pnau_updates.json"), *updates = json_member(root, "updates");
	static char seen[64][FEED_TEXT_MAX + 40];
	static struct input in;
	unsigned count = 0;

	(void)state;
	for (size_t i = 0; i < json_object_array_length(updates); i++) {
		struct json_object *one = json_object_array_get_idx(updates, i);
		size_t len;
		uint8_t *update = data_hex(one, "hex", &len);

		if (feed_sink_run(&feed, pnau_decode, &none, update, len) > 0) {
			put_pyth(&in, update, len);
			expect_carried(&in, "pyth-pnau");
			/* slot and feed name an update, and so does its digest */
			for (int k = 0; k < feed.count && count < 64; k++, count++) {
				char name[FEED_TEXT_MAX];

				snprintf(name, sizeof(name), "%.20s %s", feed_sink_detail(&feed, k, "slot"), feed.messages[k].id);
				for (unsigned j = 0; j < count; j++)
					assert_int_equal(!strcmp(seen[j], name),
							 !strcmp(seen[j] + FEED_TEXT_MAX, feed.messages[k].digest));
				strcpy(seen[count], name);
				strcpy(seen[count] + FEED_TEXT_MAX, feed.messages[k].digest);
			}
		}
		free(update);
	}
	assert_true(count > 20);
	json_object_put(root);
}

/* Twelve guardians may have signed what came with thirteen signatures elsewhere. */
static void test_pyth_signed_by_others(void **state)
{
	struct json_object *root = data_json("oracle/pyth_pnau_updates.json");
	size_t len, head = 4 + 1 + 1 + 1 + 1, vaa, signatures;
	uint8_t *update = data_hex(json_at(root, "/updates/0"), "hex", &len);
	static struct input in;

	(void)state;
	assert_true(feed_sink_run(&feed, pnau_decode, &none, update, len) > 0);
	assert_int_equal(update[6], 0); /* nothing trails */
	vaa = (size_t)update[head] << 8 | update[head + 1];
	signatures = head + 2 + 6;
	assert_int_equal(update[signatures - 1], 13);
	update[signatures - 1]--;
	vaa -= 66;
	update[head] = (uint8_t)(vaa >> 8);
	update[head + 1] = (uint8_t)vaa;
	memmove(update + signatures, update + signatures + 66, len - signatures - 66);
	put_pyth(&in, update, len - 66);
	expect_carried(&in, "pyth-pnau");
	/* a message that the signed root does not cover is another, whatever it says */
	update[len - 66 - 1] ^= 1;
	put_pyth(&in, update, len - 66);
	assert_int_equal(scan(in.bytes, in.len), feed.count);
	assert_string_equal(carried.messages[carried.count - 1].digest, "");
	free(update);
	json_object_put(root);
}

/* Parsed prices beside the signed bytes have their digests; a price that is not among them has none. */
static void test_hermes(void **state)
{
	struct json_object *root = data_json("oracle/pyth_pnau_updates.json");
	const char *hex = json_text(json_at(root, "/updates/0/hex"));
	static struct feed_sink hermes;
	static char event[16384], digits[64];
	size_t len;
	uint8_t *update = data_hex(json_at(root, "/updates/0"), "hex", &len);
	const struct feed_message *m = feed.messages;

	(void)state;
	assert_int_equal(feed_sink_run(&feed, pnau_decode, &none, update, len), 1);
	for (int same = 1; same >= 0; same--) {
		snprintf(digits, sizeof(digits), "%s%.40s", same ? "" : "9", m->mantissa);
		snprintf(event, sizeof(event),
			 "{\"binary\":{\"encoding\":\"hex\",\"data\":[\"%s\"]},\"parsed\":[{\"id\":\"%s\",\"price\":{\"price\":\"%s\","
			 "\"conf\":\"1\",\"expo\":%d,\"publish_time\":%s}}]}", hex, m->id, digits, m->exponent, m->key);
		assert_int_equal(feed_sink_run(&hermes, hermes_decode, &none, event, strlen(event)), 1);
		assert_string_equal(hermes.messages[0].digest, same ? m->digest : "");
	}
	free(update);
	json_object_put(root);
}

/* A timestamp and one price, in the format of EVM and in the one that is not signed, which has the other order of bytes. */
static void test_lazer(void **state)
{
	static const char evm[] = "75d3c793" "00063efd8ab5ffc0" "03" "01" "00000001" "01" "00" "00000a9f5c1e2b40";
	static const char le[] = "75d3c793" "c0ffb58afd3e0600" "03" "01" "01000000" "01" "00" "402b1e5c9f0a0000";
	uint8_t message[128] = {0x0c, 0x4d, 0x63, 0x59}, payload[64];
	size_t len = (sizeof(evm) - 1) / 2;
	static struct input in;

	(void)state;
	assert_int_equal(hex_decode(le, strlen(le), message + 6, sizeof(message) - 6), (long)len);
	message[4] = (uint8_t)len;
	if (feed_sink_run(&feed, lazer_decode, &none, message, 6 + len) != 1)
		fail_msg("%s", feed.err.text);
	hex_decode(evm, strlen(evm), payload, sizeof(payload));
	payload[0] = 0x93, payload[1] = 0xc7, payload[2] = 0xd3, payload[3] = 0x75;
	in.len = 0;
	put_selector(&in, "trade(bytes)");
	put_word(&in, 32);
	put_word(&in, 4 + 65 + 2 + len);
	put(&in, (const uint8_t[]){0x2a, 0x22, 0x99, 0x9a}, 4);
	memset(in.bytes + in.len, 0x11, 65);
	in.len += 65;
	put(&in, (const uint8_t[]){0, (uint8_t)len}, 2);
	put(&in, payload, len);
	put(&in, (const uint8_t[32]){0}, 32);
	expect_carried(&in, "pyth-lazer");
}

/* ---- Chainlink -------------------------------------------------------------------------------------------------------- */

static void test_streams(void **state)
{
	struct json_object *root = data_json("oracle/chainlink_datastreams_v3_report.json");
	size_t len;
	uint8_t *report = data_hex(root, "fullReport", &len);
	static struct input in;

	(void)state;
	assert_int_equal(feed_sink_run(&feed, chainlink_decode, &none, report, len), 1);
	in.len = 0;
	put_selector(&in, "verify(bytes,bytes)");
	put_word(&in, 64);
	put_word(&in, 64 + 32 + (len + 31) / 32 * 32);
	put_bytes(&in, report, len);
	put_bytes(&in, (const uint8_t *)"fee token", 9);
	expect_carried(&in, "chainlink-streams");
	free(report);
	json_object_put(root);
}

/* Real transactions, whose answers another program has decoded. */
static void test_ocr1(void **state)
{
	static const struct {
		const char *file, *answers[8];
	} blocks[] = {
		{"ethereum/mevinspect_block_12483198.json", {"2706650296", "344710000000000", "33206174", "2706650296"}},
		{"ethereum/mevinspect_block_13244807.json", {"295309760000000"}},
	};

	(void)state;
	for (size_t b = 0; b < 2; b++) {
		struct json_object *root = data_json(blocks[b].file), *traces = json_member(root, "traces");
		unsigned found = 0;

		for (size_t i = 0; i < json_object_array_length(traces); i++) {
			struct json_object *trace = json_object_array_get_idx(traces, i), *action = json_member(trace, "action");
			const char *text = json_text(json_member(action, "input"));
			size_t len;
			uint8_t *input;

			if (!text || strncmp(text, "0xc9807539", 10) || json_member(trace, "error"))
				continue;
			input = data_hex(action, "input", &len);
			assert_int_equal(scan(input, len), 1);
			assert_string_equal(carried.types[0], "chainlink-ocr");
			assert_non_null(blocks[b].answers[found]);
			assert_string_equal(carried.messages[0].mantissa, blocks[b].answers[found++]);
			assert_false(carried.messages[0].has_exponent);
			assert_int_equal(strlen(carried.messages[0].digest), 32);
			free(input);
		}
		assert_null(blocks[b].answers[found]);
		json_object_put(root);
	}
}

static void put_ocr2(struct input *in, const int64_t *observations, size_t count)
{
	in->len = 0;
	put(in, transmit_ocr2_selector, 4);
	put_word(in, 0xc0f19);	/* configuration */
	put_word(in, 0x1234507); /* epoch 0x12345, round 7 */
	put_word(in, 0);
	put_word(in, 7 * 32);		 /* report, behind the arguments */
	put_word(in, (13 + count) * 32); /* rs, ss: empty */
	put_word(in, (13 + count) * 32);
	put_word(in, 0);
	put_word(in, (5 + count) * 32);
	put_word(in, 1763899200);
	put_word(in, 0x010203);
	put_word(in, 4 * 32);
	put_word(in, 5);
	put_word(in, count);
	for (size_t i = 0; i < count; i++) {
		uint8_t word[32];

		memset(word, observations[i] < 0 ? 0xff : 0, sizeof(word));
		for (int k = 0; k < 8; k++)
			word[31 - k] = (uint8_t)((uint64_t)observations[i] >> 8 * k);
		put(in, word, sizeof(word));
	}
	put_word(in, 0);
}

static void test_ocr2(void **state)
{
	static const int64_t good[] = {-20, -7, 299000000000, 300000000000}, unsorted[] = {5, 4, 6};
	static struct input in;
	char digest[33];

	(void)state;
	put_ocr2(&in, good, 4);
	assert_int_equal(scan(in.bytes, in.len), 1);
	assert_string_equal(carried.messages[0].mantissa, "299000000000"); /* the contract answers observations[n / 2] */
	assert_int_equal(carried.messages[0].published_ns, 1763899200 * INT64_C(1000000000));
	strcpy(digest, carried.messages[0].digest);
	wrap(&in);
	assert_int_equal(scan(in.bytes, in.len), 1);
	assert_string_equal(carried.messages[0].digest, digest);
	put_ocr2(&in, good, 4);
	in.bytes[4 + 63] = 8; /* the same report in another round */
	assert_int_equal(scan(in.bytes, in.len), 1);
	assert_string_not_equal(carried.messages[0].digest, digest);
	put_ocr2(&in, good, 1);
	assert_int_equal(scan(in.bytes, in.len), 1);
	assert_string_equal(carried.messages[0].mantissa, "-20");
	put_ocr2(&in, good, 0);
	assert_int_equal(scan(in.bytes, in.len), 0);
	put_ocr2(&in, unsorted, 3); /* no contract takes that */
	assert_int_equal(scan(in.bytes, in.len), 0);
}

static void test_selectors(void **state)
{
	static const struct {
		const uint8_t *selector;
		const char *signature;
	} known[] = {
		{transmit_ocr1_selector, "transmit(bytes,bytes32[],bytes32[],bytes32)"},
		{transmit_ocr2_selector, "transmit(bytes32[3],bytes,bytes32[],bytes32[],bytes32)"},
		{transmit_stork_selector,
		 "updateTemporalNumericValuesV1(((uint64,int192),bytes32,bytes32,bytes32,bytes32,bytes32,uint8)[])"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		uint8_t hash[KECCAK256_LEN];

		keccak256(known[i].signature, strlen(known[i].signature), hash);
		assert_memory_equal(hash, known[i].selector, SELECTOR_LEN);
	}
}

/* ---- RedStone and Stork ----------------------------------------------------------------------------------------------- */

/* The package of a gateway as JSON, and as its client appends it to a call. */
static void test_redstone(void **state)
{
	static const char json[] = "{\"timestampMilliseconds\":1719856900000,\"signature\":\"\",\"dataPoints\":["
				   "{\"dataFeedId\":\"ETH\",\"value\":3012.5},{\"dataFeedId\":\"3Crv\",\"value\":1.03280834}]}";
	static const uint8_t marker[] = {0, 0, 2, 0xed, 0x57, 1, 0x1e, 0, 0};
	static struct input in;
	uint8_t id[32] = "3Crv";

	(void)state;
	assert_int_equal(feed_sink_run(&feed, redstone_decode, &none, json, strlen(json)), 2);
	in.len = 0;
	put_selector(&in, "liquidate(address)");
	put_word(&in, 0xbad);
	put(&in, id, 32);
	put_word(&in, 103280834);
	memset(id, 0, sizeof(id));
	memcpy(id, "ETH", 3);
	put(&in, id, 32);
	put_word(&in, 301250000000);
	put(&in, (const uint8_t[]){1719856900000 >> 40, 1719856900000 >> 32 & 0xff, 1719856900000 >> 24 & 0xff,
				   1719856900000 >> 16 & 0xff, 1719856900000 >> 8 & 0xff, 1719856900000 & 0xff}, 6);
	put(&in, (const uint8_t[]){0, 0, 0, 32, 0, 0, 2}, 7);
	memset(in.bytes + in.len, 0x22, 65);
	in.len += 65;
	put(&in, (const uint8_t[]){0, 1, 0, 0, 0}, 5); /* one package, no metadata */
	put(&in, marker, sizeof(marker));
	assert_int_equal(scan(in.bytes, in.len), 2);
	for (int i = 0; i < 2; i++) { /* in calldata by id */
		assert_string_equal(carried.types[i], "redstone");
		assert_string_equal(carried.messages[i].id, feed.messages[1 - i].id);
		assert_string_equal(carried.messages[i].key, feed.messages[1 - i].key);
		assert_string_equal(carried.messages[i].digest, feed.messages[1 - i].digest);
		assert_int_equal(strlen(carried.messages[i].digest), 32);
	}
	assert_string_not_equal(carried.messages[0].digest, carried.messages[1].digest);
	wrap(&in);
	assert_int_equal(scan(in.bytes, in.len), 2);
}

static void put_hash(struct input *in, uint8_t fill)
{
	uint8_t word[32];

	memset(word, fill, sizeof(word));
	put(in, word, sizeof(word));
}

static void test_stork(void **state)
{
#define HASH(c) c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
	static const char json[] =
		"{\"type\":\"oracle_prices\",\"data\":{\"ETHUSD\":{\"stork_signed_price\":{\"public_key\":\"0x0a803f9b1cce32e2773e0d2e98b37e"
		"0775ca5d44\",\"encoded_asset_id\":\"0x" HASH("59") "\",\"price\":\"3012500000000000000000\",\"timestamped_signature\":"
		"{\"signature\":{\"r\":\"0x" HASH("aa") "\",\"s\":\"0x" HASH("bb") "\",\"v\":\"0x1c\"},\"timestamp\":1763899200123456789,"
		"\"msg_hash\":\"0x00\"},\"publisher_merkle_root\":\"0x" HASH("33") "\",\"calculation_alg\":{\"checksum\":\"" HASH("44") "\"}}}}}";
	static const uint8_t value[] = {0xa3, 0x4e, 0xd5, 0xf5, 0x17, 0x48, 0x42, 0x00, 0x00};
	static struct input in;
	uint8_t word[32] = {0};

	(void)state;
	assert_int_equal(feed_sink_run(&feed, stork_decode, &none, json, strlen(json)), 1);
	in.len = 0;
	put(&in, transmit_stork_selector, 4);
	put_word(&in, 32);
	put_word(&in, 1);
	put_word(&in, 1763899200123456789);
	memcpy(word + 32 - sizeof(value), value, sizeof(value));
	put(&in, word, sizeof(word));
	put_hash(&in, 0x59);
	put_hash(&in, 0x33);
	put_hash(&in, 0x44);
	put_hash(&in, 0xcc); /* signed by whomever */
	put_hash(&in, 0xdd);
	put_word(&in, 27);
	assert_int_equal(scan(in.bytes, in.len), 1);
	assert_string_equal(carried.messages[0].mantissa, feed.messages[0].mantissa);
	expect_carried(&in, "stork");
}

/* ---- whatever else it is ---------------------------------------------------------------------------------------------- */

static void test_nothing_in_it(void **state)
{
	static struct input in;

	(void)state;
	assert_int_equal(scan((const uint8_t *)"", 0), 0);
	assert_int_equal(scan((const uint8_t *)"PNAU", 4), 0);
	in.len = 0;
	put_selector(&in, "transfer(address,uint256)");
	put_word(&in, 0xe0);
	put_word(&in, 0xe0);
	for (size_t len = 0; len <= in.len; len++)
		assert_int_equal(scan(in.bytes, len), 0);
}

/* An update that is cut anywhere is read as far as it goes, and no further. */
static void test_cut_anywhere(void **state)
{
	static const int64_t observations[] = {1, 2, 3};
	static struct input in;

	(void)state;
	put_ocr2(&in, observations, 3);
	wrap(&in);
	for (size_t len = 0; len < in.len; len++)
		assert_in_range(scan(in.bytes, len), 0, 1);
}

/* Full of beginnings, each with a whole update behind it: what is read of them is bounded. */
static void test_hostile(void **state)
{
	static const int64_t observations[] = {1, 2, 3};
	static uint8_t bytes[CALLDATA_MAX];
	static struct input in;
	unsigned most = 0;

	(void)state;
	for (size_t i = 0; i + 4 <= sizeof(bytes); i += 4)
		memcpy(bytes + i, "PNAU", 4);
	assert_int_equal(scan(bytes, sizeof(bytes)), 0);
	put_ocr2(&in, observations, 3);
	for (size_t at = 0; at + in.len <= sizeof(bytes); at += in.len, most++)
		memcpy(bytes + at, in.bytes, in.len);
	assert_true(most > CALLDATA_TRIES_MAX);
	assert_int_equal(scan(bytes, sizeof(bytes)), CALLDATA_TRIES_MAX);
}

/* One package of 2,000 points: what is signed is hashed once, not for each of them (which took seconds). */
static void test_one_long_package(void **state)
{
	static uint8_t bytes[CALLDATA_MAX];
	const size_t points = 2000, end = sizeof(bytes) - 9 - 3 - 2;
	clock_t before = clock();
	char digest[33];

	(void)state;
	memcpy(bytes + sizeof(bytes) - 9, (const uint8_t[]){0, 0, 2, 0xed, 0x57, 1, 0x1e, 0, 0}, 9);
	bytes[end + 1] = 1;
	memcpy(bytes + end - 65 - 13 + 9, (const uint8_t[]){32, points >> 16, points >> 8 & 0xff, points & 0xff}, 4);
	for (size_t i = 0; i < points; i++)
		bytes[end - 65 - 13 - 64 * points + 64 * i + 31] = (uint8_t)i;
	assert_int_equal(scan(bytes, sizeof(bytes)), CALLDATA_MESSAGES_MAX);
	strcpy(digest, carried.messages[0].digest);
	assert_int_equal(strlen(digest), 32);
	assert_string_not_equal(carried.messages[1].digest, digest);
	printf("%.0f ms of processor time\n", 1e3 * (double)(clock() - before) / CLOCKS_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pyth),
		cmocka_unit_test(test_pyth_signed_by_others),
		cmocka_unit_test(test_hermes),
		cmocka_unit_test(test_lazer),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_ocr1),
		cmocka_unit_test(test_ocr2),
		cmocka_unit_test(test_selectors),
		cmocka_unit_test(test_redstone),
		cmocka_unit_test(test_stork),
		cmocka_unit_test(test_nothing_in_it),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_one_long_package),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
