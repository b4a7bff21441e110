// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The kernel programs over packets built here: encapsulations, rules, connections, egress, losses. */
#include "kernel.h"

#define FEED 5
#define PORT 8001

static const uint8_t text[] = "a price, and the time it was published at";
static const uint8_t hop_by_hop[] = {0}, several[] = {0, 60, 43, 44, 51, 60}, too_many[] = {0, 60, 60, 60, 60, 60, 60};

static void add_udp(struct kernel_test *test, uint16_t low, uint16_t high, uint32_t feed, const char *dest, const char *source,
		    uint8_t gre)
{
	struct match match = {.space = PL_PORT_UDP, .port_low = low, .port_high = high, .gre = gre};
	struct error err;

	if (dest)
		assert_int_equal(match_address_parse(dest, &match.dest), 0);
	if (source)
		assert_int_equal(match_address_parse(source, &match.source), 0);
	if (tap_add_match(test->tap, &match, feed, PL_ACTION_DATAGRAM, 0, &err))
		fail_msg("%s", err.text);
}

/* Exactly one datagram of this payload came out. */
static void assert_datagram(struct kernel_test *test, const void *payload, size_t len)
{
	const union any_record *record = test->records;

	assert_int_equal(drained(test), 1);
	assert_int_equal(record->head.type, PL_RECORD_DATAGRAM);
	assert_int_equal(record->head.feed, FEED);
	assert_int_equal(record->datagram.head.len, len);
	assert_int_equal(record->datagram.head.captured, len);
	assert_int_equal(record->datagram.head.dest_port, PORT);
	assert_memory_equal(record->datagram.payload, payload, len);
}

static void test_encapsulations(void **state)
{
	struct kernel_test *test = kernel_test_of(state);
	const struct frame_spec specs[] = {
		{},
		{.tags = 1},
		{.tags = 2},
		{.options = 4},
		{.options = 40},
		{.padding = 20},
		{.gre = true},
		{.gre = true, .tags = 1, .options = 8, .padding = 6},
		{.zero_length = true},
		{.ipv6 = true},
		{.ipv6 = true, .tags = 2},
		{.ipv6 = true, .padding = 9},
		{.ipv6 = true, .zero_length = true},
		{.ipv6 = true, .extensions = hop_by_hop, .extension_count = 1},
		{.ipv6 = true, .extensions = several, .extension_count = 6},
	};
	const struct bpf_program *tc = test->tap->kernel->progs.pl_tc_ingress;
	uint8_t frame[FRAME_MAX], source[16];
	uint64_t before;
	size_t i, len;

	add_udp(test, PORT, PORT, FEED, NULL, NULL, PL_GRE_ANY);
	for (i = 0; i < sizeof(specs) / sizeof(*specs); i++) {
		struct frame_spec spec = specs[i];

		spec.source_port = 4000 + i;
		spec.dest_port = PORT;
		spec.payload = text;
		spec.len = sizeof(text);
		before = now_ns();
		run_xdp(test, &spec);
		assert_datagram(test, text, sizeof(text));
		assert_true(test->records->head.stamp_ns >= before && test->records->head.stamp_ns <= now_ns());
		assert_int_equal(test->records->datagram.head.source_port, 4000 + i);
		memset(source, 0, sizeof(source));
		if (spec.ipv6) {
			inet_pton(AF_INET6, "2001:db8::1", source);
		} else {
			memset(source + 10, 0xff, 2);
			inet_pton(AF_INET, "192.0.2.1", source + 12);
		}
		assert_memory_equal(test->records->datagram.head.source, source, sizeof(source));
		len = frame_build(&spec, frame);
		run_frame(tc, VERDICT_TC_UNSPEC, frame, len);
		assert_datagram(test, text, sizeof(text));
	}
	assert_int_equal(counted(test, FEED, PL_COUNTER_PACKETS), 2 * i);
	assert_int_equal(counted(test, FEED, PL_COUNTER_MALFORMED), 0);
	assert_int_equal(counted(test, PL_FEED_NONE, PL_COUNTER_MALFORMED), 0);
}

