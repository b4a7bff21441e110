// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Shreds out of a capture: sets, slots, records, and a table that is full. */
#include "capture_seen.h"

#include "tap/aggregate.h"

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
