// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Accumulator updates: one by hand, whose every byte is known, and those that Pyth published, with an independent decode. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/keccak.h"
#include "data_file.h"
#include "feed_sink.h"

static const struct decode_options none;
static struct feed_sink sink;

static int decode(const uint8_t *data, size_t len)
{
	return feed_sink_run(&sink, pnau_decode, &none, data, len);
}

static const char *detail(const char *name)
{
	return feed_sink_detail(&sink, sink.count - 1, name);
}

static void assert_fault(const uint8_t *data, size_t len, const char *words)
{
	assert_int_equal(decode(data, len), -EBADMSG);
	if (!strstr(sink.err.text, words))
		fail_msg("\"%s\" does not say %s", sink.err.text, words);
}

/* ---- one by hand ---------------------------------------------------------------------------------------------------- */

#define VAA_AT	   10
#define VAA_LEN	   (6 + 51 + 37)
#define MESSAGE_AT (VAA_AT + VAA_LEN + 1 + 2)
#define UPDATE_LEN (MESSAGE_AT + 85 + 1 + 20)

static uint8_t *put(uint8_t *at, uint64_t value, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		at[i] = (uint8_t)(value >> 8 * (width - 1 - i));
	return at + width;
}

/* Feed 0101…, -12345678 * 10^-5, published at 1700000000, in a tree of two leaves. */
static void make_update(uint8_t out[UPDATE_LEN])
{
	uint8_t leaf[86] = {0}, pair[41] = {1}, digest[KECCAK256_LEN], *at, *message = out + MESSAGE_AT;
	uint8_t sibling[20];

	memset(sibling, 0x77, sizeof(sibling));
	memset(message + 1, 1, 32);
	*message = 0;
	at = put(message + 33, (uint64_t)-12345678, 8);
	at = put(put(at, 99, 8), (uint64_t)-5, 4);
	at = put(put(at, 1700000000, 8), 1699999999, 8);
	at = put(put(at, (uint64_t)-12345000, 8), 98, 8);
	*at++ = 1;
	memcpy(at, sibling, 20);
	memcpy(leaf + 1, message, 85);
	keccak256(leaf, sizeof(leaf), digest);
	memcpy(pair + (memcmp(digest, sibling, 20) < 0 ? 1 : 21), digest, 20);
	memcpy(pair + (memcmp(digest, sibling, 20) < 0 ? 21 : 1), sibling, 20);
	keccak256(pair, sizeof(pair), digest);

	at = put(out, 0x504e4155, 4);
	at = put(put(at, 0x01000000, 4), VAA_LEN, 2);
	at = put(put(put(at, 1, 1), 4, 4), 0, 1);
	at = put(put(put(at, 1700000001, 4), 0, 4), 26, 2);
	memset(at, 0xe1, 32);
	at = put(put(at + 32, 5000001, 8), 1, 1);
	at = put(put(put(put(at, 0x41555756, 4), 0, 1), 312000000, 8), 10000, 4);
	memcpy(at, digest, 20);
	put(put(at + 20, 1, 1), 85, 2);
}

static void test_every_field(void **state)
{
	uint8_t update[UPDATE_LEN];
	const struct feed_message *m = &sink.messages[0];

	(void)state;
	make_update(update);
	assert_int_equal(decode(update, sizeof(update)), 1);
	assert_string_equal(m->id, "0101010101010101010101010101010101010101010101010101010101010101");
	assert_string_equal(m->key, "1700000000");
	assert_string_equal(m->mantissa, "-12345678");
	assert_int_equal(m->exponent, -5);
	assert_true(m->price == -123.45678);
	assert_int_equal(m->published_ns, 1700000000000000000);
	assert_int_equal(m->signature, FEED_SIGNATURE_UNCHECKED);
	assert_string_equal(detail("merkle"), "verified");
	assert_string_equal(detail("sequence"), "5000001");
	assert_string_equal(detail("slot"), "312000000");
	assert_string_equal(detail("vaa_timestamp_s"), "1700000001");
	assert_string_equal(detail("guardian_set"), "4");
	assert_string_equal(detail("confidence"), "99");
	assert_string_equal(detail("ema_price"), "-12345000");
	assert_string_equal(detail("prev_publish_time_s"), "1699999999");
}

static void test_a_changed_price_breaks_the_proof(void **state)
{
	uint8_t update[UPDATE_LEN];

	(void)state;
	make_update(update);
	update[MESSAGE_AT + 40]++;
	assert_int_equal(decode(update, sizeof(update)), 1);
	assert_string_equal(detail("merkle"), "bad");
}