/* Every length there is a size class for, and the edges between them. */
static void test_payload_lengths(void **state)
{
	static const size_t lengths[] = {0,   1,   7,	8,   9,	  15,	16,   31,   32,	  33,	63,   64,   65,	  95,	 96,	97,
					 127, 128, 129, 255, 256, 257, 511,  512,  513,	1023, 1024, 1025, 1400, 1472, 1536, 1537,
					 3000};
	struct kernel_test *test = kernel_test_of(state);
	uint8_t payload[3000], frame[FRAME_MAX];
	struct frame_spec spec = {.dest_port = PORT, .payload = payload};
	size_t i, len;

	for (i = 0; i < sizeof(payload); i++)
		payload[i] = i * 7 + i / 256;
	add_udp(test, PORT, PORT, FEED, NULL, NULL, PL_GRE_ANY);
	for (i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		spec.len = lengths[i];
		run_xdp(test, &spec);
		assert_datagram(test, payload, lengths[i]);
		len = frame_build(&spec, frame);
		run_frame(test->tap->kernel->progs.pl_tc_ingress, VERDICT_TC_UNSPEC, frame, len);
		assert_datagram(test, payload, lengths[i]);
	}
	assert_int_equal(counted(test, FEED, PL_COUNTER_TRUNCATED), 0);
}

/* A frame in several buffers (jumbo, XDP fragments): its payload begins in the first and ends in another. */
static void test_xdp_fragments(void **state)
{
	struct kernel_test *test = kernel_test_of(state);
	static uint8_t payload[12000], frame[FRAME_MAX];
	struct frame_spec spec = {.dest_port = PORT, .payload = payload};
	size_t i;

	for (i = 0; i < sizeof(payload); i++)
		payload[i] = i * 13 + i / 256;
	add_udp(test, PORT, PORT, FEED, NULL, NULL, PL_GRE_ANY);
	spec.len = PL_DATAGRAM_MAX;
	run_xdp(test, &spec);
	assert_datagram(test, payload, PL_DATAGRAM_MAX);

	spec.len = sizeof(payload);
	frame_build(&spec, frame);
	run_xdp(test, &spec);
	assert_int_equal(drained(test), 1);
	assert_int_equal(test->records->datagram.head.len, sizeof(payload));
	assert_int_equal(test->records->datagram.head.captured, PL_DATAGRAM_MAX);
	assert_memory_equal(test->records->datagram.payload, payload, PL_DATAGRAM_MAX);
	assert_int_equal(counted(test, FEED, PL_COUNTER_TRUNCATED), 1);
}

/* A feed that reads only the beginning of its payloads gets no more; a payload that ends before that, whole. */
static void test_beginnings(void **state)
{
	struct kernel_test *test = kernel_test_of(state);
	struct match match = {.space = PL_PORT_UDP, .port_low = PORT, .port_high = PORT, .capture = 24};
	static const uint32_t lens[] = {0, 8, 23, 24, 25, 400, 1400, PL_DATAGRAM_MAX};
	static uint8_t payload[PL_DATAGRAM_MAX];
	size_t i;

	for (i = 0; i < sizeof(payload); i++)
		payload[i] = i * 13 + i / 256;
	assert_int_equal(tap_add_match(test->tap, &match, FEED, PL_ACTION_DATAGRAM, 0, NULL), 0);
	for (i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		const struct pl_datagram *head = &test->records->datagram.head;

		run_xdp(test, &(struct frame_spec){.dest_port = PORT, .payload = payload, .len = lens[i]});
		assert_int_equal(drained(test), 1);
		assert_int_equal(head->len, lens[i]);
		assert_int_equal(head->wanted, lens[i] < 24 ? lens[i] : 24);
		assert_int_equal(head->captured, head->wanted);
		assert_memory_equal(test->records->datagram.payload, payload, head->captured);
	}
	assert_int_equal(counted(test, FEED, PL_COUNTER_TRUNCATED), 0);
}

