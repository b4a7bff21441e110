// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Capture files: link layers, merging, cuts, rules, and the life of FEC sets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture_files.h"
#include "tap/aggregate.h"
#include "tap/capture.h"
#include "tap/link.h"

#define SECOND_NS 1000000000ULL

/* ---- what comes out ----------------------------------------------------------------------------------------------- */

struct seen {
	struct capture *capture;
	struct pl_datagram datagrams[64];
	uint8_t first_bytes[64]; /* of each payload */
	size_t datagram_count;
	struct pl_egress egress[16];
	size_t egress_count;
	struct pl_slot_key slot_keys[64];
	struct pl_slot slots[64];
	size_t slot_count, set_count;
	uint32_t shred_types[64]; /* SET and SHRED records */
	size_t shred_records;
	struct pl_shred_record shred; /* the last */
	uint8_t shred_bytes[PL_SHRED_BYTES_MAX];
	uint64_t sets_of_slot; /* sets passed since the last slot */
	size_t segment_count;
	bool owned; /* what on_segment answers */
};

static void on_record(void *context, const struct pl_record *record, size_t len)
{
	struct seen *seen = context;

	if (record->type == PL_RECORD_DATAGRAM) {
		const struct pl_datagram *datagram = (const void *)record;

		assert_int_equal(len, sizeof(*datagram) + datagram->captured);
		assert_true(seen->datagram_count < 64);
		seen->first_bytes[seen->datagram_count] = datagram->captured ? ((const uint8_t *)(datagram + 1))[0] : 0;
		seen->datagrams[seen->datagram_count++] = *datagram;
	} else if (record->type == PL_RECORD_SET || record->type == PL_RECORD_SHRED) {
		assert_true(seen->shred_records < 64);
		seen->shred_types[seen->shred_records++] = record->type;
		if (record->type == PL_RECORD_SHRED) {
			seen->shred = *(const struct pl_shred_record *)record;
			assert_int_equal(len, sizeof(seen->shred) + seen->shred.captured);
			memcpy(seen->shred_bytes, (const struct pl_shred_record *)record + 1, seen->shred.captured);
		}
	} else {
		assert_int_equal(record->type, PL_RECORD_EGRESS);
		assert_int_equal(len, sizeof(struct pl_egress));
		assert_true(seen->egress_count < 16);
		seen->egress[seen->egress_count++] = *(const struct pl_egress *)record;
	}
}

static void on_set(void *context, const struct pl_set_key *key, const struct pl_set *set)
{
	struct seen *seen = context;

	(void)key;
	assert_int_not_equal(set->seen, 0);
	seen->set_count++;
	seen->sets_of_slot++;
}

static void on_slot(void *context, const struct pl_slot_key *key, const struct pl_slot *slot)
{
	struct seen *seen = context;

	assert_true(seen->slot_count < 64);
	assert_int_equal(slot->sets, seen->sets_of_slot); /* all of them came right before it */
	seen->sets_of_slot = 0;
	seen->slot_keys[seen->slot_count] = *key;
	seen->slots[seen->slot_count++] = *slot;
}

static bool on_segment(void *context, const struct capture_segment *segment)
{
	struct seen *seen = context;

	assert_true(segment->captured <= segment->packet->len);
	seen->segment_count++;
	return seen->owned;
}

static int set_up(void **state)
{
	struct seen *seen = calloc(1, sizeof(*seen));
	struct capture_options options = {.idle_ns = 5 * SECOND_NS};
	struct capture_handlers handlers = {seen, on_record, on_set, on_slot, on_segment};

	assert_non_null(seen);
	assert_int_equal(capture_new(&seen->capture, &options, &handlers, NULL), 0);
	*state = seen;
	return 0;
}

static int tear_down(void **state)
{
	struct seen *seen = *state;

	capture_free(seen->capture);
	free(seen);
	return 0;
}

static uint64_t counter(const struct seen *seen, uint32_t feed, enum pl_counter which)
{
	uint64_t counts[PL_COUNTER_MAX];

	capture_counters(seen->capture, feed, counts);
	return counts[which];
}

static void match_udp(struct seen *seen, uint16_t port, const char *dest, uint32_t feed, enum pl_rule_action action)
{
	struct match match = {.space = PL_PORT_UDP, .port_low = port, .port_high = port};

	if (dest)
		assert_int_equal(match_address_parse(dest, &match.dest), 0);
	assert_int_equal(capture_add_match(seen->capture, &match, feed, action, 0, NULL), 0);
}

static void run(struct seen *seen)
{
	while (capture_next(seen->capture))
		;
	capture_finish(seen->capture);
}

