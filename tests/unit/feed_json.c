// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/json.h"
#include "feed_sink.h"

static const struct decode_options venue = {
	.each = "/data", .asset = "/symbol", .price = "/p", .key = "/seq", .published = "/ts", .published_unit = TIME_UNIT_MS};

static struct feed_sink sink;

static int decode(const struct decode_options *options, const char *text)
{
	return feed_sink_run(&sink, json_decode, options, text, strlen(text));
}

static void assert_fault(const struct decode_options *options, const char *text, const char *place)
{
	assert_int_equal(decode(options, text), -EBADMSG);
	if (!strstr(sink.err.text, place))
		fail_msg("\"%s\" does not name %s", sink.err.text, place);
}

static void test_list_of_updates(void **state)
{
	(void)state;
	assert_int_equal(decode(&venue, "{\"data\":[{\"symbol\":\"ETH\",\"p\":2999.12,\"seq\":17,\"ts\":1763899200123},"
					"{\"symbol\":\"BTC\",\"p\":\"90000\",\"seq\":\"b-18\",\"ts\":\"1763899200124.5\"}]}\n"),
			 2);
	assert_string_equal(sink.messages[0].id, "ETH");
	assert_string_equal(sink.messages[0].key, "17");
	assert_string_equal(sink.messages[0].mantissa, "299912");
	assert_int_equal(sink.messages[0].exponent, -2);
	assert_true(sink.messages[0].has_exponent);
	assert_true(sink.messages[0].price == 2999.12);
	assert_int_equal(sink.messages[0].published_ns, 1763899200123000000);
	assert_string_equal(sink.messages[1].id, "BTC");
	assert_string_equal(sink.messages[1].key, "b-18");
	assert_string_equal(sink.messages[1].mantissa, "90000");
	assert_int_equal(sink.messages[1].exponent, 0);
	assert_int_equal(sink.messages[1].published_ns, 1763899200124500000);
}

static void test_one_object_and_the_document_itself(void **state)
{
	struct decode_options o = {.price = "/p", .published = "/t", .published_unit = TIME_UNIT_NS};

	(void)state;
	assert_int_equal(decode(&venue, "{\"data\":{\"symbol\":\"ETH\",\"p\":1}}"), 1);
	assert_string_equal(sink.messages[0].key, "");
	assert_int_equal(sink.messages[0].published_ns, TIME_UNKNOWN);
	assert_int_equal(decode(&o, "{\"p\":1,\"t\":1763899200123456789}"), 1);
	assert_int_equal(sink.messages[0].published_ns, 1763899200123456789);
	assert_string_equal(sink.messages[0].id, "");
	assert_int_equal(decode(&o, "[{\"p\":1},{\"p\":2},{}]"), 2);
	assert_string_equal(sink.messages[1].mantissa, "2");
}

static void test_pointers_of_rfc_6901(void **state)
{
	struct decode_options o = {.each = "/a~1b/m~0n/1", .price = "/0"};
	struct decode_options empty_key = {.price = "/"};

	(void)state;
	assert_int_equal(decode(&o, "{\"a/b\":{\"m~n\":[0,[[7],[8]]]}}"), 2);
	assert_string_equal(sink.messages[0].mantissa, "7");
	assert_int_equal(decode(&empty_key, "{\"\":5}"), 1);
	assert_string_equal(sink.messages[0].mantissa, "5");

	assert_true(json_pointer_valid(""));
	assert_true(json_pointer_valid("/a~0b~1c"));
	assert_false(json_pointer_valid("a"));
	assert_false(json_pointer_valid("/a~"));
	assert_false(json_pointer_valid("/a~2"));
}

static void test_indices_of_arrays(void **state)
{
	static const char *const absent[] = {"/2", "/01", "/-", "/", "/1x", "/-1", "/99999999999999999999999"};
	struct decode_options o = {.price = "/1"};

	(void)state;
	assert_int_equal(decode(&o, "[[3,4]]"), 1);
	assert_string_equal(sink.messages[0].mantissa, "4");
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
		strcpy(o.price, absent[i]);
		assert_int_equal(decode(&o, "[[3,4]]"), 0);
	}
}

