// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Hours of Solana-like traffic through the tables of replay, as fast as they go: two feeds of 5,000 packets/s with
 * losses, copies, disorder, stragglers and slots that do not exist, slots of 400 ms that become 200 ms. Memory stays what it was.
 * PRICELAG_DAY_SECONDS: how much of it (600; `make bench-day` does 86,400 and prints the memory once an hour).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "capture_files.h"
#include "resident.h"
#include "tap/aggregate.h"

#define SECOND_NS 1000000000ULL
#define PACKETS_A_SECOND 10000
#define FEEDS 2
#define VERSION 50093

/* AddressSanitizer keeps what was freed (here qsort's room) for a while: up to 256 MB of it. */
#ifdef __SANITIZE_ADDRESS__
#define GROWTH_MAX (300U << 20)
#else
#define GROWTH_MAX (1U << 20)
#endif

struct day {
	uint64_t packets, slots, sets, in_slots;
	uint64_t counters[FEEDS][PL_COUNTER_MAX];
};

static void on_record(void *context, const struct pl_record *record, size_t len)
{
	(void)context;
	(void)record;
	(void)len;
}

static void on_set(void *context, const struct pl_set_key *key, const struct pl_set *set)
{
	struct day *day = context;

	(void)key;
	(void)set;
	day->sets++;
}

static void on_slot(void *context, const struct pl_slot_key *key, const struct pl_slot *slot)
{
	struct day *day = context;

	(void)key;
	day->slots++;
	day->in_slots += slot->packets;
}

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*state >> 33);
}

/* The packet at `now_ns`: of the slot of that time mostly, in disorder among the 64 shreds of three sets. */
static void give(struct aggregate *aggregate, struct day *day, uint64_t now_ns, uint64_t slot_ns, uint64_t *random)
{
	static const struct pl_rule rules[FEEDS] = {
		{.action = PL_ACTION_SHRED, .feed = 0, .shred_version = VERSION},
		{.action = PL_ACTION_SHRED, .feed = 1, .shred_version = VERSION},
	};
	uint64_t slot = 400000000 + now_ns / slot_ns, since = now_ns % slot_ns, per_slot = slot_ns / (SECOND_NS / 5000);
	uint32_t feed = next_random(random) % FEEDS, what = next_random(random) % 10000;
	uint32_t at = (uint32_t)(since * per_slot / slot_ns) + next_random(random) % 160, len;
	uint8_t shred[SHRED_BYTES_MAX];
	bool repair = false;

	if (what < 1200)
		return; /* lost */
	if (what < 1210)
		slot = next_random(random) * 2654435761ULL; /* none that exists */
	else if (what < 1230)
		slot -= 7 * SECOND_NS / slot_ns, repair = true; /* a straggler of a slot that is over */
	len = make_shred(shred, at & 1, slot, at / 64 * 32, at / 2 % 32, VERSION, repair);
	aggregate_payload(aggregate, &rules[feed], shred, len, len, 1 + now_ns, day->counters[feed]);
	day->packets++;
}

static void memory_stays_flat(void **state)
{
	const char *wanted = getenv("PRICELAG_DAY_SECONDS");
	uint64_t seconds = wanted ? strtoull(wanted, NULL, 10) : 600, random = 1, warm = 0, now = 0, late = 0, evicted = 0;
	struct day day = {0};
	const struct aggregate_handlers handlers = {&day, on_record, on_set, on_slot};
	struct aggregate *aggregate;

	(void)state;
	assert_true(seconds >= 60);
	assert_int_equal(aggregate_new(&aggregate, 65536, &handlers, NULL), 0);
	for (uint64_t second = 0; second < seconds; second++) {
		uint64_t slot_ns = second < seconds / 2 ? 400000000 : 200000000;

		for (uint64_t i = 0; i < PACKETS_A_SECOND; i++)
			give(aggregate, &day, second * SECOND_NS + i * (SECOND_NS / PACKETS_A_SECOND), slot_ns, &random);
		aggregate_retire(aggregate, (second + 1) * SECOND_NS, TAP_SLOT_IDLE_NS);
		now = resident_bytes();
		if (second == seconds / 4)
			warm = now;
		if (wanted && second % 3600 == 0)
			printf("%2llu h  %6.1f MB  %llu packets  %llu slots\n", (unsigned long long)second / 3600, (double)now / 1e6,
			       (unsigned long long)day.packets, (unsigned long long)day.slots);
	}
	aggregate_retire(aggregate, 0, 0);
	for (uint32_t feed = 0; feed < FEEDS; feed++) {
		aggregate_counters(aggregate, feed, day.counters[feed]);
		late += day.counters[feed][PL_COUNTER_LATE];
		evicted += day.counters[feed][PL_COUNTER_EVICTED];
	}
	assert_int_equal(evicted, 0);
	assert_true(late > 0);
	assert_int_equal(day.in_slots + late, day.packets); /* and every packet is somewhere */
	assert_true(day.slots > FEEDS * 3 * seconds);
	assert_true(now <= warm + GROWTH_MAX);
	aggregate_free(aggregate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(memory_stays_flat)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