static void test_hex_text_reads_the_same(void **state)
{
	uint8_t update[UPDATE_LEN];
	char text[2 * UPDATE_LEN + 4] = "0x";

	(void)state;
	make_update(update);
	hex_encode(update, sizeof(update), text + 2);
	strcat(text, "\n");
	assert_int_equal(decode((uint8_t *)text, strlen(text)), 1);
	assert_int_equal(decode((uint8_t *)text + 2, strlen(text) - 3), 1);
	assert_fault((uint8_t *)text + 2, strlen(text) - 4, "odd number of digits");
}

static void test_faults_name_their_place(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		const char *words;
	} cases[] = {
		{0, 'X', "magic: not 'PNAU' at offset 0"},
		{4, 2, "major version: 2"},
		{7, 1, "update type: 1"},
		{VAA_AT, 2, "VAA: version: 2"},
		{VAA_AT + 5, 9, "VAA: "},
		{VAA_AT + 57, 'B', "VAA: payload: not 'AUWV'"},
		{VAA_AT + 61, 1, "VAA: payload type: 1"},
		{VAA_AT - 1, VAA_LEN + 1, "VAA: 1 bytes are left over"},
		{VAA_AT - 1, VAA_LEN - 1, "VAA: root: 20 bytes"},
		{VAA_AT + VAA_LEN, 2, "update 1: message length: 2 bytes at offset"},
		{VAA_AT + VAA_LEN, 0, "bytes are left over"},
		{MESSAGE_AT - 1, 84, "update 0: proof: "},
		{MESSAGE_AT + 52, 0x7f, "update 0: price: "}, /* the exponent's low byte: far beyond 308 with ff above */
		{MESSAGE_AT + 53, 0x7f, "update 0: publish time: 9"},
	};
	uint8_t update[UPDATE_LEN + 1] = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make_update(update);
		update[cases[i].at] = cases[i].value;
		if (cases[i].at == MESSAGE_AT + 52)
			update[MESSAGE_AT + 51] = 0x7f;
		assert_fault(update, UPDATE_LEN, cases[i].words);
	}
	make_update(update);
	for (size_t len = 0; len < UPDATE_LEN; len++)
		assert_fault(update, len, "ends at");
	assert_fault(update, UPDATE_LEN + 1, "1 bytes are left over at offset");
	assert_int_equal(sink.count, 1); /* what was read is not lost */
}

static void test_unknown_messages_are_no_updates(void **state)
{
	uint8_t update[UPDATE_LEN];

	(void)state;
	make_update(update);
	update[MESSAGE_AT] = 2; /* publishers' stake caps */
	assert_int_equal(decode(update, sizeof(update)), 0);
}

/* ---- published ones --------------------------------------------------------------------------------------------------- */

static int64_t number(struct json_object *object, const char *key)
{
	struct json_object *value = json_member(object, key);

	assert_true(json_object_is_type(value, json_type_int));
	return json_object_get_int64(value);
}

static void assert_number(const char *text, struct json_object *object, const char *key)
{
	char wanted[32];

	snprintf(wanted, sizeof(wanted), "%lld", (long long)number(object, key));
	assert_string_equal(text, wanted);
}

static void assert_update(const struct feed_message *m, struct json_object *wanted)
{
	if (!json_member(wanted, "feed")) { /* a twap message: the decode that comes with it has its length only */
		assert_string_equal(m->mantissa, "");
		assert_string_equal(detail("kind"), "twap");
		return;
	}
	assert_string_equal(m->id, json_text(json_member(wanted, "feed")));
	assert_number(m->mantissa, wanted, "price");
	assert_int_equal(m->exponent, number(wanted, "expo"));
	assert_number(m->key, wanted, "publish_time");
	assert_int_equal(m->published_ns, number(wanted, "publish_time") * 1000000000);
}

