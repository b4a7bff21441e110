// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Pyth Pro (Lazer): published messages with an independent decode, and the same payloads in every other form. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data_file.h"
#include "feed_sink.h"

/* Two feeds with a price each, signed with Ed25519: an example of Pyth's documentation. */
#define SOLANA                                                                                                         \
	"b9011a82036df6ced259a33949ab9b2c48a61a2d3b0b9436cba24c3ef8a600b72767927d14a459fcc3abce280b3f8194e16e8b32f9322a" \
	"c0b84a9c0b792e19857962a60180efc1f480c5615af3fb673d42287e993da9fbc3506b6e41dfa32950820c2e6c2a00" PAYLOAD
#define PAYLOAD "75d3c79300a3fa30ec3e060003020100000001009053802f790a00000200000001004234106d67000000"
#define SOLANA_KEY "80efc1f480c5615af3fb673d42287e993da9fbc3506b6e41dfa32950820c2e6c"
/* One feed with five properties, of which bid and ask are absent; a test of Pyth's EVM contract, which names the signer. */
#define EVM                                                                                                            \
	"2a22999a9ee4e2a3df5affd0ad8c7c46c96d3b5ef197dd653bedd8f44a4b6b69b767fbc66341e80b80acb09ead98c60d169b9a99657eba" \
	"da101f447378f227bffbc69d3d01003493c7d37500062cf28659c1e801010000000605000000000005f5e100020000000000000000010000" \
	"00000000000003000104fff8"
#define EVM_SIGNER "b8d50f0bae75bf6e03c104903d7c3afc4a6596da"

static struct decode_options options;
static struct feed_sink sink;

static int decode(const void *data, size_t len)
{
	return feed_sink_run(&sink, lazer_decode, &options, data, len);
}

static int decode_text(const char *text)
{
	return decode(text, strlen(text));
}

static void assert_fault(const char *text, const char *words)
{
	assert_int_equal(decode_text(text), -EBADMSG);
	if (!strstr(sink.err.text, words))
		fail_msg("\"%s\" does not say %s", sink.err.text, words);
}

static void expect_signer(const char *hex)
{
	options = (struct decode_options){.explain = true};
	if (hex)
		assert_int_equal(decode_signer_parse(hex, &options), 0);
}

static void assert_two_prices(const char *format)
{
	assert_int_equal(sink.count, 2);
	assert_string_equal(sink.messages[0].id, "1");
	assert_string_equal(sink.messages[0].mantissa, "11515604259728");
	assert_string_equal(sink.messages[1].id, "2");
	assert_string_equal(sink.messages[1].mantissa, "444211409986");
	for (int i = 0; i < 2; i++) {
		assert_string_equal(sink.messages[i].key, "1758034015200000");
		assert_int_equal(sink.messages[i].published_ns, 1758034015200000000);
		assert_false(sink.messages[i].has_exponent);
		assert_true(isnan(sink.messages[i].price));
		assert_string_equal(feed_sink_detail(&sink, i, "format"), format);
	}
}

static void test_solana(void **state)
{
	char changed[] = SOLANA;

	(void)state;
	expect_signer(NULL);
	assert_int_equal(decode_text(SOLANA), 2);
	assert_two_prices("solana");
	assert_int_equal(sink.messages[0].signature, FEED_SIGNATURE_VERIFIED);
	assert_string_equal(feed_sink_detail(&sink, 1, "signer"), SOLANA_KEY);

	expect_signer(SOLANA_KEY);
	assert_int_equal(decode_text(SOLANA), 2);
	assert_int_equal(sink.messages[1].signature, FEED_SIGNATURE_VERIFIED);
	expect_signer("f65210bee4fcf5b1cee1e537fabcfd95010297653b94af04d454fc473e94834f");
	assert_int_equal(decode_text(SOLANA), 2);
	assert_int_equal(sink.messages[1].signature, FEED_SIGNATURE_BAD);

	expect_signer(NULL);
	changed[sizeof(changed) - 2] ^= 1; /* in the last price */
	assert_int_equal(decode_text(changed), 2);
	assert_int_equal(sink.messages[0].signature, FEED_SIGNATURE_BAD);
}

