// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* MDP 3.0 and MoldUDP64 packets, by hand; real MDP 3.0 packets are in latency_arbitration.c. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "feed/sequence.h"
#include "feed_sink.h"

static const struct decode_options none;
static struct feed_sink sink;

/* Number 7, 2025-11-24T16:00:00.000000123Z, a message of 10 bytes and one of 12. */
static const uint8_t mdp3[] = {7, 0, 0, 0, 0x7b, 0x00, 0xca, 0x67, 0xa7, 0xfc, 0x7a, 0x18, 10, 0, 0, 0, 12, 0,
			       1, 0, 8, 0, 12, 0, 2, 0, 46, 0, 1, 0, 8, 0, 0xaa, 0xbb};

static void mdp3_packets(void **state)
{
	struct sequence sequence;
	uint8_t bad[sizeof(mdp3)];

	(void)state;
	assert_int_equal(feed_sink_run(&sink, mdp3_decode, &none, mdp3, sizeof(mdp3)), 1);
	assert_string_equal(sink.messages[0].key, "7");
	assert_string_equal(sink.messages[0].id, "");
	assert_int_equal(sink.messages[0].published_ns, 1764000000000000123);
	assert_true(mdp3_sequence(mdp3, sizeof(mdp3), &sequence));
	assert_int_equal(sequence.first, 7);
	assert_int_equal(sequence.count, 1);
	assert_int_equal(sequence.messages, 2);
	assert_int_equal(sequence.time_ns, sink.messages[0].published_ns);
	assert_int_equal(feed_sink_run(&sink, mdp3_decode, &none, mdp3, 12), 1); /* a packet may be empty */
	for (size_t cut = 0; cut < sizeof(mdp3); cut++) {
		if (cut == 12 || cut == 22)
			continue; /* whole messages only */
		assert_int_equal(feed_sink_run(&sink, mdp3_decode, &none, mdp3, cut), -EBADMSG);
		assert_false(mdp3_sequence(mdp3, cut, &sequence));
	}
	memcpy(bad, mdp3, sizeof(bad));
	bad[12] = 9; /* a message shorter than its own header */
	assert_int_equal(feed_sink_run(&sink, mdp3_decode, &none, bad, sizeof(bad)), -EBADMSG);
	assert_non_null(strstr(sink.err.text, "offset 12: message 1"));
	memcpy(bad, mdp3, sizeof(bad));
	bad[11] = 0x80;
	assert_int_equal(feed_sink_run(&sink, mdp3_decode, &none, bad, sizeof(bad)), -EBADMSG);
	assert_non_null(strstr(sink.err.text, "SendingTime"));
}

#define MOLD(number, count) 'S', 'E', 'S', '0', '0', '1', ' ', ' ', ' ', ' ', 0, 0, 0, 0, 0, 0, 1, number, (count) >> 8, (count) & 255

static void moldudp64_packets(void **state)
{
	static const uint8_t two[] = {MOLD(4, 2), 0, 3, 'a', 'b', 'c', 0, 0};
	static const uint8_t heartbeat[] = {MOLD(6, 0)}, over[] = {MOLD(6, 0xffff)};
	struct sequence sequence;
	uint8_t bad[sizeof(two)];

	(void)state;
	assert_int_equal(feed_sink_run(&sink, moldudp64_decode, &none, two, sizeof(two)), 2);
	assert_string_equal(sink.messages[0].id, "SES001");
	assert_string_equal(sink.messages[0].key, "260");
	assert_string_equal(sink.messages[1].key, "261");
	assert_int_equal(sink.messages[1].published_ns, TIME_UNKNOWN);
	assert_true(moldudp64_sequence(two, sizeof(two), &sequence));
	assert_string_equal(sequence.session, "SES001");
	assert_int_equal(sequence.first, 260);
	assert_int_equal(sequence.count, 2);
	for (size_t cut = 0; cut < sizeof(two); cut++)
		assert_int_equal(feed_sink_run(&sink, moldudp64_decode, &none, two, cut), -EBADMSG);

	assert_int_equal(feed_sink_run(&sink, moldudp64_decode, &none, heartbeat, sizeof(heartbeat)), 0);
	assert_int_equal(feed_sink_run(&sink, moldudp64_decode, &none, over, sizeof(over)), 0);
	assert_true(moldudp64_sequence(over, sizeof(over), &sequence));
	assert_int_equal(sequence.first, 262);
	assert_int_equal(sequence.count, 0);

	memcpy(bad, two, sizeof(bad));
	bad[19] = 1; /* one message, and bytes behind it */
	assert_int_equal(feed_sink_run(&sink, moldudp64_decode, &none, bad, sizeof(bad)), -EBADMSG);
	memcpy(bad, two, sizeof(bad));
	bad[3] = 0x1b; /* no session may steer a terminal */
	assert_int_equal(feed_sink_run(&sink, moldudp64_decode, &none, bad, sizeof(bad)), -EBADMSG);
	memcpy(bad, two, sizeof(bad));
	bad[10] = 0x80;
	assert_int_equal(feed_sink_run(&sink, moldudp64_decode, &none, bad, sizeof(bad)), -EBADMSG);
}

static void which_decoders_are_numbered(void **state)
{
	(void)state;
	assert_ptr_equal(sequence_reader(decoder_find("cme-mdp3")), mdp3_sequence);
	assert_ptr_equal(sequence_reader(decoder_find("moldudp64")), moldudp64_sequence);
	assert_null(sequence_reader(decoder_find("json")));
	assert_null(sequence_reader(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mdp3_packets),
		cmocka_unit_test(moldudp64_packets),
		cmocka_unit_test(which_decoders_are_numbered),
	};

	return cmocka_run_group_tests_name("feed_numbered", tests, NULL, NULL);
}
