// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Answers that chronyd 4.3 gave, next to what `chronyc -c tracking` printed around each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/chrony.h"
#include "base/hex.h"

#define SEQUENCE 0x1234abcd

/*
 * A client of 10.77.4.1 over veth, and what chronyc printed of it within 100 ms.
 * 0A4D0401,10.77.4.1,2,1795622112.329285831,0.000000716,-0.000000002,0.000000006,-0.000,-0.000,0.009,0.000002226,0.000000541,0.3,Normal
 */
static const char client[] =
	"060200000021000500000000000000001234abcd00000000000000000a4d04010a4d0401000000000000000000000000000100000002000000000000"
	"6b0704e013a080c7dac0335acb70c93dccdc1cd0e7315c27eb6c5fabf6915d00de956264da83e317008b422b";

/*
 * A reference clock that a program fed over SOCK, named PHC0, without a stated delay.
 * 50484330,PHC0,1,1795622124.538051534,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,0.000000001,0.000001506,1.0,Normal
 * 50484330,PHC0,1,1795622124.538051534,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,0.000000001,0.000001990,1.0,Normal
 */
static const char refclock[] =
	"060200000021000500000000000000001234abcd0000000000000000504843300000000000000000000000000000000000000000000100000000"
	"00006b0704ec201203ce0000000000000000000000000000000000000000dc8637bdc889705fdcffae4404800877";

/* 7F7F0101,,1,1795621749.999792822,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,0.000000000,0.000000000,0.0,Normal */
static const char itself[] =
	"060200000021000500000000000000001234abcd00000000000000007f7f0101000000000000000000000000000000000000000000010000000000006b"
	"0703753b97a0b6000000000000000000000000000000000000000000000000000000000000000000000000";

/* 00000000,,0,0.000000000,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,1.000000000,1.000000000,0.0,Not synchronised */
static const char nothing[] =
	"060200000021000500000000000000001234abcd000000000000000000000000000000000000000000000000000000000000000000000003000000000000"
	"000000000000000000000000000000000000000000000000000000000000048000000480000000000000";

static void bytes_of(const char *hex, uint8_t out[CHRONY_PACKET_BYTES])
{
	assert_int_equal(hex_decode(hex, strlen(hex), out, CHRONY_PACKET_BYTES), CHRONY_PACKET_BYTES);
}

static struct chrony_tracking answer(const char *hex)
{
	struct chrony_tracking tracking;
	uint8_t data[CHRONY_PACKET_BYTES];
	struct error err = {""};

	bytes_of(hex, data);
	if (chrony_answer(&tracking, data, sizeof(data), SEQUENCE, &err))
		fail_msg("%s", err.text);
	return tracking;
}

static void server_as_chronyc_has_it(void **state)
{
	struct chrony_tracking t = answer(client);

	(void)state;
	assert_int_equal(t.reference, CHRONY_SERVER);
	assert_string_equal(t.name, "10.77.4.1");
	assert_int_equal(t.stratum, 2);
	assert_in_range(t.offset_ns, 713, 717);
	assert_int_equal(t.root_delay_ns, 2226);
	assert_in_range(t.root_dispersion_ns, 441, 541); /* it grows by 1 ns a ms */
	assert_in_range((long)(1e6 * t.drift_ppm), 8500, 9999); /* skew 0.009 ppm, residual frequency 0.000 */
}

static void others_as_chronyc_has_them(void **state)
{
	struct chrony_tracking t = answer(refclock);

	(void)state;
	assert_int_equal(t.reference, CHRONY_REFCLOCK);
	assert_string_equal(t.name, "PHC0");
	assert_int_equal(t.root_delay_ns, 1);
	assert_in_range(t.root_dispersion_ns, 1506, 1990);
	assert_int_equal(answer(itself).reference, CHRONY_NONE);
	t = answer(nothing);
	assert_int_equal(t.reference, CHRONY_NONE);
	assert_int_equal(t.root_delay_ns, 1000000000);
	assert_int_equal(t.root_dispersion_ns, 1000000000);
}

static void server_by_ipv6(void **state)
{
	struct chrony_tracking t;
	uint8_t data[CHRONY_PACKET_BYTES];

	(void)state;
	bytes_of(client, data);
	memset(data + 32, 0, 16);
	data[32] = 0xfd;
	data[47] = 0x07;
	data[49] = 2;
	assert_int_equal(chrony_answer(&t, data, sizeof(data), SEQUENCE, NULL), 0);
	assert_string_equal(t.name, "fd00::7");
}