/* Cut at every length, a frame gives no record, passes, and is counted if it says what it is. */
static void test_cut_short(void **state)
{
	struct kernel_test *test = kernel_test_of(state);
	const struct frame_spec specs[] = {
		{.tags = 2, .options = 12, .dest_port = PORT, .payload = text, .len = sizeof(text)},
		{.gre = true, .dest_port = PORT, .payload = text, .len = sizeof(text)},
		{.ipv6 = true, .extensions = several, .extension_count = 6, .dest_port = PORT, .payload = text, .len = sizeof(text)},
	};
	uint8_t frame[FRAME_MAX];
	size_t i, cut, len, runs = 0;

	add_udp(test, PORT, PORT, FEED, NULL, NULL, PL_GRE_ANY);
	for (i = 0; i < sizeof(specs) / sizeof(*specs); i++) {
		len = frame_build(&specs[i], frame);
		for (cut = 14; cut < len; cut++, runs++) { /* the kernel takes no frame without an Ethernet header */
			run_frame(test->tap->kernel->progs.pl_xdp, VERDICT_XDP_PASS, frame, cut);
			assert_int_equal(drained(test), 0);
		}
	}
	assert_int_equal(counted(test, FEED, PL_COUNTER_MALFORMED) + counted(test, PL_FEED_NONE, PL_COUNTER_MALFORMED), runs);
}

/* A UDP length that disagrees with the IP length, headers shorter than themselves, versions that are none. */
static void test_contradictions(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} faults[] = {{14, 0x44}, {14, 0x55}, {14 + 3, 19}, {14 + 20 + 4, 0x70}, {14 + 20 + 5, 7}};
	struct kernel_test *test = kernel_test_of(state);
	const struct frame_spec spec = {.dest_port = PORT, .payload = text, .len = sizeof(text)};
	uint8_t frame[FRAME_MAX];
	size_t i, len;

	add_udp(test, PORT, PORT, FEED, NULL, NULL, PL_GRE_ANY);
	for (i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		len = frame_build(&spec, frame);
		frame[faults[i].at] = faults[i].value;
		if (faults[i].at == 14 + 20 + 5)
			frame[faults[i].at - 1] = 0;
		run_frame(test->tap->kernel->progs.pl_xdp, VERDICT_XDP_PASS, frame, len);
		assert_int_equal(drained(test), 0);
	}
	assert_int_equal(counted(test, FEED, PL_COUNTER_MALFORMED) + counted(test, PL_FEED_NONE, PL_COUNTER_MALFORMED), i);
}

static void test_fragments(void **state)
{
	struct kernel_test *test = kernel_test_of(state);
	static const uint8_t fragment_header[] = {44};
	struct frame_spec spec = {.dest_port = PORT, .payload = text, .len = sizeof(text)};

	add_udp(test, PORT, PORT, FEED, NULL, NULL, PL_GRE_ANY);
	spec.fragment = 0x4000; /* do not fragment: an ordinary packet */
	run_xdp(test, &spec);
	assert_datagram(test, text, sizeof(text));

	spec.fragment = 0x2000; /* the first of several knows its port */
	run_xdp(test, &spec);
	assert_int_equal(counted(test, FEED, PL_COUNTER_FRAGMENT), 1);
	spec.fragment = 100; /* a later one does not: what stands there is payload */
	run_xdp(test, &spec);
	assert_int_equal(counted(test, PL_FEED_NONE, PL_COUNTER_FRAGMENT), 1);

	spec.ipv6 = true;
	spec.extensions = fragment_header;
	spec.extension_count = 1;
	spec.fragment = 1;
	run_xdp(test, &spec);
	assert_int_equal(counted(test, FEED, PL_COUNTER_FRAGMENT), 2);
	spec.fragment = 8;
	run_xdp(test, &spec);
	assert_int_equal(counted(test, PL_FEED_NONE, PL_COUNTER_FRAGMENT), 2);
	assert_int_equal(drained(test), 0);
	assert_int_equal(counted(test, FEED, PL_COUNTER_MALFORMED), 0);
}

