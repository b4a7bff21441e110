// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed_sink.h"

#define ID "ff61491a931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace"
#define PRICE "{\"price\":\"299912345678\",\"conf\":\"120000000\",\"expo\":-8,\"publish_time\":1763899200}"

static struct feed_sink sink;

static int decode(const char *text)
{
	static const struct decode_options none;

	return feed_sink_run(&sink, hermes_decode, &none, text, strlen(text));
}

static void assert_fault(const char *text, const char *place)
{
	assert_int_equal(decode(text), -EBADMSG);
	if (!strstr(sink.err.text, place))
		fail_msg("\"%s\" does not name %s", sink.err.text, place);
}

static void assert_eth(const struct feed_message *m)
{
	assert_string_equal(m->id, ID);
	assert_string_equal(m->key, "1763899200");
	assert_string_equal(m->mantissa, "299912345678");
	assert_int_equal(m->exponent, -8);
	assert_true(m->has_exponent);
	assert_true(m->price == 2999.12345678);
	assert_int_equal(m->published_ns, 1763899200000000000);
}

static void test_websocket_update(void **state)
{
	(void)state;
	assert_int_equal(decode("{\"type\":\"price_update\",\"price_feed\":{\"id\":\"" ID "\",\"price\":" PRICE
				",\"ema_price\":" PRICE ",\"metadata\":{\"slot\":85480034,\"emitter_chain\":26}}}"),
			 1);
	assert_eth(&sink.messages[0]);
	assert_string_equal(feed_sink_detail(&sink, 0, "slot"), "85480034");
	assert_string_equal(feed_sink_detail(&sink, 0, "confidence"), "120000000");
}

static void test_event_of_the_stream(void **state)
{
	(void)state;
	assert_int_equal(decode("{\"binary\":{\"encoding\":\"hex\",\"data\":[\"504e4155\"]},\"parsed\":["
				"{\"id\":\"0xFF61491A931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace\",\"price\":" PRICE
				",\"ema_price\":" PRICE ",\"metadata\":{\"slot\":1,\"proof_available_time\":1763899201}},"
				"{\"id\":\"AB\",\"price\":{\"price\":\"-5\",\"conf\":\"1\",\"expo\":2,\"publish_time\":0}}]}"),
			 2);
	assert_eth(&sink.messages[0]);
	assert_string_equal(sink.messages[1].id, "ab");
	assert_string_equal(sink.messages[1].mantissa, "-5");
	assert_true(sink.messages[1].price == -500);
	assert_int_equal(sink.messages[1].published_ns, 0);
}

/* As curl shows the stream. */
static void test_event_as_it_is_written(void **state)
{
	(void)state;
	assert_int_equal(decode("data:{\"parsed\":[{\"id\":\"" ID "\",\"price\":" PRICE "}]}\n\n"), 1);
	assert_eth(&sink.messages[0]);
}

static void test_answers_and_other_types(void **state)
{
	(void)state;
	assert_int_equal(decode("{\"type\":\"response\",\"status\":\"success\"}"), 0);
	assert_int_equal(decode("{\"type\":\"something_new\",\"price_feed\":{}}"), 0);
	assert_int_equal(decode("{\"parsed\":[]}"), 0);
	assert_fault("{\"type\":\"response\",\"status\":\"error\",\"error\":\"Price feed(s) with id(s) [00] not found\"}",
		     "with id(s) [00] not found");
	assert_fault("{\"type\":\"response\",\"status\":\"error\"}", "(no text)");
	assert_fault("{\"type\":\"response\",\"status\":\"error\",\"error\":\"\\u001b[31mred\"}", "?[31mred");
	assert_fault("{\"binary\":{\"encoding\":\"hex\",\"data\":[\"504e4155\"]}}", "/binary/data/0: major version");
	assert_fault("{\"binary\":{\"encoding\":\"hex\",\"data\":[\"504e415\"]}}", "/binary/data/0: no hex");
	assert_fault("{\"binary\":{\"encoding\":\"base64\",\"data\":[\"!\"]}}", "/binary/data/0: no base64");
	assert_fault("{\"binary\":{\"encoding\":\"rot13\",\"data\":[\"\"]}}", "hex and base64");
	assert_fault("{\"binary\":{\"encoding\":\"hex\",\"data\":[7]}}", "/binary/data/0: int");
	assert_fault("{\"binary\":{}}", "/binary/data: missing");
	assert_fault("{}", "not a message of Hermes");
	assert_fault("[]", "not a message of Hermes");
	assert_fault("{\"parsed\":{}}", "not a message of Hermes");
}

static void test_faults_are_named_with_their_place(void **state)
{
	static const struct {
		const char *price, *place;
	} cases[] = {
		{"{\"conf\":\"1\",\"expo\":-8,\"publish_time\":1}", "price/price"},
		{"{\"price\":\"1.5\",\"expo\":-8,\"publish_time\":1}", "price/price"},
		{"{\"price\":\"x\",\"expo\":-8,\"publish_time\":1}", "price/price"},
		{"{\"price\":{},\"expo\":-8,\"publish_time\":1}", "price/price"},
		{"{\"price\":\"1\",\"publish_time\":1}", "price/expo"},
		{"{\"price\":\"1\",\"expo\":\"-8\",\"publish_time\":1}", "price/expo"},
		{"{\"price\":\"1\",\"expo\":-309,\"publish_time\":1}", "price/expo"},
		{"{\"price\":\"10\",\"expo\":308,\"publish_time\":1}", "beyond a double"},
		{"{\"price\":\"1\",\"expo\":-8}", "price/publish_time"},
		{"{\"price\":\"1\",\"expo\":-8,\"publish_time\":1.5}", "price/publish_time"},
		{"{\"price\":\"1\",\"expo\":-8,\"publish_time\":1763899200123}", "price/publish_time"},
		{"{\"price\":\"1\",\"expo\":-8,\"publish_time\":99999999999999999999}", "price/publish_time"},
		{"7", "price/price"},
	};
	char text[300];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "{\"type\":\"price_update\",\"price_feed\":{\"id\":\"ab\",\"price\":%s}}",
			 cases[i].price);
		assert_fault(text, "/price_feed: ");
		assert_non_null(strstr(sink.err.text, cases[i].place));
	}
	assert_fault("{\"type\":\"price_update\"}", "/price_feed: id");
	assert_fault("{\"type\":\"price_update\",\"price_feed\":{\"id\":7,\"price\":" PRICE "}}", "/price_feed: id");
	assert_fault("{\"type\":\"price_update\",\"price_feed\":{\"id\":\"\",\"price\":" PRICE "}}", "/price_feed: id");
}

static void test_a_bad_element_hides_no_other(void **state)
{
	(void)state;
	assert_fault("{\"parsed\":[{\"id\":\"ab\"},null,{\"id\":\"" ID "\",\"price\":" PRICE "}]}", "/parsed/0: price/price");
	assert_int_equal(sink.count, 1);
	assert_eth(&sink.messages[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_websocket_update),
		cmocka_unit_test(test_event_of_the_stream),
		cmocka_unit_test(test_event_as_it_is_written),
		cmocka_unit_test(test_answers_and_other_types),
		cmocka_unit_test(test_faults_are_named_with_their_place),
		cmocka_unit_test(test_a_bad_element_hides_no_other),
	};

	return cmocka_run_group_tests_name("feed_hermes", tests, NULL, NULL);
}