static void add(struct seen *seen, struct capture_bytes *file)
{
	FILE *stream = fmemopen(file->data, file->len, "rb");

	assert_non_null(stream);
	assert_int_equal(capture_add_stream(seen->capture, stream, "memory.pcap", NULL), 0);
}

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

/* ---- shreds ------------------------------------------------------------------------------------------------------- */

static void send_shred(struct seen *seen, const uint8_t *shred, uint32_t len, uint64_t stamp_ns)
{
	static uint8_t frame[2048];
	size_t total;

	memset(frame, 0, 14);
	frame[12] = 0x08;
	total = 14 + ip4_udp(frame + 14, "10.0.0.1", 1000, "10.0.0.2", 8001, shred, len);
	capture_packet(seen->capture, LINKTYPE_ETHERNET, frame, (uint32_t)total, (uint32_t)total, stamp_ns);
}

static void test_a_set_is_decodable_with_32_distinct_shreds(void **state)
{
	struct seen *seen = *state;
	uint8_t shred[SHRED_BYTES_MAX];
	uint32_t len;

	match_udp(seen, 8001, NULL, 0, PL_ACTION_SHRED);
	for (uint32_t i = 0; i < 31; i++) {
		len = make_shred(shred, i % 2, 7, 32, i / 2, 6051, false);
		send_shred(seen, shred, len, 100 + i);
		send_shred(seen, shred, len, 100 + i); /* and again */
	}
	capture_finish(seen->capture);
	assert_int_equal(seen->slot_count, 1);
	assert_int_equal(seen->slot_keys[0].slot, 7);
	assert_int_equal(seen->slots[0].packets, 62);
	assert_int_equal(seen->slots[0].duplicates, 31);
	assert_int_equal(seen->slots[0].data, 16);
	assert_int_equal(seen->slots[0].code, 15);
	assert_int_equal(seen->slots[0].sets_decodable, 0);

	for (uint32_t i = 0; i < 32; i++) {
		len = make_shred(shred, i % 2, 8, 0, i / 2, 6051, false);
		send_shred(seen, shred, len, 200 + i);
	}
	capture_finish(seen->capture);
	assert_int_equal(seen->slots[1].sets_decodable, 1);
	assert_int_equal(seen->slots[1].first_ns, 200);
	assert_int_equal(seen->slots[1].last_ns, 231);
	assert_int_equal(seen->slots[1].max_data_index, 16);
	assert_int_equal(seen->slots[1].last_index, 0);
}

static void test_what_is_no_shred_is_counted(void **state)
{
	struct seen *seen = *state;
	struct match match = {.space = PL_PORT_UDP, .port_low = 8001, .port_high = 8001};
	static const uint8_t heartbeat[] = {'D', 'Z', 0, 1, 9, 9};
	uint8_t shred[SHRED_BYTES_MAX], frame[2048] = {[12] = 0x08};
	uint32_t len;
	size_t total;

	assert_int_equal(capture_add_match(seen->capture, &match, 0, PL_ACTION_SHRED, 6051, NULL), 0);
	send_shred(seen, heartbeat, sizeof(heartbeat), 1);
	send_shred(seen, (const uint8_t *)"hello", 5, 1);
	len = make_shred(shred, 0, 7, 0, 0, 6052, false);
	send_shred(seen, shred, len, 1);
	len = make_shred(shred, 0, 7, 0, 0, 6051, false);
	shred[64] = 0x86; /* unchained */
	send_shred(seen, shred, len, 1);
	len = make_shred(shred, 1, 7, 0, 3, 6051, true);
	send_shred(seen, shred, len, 1);
	/* cut below what tells a shred, and above it */
	total = 14 + ip4_udp(frame + 14, "10.0.0.1", 1, "10.0.0.2", 8001, shred, len);
	capture_packet(seen->capture, LINKTYPE_ETHERNET, frame, 42 + 88, (uint32_t)total, 1);
	capture_packet(seen->capture, LINKTYPE_ETHERNET, frame, 42 + 89, (uint32_t)total, 1);
	capture_finish(seen->capture);

	assert_int_equal(counter(seen, 0, PL_COUNTER_PACKETS), 7);
	assert_int_equal(counter(seen, 0, PL_COUNTER_HEARTBEATS), 1);
	assert_int_equal(counter(seen, 0, PL_COUNTER_UNKNOWN), 2);
	assert_int_equal(counter(seen, 0, PL_COUNTER_WRONG_VERSION), 1);
	assert_int_equal(counter(seen, 0, PL_COUNTER_REPAIRS), 2);
	assert_int_equal(counter(seen, 0, PL_COUNTER_TRUNCATED), 1);
	assert_int_equal(seen->slot_count, 1);
	assert_int_equal(seen->slots[0].packets, 2);
	assert_int_equal(seen->slots[0].duplicates, 1);
	assert_int_equal(seen->slots[0].repairs, 2);
}