static void question_is_the_one_that_was_answered(void **state)
{
	/* what a client written in Python sent, to which the answers above were given */
	static const uint8_t head[20] = {6, 1, 0, 0, 0, 33, 0, 0, 0x12, 0x34, 0xab, 0xcd};
	uint8_t question[CHRONY_PACKET_BYTES];

	(void)state;
	chrony_question(question, SEQUENCE);
	assert_memory_equal(question, head, sizeof(head));
	for (size_t i = sizeof(head); i < sizeof(question); i++)
		assert_int_equal(question[i], 0);
}

/* The sum of the definition, by hand. */
static void bound_of_a_server(void **state)
{
	struct chrony_tracking t = {.reference = CHRONY_SERVER, .offset_ns = -400, .root_delay_ns = 3001,
				    .root_dispersion_ns = 700, .drift_ppm = 0.5};

	(void)state;
	assert_int_equal(chrony_bound_ns(&t, 0, TIME_UNKNOWN), 400 + 700 + 1501);
	/* a second later: 0.5 ppm and chronyd's 1 ppm are 1500 ns */
	assert_int_equal(chrony_bound_ns(&t, 1000000000, TIME_UNKNOWN), 400 + 700 + 1501 + 1500);
	/* what a card says of its clock is of no concern to a server */
	assert_int_equal(chrony_bound_ns(&t, 0, 20000), 400 + 700 + 1501);
	/* the two clocks of the recording were one: their true difference, 0, lies within */
	t = answer(client);
	assert_true(llabs(t.offset_ns) <= t.root_dispersion_ns + t.root_delay_ns / 2);
}

static void refclock_without_a_stated_error_has_no_bound(void **state)
{
	struct chrony_tracking t = answer(refclock);

	(void)state;
	assert_int_equal(chrony_bound_ns(&t, 0, TIME_UNKNOWN), TIME_UNKNOWN);
	assert_int_equal(chrony_bound_ns(&t, 0, 25000), t.root_dispersion_ns + 1 + 25000);
	t.root_delay_ns = 10000; /* 'delay 0.00001' */
	assert_int_equal(chrony_bound_ns(&t, 0, TIME_UNKNOWN), t.root_dispersion_ns + 5000);
	t.reference = CHRONY_NONE;
	assert_int_equal(chrony_bound_ns(&t, 0, 25000), TIME_UNKNOWN);
}

static void absurd_figures_do_not_overflow(void **state)
{
	struct chrony_tracking t;
	uint8_t data[CHRONY_PACKET_BYTES];

	(void)state;
	bytes_of(client, data);
	for (size_t i = 68; i < CHRONY_PACKET_BYTES; i += 4) {
		static const uint8_t most_negative[4] = {0x7f, 0, 0, 0}; /* -2^24 * 2^(63 - 25) */

		memcpy(data + i, most_negative, 4);
	}
	assert_int_equal(chrony_answer(&t, data, sizeof(data), SEQUENCE, NULL), 0);
	assert_true(t.offset_ns < -1000000000000000000);
	assert_true(chrony_bound_ns(&t, INT64_MAX / 4, INT64_MAX) > 0);
}

static void refuses(const char *name, size_t len, int at, uint8_t value, const char *words)
{
	struct chrony_tracking t;
	uint8_t data[CHRONY_PACKET_BYTES];
	struct error err = {""};

	bytes_of(client, data);
	data[at] = value;
	if (!chrony_answer(&t, data, len, SEQUENCE, &err))
		fail_msg("%s: taken", name);
	if (!strstr(err.text, words))
		fail_msg("%s: \"%s\" does not say \"%s\"", name, err.text, words);
}

static void what_is_no_answer_is_refused(void **state)
{
	(void)state;
	refuses("a short one", 27, 0, 6, "no answer");
	refuses("a question", CHRONY_PACKET_BYTES, 1, 1, "no answer");
	refuses("another version", CHRONY_PACKET_BYTES, 0, 5, "speaks version 5");
	refuses("another sequence", CHRONY_PACKET_BYTES, 19, 0, "another question");
	refuses("another command", CHRONY_PACKET_BYTES, 5, 34, "another question");
	refuses("not authorised", CHRONY_PACKET_BYTES, 9, 2, "cmdallow");
	refuses("failed", CHRONY_PACKET_BYTES, 9, 1, "did not say");
	refuses("another reply", CHRONY_PACKET_BYTES, 7, 6, "did not say");
	refuses("cut off", CHRONY_PACKET_BYTES - 1, 0, 6, "did not say");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(server_as_chronyc_has_it),
		cmocka_unit_test(others_as_chronyc_has_them),
		cmocka_unit_test(server_by_ipv6),
		cmocka_unit_test(question_is_the_one_that_was_answered),
		cmocka_unit_test(bound_of_a_server),
		cmocka_unit_test(refclock_without_a_stated_error_has_no_bound),
		cmocka_unit_test(absurd_figures_do_not_overflow),
		cmocka_unit_test(what_is_no_answer_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
