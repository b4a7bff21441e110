// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tap/slots.h"

#include <stdlib.h>

#include "shred.bpf.h"

#define PLACES 32768u

/*
 * As many shreds of a set may go the same wrong way. Where each twentieth shred has a wrong bit in its slot, three of a
 * set's 64 have one, and two of them agree in one set of fourteen, three in one of 900, four in one of 20,000.
 */
#define ASTRAY_MAX 3

struct slots_memory {
	struct {
		uint64_t signature;
		struct pl_set_key key;
		uint32_t shreds; /* distinct ones */
	} places[PLACES];
};

struct slots_memory *slots_memory_new(void)
{
	return calloc(1, sizeof(struct slots_memory));
}

/* Signatures are as good as random numbers; Fibonacci hashing serves for those of a generator. */
static size_t place_of(uint64_t signature, uint32_t feed)
{
	return ((signature + feed) * 0x9e3779b97f4a7c15ULL) >> 49;
}
_Static_assert(PLACES == 1u << (64 - 49), "places");

static int by_slot_and_set(const void *a, const void *b, void *keys_)
{
	const struct pl_set_key *keys = keys_;
	const struct pl_set_key *x = &keys[*(const uint32_t *)a], *y = &keys[*(const uint32_t *)b];

	if (x->feed != y->feed)
		return x->feed < y->feed ? -1 : 1;
	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	return (x->fec_set_index > y->fec_set_index) - (x->fec_set_index < y->fec_set_index);
}

static void remember(struct slots_memory *memory, const struct pl_set_key *key, const struct pl_set *set)
{
	size_t place = place_of(set->signature, key->feed);
	uint32_t shreds = shred_count(set->seen);

	if (shreds < 2 || !set->signature)
		return;
	/* Of sets that share a signature the one with the most shreds: a few may have gone astray to the same place. */
	if (memory->places[place].signature == set->signature && memory->places[place].key.feed == key->feed &&
	    memory->places[place].shreds > shreds)
		return;
	memory->places[place].signature = set->signature;
	memory->places[place].key = *key;
	memory->places[place].shreds = shreds;
}

size_t slots_list(struct slots_memory *memory, struct slots_table *table, struct slots_span *spans)
{
	const struct pl_set_key *slot = NULL;
	size_t count = 0;

	qsort_r(table->order, table->count, sizeof(*table->order), by_slot_and_set, (void *)table->keys);
	for (uint32_t i = 0; i < table->count; i++) {
		const struct pl_set_key *key = &table->keys[table->order[i]];
		const struct pl_set *set = &table->sets[table->order[i]];

		remember(memory, key, set);
		if (!slot || key->slot != slot->slot || key->feed != slot->feed)
			spans[count++] = (struct slots_span){.begin = i};
		slot = key;
		spans[count - 1].end = i + 1;
		if (set->last_ns > spans[count - 1].last_ns)
			spans[count - 1].last_ns = set->last_ns;
	}
	return count;
}

static int by_last_packet(const void *a, const void *b)
{
	const struct slots_span *x = a, *y = b;

	return (x->last_ns > y->last_ns) - (x->last_ns < y->last_ns);
}

void slots_sort_by_silence(struct slots_span *spans, size_t count)
{
	qsort(spans, count, sizeof(*spans), by_last_packet);
}

bool slots_is_astray(const struct slots_memory *memory, const struct pl_set_key *key, const struct pl_set *set)
{
	size_t place = place_of(set->signature, key->feed);
	const struct pl_set_key *other = &memory->places[place].key;
	uint32_t shreds = shred_count(set->seen);

	return shreds <= ASTRAY_MAX && memory->places[place].shreds >= 2 * shreds && set->signature &&
	       memory->places[place].signature == set->signature &&
	       other->feed == key->feed && (other->slot != key->slot || other->fec_set_index != key->fec_set_index);
}