static void add_shred(struct capture_bytes *file, uint64_t slot, uint32_t position, uint64_t stamp_ns)
{
	uint8_t shred[SHRED_BYTES_MAX], frame[2048] = {[12] = 0x08};
	uint32_t len = make_shred(shred, 0, slot, 0, position, 6051, false);
	size_t total = 14 + ip4_udp(frame + 14, "10.0.0.1", 1000, "10.0.0.2", 8001, shred, len);

	pcap_add(file, stamp_ns, frame, (uint32_t)total, (uint32_t)total);
}

static void test_idle_slots_are_summarised_and_stragglers_late(void **state)
{
	struct seen *seen = *state;
	struct capture_bytes file = {0};

	pcap_begin(&file, true, LINKTYPE_ETHERNET);
	add_shred(&file, 1, 0, 100 * SECOND_NS);
	add_shred(&file, 2, 0, 103 * SECOND_NS);
	add_shred(&file, 1, 1, 104 * SECOND_NS); /* 4 s idle: still the same slot */
	add_shred(&file, 3, 0, 109 * SECOND_NS); /* slots 1 (5 s) and 2 (6 s) are over */
	add_shred(&file, 2, 1, 110 * SECOND_NS); /* a straggler of slot 2 */
	add(seen, &file);
	match_udp(seen, 8001, NULL, 0, PL_ACTION_SHRED);
	run(seen);
	assert_int_equal(seen->slot_count, 3);
	assert_int_equal(seen->slot_keys[0].slot, 1);
	assert_int_equal(seen->slots[0].packets, 2);
	assert_int_equal(seen->slot_keys[1].slot, 2);
	assert_int_equal(seen->slots[1].packets, 1);
	assert_int_equal(seen->slot_keys[2].slot, 3);
	assert_int_equal(counter(seen, 0, PL_COUNTER_LATE), 1);
	free(file.data);
}

/* One record of each shred, whatever became of it, and one of the set right behind the shred that completed it. */
static void test_each_shred_has_its_record(void **state)
{
	struct seen *seen = *state;
	struct match match = {.space = PL_PORT_UDP, .port_low = 8001, .port_high = 8001};
	uint8_t shred[SHRED_BYTES_MAX];
	uint32_t len;

	assert_int_equal(capture_add_match(seen->capture, &match, 3, PL_ACTION_SHRED_EACH, 6051, NULL), 0);
	for (uint32_t i = 0; i < 32; i++) {
		len = make_shred(shred, i % 2, 7, 32, i / 2, 6051, false);
		send_shred(seen, shred, len, 100 + i);
		assert_int_equal(seen->shred_types[i], PL_RECORD_SHRED);
		assert_int_equal(seen->shred_records, i == 31 ? 33 : i + 1);
	}
	assert_int_equal(seen->shred_types[32], PL_RECORD_SET);
	len = make_shred(shred, 0, 7, 64, 5, 6051, true);
	shred[64] = 0xb6;
	shred[85] = 0xc0 | 61;
	send_shred(seen, shred, len, 500);
	assert_int_equal(seen->shred_records, 34);
	assert_int_equal(seen->shred.head.feed, 3);
	assert_int_equal(seen->shred.head.stamp_ns, 500);
	assert_int_equal(seen->shred.slot, 7);
	assert_int_equal(seen->shred.index, 69);
	assert_int_equal(seen->shred.fec_set_index, 64);
	assert_int_equal(seen->shred.variant, 0xb6);
	assert_int_equal(seen->shred.flags, 0xc0 | 61);
	assert_int_equal(seen->shred.code, 0);
	assert_int_equal(seen->shred.repair, 1);
	assert_int_equal(seen->shred.len, 1207);
	assert_int_equal(seen->shred.captured, 0);
	send_shred(seen, shred, len, 501); /* a copy has one too, what is no shred has none */
	shred[64] = 0x86;
	send_shred(seen, shred, len, 502);
	assert_int_equal(seen->shred_records, 35);
}

/* The bytes behind the record, as many as were captured. */
static void test_a_shred_with_its_payload(void **state)
{
	struct seen *seen = *state;
	struct match match = {.space = PL_PORT_UDP, .port_low = 8001, .port_high = 8001};
	uint8_t shred[SHRED_BYTES_MAX];
	uint32_t len;

	assert_int_equal(capture_add_match(seen->capture, &match, 3, PL_ACTION_SHRED_PAYLOAD, 6051, NULL), 0);
	len = make_shred(shred, true, 7, 32, 3, 6051, true);
	shred[len - 1] = 0x5a;
	send_shred(seen, shred, len, 500);
	assert_int_equal(seen->shred_records, 1);
	assert_int_equal(seen->shred.len, 1232);
	assert_int_equal(seen->shred.captured, 1232);
	assert_memory_equal(seen->shred_bytes, shred, len);
}