static void test_not_ours(void **state)
{
	struct kernel_test *test = kernel_test_of(state);
	struct frame_spec spec = {.dest_port = PORT + 1, .payload = text, .len = sizeof(text)};
	uint8_t frame[FRAME_MAX];
	size_t len;
	int i;

	add_udp(test, PORT, PORT, FEED, NULL, NULL, PL_GRE_ANY);
	run_xdp(test, &spec); /* another port */
	spec.dest_port = PORT;
	spec.tcp = true;
	run_xdp(test, &spec); /* another protocol */
	spec.tcp = false;
	spec.ipv6 = true;
	spec.extensions = too_many;
	spec.extension_count = sizeof(too_many);
	run_xdp(test, &spec); /* more extensions than the parser follows */
	spec.gre = true;
	spec.extension_count = 0;
	run_xdp(test, &spec); /* IPv6 inside GRE */
	len = frame_build(&(struct frame_spec){.payload = text, .len = sizeof(text), .dest_port = PORT}, frame);
	frame[14 + 9] = 1; /* ICMP */
	run_frame(test->tap->kernel->progs.pl_xdp, VERDICT_XDP_PASS, frame, len);
	frame_put16(frame, 12, 0x0806); /* ARP */
	run_frame(test->tap->kernel->progs.pl_xdp, VERDICT_XDP_PASS, frame, len);
	assert_int_equal(drained(test), 0);
	for (i = 0; i < PL_COUNTER_MAX; i++) {
		assert_int_equal(counted(test, FEED, i), 0);
		assert_int_equal(counted(test, PL_FEED_NONE, i), 0);
	}
}

/* Which feed took a packet; -1: none. */
static int feed_of(struct kernel_test *test, uint16_t port, const char *source, const char *dest, bool gre)
{
	const struct frame_spec spec = {.dest_port = port, .source = source, .dest = dest, .gre = gre, .payload = text, .len = 8};

	run_xdp(test, &spec);
	return drained(test) ? (int)test->records->head.feed : -1;
}

static void test_rules(void **state)
{
	struct kernel_test *test = kernel_test_of(state);

	add_udp(test, 100, 100, 1, "233.84.178.1", NULL, PL_GRE_ANY);
	add_udp(test, 100, 100, 2, "233.84.178.2", NULL, PL_GRE_ANY);
	add_udp(test, 100, 200, 3, NULL, "10.1.0.0/16", PL_GRE_ANY);
	add_udp(test, 150, 250, 4, NULL, NULL, PL_GRE_ONLY);
	add_udp(test, 150, 150, 6, NULL, NULL, PL_GRE_NEVER);

	assert_int_equal(feed_of(test, 100, NULL, "233.84.178.1", false), 1);
	assert_int_equal(feed_of(test, 100, NULL, "233.84.178.2", false), 2);
	assert_int_equal(feed_of(test, 100, NULL, "233.84.178.3", false), -1);
	assert_int_equal(feed_of(test, 100, "10.1.255.1", "233.84.178.3", false), 3);
	assert_int_equal(feed_of(test, 100, "10.1.255.1", "233.84.178.1", false), 1); /* the first rule has it */
	assert_int_equal(feed_of(test, 100, "10.2.0.1", NULL, false), -1);
	assert_int_equal(feed_of(test, 199, "10.1.0.1", NULL, false), 3);
	assert_int_equal(feed_of(test, 201, "10.1.0.1", NULL, false), -1);
	assert_int_equal(feed_of(test, 150, NULL, NULL, false), 6);
	assert_int_equal(feed_of(test, 150, NULL, NULL, true), 4);
	assert_int_equal(feed_of(test, 150, "10.1.0.1", NULL, true), 3);
	assert_int_equal(feed_of(test, 151, NULL, NULL, false), -1);
	assert_int_equal(feed_of(test, 250, NULL, NULL, true), 4);
	assert_int_equal(feed_of(test, 251, NULL, NULL, true), -1);
}