static void test_evm_needs_the_signer(void **state)
{
	(void)state;
	expect_signer(NULL);
	assert_int_equal(decode_text(EVM), 1);
	assert_string_equal(sink.messages[0].id, "6");
	assert_string_equal(sink.messages[0].mantissa, "100000000");
	assert_true(sink.messages[0].price == 1);
	assert_int_equal(sink.messages[0].published_ns, 1738270008001000000);
	assert_int_equal(sink.messages[0].signature, FEED_SIGNATURE_UNCHECKED);
	assert_string_equal(feed_sink_detail(&sink, 0, "signer"), EVM_SIGNER);
	assert_string_equal(feed_sink_detail(&sink, 0, "publisher_count"), "1");
	assert_string_equal(feed_sink_detail(&sink, 0, "best_bid_price"), ""); /* 0 is none */
	expect_signer("0x" EVM_SIGNER);
	assert_int_equal(decode_text(EVM), 1);
	assert_int_equal(sink.messages[0].signature, FEED_SIGNATURE_VERIFIED);
	expect_signer("00d50f0bae75bf6e03c104903d7c3afc4a6596da");
	assert_int_equal(decode_text(EVM), 1);
	assert_int_equal(sink.messages[0].signature, FEED_SIGNATURE_BAD);
}

static void test_unsigned(void **state)
{
	(void)state;
	expect_signer(NULL);
	assert_int_equal(decode_text("0c4d63592a00" PAYLOAD), 2);
	assert_two_prices("leUnsigned");
	assert_int_equal(sink.messages[0].signature, FEED_SIGNATURE_UNCHECKED);
	options = (struct decode_options){.exponent = -8, .has_exponent = true};
	assert_int_equal(decode_text("0c4d63592a00" PAYLOAD), 2);
	assert_true(sink.messages[0].price == 115156.04259728);
}

/* What the WebSocket carries where binary delivery is asked for: the unsigned and the signed form of one update. */
static void test_binary_update(void **state)
{
	(void)state;
	expect_signer(NULL);
	assert_int_equal(decode_text("7377881b0000000000000007"
				     "0030" "0c4d63592a00" PAYLOAD
				     "0090" SOLANA),
			 2);
	assert_two_prices("solana");
	assert_int_equal(decode_text("7377881b0000000000000007"), 0);
	assert_int_equal(decode_text("7377881b0000000000000007"
				     "0047" "9a10dac4"
				     "7b2274696d657374616d705573223a2231373538303334303135323030303030222c227072696365466565647322"
				     "3a5b7b227072696365466565644964223a317d5d7d"),
			 1);
	assert_string_equal(sink.messages[0].id, "1");
	assert_string_equal(sink.messages[0].mantissa, "");
	assert_fault("7377881b00000000000000070004aabbccdd", "a format that is not known, at offset 14");
	assert_fault("7377881b00000000000000070091" SOLANA, "part: 145 bytes at offset 14");
	assert_fault("7377881b000000000000000700", "length: 2 bytes at offset 12");
}

static void test_json(void **state)
{
	static const char parsed[] = "\"parsed\":{\"timestampUs\":\"1758034015200000\",\"priceFeeds\":[{\"priceFeedId\":1,"
				     "\"price\":\"11515604259728\",\"publisherCount\":3},{\"priceFeedId\":2,\"price\":\"444211409986\"}]}";
	char text[2000];

	(void)state;
	expect_signer(NULL);
	snprintf(text, sizeof(text), "{\"type\":\"streamUpdated\",\"subscriptionId\":1,%s}", parsed);
	assert_int_equal(decode_text(text), 2);
	assert_two_prices("parsed");
	assert_string_equal(feed_sink_detail(&sink, 0, "publisher_count"), "3");
	snprintf(text, sizeof(text), "{\"type\":\"streamUpdated\",%s,\"solana\":{\"encoding\":\"hex\",\"data\":\"" SOLANA "\"}}", parsed);
	assert_int_equal(decode_text(text), 2);
	assert_two_prices("solana");
	assert_int_equal(decode_text("{\"solana\":{\"encoding\":\"base64\",\"data\":\"uQEaggNt9s7SWaM5SaubLEimGi07C5Q2y6JMPvimALcnZ5J9FKRZ"
				     "/MOrzigLP4GU4W6LMvkyKsC4SpwLeS4ZhXlipgGA78H0gMVhWvP7Zz1CKH6ZPan7w1BrbkHfoylQggwubCoAddPHkwCj+jDsPgYAAwIBAAAA"
				     "AQCQU4AveQoAAAIAAAABAEI0EG1nAAAA\"}}"),
			 2);
	assert_two_prices("solana");
	assert_int_equal(sink.messages[0].signature, FEED_SIGNATURE_VERIFIED);
	assert_int_equal(decode_text("{\"type\":\"subscribed\",\"subscriptionId\":1}"), 0);
	assert_fault("{\"type\":\"subscriptionError\",\"error\":\"no \\u001b access\"}", "no ? access");
	assert_fault("{\"type\":\"streamUpdated\"}", "no update");
	assert_fault("{\"solana\":{\"encoding\":\"hex\",\"data\":\"0c4d6359\"}}", "another format's bytes");
	assert_fault("{\"solana\":{\"encoding\":\"hex\",\"data\":\"b9011a82\"}}", "solana: signature: 64 bytes");
	assert_fault("{\"parsed\":{\"timestampUs\":\"1.5\",\"priceFeeds\":[]}}", "/parsed: timestampUs");
	assert_fault("{\"parsed\":{\"timestampUs\":\"1\",\"priceFeeds\":{}}}", "/parsed: priceFeeds");
	assert_fault("{\"parsed\":{\"timestampUs\":\"1\",\"priceFeeds\":[{\"priceFeedId\":-1}]}}", "priceFeeds/0: priceFeedId");
	assert_fault("{\"parsed\":{\"timestampUs\":\"1\",\"priceFeeds\":[{\"priceFeedId\":1,\"price\":\"1\",\"exponent\":-99999}]}}", "exponent");
	assert_fault("{\"parsed\":{\"timestampUs\":\"1\",\"priceFeeds\":[{\"priceFeedId\":1,\"price\":\"x\"},{\"priceFeedId\":2}]}}",
		     "/parsed: priceFeeds/0: price");
	assert_int_equal(sink.count, 1); /* the good one behind the bad one */
}

