// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "feed_sink.h"

static struct feed_sink sink;

static struct field_spec spec(const char *text)
{
	struct field_spec out;

	assert_int_equal(field_spec_parse(text, &out), 0);
	return out;
}

static void test_specs(void **state)
{
	static const char *const bad[] = {"",	    "u32le",   "u32le@",   "u32@0",   "u24le@0", "f64le@0",  "u32le@-1", "u32le@x",
					  "u32le@0x", "u32xe@0", "u032le@0", "U32le@0", "i128le@0", "u@0", "u8@65536",
					  "u8@99999999999999999999", "u-8@0", "u32le @0", "u32le@ 0"};
	struct field_spec s = spec("u32le@0");

	(void)state;
	assert_true(s.set && !s.is_signed && !s.big_endian && s.width == 4 && s.offset == 0);
	s = spec("i64be@12");
	assert_true(s.is_signed && s.big_endian && s.width == 8 && s.offset == 12);
	s = spec("u8@65535");
	assert_true(s.width == 1 && s.offset == 65535);
	assert_int_equal(spec("i16le@2").width, 2);
	assert_int_equal(spec("u8le@2").width, 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(field_spec_parse(bad[i], &s), -EINVAL);
}

/* The head of a CME MDP3 packet: MsgSeqNum u32 LE, SendingTime u64 LE ns. */
static void test_sequence_and_time(void **state)
{
	static const uint8_t packet[] = {0x2a, 0, 0, 0, 0x15, 0xcd, 0x5b, 0x07, 0x9b, 0xa6, 0x7a, 0x18, 0xff};
	struct decode_options o = {.field_key = spec("u32le@0"), .field_published = spec("u64le@4"),
				   .published_unit = TIME_UNIT_NS};

	(void)state;
	assert_int_equal(feed_sink_run(&sink, fields_decode, &o, packet, sizeof(packet)), 1);
	assert_string_equal(sink.messages[0].key, "42");
	assert_int_equal(sink.messages[0].published_ns, 0x187aa69b075bcd15);
	assert_string_equal(sink.messages[0].mantissa, "");
	assert_true(isnan(sink.messages[0].price));
	assert_string_equal(sink.messages[0].id, "");
}

static void test_price_with_and_without_exponent(void **state)
{
	static const uint8_t packet[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x85, 0x00, 0x07};
	struct decode_options o = {.field_price = spec("i64be@0"), .field_asset = spec("u16be@8"), .exponent = -2,
				   .has_exponent = true};

	(void)state;
	assert_int_equal(feed_sink_run(&sink, fields_decode, &o, packet, sizeof(packet)), 1);
	assert_string_equal(sink.messages[0].mantissa, "-123");
	assert_int_equal(sink.messages[0].exponent, -2);
	assert_true(sink.messages[0].price == -1.23);
	assert_string_equal(sink.messages[0].id, "7");
	assert_int_equal(sink.messages[0].published_ns, TIME_UNKNOWN);

	o.has_exponent = false;
	assert_int_equal(feed_sink_run(&sink, fields_decode, &o, packet, sizeof(packet)), 1);
	assert_string_equal(sink.messages[0].mantissa, "-123");
	assert_false(sink.messages[0].has_exponent);
	assert_true(isnan(sink.messages[0].price));
}

static void test_widths_signs_and_orders(void **state)
{
	static const uint8_t bytes[] = {0x80, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0xff};
	static const struct {
		const char *spec, *value;
	} cases[] = {
		{"u8@0", "128"},	 {"i8@0", "-128"},	    {"u16le@0", "384"},		    {"u16be@0", "32769"},
		{"i16be@0", "-32767"},	 {"u32be@0", "2147549699"}, {"i32be@0", "-2147417597"},	    {"u32le@0", "50463104"},
		{"u64be@0", "9223655723807082239"}, {"i64be@0", "-9223088349902469377"}, {"u64le@0", "18376380844320358784"},
		{"i64le@0", "-70363229389192832"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct decode_options o = {.field_key = spec(cases[i].spec)};

		assert_int_equal(feed_sink_run(&sink, fields_decode, &o, bytes, sizeof(bytes)), 1);
		assert_string_equal(sink.messages[0].key, cases[i].value);
	}
}

static void test_short_messages_are_refused(void **state)
{
	static const uint8_t bytes[12];
	struct decode_options o = {.field_key = spec("u32le@0"), .field_price = spec("i64le@4")};
	struct decode_options far = {.field_key = spec("u8@65535")};

	(void)state;
	assert_int_equal(feed_sink_run(&sink, fields_decode, &o, bytes, 12), 1);
	assert_int_equal(feed_sink_run(&sink, fields_decode, &o, bytes, 11), -EBADMSG);
	assert_non_null(strstr(sink.err.text, "price: 8 bytes at offset 4, but the message has 11"));
	assert_int_equal(feed_sink_run(&sink, fields_decode, &o, bytes, 3), -EBADMSG);
	assert_non_null(strstr(sink.err.text, "key:"));
	assert_int_equal(feed_sink_run(&sink, fields_decode, &o, bytes, 0), -EBADMSG);
	assert_int_equal(feed_sink_run(&sink, fields_decode, &far, bytes, 12), -EBADMSG);
	assert_int_equal(sink.count, 0);
}

static void test_times_and_prices_beyond_range_are_refused(void **state)
{
	static const uint8_t bytes[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct decode_options time = {.field_published = spec("u64le@0"), .published_unit = TIME_UNIT_NS};
	struct decode_options price = {.field_price = spec("u64le@0"), .exponent = 300, .has_exponent = true};

	(void)state;
	assert_int_equal(feed_sink_run(&sink, fields_decode, &time, bytes, 8), -EBADMSG);
	assert_non_null(strstr(sink.err.text, "published:"));
	time.field_published.is_signed = true;
	assert_int_equal(feed_sink_run(&sink, fields_decode, &time, bytes, 8), 1);
	assert_int_equal(sink.messages[0].published_ns, -1);
	assert_int_equal(feed_sink_run(&sink, fields_decode, &price, bytes, 8), -EBADMSG);
	assert_non_null(strstr(sink.err.text, "price:"));
}

/* Nothing behind it changes what is read: the tap copies a packet no further. */
static void test_reach(void **state)
{
	static const uint8_t packet[32] = {0x2a, [4] = 1, [12] = 7, [13] = 0xff};
	struct decode_options o = {.field_key = spec("u32le@0"), .field_price = spec("u8@12"), .field_asset = spec("u16be@4")};

	(void)state;
	assert_int_equal(fields_reach(&(struct decode_options){0}), 0);
	assert_int_equal(fields_reach(&o), 13);
	assert_int_equal(feed_sink_run(&sink, fields_decode, &o, packet, 12), -EBADMSG);
	assert_int_equal(feed_sink_run(&sink, fields_decode, &o, packet, 13), 1);
	assert_string_equal(sink.messages[0].mantissa, "7");
	assert_string_equal(sink.messages[0].id, "256");
	o.field_published = spec("u64le@65535");
	assert_int_equal(fields_reach(&o), 65543);
	assert_int_equal(decoder_reach(decoder_find("fields"), &o), 65543);
	assert_int_equal(decoder_reach(decoder_find("json"), &o), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_specs),
		cmocka_unit_test(test_sequence_and_time),
		cmocka_unit_test(test_price_with_and_without_exponent),
		cmocka_unit_test(test_widths_signs_and_orders),
		cmocka_unit_test(test_short_messages_are_refused),
		cmocka_unit_test(test_reach),
		cmocka_unit_test(test_times_and_prices_beyond_range_are_refused),
	};

	return cmocka_run_group_tests_name("feed_fields", tests, NULL, NULL);
}