static void test_rule_limits(void **state)
{
	struct kernel_test *test = kernel_test_of(state);
	struct match match = {.space = PL_PORT_UDP, .port_low = 9000, .port_high = 9000};
	struct match tcp = {.space = PL_PORT_TCP, .port_low = 9000, .port_high = 9000};
	struct match swapped = {.space = PL_PORT_UDP, .port_low = 2, .port_high = 1};
	struct match everything = {.space = PL_PORT_UDP, .port_low = 0, .port_high = 65535};
	struct error err;
	int i;

	assert_int_equal(tap_add_match(test->tap, &everything, 9, PL_ACTION_DATAGRAM, 0, &err), 0);
	for (i = 1; i < PL_RULE_CHAIN_MAX; i++) {
		match_address_parse("192.0.2.250", &match.dest);
		assert_int_equal(tap_add_match(test->tap, &match, i, PL_ACTION_DATAGRAM, 0, &err), 0);
	}
	assert_int_equal(tap_add_match(test->tap, &match, i, PL_ACTION_DATAGRAM, 0, &err), -E2BIG);
	assert_non_null(strstr(err.text, "9000"));
	assert_int_equal(tap_add_match(test->tap, &tcp, 1, PL_ACTION_DATAGRAM, 0, &err), -EINVAL);
	assert_int_equal(tap_add_match(test->tap, &swapped, 1, PL_ACTION_DATAGRAM, 0, &err), -EINVAL);
	assert_int_equal(tap_add_match(test->tap, &match, PL_FEED_NONE, PL_ACTION_DATAGRAM, 0, &err), -EINVAL);
	/* What was refused has changed nothing. */
	assert_int_equal(feed_of(test, 9000, NULL, "192.0.2.250", false), 9);
	assert_int_equal(feed_of(test, 65535, NULL, NULL, false), 9);
}

static struct pl_flow_key flow_key(const char *remote, uint16_t remote_port, uint16_t local_port)
{
	struct pl_flow_key key = {.remote_port = remote_port, .local_port = local_port};
	struct match_address address;

	assert_int_equal(match_address_parse(remote, &address), 0);
	memcpy(key.remote, address.address, sizeof(key.remote));
	return key;
}

static void run_segment(struct kernel_test *test, const char *source, uint16_t local_port, uint8_t flags, size_t len)
{
	const struct frame_spec spec = {.tcp = true, .source = source, .source_port = 443, .dest_port = local_port, .seq = 0xfffffff0,
					.ack = 77, .flags = flags, .payload = text, .len = len, .padding = 6};

	run_xdp(test, &spec);
}

