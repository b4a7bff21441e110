// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Shreds by the choice of the input, into a table of 16 sets that is always about to be full. Eight bytes make a step: kind,
 * slot, set, position, signature, time, and a byte to put somewhere into the head. Every packet is in a slot or in a counter,
 * and every set is what its shreds were.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "capture_files.h"
#include "tap/aggregate.h"

#define FEEDS 2
#define STEP 8
#define STEPS_MAX 48

struct totals {
	uint64_t in_slots, in_sets, sets, sets_of_slot, now_ns;
	uint64_t first_slot; /* of this input: the slots of the ones before are over */
};

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void on_record(void *context, const struct pl_record *record, size_t len)
{
	struct totals *totals = context;
	const struct pl_shred_record *shred = (const void *)record;

	require(record->stamp_ns == totals->now_ns);
	if (record->type != PL_RECORD_SHRED)
		return;
	require(len == sizeof(*shred) + shred->captured);
	require(shred->fec_set_index % 32 == 0 && (shred->code || shred->index - shred->fec_set_index < 32));
}

static void on_set(void *context, const struct pl_set_key *key, const struct pl_set *set)
{
	struct totals *totals = context;
	uint64_t distinct = (uint64_t)__builtin_popcountll(set->seen);

	totals->in_sets += distinct + set->duplicates;
	totals->sets++;
	totals->sets_of_slot++;
	require(distinct && key->fec_set_index % 32 == 0 && key->feed < FEEDS);
	require((distinct >= 32) == (set->decodable_ns != 0));
	require(set->first_ns && set->first_ns <= set->last_ns && set->last_ns <= totals->now_ns);
	require(set->repairs <= distinct + set->duplicates && set->published_tick < 64);
}

static void on_slot(void *context, const struct pl_slot_key *key, const struct pl_slot *slot)
{
	struct totals *totals = context;

	(void)key;
	require(slot->sets == totals->sets_of_slot && slot->sets_decodable <= slot->sets);
	require(slot->data + slot->code + slot->duplicates == slot->packets);
	totals->sets_of_slot = 0;
	totals->in_slots += slot->packets;
}

static void step(struct aggregate *aggregate, struct totals *totals, const uint8_t *data,
		 uint64_t counters[FEEDS][PL_COUNTER_MAX])
{
	uint32_t feed = data[0] & 1, len;
	bool code = data[0] & 2, repair = data[0] & 4;
	const struct pl_rule rule = {
		.action = data[0] & 8 ? PL_ACTION_SHRED_EACH : PL_ACTION_SHRED,
		.feed = feed,
		.shred_version = data[0] & 16 ? 7 : 0,
	};
	uint8_t shred[SHRED_BYTES_MAX];

	totals->now_ns += (uint64_t)data[5] * 1000;
	len = make_shred(shred, code, totals->first_slot + data[1], (data[2] & 3) * 32u, data[3] % 32, 7, repair);
	shred[0] = data[4] & 7;
	if (data[0] & 32)
		shred[64 + data[6] % 25] = data[7];
	if (data[0] & 64)
		len = data[6] % 2 ? data[7] : len + data[7] % 2;
	aggregate_payload(aggregate, &rule, shred, len, len, totals->now_ns, counters[feed]);
	counters[feed][PL_COUNTER_PACKETS]++;
	if (data[5] > 250)
		aggregate_retire(aggregate, totals->now_ns, 300000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct totals totals = {.now_ns = 1};
	static uint64_t counters[FEEDS][PL_COUNTER_MAX];
	static struct aggregate *aggregate; /* kept: making one costs more than the packets do */
	const struct aggregate_handlers handlers = {&totals, on_record, on_set, on_slot};
	uint64_t begun = 0, expected = 0, astray = 0;
	struct error err;

	if (!aggregate && aggregate_new(&aggregate, 16, &handlers, &err))
		abort();
	totals.first_slot += 1000;
	if (size > STEPS_MAX * STEP)
		size = STEPS_MAX * STEP;
	for (; size >= STEP; data += STEP, size -= STEP)
		step(aggregate, &totals, data, counters);
	aggregate_retire(aggregate, 0, 0);
	for (uint32_t feed = 0; feed < FEEDS; feed++) {
		const uint64_t *count = counters[feed];
		uint64_t late_known[PL_COUNTER_MAX] = {0};

		aggregate_counters(aggregate, feed, late_known);
		begun += count[PL_COUNTER_SETS];
		astray += late_known[PL_COUNTER_ASTRAY];
		expected += count[PL_COUNTER_PACKETS] - count[PL_COUNTER_UNKNOWN] - count[PL_COUNTER_WRONG_VERSION] -
			    count[PL_COUNTER_HEARTBEATS] - count[PL_COUNTER_TRUNCATED] - count[PL_COUNTER_LATE];
	}
	require(totals.in_slots == totals.in_sets && totals.in_slots + astray == expected);
	require(totals.sets <= begun && begun <= totals.sets + astray);
	return 0;
}