static void test_faults(void **state)
{
	static const char payload[] = "0c4d63592a00" PAYLOAD;
	(void)state;
	expect_signer(NULL);
	assert_fault("", "magics in the first 4 bytes");
	assert_fault("00112233", "magics in the first 4 bytes");
	assert_fault("0c4d63592b00" PAYLOAD, "payload: 43 bytes at offset 6");
	assert_fault("0c4d63592a00" PAYLOAD "00", "leUnsigned: 1 bytes are left over");
	assert_fault("0c4d63592b00" PAYLOAD "00", "payload: 1 bytes are left over");
	assert_int_equal(sink.count, 2);
	assert_fault("0c4d63590400aabbccdd", "does not begin with its magic");
	assert_fault("0c4d63591400" "75d3c79300a3fa30ec3e0600" "03" "01" "01000000" "01" "0d", "property 13 at offset 19");
	for (size_t len = 0; len < sizeof(payload) - 1; len += 2)
		assert_int_equal(decode(payload, len), -EBADMSG);
}

/* ---- published ones --------------------------------------------------------------------------------------------------- */

static void assert_feed(const struct feed_message *m, struct json_object *wanted)
{
	struct json_object *values = json_object_array_get_idx(wanted, 1);
	int64_t exponent;

	assert_string_equal(m->id, json_object_get_string(json_object_array_get_idx(wanted, 0)));
	assert_string_equal(m->mantissa, json_object_get_string(json_member(values, "price")));
	assert_int_equal(m->has_exponent, json_integer(json_member(values, "exponent"), &exponent));
	if (m->has_exponent)
		assert_int_equal(m->exponent, (int16_t)exponent);
}

static void test_published_payloads(void **state)
{
	struct json_object *root = data_json("oracle/pyth_lazer_payloads.json"), *list = json_member(root, "payloads");

	(void)state;
	expect_signer(NULL);
	assert_true(json_object_array_length(list) > 3);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i), *wanted = json_member(item, "decoded");
		struct json_object *feeds = json_member(wanted, "feeds");
		bool solana = !strcmp(json_text(json_member(item, "fmt")), "solana");
		size_t len;
		uint8_t *data = data_hex(item, "hex", &len);

		assert_int_equal(decode(data, len), json_object_array_length(feeds));
		for (int k = 0; k < sink.count; k++) {
			assert_feed(&sink.messages[k], json_object_array_get_idx(feeds, (size_t)k));
			assert_string_equal(sink.messages[k].key, json_object_get_string(json_member(wanted, "ts_us")));
			assert_int_equal(sink.messages[k].signature, solana ? FEED_SIGNATURE_VERIFIED : FEED_SIGNATURE_UNCHECKED);
		}
		free(data);
	}
	json_object_put(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_solana),	 cmocka_unit_test(test_evm_needs_the_signer),
		cmocka_unit_test(test_unsigned), cmocka_unit_test(test_binary_update),
		cmocka_unit_test(test_json),	 cmocka_unit_test(test_faults),
		cmocka_unit_test(test_published_payloads),
	};

	return cmocka_run_group_tests_name("feed_lazer", tests, NULL, NULL);
}