static void test_flows(void **state)
{
	struct kernel_test *test = kernel_test_of(state);
	const struct pl_segment *segment = &test->records->segment;
	struct pl_flow_key key = flow_key("192.0.2.1", 443, 50001), other = flow_key("192.0.2.9", 443, 50001);
	struct error err;

	assert_int_equal(tap_add_flow(test->tap, &key, 11, &err), 0);
	assert_int_equal(tap_add_flow(test->tap, &other, 12, &err), 0);
	assert_int_equal(tap_add_flow(test->tap, &key, 13, &err), -EEXIST);

	run_segment(test, NULL, 50001, PL_TCP_SYN | PL_TCP_ACK, 0);
	assert_int_equal(drained(test), 1);
	assert_int_equal(segment->head.type, PL_RECORD_SEGMENT);
	assert_int_equal(segment->head.feed, 11);
	assert_int_equal(segment->seq, 0xfffffff0);
	assert_int_equal(segment->ack, 77);
	assert_int_equal(segment->len, 0); /* padding is not payload */
	assert_int_equal(segment->flags, PL_TCP_SYN | PL_TCP_ACK);

	run_segment(test, NULL, 50001, PL_TCP_ACK, 0);
	assert_int_equal(drained(test), 0);
	run_segment(test, NULL, 50001, PL_TCP_ACK, 33);
	assert_int_equal(drained(test), 1);
	assert_int_equal(segment->len, 33);
	run_segment(test, NULL, 50001, PL_TCP_ACK | PL_TCP_FIN, 0);
	run_segment(test, NULL, 50001, PL_TCP_RST, 0);
	assert_int_equal(drained(test), 2);
	assert_int_equal(counted(test, 11, PL_COUNTER_PACKETS), 5);

	run_segment(test, "192.0.2.9", 50001, PL_TCP_ACK, 5);
	assert_int_equal(drained(test), 1);
	assert_int_equal(segment->head.feed, 12);
	run_segment(test, "192.0.2.7", 50001, PL_TCP_ACK, 5);
	run_segment(test, NULL, 50002, PL_TCP_ACK, 5);
	assert_int_equal(drained(test), 0);

	tap_remove_flow(test->tap, &key);
	run_segment(test, NULL, 50001, PL_TCP_ACK, 5);
	assert_int_equal(drained(test), 0);
	run_segment(test, "192.0.2.9", 50001, PL_TCP_ACK, 5);
	assert_int_equal(drained(test), 1);
	assert_int_equal(tap_add_flow(test->tap, &key, 14, &err), 0);
	run_segment(test, NULL, 50001, PL_TCP_ACK, 5);
	assert_int_equal(drained(test), 1);
	assert_int_equal(segment->head.feed, 14);
}

static void test_flow_limits(void **state)
{
	struct kernel_test *test = kernel_test_of(state);
	struct pl_flow_key key;
	struct error err;
	int i;

	for (i = 0; i < PL_FLOWS_MAX; i++) {
		key = flow_key("192.0.2.1", 443, 1000 + i);
		assert_int_equal(tap_add_flow(test->tap, &key, 1, &err), 0);
	}
	key.local_port++;
	assert_int_equal(tap_add_flow(test->tap, &key, 1, &err), -ENOSPC);
	key.local_port = 1000;
	tap_remove_flow(test->tap, &key);
	for (i = 0; i < 7; i++) {
		struct pl_flow_key last = flow_key("192.0.2.1", 443, 1001 + i);

		tap_remove_flow(test->tap, &last);
		key.remote_port = 1 + i;
		assert_int_equal(tap_add_flow(test->tap, &key, 1, &err), 0);
	}
}

static void run_egress(struct kernel_test *test, const struct frame_spec *spec)
{
	uint8_t frame[FRAME_MAX];
	size_t len = frame_build(spec, frame);

	run_frame(test->tap->kernel->progs.pl_tc_egress, VERDICT_TC_UNSPEC, frame, len);
}

