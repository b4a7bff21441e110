// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The kernel's table of FEC sets under slot numbers that do not end. */
#include "kernel.h"

#include "capture_files.h"

#define FEED 3
#define PORT 8001

static struct kernel_test test;
static uint64_t slots, live_packets, live_decodable, taken_sets;

static int setup(void **state)
{
	struct match match = {.space = PL_PORT_UDP, .port_low = PORT, .port_high = PORT};

	(void)state;
	slots = live_packets = live_decodable = taken_sets = 0;
	if (!tap_permitted(&test.tap, NULL))
		return 0;
	return tap_add_match(test.tap, &match, FEED, PL_ACTION_SHRED, 0, NULL);
}

static int teardown(void **state)
{
	(void)state;
	tap_close(test.tap);
	test.tap = NULL;
	return 0;
}

static void give(uint64_t slot, uint32_t set, uint32_t position)
{
	static uint8_t shred[SHRED_BYTES_MAX], frame[FRAME_MAX];
	struct frame_spec spec = {.dest_port = PORT, .payload = shred, .len = make_shred(shred, false, slot, set, position, 1, false)};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = frame_build(&spec, frame), .repeat = 1);

	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(test.tap->kernel->progs.pl_xdp), &run), 0);
}

static void on_set(void *context, const struct pl_set_key *key, const struct pl_set *set)
{
	(void)context;
	(void)set;
	taken_sets++;
	assert_int_equal(key->feed, FEED);
}

static void on_slot(void *context, const struct pl_slot_key *key, const struct pl_slot *slot)
{
	(void)context;
	slots++;
	if (key->slot != 5)
		return;
	live_packets += slot->packets;
	live_decodable += slot->sets_decodable;
}

static void ignore(void *context, const struct pl_record *record, size_t len)
{
	(void)context;
	(void)record;
	(void)len;
}

/*
 * Three times as many slots as the table has room for, one packet each; between the last of them comes a block of four
 * sets, one shred in 480 packets. There is room for all of it, and of the others every set is either found or counted.
 */
static void a_flood_does_not_stop_the_next_block(void **state)
{
	uint32_t max, sent = 0;

	(void)state;
	if (!test.tap)
		skip();
	max = bpf_map__max_entries(test.tap->kernel->maps.sets);
	for (uint64_t i = 0; i < 3 * max; i++) {
		give(1000000 + i * 7919, 0, 0);
		if (i > 2 * max && i % 480 == 0 && sent < 4 * 32) {
			give(5, sent / 32 * 32, sent % 32);
			sent++;
		}
	}
	assert_int_equal(sent, 128);
	assert_true(tap_drain(test.tap, ignore, NULL) == 4);
	/* no slot is over yet, but the table is full: those that were silent for longest leave, a few at a time */
	assert_int_equal(tap_retire_slots(test.tap, now_ns(), 3600000000000ULL, 100, on_set, on_slot, NULL), 100);
	assert_true(counted(&test, FEED, PL_COUNTER_EVICTED) >= 2 * max);
	assert_true(tap_retire_slots(test.tap, now_ns(), 3600000000000ULL, SIZE_MAX, on_set, on_slot, NULL) > 1000);
	assert_int_equal(live_packets, 0);
	assert_true(tap_retire_slots(test.tap, now_ns(), 3600000000000ULL, SIZE_MAX, on_set, on_slot, NULL) == 0);
	assert_true(tap_retire_slots(test.tap, 0, 0, SIZE_MAX, on_set, on_slot, NULL) > 0);
	assert_int_equal(live_packets, 128);
	assert_int_equal(live_decodable, 4);
	assert_int_equal(counted(&test, FEED, PL_COUNTER_PACKETS), 3 * max + 128);
	assert_int_equal(counted(&test, FEED, PL_COUNTER_SETS), 3 * max + 4);
	assert_int_equal(counted(&test, FEED, PL_COUNTER_EVICTED) + taken_sets, 3 * max + 4);
	assert_int_equal(counted(&test, FEED, PL_COUNTER_MAP_FULL), 0);
	assert_int_equal(counted(&test, FEED, PL_COUNTER_LATE), 0);
}

/* What comes of a slot that was taken out is late, and makes no second slot of it; the next slot does as well as the first. */
static void stragglers_are_late(void **state)
{
	(void)state;
	if (!test.tap)
		skip();
	give(5, 0, 0);
	assert_int_equal(tap_retire_slots(test.tap, 0, 0, SIZE_MAX, on_set, on_slot, NULL), 1);
	give(5, 0, 1);
	give(5, 32, 1);
	give(6, 0, 1);
	assert_int_equal(tap_retire_slots(test.tap, 0, 0, SIZE_MAX, on_set, on_slot, NULL), 1);
	assert_int_equal(live_packets, 1);
	assert_int_equal(slots, 2);
	assert_int_equal(counted(&test, FEED, PL_COUNTER_LATE), 2);
	assert_int_equal(counted(&test, FEED, PL_COUNTER_EVICTED), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_flood_does_not_stop_the_next_block, setup, teardown),
		cmocka_unit_test_setup_teardown(stragglers_are_late, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