static void test_messages_without_price_are_no_updates(void **state)
{
	struct decode_options by_key = {.key = "/seq"}, by_time = {.published = "/ts"};

	(void)state;
	assert_int_equal(decode(&venue, "{\"result\":null,\"id\":1}"), 0);
	assert_int_equal(decode(&venue, "{\"data\":[]}"), 0);
	assert_int_equal(decode(&venue, "{\"data\":null}"), 0);
	assert_int_equal(decode(&venue, "{\"data\":[{\"symbol\":\"ETH\"},{\"symbol\":\"ETH\",\"p\":null}]}"), 0);
	assert_int_equal(decode(&venue, "{\"data\":[null,3,\"x\",[]]}"), 0);
	assert_int_equal(decode(&by_key, "[{\"ts\":1},{\"seq\":2}]"), 1);
	assert_string_equal(sink.messages[0].key, "2");
	assert_true(isnan(sink.messages[0].price));
	assert_string_equal(sink.messages[0].mantissa, "");
	assert_int_equal(decode(&by_time, "[{\"ts\":1},{\"seq\":2}]"), 1);
}

static void test_text_times(void **state)
{
	(void)state;
	assert_int_equal(decode(&venue, "{\"data\":{\"symbol\":\"E\",\"p\":1,\"ts\":\"2026-11-23T12:00:00.123456789Z\"}}"), 1);
	assert_int_equal(sink.messages[0].published_ns, 1795435200123456789);
}

static void test_ids_lose_0x(void **state)
{
	(void)state;
	assert_int_equal(decode(&venue, "{\"data\":[{\"symbol\":\"0xFF61aB\",\"p\":1},{\"symbol\":\"0xyz\",\"p\":1},"
					"{\"symbol\":12,\"p\":1},{\"symbol\":\"0x\",\"p\":1}]}"),
			 4);
	assert_string_equal(sink.messages[0].id, "ff61ab");
	assert_string_equal(sink.messages[1].id, "0xyz");
	assert_string_equal(sink.messages[2].id, "12");
	assert_string_equal(sink.messages[3].id, "0x");
}

static void test_wrong_types_are_named_with_their_place(void **state)
{
	(void)state;
	assert_fault(&venue, "{\"data\":[{\"symbol\":\"E\",\"p\":{}}]}", "/data/0/p:");
	assert_fault(&venue, "{\"data\":{\"symbol\":\"E\",\"p\":true}}", "/data/p:");
	assert_fault(&venue, "{\"data\":[{\"symbol\":\"E\",\"p\":\"n/a\"}]}", "/data/0/p:");
	assert_fault(&venue, "{\"data\":[{\"symbol\":\"E\",\"p\":1e400}]}", "/data/0/p:");
	assert_fault(&venue, "{\"data\":[{\"symbol\":\"E\",\"p\":99e307}]}", "/data/0/p:");
	assert_fault(&venue, "{\"data\":[{\"symbol\":\"E\",\"p\":NaN}]}", "/data/0/p:");
	assert_fault(&venue, "{\"data\":[{\"symbol\":\"E\",\"p\":Infinity}]}", "/data/0/p:");
	assert_fault(&venue, "{\"data\":[{\"symbol\":\"E\",\"p\":\"1\\u00002\"}]}", "/data/0/p:");
	assert_fault(&venue, "{\"data\":[{\"p\":1}]}", "/data/0/symbol:");
	assert_fault(&venue, "{\"data\":[{\"symbol\":[],\"p\":1}]}", "/data/0/symbol:");
	assert_fault(&venue, "{\"data\":[{\"symbol\":\"E\",\"p\":1,\"seq\":{}}]}", "/data/0/seq:");
	assert_fault(&venue, "{\"data\":[{\"symbol\":\"E\",\"p\":1,\"ts\":\"yesterday\"}]}", "/data/0/ts:");
	assert_fault(&venue, "{\"data\":[{\"symbol\":\"E\",\"p\":1,\"ts\":1763899200123456789}]}", "unit");
	assert_fault(&venue, "{\"data\":[{\"symbol\":\"E\",\"p\":1,\"ts\":false}]}", "/data/0/ts:");
	assert_fault(&venue, "{\"data\":5}", "/data:");
}