static void test_egress(void **state)
{
	struct kernel_test *test = kernel_test_of(state);
	const struct pl_egress *egress = &test->records->egress;
	struct match match = {.space = PL_PORT_TCP, .port_low = 8545, .port_high = 8545};
	struct frame_spec spec = {.tcp = true, .source_port = 40001, .dest_port = 8545, .dest = "10.0.0.2", .seq = 99,
				  .flags = PL_TCP_ACK, .payload = text, .len = 21, .padding = 7};
	struct pl_flow_key own = flow_key("10.0.0.2", 8545, 40001);
	struct error err;

	assert_int_equal(match_address_parse("10.0.0.2", &match.dest), 0);
	assert_int_equal(tap_add_match(test->tap, &match, 20, PL_ACTION_EGRESS, 0, &err), 0);
	match.space = PL_PORT_UDP;
	assert_int_equal(tap_add_match(test->tap, &match, 21, PL_ACTION_EGRESS, 0, &err), 0);

	run_egress(test, &spec);
	assert_int_equal(drained(test), 1);
	assert_int_equal(egress->head.type, PL_RECORD_EGRESS);
	assert_int_equal(egress->head.feed, 20);
	assert_int_equal(egress->seq, 99);
	assert_int_equal(egress->len, 21);
	assert_int_equal(egress->local_port, 40001);
	assert_int_equal(egress->remote_port, 8545);

	run_xdp(test, &spec); /* the same packet coming in is not the keeper's */
	spec.len = 0;
	run_egress(test, &spec); /* nothing is said in a bare acknowledgement */
	spec.len = 21;
	spec.dest = "10.0.0.3";
	run_egress(test, &spec);
	spec.dest = "10.0.0.2";
	spec.source_port = 8545;
	spec.dest_port = 40001;
	run_egress(test, &spec); /* the port counts on the remote side only */
	assert_int_equal(drained(test), 0);

	spec.source_port = 40001;
	spec.dest_port = 8545;
	assert_int_equal(tap_add_flow(test->tap, &own, 1, &err), 0);
	run_egress(test, &spec); /* pricelag's own connection to the same node */
	assert_int_equal(drained(test), 0);
	spec.source_port = 40002;
	run_egress(test, &spec);
	assert_int_equal(drained(test), 1);

	spec.tcp = false;
	run_egress(test, &spec);
	assert_int_equal(drained(test), 1);
	assert_int_equal(egress->head.feed, 21);
	assert_int_equal(egress->seq, 0);
	assert_int_equal(egress->len, 21);
}

/* Nothing is lost in silence: what did not fit into the ring is in the counter. */
static void test_ring_full(void **state)
{
	struct kernel_test *test = kernel_test_of(state);
	const struct frame_spec spec = {.dest_port = PORT, .payload = text, .len = sizeof(text)};
	uint64_t lost;
	size_t kept, i;

	add_udp(test, PORT, PORT, FEED, NULL, NULL, PL_GRE_ANY);
	for (i = 0; i < 2000; i++)
		run_xdp(test, &spec);
	kept = drained(test);
	lost = counted(test, FEED, PL_COUNTER_RING_FULL);
	assert_true(kept > 100);
	assert_true(lost > 100);
	assert_int_equal(kept + lost, 2000);
	assert_int_equal(counted(test, FEED, PL_COUNTER_PACKETS), 2000);
	run_xdp(test, &spec); /* and it goes on where there is room again */
	assert_datagram(test, text, sizeof(text));
}

/* Rules may come while packets flow; the ones from before keep what they had. */
static void test_rules_change(void **state)
{
	struct kernel_test *test = kernel_test_of(state);
	int i;

	add_udp(test, 100, 65000, 1, "192.0.2.77", NULL, PL_GRE_ANY);
	for (i = 0; i < 50; i++) {
		add_udp(test, 300 + 10 * i, 305 + 10 * i, 2, NULL, NULL, PL_GRE_ANY);
		assert_int_equal(feed_of(test, 300 + 10 * i, NULL, "192.0.2.77", false), 1);
		assert_int_equal(feed_of(test, 305 + 10 * i, NULL, NULL, false), 2);
		assert_int_equal(feed_of(test, 306 + 10 * i, NULL, NULL, false), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, kernel_test_setup, kernel_test_teardown)
		TEST(test_encapsulations), TEST(test_payload_lengths), TEST(test_xdp_fragments), TEST(test_beginnings), TEST(test_cut_short),
		TEST(test_contradictions), TEST(test_fragments),       TEST(test_not_ours),	 TEST(test_rules),
		TEST(test_rule_limits),	   TEST(test_flows),	       TEST(test_flow_limits),	 TEST(test_egress),
		TEST(test_ring_full),	   TEST(test_rules_change),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
