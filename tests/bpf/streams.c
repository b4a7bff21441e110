// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Watched TCP streams through the kernel programs: every segment with its payload, in pieces where it is large. */
#include "kernel.h"

#define FEED 5
#define PORT 8001

static const uint8_t text[] = "a price, and the time it was published at";

static void add_stream(struct kernel_test *test, uint16_t port, uint32_t feed, const char *source)
{
	struct match match = {.space = PL_PORT_TCP, .port_low = port, .port_high = port};
	struct error err;

	if (source)
		assert_int_equal(match_address_parse(source, &match.source), 0);
	if (tap_add_match(test->tap, &match, feed, PL_ACTION_STREAM, 0, &err))
		fail_msg("%s", err.text);
}

/* The records of one segment hold its payload, piece by piece, with the numbers of TCP. */
static void assert_segment(struct kernel_test *test, const struct frame_spec *spec, const uint8_t *payload)
{
	size_t records = drained(test), done = 0;

	assert_int_equal(records, spec->len ? (spec->len + PL_DATAGRAM_MAX - 1) / PL_DATAGRAM_MAX : 1);
	for (size_t i = 0; i < records; i++) {
		const struct pl_stream *head = &test->records[i].stream.head;
		uint32_t syn = spec->flags >> 1 & 1;

		assert_int_equal(head->head.type, PL_RECORD_STREAM);
		assert_int_equal(head->head.feed, FEED);
		assert_int_equal(head->head.stamp_ns, test->records[0].head.stamp_ns);
		assert_int_equal(head->source_port, spec->source_port);
		assert_int_equal(head->dest_port, spec->dest_port);
		assert_int_equal(head->seq, (uint32_t)(spec->seq + (i ? done + syn : 0)));
		assert_int_equal(head->flags, i ? spec->flags & ~2 : spec->flags);
		assert_int_equal(head->len, spec->len - done);
		assert_memory_equal(test->records[i].stream.payload, payload + done, head->captured);
		done += head->captured;
	}
	assert_int_equal(done, spec->len);
}

static void test_streams(void **state)
{
	static const size_t lengths[] = {1, 127, 128, 129, 512, 513, 1448, 1536, 1537, PL_DATAGRAM_MAX, PL_DATAGRAM_MAX + 1, 16000};
	struct kernel_test *test = kernel_test_of(state);
	static uint8_t payload[16000], frame[FRAME_MAX];
	struct frame_spec spec = {.tcp = true, .source_port = 5000, .dest_port = PORT, .payload = payload, .seq = 0xfffffff0, .flags = 0x10};
	size_t len, both = 0;

	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 11 + i / 256);
	spec.len = 100;
	run_xdp(test, &spec); /* nobody has asked */
	assert_int_equal(drained(test), 0);
	add_stream(test, PORT, FEED, NULL);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		spec.len = lengths[i];
		spec.ipv6 = i % 2;
		run_xdp(test, &spec);
		assert_segment(test, &spec, payload);
		if (lengths[i] > 1537)
			continue; /* BPF_PROG_TEST_RUN makes no larger skb */
		len = frame_build(&spec, frame);
		run_frame(test->tap->kernel->progs.pl_tc_ingress, VERDICT_TC_UNSPEC, frame, len);
		assert_segment(test, &spec, payload);
		both++;
	}
	spec.dest_port = 5000; /* the other way */
	spec.source_port = PORT;
	spec.flags = 0x12; /* and data on a SYN */
	run_xdp(test, &spec);
	assert_segment(test, &spec, payload);

	spec.len = 0; /* an acknowledgement is not worth a record; what begins and ends a stream is */
	spec.flags = 0x10;
	run_xdp(test, &spec);
	assert_int_equal(drained(test), 0);
	for (uint8_t flag = 1; flag < 8; flag *= 2) {
		spec.flags = 0x10 | flag;
		run_xdp(test, &spec);
		assert_segment(test, &spec, payload);
	}
	spec.source_port = PORT + 1;
	run_xdp(test, &spec);
	spec.source_port = PORT;
	spec.tcp = false;
	spec.len = 10;
	run_xdp(test, &spec);
	assert_int_equal(drained(test), 0);
	assert_int_equal(counted(test, FEED, PL_COUNTER_TRUNCATED) + counted(test, FEED, PL_COUNTER_MALFORMED), 0);
	assert_int_equal(counted(test, FEED, PL_COUNTER_PACKETS), sizeof(lengths) / sizeof(*lengths) + both + 5);
}

/* Peers told apart by address, beside a connection of our own from the same port. */
static void test_streams_of_peers(void **state)
{
	struct kernel_test *test = kernel_test_of(state);
	struct frame_spec spec = {.tcp = true, .source_port = PORT, .dest_port = 5000, .payload = text, .len = 8, .flags = 0x10};
	struct pl_flow_key own = {.remote_port = PORT, .local_port = 5000};
	struct error err;

	memset(own.remote + 10, 0xff, 2);
	inet_pton(AF_INET, "192.0.2.9", own.remote + 12);
	add_stream(test, PORT, 1, "192.0.2.1");
	add_stream(test, PORT, 2, "192.0.2.0/24");
	assert_int_equal(tap_add_flow(test->tap, &own, 9, &err), 0);
	run_xdp(test, &spec);
	assert_int_equal(drained(test), 1);
	assert_int_equal(test->records->head.feed, 1);
	spec.source = "192.0.2.7";
	run_xdp(test, &spec);
	assert_int_equal(drained(test), 1);
	assert_int_equal(test->records->head.feed, 2);
	spec.source = "198.51.100.1";
	run_xdp(test, &spec);
	assert_int_equal(drained(test), 0);
	spec.source = "192.0.2.9"; /* ours: the socket gives its bytes */
	run_xdp(test, &spec);
	assert_int_equal(drained(test), 1);
	assert_int_equal(test->records->head.type, PL_RECORD_SEGMENT);
	assert_int_equal(test->records->head.feed, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_streams, kernel_test_setup, kernel_test_teardown),
		cmocka_unit_test_setup_teardown(test_streams_of_peers, kernel_test_setup, kernel_test_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
