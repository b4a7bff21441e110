// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The kernel's table of FEC sets under slot numbers that do not end. */
#include "kernel.h"

#include <pthread.h>
#include <sched.h>

#include "capture_files.h"
#include "shred.bpf.h"

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

static int send_shred(uint64_t slot, uint32_t set, uint32_t position)
{
	uint8_t shred[SHRED_BYTES_MAX] = {0}, frame[FRAME_MAX];
	struct frame_spec spec = {.dest_port = PORT, .payload = shred, .len = make_shred(shred, false, slot, set, position, 1, false)};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = frame_build(&spec, frame), .repeat = 1);

	return bpf_prog_test_run_opts(bpf_program__fd(test.tap->kernel->progs.pl_xdp), &run);
}

static void give(uint64_t slot, uint32_t set, uint32_t position)
{
	assert_int_equal(send_shred(slot, set, position), 0);
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

static void ignore_set(void *context, const struct pl_set_key *key, const struct pl_set *set)
{
	(void)context;
	(void)key;
	(void)set;
}

static void ignore(void *context, const struct pl_record *record, size_t len)
{
	(void)context;
	(void)record;
	(void)len;
}

/*
 * A quarter more slots than the table has room for, one packet each; between the last of them comes a block of four
 * sets, one shred in 480 packets. There is room for all of it, and of the others every set is either found or counted.
 */
static void a_flood_does_not_stop_the_next_block(void **state)
{
	const uint32_t flood = PL_SETS_MAX + PL_SETS_MAX / 4;
	uint32_t sent = 0;

	(void)state;
	if (!test.tap)
		skip();
	for (uint64_t i = 0; i < flood; i++) {
		give(1000000 + i * 7919, 0, 0);
		if (i >= flood - 480 * 4 * 32 && i % 480 == 0) {
			give(5, sent / 32 * 32, sent % 32);
			sent++;
		}
	}
	assert_int_equal(sent, 128);
	assert_true(tap_drain(test.tap, ignore, NULL) == 4);
	/* no slot is over yet, but the table is full: those that were silent for longest leave, a few at a time */
	assert_int_equal(tap_retire_slots(test.tap, now_ns(), 3600000000000ULL, 100, on_set, on_slot, NULL), 100);
	assert_true(counted(&test, FEED, PL_COUNTER_EVICTED) >= flood - PL_SETS_MAX);
	assert_true(tap_retire_slots(test.tap, now_ns(), 3600000000000ULL, SIZE_MAX, on_set, on_slot, NULL) > 1000);
	assert_int_equal(live_packets, 0);
	assert_true(tap_retire_slots(test.tap, now_ns(), 3600000000000ULL, SIZE_MAX, on_set, on_slot, NULL) == 0);
	assert_true(tap_retire_slots(test.tap, 0, 0, SIZE_MAX, on_set, on_slot, NULL) > 0);
	assert_int_equal(live_packets, 128);
	assert_int_equal(live_decodable, 4);
	assert_int_equal(counted(&test, FEED, PL_COUNTER_PACKETS), flood + 128);
	assert_int_equal(counted(&test, FEED, PL_COUNTER_SETS), flood + 4);
	assert_int_equal(counted(&test, FEED, PL_COUNTER_EVICTED) + taken_sets, flood + 4);
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

#define SHARED_SLOTS 100
#define SHARED_SETS 4
#define SHARED_PACKETS (SHARED_SLOTS * SHARED_SETS * SHRED_SET_DATA)

/* context: the CPU. Returns NULL if all packets went through. */
static void *send_all(void *context)
{
	int failed = 0;
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(*(const int *)context, &cpu);
	sched_setaffinity(0, sizeof(cpu), &cpu); /* with one CPU only they take turns on it */
	for (uint32_t slot = 0; slot < SHARED_SLOTS; slot++)
		for (uint32_t i = 0; i < SHARED_SETS * SHRED_SET_DATA; i++)
			failed |= send_shred(5 + slot, i / SHRED_SET_DATA * SHRED_SET_DATA, i % SHRED_SET_DATA);
	return failed ? context : NULL;
}

static void sum_slot(void *context, const struct pl_slot_key *key, const struct pl_slot *slot)
{
	struct pl_slot *sum = context;

	(void)key;
	sum->packets += slot->packets;
	sum->duplicates += slot->duplicates;
	sum->sets += slot->sets;
	sum->sets_decodable += slot->sets_decodable;
}

/* The same packets on two CPUs at once, as from two feeds on one port: each set begins once, and each shred is new once. */
static void two_cpus_share_the_sets(void **state)
{
	static int cpus[2] = {0, 1};
	struct pl_slot sum = {0};
	pthread_t threads[2];
	void *failed;

	(void)state;
	if (!test.tap)
		skip();
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, send_all, &cpus[i]), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	assert_int_equal(tap_drain(test.tap, ignore, NULL), SHARED_SLOTS * SHARED_SETS); /* each is decodable once */
	assert_int_equal(tap_retire_slots(test.tap, 0, 0, SIZE_MAX, ignore_set, sum_slot, &sum), SHARED_SLOTS);
	assert_int_equal(sum.sets, SHARED_SLOTS * SHARED_SETS);
	assert_int_equal(sum.sets_decodable, SHARED_SLOTS * SHARED_SETS);
	assert_int_equal(sum.packets, 2 * SHARED_PACKETS);
	assert_int_equal(sum.duplicates, SHARED_PACKETS);
	assert_int_equal(counted(&test, FEED, PL_COUNTER_SETS), SHARED_SLOTS * SHARED_SETS);
	assert_int_equal(counted(&test, FEED, PL_COUNTER_EVICTED), 0);
	assert_int_equal(counted(&test, FEED, PL_COUNTER_MAP_FULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_flood_does_not_stop_the_next_block, setup, teardown),
		cmocka_unit_test_setup_teardown(stragglers_are_late, setup, teardown),
		cmocka_unit_test_setup_teardown(two_cpus_share_the_sets, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