/* What json-c would saturate is refused; one below is exact. */
static void test_integers_beyond_64_bits(void **state)
{
	struct decode_options o = {.price = "/p"};

	(void)state;
	assert_fault(&o, "{\"p\":99999999999999999999999}", "/p:");
	assert_fault(&o, "{\"p\":-9223372036854775809}", "/p:");
	assert_int_equal(decode(&o, "{\"p\":18446744073709551614}"), 1);
	assert_string_equal(sink.messages[0].mantissa, "18446744073709551614");
	assert_int_equal(decode(&o, "{\"p\":\"99999999999999999999999\"}"), 1);
	assert_string_equal(sink.messages[0].mantissa, "99999999999999999999999");
}

static void test_a_bad_element_hides_no_other(void **state)
{
	(void)state;
	assert_fault(&venue, "{\"data\":[{\"symbol\":\"A\",\"p\":1},{\"symbol\":\"B\",\"p\":[]},{\"symbol\":\"C\",\"p\":{}},"
			     "{\"symbol\":\"D\",\"p\":2}]}",
		     "/data/1/p:");
	assert_int_equal(sink.count, 2);
	assert_string_equal(sink.messages[1].id, "D");
}

static void test_what_is_no_document_is_refused(void **state)
{
	static const char *const cases[] = {
		"", " ", "{", "{\"data\":", "{} {}", "{}x", "[1,]", "\"text\"", "null", "true", "{\"a\":\"\xff\"}", "\xef\xbb\xbf{}",
	};
	char deep[200];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(decode(&venue, cases[i]), -EBADMSG);
	assert_int_equal(feed_sink_run(&sink, json_decode, &venue, "{}\0", 3), -EBADMSG);
	memset(deep, '[', sizeof(deep) / 2);
	memset(deep + sizeof(deep) / 2, ']', sizeof(deep) / 2);
	assert_int_equal(feed_sink_run(&sink, json_decode, &venue, deep, sizeof(deep)), -EBADMSG);
	assert_non_null(strstr(sink.err.text, "offset 32"));
}

static void test_long_texts_are_refused(void **state)
{
	char text[400], name[120];

	(void)state;
	memset(name, 'n', sizeof(name));
	name[FEED_TEXT_MAX] = '\0';
	snprintf(text, sizeof(text), "{\"data\":{\"symbol\":\"%s\",\"p\":1}}", name);
	assert_fault(&venue, text, "/data/symbol:");
	name[FEED_TEXT_MAX - 1] = '\0';
	snprintf(text, sizeof(text), "{\"data\":{\"symbol\":\"%s\",\"p\":1}}", name);
	assert_int_equal(decode(&venue, text), 1);
	assert_string_equal(sink.messages[0].id, name);
}

static void test_registry(void **state)
{
	(void)state;
	assert_ptr_equal(decoder_find("json")->decode, json_decode);
	assert_ptr_equal(decoder_find("fields")->decode, fields_decode);
	assert_ptr_equal(decoder_find("pyth-hermes")->decode, hermes_decode);
	assert_null(decoder_find("solana-shred"));
	assert_null(decoder_find(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list_of_updates),
		cmocka_unit_test(test_one_object_and_the_document_itself),
		cmocka_unit_test(test_pointers_of_rfc_6901),
		cmocka_unit_test(test_indices_of_arrays),
		cmocka_unit_test(test_messages_without_price_are_no_updates),
		cmocka_unit_test(test_text_times),
		cmocka_unit_test(test_ids_lose_0x),
		cmocka_unit_test(test_wrong_types_are_named_with_their_place),
		cmocka_unit_test(test_integers_beyond_64_bits),
		cmocka_unit_test(test_a_bad_element_hides_no_other),
		cmocka_unit_test(test_what_is_no_document_is_refused),
		cmocka_unit_test(test_long_texts_are_refused),
		cmocka_unit_test(test_registry),
	};

	return cmocka_run_group_tests_name("feed_json", tests, NULL, NULL);
}