static void ignore_record(void *context, const struct pl_record *record, size_t len)
{
	(void)context;
	(void)record;
	(void)len;
}

static void ignore_set(void *context, const struct pl_set_key *key, const struct pl_set *set)
{
	(void)context;
	(void)key;
	(void)set;
}

static void count_slot(void *context, const struct pl_slot_key *key, const struct pl_slot *slot)
{
	(void)key;
	*(uint64_t *)context += slot->packets;
}

static void give_shred(struct aggregate *aggregate, uint32_t feed, uint64_t slot, uint32_t set, uint64_t stamp_ns,
		       uint64_t counters[PL_COUNTER_MAX])
{
	const struct pl_rule rule = {.action = PL_ACTION_SHRED, .feed = feed};
	uint8_t shred[SHRED_BYTES_MAX];
	uint32_t len = make_shred(shred, 0, slot, set, 0, 6051, false);

	aggregate_payload(aggregate, &rule, shred, len, len, stamp_ns, counters);
}

/* Slots leave a full table in the order in which they fell silent: the next one always finds room, and nothing is lost. */
static void test_a_full_table_lets_the_oldest_slots_go(void **state)
{
	uint64_t counters[PL_COUNTER_MAX] = {0}, packets = 0;
	const struct aggregate_handlers handlers = {&packets, ignore_record, ignore_set, count_slot};
	struct aggregate *aggregate;

	(void)state;
	assert_int_equal(aggregate_new(&aggregate, 4, &handlers, NULL), 0);
	give_shred(aggregate, 0, 7, 0, 100, counters);
	give_shred(aggregate, 0, UINT64_MAX, 0, 101, counters);
	give_shred(aggregate, 0, 6, 0, 102, counters);
	give_shred(aggregate, 0, 7, 0, 103, counters); /* still coming */
	give_shred(aggregate, 0, 6, 32, 104, counters);
	assert_int_equal(packets, 0);
	give_shred(aggregate, 0, 8, 0, 105, counters);
	assert_int_equal(packets, 3); /* the far slot's one and slot 7's two */
	give_shred(aggregate, 0, 7, 0, 106, counters);
	give_shred(aggregate, 0, 8, 0, 107, counters);
	aggregate_retire(aggregate, 0, 0);
	assert_int_equal(packets, 3 + 2 + 2);
	aggregate_counters(aggregate, 0, counters);
	assert_int_equal(counters[PL_COUNTER_EVICTED], 2);
	assert_int_equal(counters[PL_COUNTER_LATE], 1);
	assert_int_equal(counters[PL_COUNTER_SETS], 5);
	assert_int_equal(counters[PL_COUNTER_MAP_FULL], 0);
	aggregate_free(aggregate);
}

/* Slot numbers without end, such as a flood of garbage brings, between the shreds of a block: that one is whole. */
static void test_a_flood_of_slots_leaves_the_live_one_alone(void **state)
{
	uint64_t counters[PL_COUNTER_MAX] = {0}, packets = 0, stamp_ns = 1;
	const struct aggregate_handlers handlers = {&packets, ignore_record, ignore_set, count_slot};
	struct aggregate *aggregate;

	(void)state;
	assert_int_equal(aggregate_new(&aggregate, 1024, &handlers, NULL), 0);
	for (uint64_t i = 0; i < 20000; i++) {
		give_shred(aggregate, 1, 1000000 + i * 7919, 0, stamp_ns++, counters);
		if (i % 100 == 0)
			give_shred(aggregate, 0, 5, (uint32_t)(i / 100) * 32, stamp_ns++, counters);
	}
	packets = 0;
	aggregate_retire(aggregate, stamp_ns + 1000000, 0);
	memset(counters, 0, sizeof(counters));
	aggregate_counters(aggregate, 0, counters);
	assert_int_equal(counters[PL_COUNTER_EVICTED], 0);
	aggregate_counters(aggregate, 1, counters);
	assert_true(counters[PL_COUNTER_EVICTED] > 19000);
	assert_true(packets >= 200 && packets <= 1024);
	aggregate_free(aggregate);
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
		cmocka_unit_test_setup_teardown(test_a_set_is_decodable_with_32_distinct_shreds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_no_shred_is_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_idle_slots_are_summarised_and_stragglers_late, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_each_shred_has_its_record, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_shred_with_its_payload, set_up, tear_down),
		cmocka_unit_test(test_a_full_table_lets_the_oldest_slots_go),
		cmocka_unit_test(test_a_flood_of_slots_leaves_the_live_one_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
