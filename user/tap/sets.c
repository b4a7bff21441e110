// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Takes the slots that are over out of the kernel's table of FEC sets (bpf/record.h), which is mapped here. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

#include "shred.bpf.h"
#include "tap/internal.h"

#define TABLE_BYTES (PL_SET_BUCKETS * sizeof(struct pl_set_bucket))

int sets_open(struct tap *tap, struct error *err)
{
	void *table = mmap(NULL, TABLE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(tap->kernel->maps.sets), 0);

	if (table == MAP_FAILED)
		return error_set(err, -errno, "mapping the table of FEC sets: %s", strerror(errno));
	tap->buckets = table;
	/* Of what is not used yet the kernel gives no memory. */
	tap->set_keys = calloc(PL_SETS_MAX, sizeof(*tap->set_keys));
	tap->set_values = calloc(PL_SETS_MAX, sizeof(*tap->set_values));
	tap->set_places = calloc(PL_SETS_MAX, sizeof(*tap->set_places));
	tap->set_order = calloc(PL_SETS_MAX, sizeof(*tap->set_order));
	tap->spans = calloc(PL_SETS_MAX, sizeof(*tap->spans));
	tap->memory = slots_memory_new();
	if (!tap->set_keys || !tap->set_values || !tap->set_places || !tap->set_order || !tap->spans || !tap->memory)
		return error_set(err, -ENOMEM, "out of memory");
	return 0;
}

void sets_close(struct tap *tap)
{
	if (tap->buckets)
		munmap(tap->buckets, TABLE_BYTES);
	free(tap->set_keys);
	free(tap->set_values);
	free(tap->set_places);
	free(tap->set_order);
	free(tap->spans);
	free(tap->memory);
}

static struct pl_set_tag *tag_at(struct tap *tap, uint32_t place)
{
	return &tap->buckets[place / PL_SET_WAYS].tags[place % PL_SET_WAYS];
}

/* Packets change it meanwhile: each field is one of some moment. */
static struct pl_set set_at(const struct tap *tap, uint32_t place)
{
	return *(const volatile struct pl_set *)&tap->buckets[place / PL_SET_WAYS].sets[place % PL_SET_WAYS];
}

/* Copies what is in the table, and lists its slots. Returns how many. */
static size_t copy_sets(struct tap *tap)
{
	struct slots_table table = {tap->set_keys, tap->set_values, tap->set_order, 0};
	uint32_t place;

	for (place = 0; place < PL_SETS_MAX; place++) {
		const struct pl_set_tag *tag = tag_at(tap, place);
		uint64_t rest = __atomic_load_n(&tag->rest, __ATOMIC_ACQUIRE);

		if (rest == PL_SET_FREE)
			continue;
		tap->set_keys[table.count] = (struct pl_set_key){tag->slot, (uint32_t)(rest >> 32) - 1, (uint32_t)rest};
		tap->set_values[table.count] = set_at(tap, place);
		/* The kernel may have given the place to another set meanwhile. */
		if (__atomic_load_n(&tag->rest, __ATOMIC_ACQUIRE) != rest)
			continue;
		tap->set_places[table.count] = place;
		tap->set_order[table.count] = table.count;
		table.count++;
	}
	return slots_list(tap->memory, &table, tap->spans);
}

/*
 * Takes one set out of the table: no packet finds it any more, then it is read. False where the kernel needed its place
 * since the copy was made, and counted it as evicted.
 */
static bool take_set(struct tap *tap, uint32_t index, struct pl_set *set)
{
	struct pl_set_tag *tag = tag_at(tap, tap->set_places[index]);
	__u64 rest = shred_set_rest(&tap->set_keys[index]);

	if (tag->slot != tap->set_keys[index].slot ||
	    !__atomic_compare_exchange_n(&tag->rest, &rest, PL_SET_LEAVING, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return false;
	*set = set_at(tap, tap->set_places[index]);
	__atomic_store_n(&tag->rest, PL_SET_FREE, __ATOMIC_RELEASE);
	return true;
}

/* Takes the sets of one slot out of the kernel's table. True: a slot came of it. */
static bool retire_slot(struct tap *tap, const struct slots_span *span, tap_set_fn on_set, tap_slot_fn on_slot, void *context)
{
	const uint32_t *order = tap->set_order + span->begin;
	const struct pl_set_key *first = &tap->set_keys[order[0]];
	struct pl_slot_key key = {.slot = first->slot, .feed = first->feed};
	struct pl_slot slot = {};
	struct pl_set set;
	__u8 yes = 1;
	uint32_t i;
	/* From here on the kernel begins no set of this slot any more. One begun in the moment before is late as well. */
	bool again = bpf_map_update_elem(bpf_map__fd(tap->kernel->maps.retired), &key, &yes, BPF_NOEXIST) && errno == EEXIST;

	for (i = 0; i < span->end - span->begin; i++) {
		const struct pl_set_key *set_key = &tap->set_keys[order[i]];

		if (!take_set(tap, order[i], &set))
			continue;
		if (!again && slots_is_astray(tap->memory, set_key, &set)) {
			tap->astray[key.feed] += shred_count(set.seen) + set.duplicates;
			continue;
		}
		shred_slot_add(&slot, set_key, &set);
		if (!again)
			on_set(context, set_key, &set);
	}
	if (again)
		tap->late[key.feed] += slot.packets;
	else if (slot.sets)
		on_slot(context, &key, &slot);
	return !again && slot.sets;
}

int tap_retire_slots(struct tap *tap, uint64_t now_ns, uint64_t idle_ns, size_t sets_max, tap_set_fn on_set,
		     tap_slot_fn on_slot, void *context)
{
	size_t count = copy_sets(tap), there = count ? tap->spans[count - 1].end : 0, taken = 0, i;
	int slots = 0;

	if (there > PL_SETS_LIVE && idle_ns)
		slots_sort_by_silence(tap->spans, count);
	for (i = 0; i < count; i++) {
		const struct slots_span *span = &tap->spans[i];
		uint32_t sets = span->end - span->begin;
		bool over = !idle_ns || (span->last_ns <= now_ns && now_ns - span->last_ns >= idle_ns);

		if ((!over && there <= PL_SETS_LIVE) || (taken && taken + sets > sets_max))
			continue;
		slots += retire_slot(tap, span, on_set, on_slot, context);
		taken += sets;
		there -= sets;
	}
	return slots;
}
