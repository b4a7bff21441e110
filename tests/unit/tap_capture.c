// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Capture files: link layers, merging, cuts and rules. */
#include "capture_seen.h"

#include "tap/link.h"

/* ---- link layers -------------------------------------------------------------------------------------------------- */

static void test_every_link_layer_gives_the_same_record(void **state)
{
	static const struct {
		int link;
		const uint8_t header[20];
		size_t len;
	} links[] = {
		{LINKTYPE_ETHERNET, {[12] = 0x08}, 14},
		{LINKTYPE_RAW, {0}, 0},
		{LINKTYPE_IPV4, {0}, 0},
		{LINKTYPE_LINUX_SLL, {[14] = 0x08}, 16},
		{LINKTYPE_LINUX_SLL2, {0x08}, 20},
		{LINKTYPE_NULL, {2, 0, 0, 0}, 4},
		{LINKTYPE_NULL, {0, 0, 0, 2}, 4},
		{LINKTYPE_LOOP, {0, 0, 0, 2}, 4},
		{LINKTYPE_RAW_BSD, {0}, 0},
		{LINKTYPE_RAW_OPENBSD, {0}, 0},
		{LINKTYPE_PPP, {0xff, 0x03, 0x00, 0x21}, 4},
		{LINKTYPE_PPP, {0x00, 0x21}, 2},
		{LINKTYPE_PPP_HDLC, {0xff, 0x03, 0x21}, 3}, /* protocol field compressed */
	};
	struct seen *seen = *state;
	uint8_t frame[256], ip[200];
	size_t len = ip4_udp(ip, "10.0.0.1", 1000, "10.0.0.2", 8001, (const uint8_t *)"price", 5), n;

	n = sizeof(links) / sizeof(links[0]);
	match_udp(seen, 8001, "10.0.0.2", 3, PL_ACTION_DATAGRAM);
	for (size_t i = 0; i < n; i++) {
		memcpy(frame, links[i].header, links[i].len);
		memcpy(frame + links[i].len, ip, len);
		capture_packet(seen->capture, links[i].link, frame, (uint32_t)(links[i].len + len),
			       (uint32_t)(links[i].len + len), 77 + i);
		assert_int_equal(seen->datagram_count, i + 1);
		assert_int_equal(seen->datagrams[i].head.stamp_ns, 77 + i);
		seen->datagrams[i].head.stamp_ns = seen->datagrams[0].head.stamp_ns;
		assert_memory_equal(&seen->datagrams[i], &seen->datagrams[0], sizeof(seen->datagrams[0]));
		assert_int_equal(seen->first_bytes[i], 'p');
	}
	assert_int_equal(seen->datagrams[0].head.feed, 3);
	assert_int_equal(seen->datagrams[0].len, 5);
	assert_int_equal(seen->datagrams[0].source_port, 1000);
	assert_int_equal(seen->datagrams[0].dest_port, 8001);
	assert_memory_equal(seen->datagrams[0].source, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\1", 16);
}

static void test_ipv6_on_raw_and_loopback(void **state)
{
	struct seen *seen = *state;
	uint8_t ip[128], frame[132];
	size_t len = ip6_udp(ip, "2001:db8::1", 1000, "2001:db8::2", 8001, (const uint8_t *)"six", 3);
	static const uint8_t families[] = {10, 24, 28, 30};

	match_udp(seen, 8001, "2001:db8::/32", 0, PL_ACTION_DATAGRAM);
	capture_packet(seen->capture, LINKTYPE_RAW, ip, (uint32_t)len, (uint32_t)len, 1);
	capture_packet(seen->capture, LINKTYPE_IPV6, ip, (uint32_t)len, (uint32_t)len, 1);
	for (size_t i = 0; i < sizeof(families); i++) {
		memset(frame, 0, 4);
		frame[0] = families[i];
		memcpy(frame + 4, ip, len);
		capture_packet(seen->capture, LINKTYPE_NULL, frame, (uint32_t)len + 4, (uint32_t)len + 4, 1);
	}
	assert_int_equal(seen->datagram_count, 6);
	assert_int_equal(seen->datagrams[0].source[0], 0x20);
}

static void test_cut_link_header_is_malformed(void **state)
{
	struct seen *seen = *state;
	uint8_t frame[20] = {0};

	capture_packet(seen->capture, LINKTYPE_LINUX_SLL, frame, 15, 100, 1);
	capture_packet(seen->capture, LINKTYPE_LINUX_SLL2, frame, 19, 100, 1);
	capture_packet(seen->capture, LINKTYPE_NULL, frame, 3, 100, 1);
	capture_packet(seen->capture, LINKTYPE_PPP, (const uint8_t *)"\xff\x03\x00", 3, 100, 1);
	capture_packet(seen->capture, LINKTYPE_ETHERNET, frame, 13, 100, 1);
	assert_int_equal(counter(seen, PL_FEED_NONE, PL_COUNTER_MALFORMED), 5);
}

static void test_cooked_direction(void **state)
{
	struct seen *seen = *state;
	uint8_t frame[128] = {[14] = 0x08};
	struct match keeper = {.space = PL_PORT_UDP, .port_low = 8001, .port_high = 8001};
	size_t len = 16 + ip4_udp(frame + 16, "10.0.0.1", 1000, "10.0.0.2", 8001, (const uint8_t *)"x", 1);

	match_udp(seen, 8001, NULL, 0, PL_ACTION_DATAGRAM);
	assert_int_equal(capture_add_match(seen->capture, &keeper, PL_FEED_NONE, PL_ACTION_EGRESS, 0, NULL), 0);
	frame[1] = 4; /* outgoing */
	capture_packet(seen->capture, LINKTYPE_LINUX_SLL, frame, (uint32_t)len, (uint32_t)len, 1);
	assert_int_equal(seen->datagram_count, 0);
	assert_int_equal(seen->egress_count, 1);
	frame[1] = 0; /* for this host */
	capture_packet(seen->capture, LINKTYPE_LINUX_SLL, frame, (uint32_t)len, (uint32_t)len, 1);
	assert_int_equal(seen->datagram_count, 1);
	assert_int_equal(seen->egress_count, 1);
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

static void add_datagram(struct capture_bytes *file, uint64_t stamp_ns, uint8_t mark)
{
	uint8_t frame[128] = {[12] = 0x08};
	size_t len = 14 + ip4_udp(frame + 14, "10.0.0.1", 1000, "10.0.0.2", 8001, &mark, 1);

	pcap_add(file, stamp_ns, frame, (uint32_t)len, (uint32_t)len);
}

/* Of a packet whose every byte the snap length cut away nothing is read. */
static void test_packets_without_a_byte(void **state)
{
	struct seen *seen = *state;
	struct capture_bytes a = {0}, b = {0};

	pcap_begin(&a, true, LINKTYPE_RAW);
	pcap_begin(&b, true, LINKTYPE_ETHERNET);
	pcap_add(&a, 1, (const uint8_t *)"", 0, 100);
	pcap_add(&b, 2, (const uint8_t *)"", 0, 100);
	add(seen, &a);
	add(seen, &b);
	run(seen);
	assert_int_equal(counter(seen, PL_FEED_NONE, PL_COUNTER_MALFORMED), 1); /* raw IP of no version is not ours */
	free(a.data);
	free(b.data);
}

static void test_files_are_merged_by_time(void **state)
{
	struct seen *seen = *state;
	struct capture_bytes a = {0}, b = {0};
	struct capture_totals totals;

	pcap_begin(&a, true, LINKTYPE_ETHERNET);
	pcap_begin(&b, false, LINKTYPE_ETHERNET);
	add_datagram(&a, 10 * SECOND_NS + 1, 'a');
	add_datagram(&a, 12 * SECOND_NS + 3, 'c');
	add_datagram(&b, 11 * SECOND_NS + 2000, 'b');
	add_datagram(&b, 13 * SECOND_NS + 4000, 'd');
	add(seen, &a);
	add(seen, &b);
	match_udp(seen, 8001, NULL, 0, PL_ACTION_DATAGRAM);
	run(seen);
	assert_int_equal(seen->datagram_count, 4);
	assert_memory_equal(seen->first_bytes, "abcd", 4);
	assert_int_equal(seen->datagrams[0].head.stamp_ns, 10 * SECOND_NS + 1); /* nanoseconds are kept */
	assert_int_equal(seen->datagrams[1].head.stamp_ns, 11 * SECOND_NS + 2000);
	capture_totals(seen->capture, &totals);
	assert_int_equal(totals.packets, 4);
	assert_int_equal(totals.first_ns, 10 * SECOND_NS + 1);
	assert_int_equal(totals.last_ns, 13 * SECOND_NS + 4000);
	assert_int_equal(totals.cut_files, 0);
	assert_int_equal(totals.backwards, 0);
	free(a.data);
	free(b.data);
}

static void test_file_cut_in_the_middle(void **state)
{
	struct seen *seen = *state;
	struct capture_bytes a = {0};
	struct capture_totals totals;

	pcap_begin(&a, true, LINKTYPE_ETHERNET);
	add_datagram(&a, SECOND_NS, 'a');
	add_datagram(&a, 2 * SECOND_NS, 'b');
	a.len -= 5;
	add(seen, &a);
	match_udp(seen, 8001, NULL, 0, PL_ACTION_DATAGRAM);
	run(seen);
	assert_int_equal(seen->datagram_count, 1);
	capture_totals(seen->capture, &totals);
	assert_int_equal(totals.cut_files, 1);
	assert_non_null(strstr(capture_broken(seen->capture, 0), "memory.pcap"));
	assert_null(capture_broken(seen->capture, 1));
	free(a.data);
}

static void test_unreadable_files_are_named(void **state)
{
	struct seen *seen = *state;
	struct capture_bytes a = {0};
	struct error err;

	assert_true(capture_add_file(seen->capture, "/nonexistent/x.pcap", &err) < 0);
	assert_non_null(strstr(err.text, "/nonexistent/x.pcap"));
	assert_true(capture_add_stream(seen->capture, fmemopen("no capture at all, but text", 27, "rb"), "notes.txt", &err) < 0);
	assert_non_null(strstr(err.text, "notes.txt"));
	pcap_begin(&a, true, 195 /* IEEE 802.15.4 */);
	assert_true(capture_add_stream(seen->capture, fmemopen(a.data, a.len, "rb"), "radio.pcap", &err) < 0);
	assert_non_null(strstr(err.text, "radio.pcap"));
	assert_non_null(strstr(err.text, "Ethernet"));
	free(a.data);
}

/* ---- rules -------------------------------------------------------------------------------------------------------- */

static void test_snap_length_counts_as_truncated(void **state)
{
	struct seen *seen = *state;
	uint8_t frame[300] = {[12] = 0x08}, payload[200] = {1};
	size_t len = 14 + ip4_udp(frame + 14, "10.0.0.1", 1000, "10.0.0.2", 8001, payload, sizeof(payload));

	match_udp(seen, 8001, NULL, 2, PL_ACTION_DATAGRAM);
	capture_packet(seen->capture, LINKTYPE_ETHERNET, frame, 96, (uint32_t)len, 1);
	assert_int_equal(seen->datagrams[0].len, 200);
	assert_int_equal(seen->datagrams[0].captured, 96 - 42);
	assert_int_equal(counter(seen, 2, PL_COUNTER_TRUNCATED), 1);
	/* the frame itself is shorter than its IP header says */
	capture_packet(seen->capture, LINKTYPE_ETHERNET, frame, 96, 96, 1);
	assert_int_equal(seen->datagram_count, 1);
	assert_int_equal(counter(seen, 2, PL_COUNTER_MALFORMED), 1);
	assert_int_equal(counter(seen, 2, PL_COUNTER_PACKETS), 2);
}

static void test_the_first_rule_gets_the_packet(void **state)
{
	struct seen *seen = *state;
	uint8_t frame[128] = {[12] = 0x08};
	size_t len = 14 + ip4_udp(frame + 14, "10.0.0.1", 1000, "10.0.0.2", 8001, (const uint8_t *)"x", 1);

	match_udp(seen, 8001, "10.0.0.9", 0, PL_ACTION_DATAGRAM);
	match_udp(seen, 8001, "10.0.0.2", 1, PL_ACTION_DATAGRAM);
	match_udp(seen, 8001, NULL, 2, PL_ACTION_DATAGRAM);
	capture_packet(seen->capture, LINKTYPE_ETHERNET, frame, (uint32_t)len, (uint32_t)len, 1);
	assert_int_equal(seen->datagram_count, 1);
	assert_int_equal(seen->datagrams[0].head.feed, 1);
}

static void test_keeper_packets(void **state)
{
	struct seen *seen = *state;
	uint8_t frame[128] = {[12] = 0x08};
	struct match keeper = {.space = PL_PORT_TCP, .port_low = 8545, .port_high = 8545};
	size_t len;

	assert_int_equal(match_address_parse("10.0.0.2", &keeper.dest), 0);
	assert_int_equal(capture_add_match(seen->capture, &keeper, PL_FEED_NONE, PL_ACTION_EGRESS, 0, NULL), 0);
	capture_watch_port(seen->capture, 8545);

	len = 14 + ip4_tcp(frame + 14, "10.0.0.1", 4000, "10.0.0.2", 8545, 9, PL_TCP_ACK, NULL, 0);
	capture_packet(seen->capture, LINKTYPE_ETHERNET, frame, (uint32_t)len, (uint32_t)len, 1);
	assert_int_equal(seen->egress_count, 0); /* no payload */
	len = 14 + ip4_tcp(frame + 14, "10.0.0.1", 4000, "10.0.0.2", 8545, 9, PL_TCP_ACK, (const uint8_t *)"POST", 4);
	capture_packet(seen->capture, LINKTYPE_ETHERNET, frame, (uint32_t)len, (uint32_t)len, 5);
	assert_int_equal(seen->egress_count, 1);
	assert_int_equal(seen->egress[0].seq, 9);
	assert_int_equal(seen->egress[0].len, 4);
	assert_int_equal(seen->egress[0].local_port, 4000);
	assert_int_equal(seen->egress[0].remote_port, 8545);
	assert_int_equal(seen->egress[0].head.stamp_ns, 5);
	seen->owned = true; /* a connection of a feed */
	capture_packet(seen->capture, LINKTYPE_ETHERNET, frame, (uint32_t)len, (uint32_t)len, 6);
	assert_int_equal(seen->egress_count, 1);
	assert_int_equal(seen->segment_count, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_link_layer_gives_the_same_record, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ipv6_on_raw_and_loopback, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cut_link_header_is_malformed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cooked_direction, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_packets_without_a_byte, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_files_are_merged_by_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_file_cut_in_the_middle, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unreadable_files_are_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_snap_length_counts_as_truncated, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_first_rule_gets_the_packet, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_keeper_packets, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