/* Wormhole's guardians of the sets 3 and 4, which differ in the first. */
static void set_guardians(struct decode_options *options, int64_t set)
{
	static const char *const guardians[] = {
		"0x58CC3AE5C097b213cE3c81979e1B9f9570746AA5", "0xfF6CB952589BDE862c25Ef4392132fb9D4A42157",
		"0x114De8460193bdf3A2fCf81f86a09765F4762fD1", "0x107A0086b32d7A0977926A205131d8731D39cbEB",
		"0x8C82B2fd82FaeD2711d59AF0F2499D16e726f6b2", "0x11b39756C042441BE6D8650b69b54EbE715E2343",
		"0x54Ce5B4D348fb74B958e8966e2ec3dBd4958a7cd", "0x15e7cAF07C4e3DC8e7C469f92C8Cd88FB8005a20",
		"0x74a3bf913953D695260D88BC1aA25A4eeE363ef0", "0x000aC0076727b35FBea2dAc28fEE5cCB0fEA768e",
		"0xAF45Ced136b9D9e24903464AE889F5C8a723FC14", "0xf93124b7c738843CBB89E864c862c38cddCccF95",
		"0xD2CC37A4dc036a8D232b48f62cDD4731412f4890", "0xDA798F6896A3331F64b48c12D1D57Fd9cbe70811",
		"0x71AA1BE1D36CaFE3867910F99C09e347899C19C3", "0x8192b6E7387CCd768277c17DAb1b7a5027c0b3Cf",
		"0x178e21ad2E77AE06711549CFBB1f9c7a9d8096e8", "0x5E1487F35515d02A92753504a8D75471b9f49EdB",
		"0x6FbEBc898F403E4773E95feB15E80C9A99c8348d",
	};

	*options = (struct decode_options){.quorum = 0};
	assert_int_equal(decode_guardian_parse(set == 4 ? "5893b5a76c3f739645648885bdccc06cd70a3cd3" : guardians[0], options), 0);
	for (size_t i = 1; i < sizeof(guardians) / sizeof(guardians[0]); i++)
		assert_int_equal(decode_guardian_parse(guardians[i], options), 0);
	decode_default_quorum(options);
	assert_int_equal(options->quorum, 13);
}

static enum feed_signature verdict(const struct decode_options *options, const uint8_t *data, size_t len)
{
	feed_sink_run(&sink, pnau_decode, options, data, len);
	assert_true(sink.count > 0);
	return sink.messages[sink.count - 1].signature;
}

static void test_guardians(void **state)
{
	struct json_object *root = data_json("oracle/pyth_pnau_updates.json"), *list = json_member(root, "updates");
	struct decode_options options;

	(void)state;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *wanted = json_member(json_object_array_get_idx(list, i), "decoded");
		size_t len;
		uint8_t *data = data_hex(json_object_array_get_idx(list, i), "hex", &len);

		set_guardians(&options, number(wanted, "gset"));
		assert_int_equal(verdict(&options, data, len), FEED_SIGNATURE_VERIFIED);
		options.quorum = 14; /* 13 have signed */
		assert_int_equal(verdict(&options, data, len), FEED_SIGNATURE_BAD);
		options.quorum = 13;
		data[VAA_AT + 6 + 66 * 13]++; /* the VAA's timestamp */
		assert_int_equal(verdict(&options, data, len), FEED_SIGNATURE_BAD);
		data[VAA_AT + 6 + 66 * 13]--;
		data[len - (len == (size_t)number(wanted, "consumed") ? 1 : 4)]++; /* the last proof: signed, but not this */
		assert_int_equal(verdict(&options, data, len), FEED_SIGNATURE_BAD);
		memcpy(data + VAA_AT + 6 + 66, data + VAA_AT + 6, 66); /* one guardian twice */
		assert_int_equal(verdict(&options, data, len), FEED_SIGNATURE_BAD);
		free(data);
	}
	json_object_put(root);
}

static void test_published_updates(void **state)
{
	struct json_object *root = data_json("oracle/pyth_pnau_updates.json"), *list = json_member(root, "updates");
	size_t count = json_object_array_length(list);

	(void)state;
	assert_true(count > 10);
	for (size_t i = 0; i < count; i++) {
		struct json_object *wanted = json_member(json_object_array_get_idx(list, i), "decoded");
		struct json_object *updates = json_member(wanted, "updates");
		bool whole = number(wanted, "len") == number(wanted, "consumed");
		size_t len;
		uint8_t *data = data_hex(json_object_array_get_idx(list, i), "hex", &len);
		int ret = decode(data, len);

		assert_int_equal(ret, whole ? (int)json_object_array_length(updates) : -EBADMSG);
		assert_int_equal(sink.count, json_object_array_length(updates));
		assert_string_equal(detail("merkle"), "verified");
		assert_number(detail("sequence"), wanted, "seq");
		assert_number(detail("slot"), wanted, "slot");
		assert_number(detail("emitter_chain"), wanted, "chain");
		assert_string_equal(detail("emitter"), json_text(json_member(wanted, "emitter")));
		for (int k = 0; k < sink.count; k++)
			assert_update(&sink.messages[k], json_object_array_get_idx(updates, (size_t)k));
		free(data);
	}
	json_object_put(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_field),
		cmocka_unit_test(test_a_changed_price_breaks_the_proof),
		cmocka_unit_test(test_hex_text_reads_the_same),
		cmocka_unit_test(test_faults_name_their_place),
		cmocka_unit_test(test_unknown_messages_are_no_updates),
		cmocka_unit_test(test_published_updates),
		cmocka_unit_test(test_guardians),
	};

	return cmocka_run_group_tests_name("feed_pnau", tests, NULL, NULL);
}
