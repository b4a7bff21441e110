// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tap/aggregate.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "shred.bpf.h"

#define NO_ENTRY UINT32_MAX

/* Slots taken out that are remembered, so that their stragglers are known as such: minutes of any chain. */
#define RETIRED_MAX 4096

struct entry {
	struct pl_set_key key;
	struct pl_set set;
	uint32_t next; /* in its bucket, or in the free list */
	bool used;
};

struct aggregate {
	struct aggregate_handlers handlers;
	struct entry *entries;
	uint32_t entry_max;
	uint32_t used; /* entries below this were used at some time */
	uint32_t free; /* list of entries that were given back */
	uint32_t *buckets;
	uint32_t bucket_mask;
	struct pl_slot_key retired[RETIRED_MAX]; /* a ring */
	uint64_t retired_count;
	uint32_t *order; /* room to sort the entries of a retirement */
};

/* Fibonacci hashing of the slot with the set's number and the feed folded in: sets of a slot come one after another. */
static uint32_t bucket_of(const struct aggregate *aggregate, const struct pl_set_key *key)
{
	uint64_t mixed = (key->slot * 1031 + key->fec_set_index / SHRED_SET_DATA + ((uint64_t)key->feed << 40)) *
			 0x9e3779b97f4a7c15ULL;

	return (uint32_t)(mixed >> 32) & aggregate->bucket_mask;
}

int aggregate_new(struct aggregate **out, size_t sets_max, const struct aggregate_handlers *handlers,
		  struct error *err)
{
	struct aggregate *aggregate = calloc(1, sizeof(*aggregate));
	uint32_t buckets = 64;

	while (buckets < sets_max && buckets < 1U << 31)
		buckets *= 2;
	if (aggregate) {
		aggregate->handlers = *handlers;
		aggregate->entry_max = (uint32_t)sets_max;
		aggregate->free = NO_ENTRY;
		aggregate->bucket_mask = buckets - 1;
		aggregate->entries = calloc(sets_max, sizeof(*aggregate->entries));
		aggregate->order = calloc(sets_max, sizeof(*aggregate->order));
		aggregate->buckets = malloc(buckets * sizeof(*aggregate->buckets));
	}
	if (!aggregate || !aggregate->entries || !aggregate->order || !aggregate->buckets) {
		aggregate_free(aggregate);
		return error_set(err, -ENOMEM, "no memory for a table of %zu FEC sets", sets_max);
	}
	memset(aggregate->buckets, 0xff, buckets * sizeof(*aggregate->buckets));
	*out = aggregate;
	return 0;
}

void aggregate_free(struct aggregate *aggregate)
{
	if (!aggregate)
		return;
	free(aggregate->entries);
	free(aggregate->order);
	free(aggregate->buckets);
	free(aggregate);
}

static bool same_key(const struct pl_set_key *a, const struct pl_set_key *b)
{
	return a->slot == b->slot && a->feed == b->feed && a->fec_set_index == b->fec_set_index;
}

static struct pl_set *find(struct aggregate *aggregate, const struct pl_set_key *key)
{
	uint32_t i = aggregate->buckets[bucket_of(aggregate, key)];

	while (i != NO_ENTRY && !same_key(&aggregate->entries[i].key, key))
		i = aggregate->entries[i].next;
	return i == NO_ENTRY ? NULL : &aggregate->entries[i].set;
}

/* A new, empty set; NULL if the table is full. */
static struct pl_set *insert(struct aggregate *aggregate, const struct pl_set_key *key)
{
	uint32_t *bucket = &aggregate->buckets[bucket_of(aggregate, key)];
	uint32_t i = aggregate->free;

	if (i != NO_ENTRY)
		aggregate->free = aggregate->entries[i].next;
	else if (aggregate->used < aggregate->entry_max)
		i = aggregate->used++;
	else
		return NULL;
	aggregate->entries[i] = (struct entry){.key = *key, .next = *bucket, .used = true};
	*bucket = i;
	return &aggregate->entries[i].set;
}

static void give_back(struct aggregate *aggregate, uint32_t i)
{
	uint32_t *link = &aggregate->buckets[bucket_of(aggregate, &aggregate->entries[i].key)];

	while (*link != i)
		link = &aggregate->entries[*link].next;
	*link = aggregate->entries[i].next;
	aggregate->entries[i].used = false;
	aggregate->entries[i].next = aggregate->free;
	aggregate->free = i;
}

static bool is_retired(const struct aggregate *aggregate, const struct pl_set_key *key)
{
	uint64_t count = aggregate->retired_count < RETIRED_MAX ? aggregate->retired_count : RETIRED_MAX;

	for (uint64_t i = 0; i < count; i++)
		if (aggregate->retired[i].slot == key->slot && aggregate->retired[i].feed == key->feed)
			return true;
	return false;
}

static void shred_record(const struct aggregate *aggregate, const struct shred *shred, uint32_t feed, uint32_t len,
			 uint64_t stamp_ns)
{
	struct pl_shred_record record = {.head = {PL_RECORD_SHRED, feed, stamp_ns}};

	shred_fill_record(&record, shred, len);
	aggregate->handlers.on_record(aggregate->handlers.context, &record.head, sizeof(record));
}

static void set_record(const struct aggregate *aggregate, const struct pl_set_key *key, const struct pl_set *set,
		       uint64_t stamp_ns)
{
	struct pl_set_record record = {
		.head = {PL_RECORD_SET, key->feed, stamp_ns},
		.key = *key,
		.first_ns = set->first_ns,
		.seen = set->seen,
	};

	aggregate->handlers.on_record(aggregate->handlers.context, &record.head, sizeof(record));
}

/* A recognised shred into its set. Returns the counter of why not, or PL_COUNTER_PACKETS. */
static enum pl_counter take(struct aggregate *aggregate, const struct shred *shred, uint32_t feed, uint64_t stamp_ns)
{
	struct pl_set_key key = {.slot = shred->slot, .feed = feed, .fec_set_index = shred->fec_set_index};
	struct pl_set *set = find(aggregate, &key);

	if (!set && is_retired(aggregate, &key))
		return PL_COUNTER_LATE;
	if (!set)
		set = insert(aggregate, &key);
	if (!set)
		return PL_COUNTER_MAP_FULL;
	if (shred_update_set(set, shred, stamp_ns) == SHRED_DECODABLE)
		set_record(aggregate, &key, set, stamp_ns);
	return PL_COUNTER_PACKETS;
}

void aggregate_payload(struct aggregate *aggregate, const struct pl_rule *rule, const uint8_t *payload,
		       uint32_t captured, uint32_t len, uint64_t stamp_ns, uint64_t counters[PL_COUNTER_MAX])
{
	enum pl_counter counter;
	struct shred shred;
	int verdict;

	if (!shred_length_fits(len)) {
		bool heartbeat = captured >= SHRED_HEARTBEAT_BYTES && shred_is_heartbeat(payload);

		counters[heartbeat ? PL_COUNTER_HEARTBEATS : PL_COUNTER_UNKNOWN]++;
		return;
	}
	if (captured < SHRED_HEAD_BYTES) {
		counters[PL_COUNTER_TRUNCATED]++;
		return;
	}
	verdict = shred_read(payload, len, rule->shred_version, &shred);
	if (verdict != SHRED_OK) {
		counters[verdict == SHRED_WRONG_VERSION ? PL_COUNTER_WRONG_VERSION : PL_COUNTER_UNKNOWN]++;
		return;
	}
	if (shred.repair)
		counters[PL_COUNTER_REPAIRS]++;
	if (rule->action == PL_ACTION_SHRED_EACH)
		shred_record(aggregate, &shred, rule->feed, len, stamp_ns);
	counter = take(aggregate, &shred, rule->feed, stamp_ns);
	if (counter != PL_COUNTER_PACKETS)
		counters[counter]++;
}

static int by_slot_and_set(const void *a, const void *b, void *context)
{
	const struct entry *entries = context;
	const struct pl_set_key *x = &entries[*(const uint32_t *)a].key, *y = &entries[*(const uint32_t *)b].key;

	if (x->feed != y->feed)
		return x->feed < y->feed ? -1 : 1;
	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	return (x->fec_set_index > y->fec_set_index) - (x->fec_set_index < y->fec_set_index);
}

/* The sets order[0..count) are those of one slot. */
static void retire_slot(struct aggregate *aggregate, const uint32_t *order, size_t count, const struct pl_slot *slot)
{
	const struct aggregate_handlers *handlers = &aggregate->handlers;
	const struct pl_set_key *first = &aggregate->entries[order[0]].key;
	struct pl_slot_key key = {.slot = first->slot, .feed = first->feed};

	for (size_t i = 0; i < count; i++) {
		handlers->on_set(handlers->context, &aggregate->entries[order[i]].key, &aggregate->entries[order[i]].set);
		give_back(aggregate, order[i]);
	}
	handlers->on_slot(handlers->context, &key, slot);
	aggregate->retired[aggregate->retired_count++ % RETIRED_MAX] = key;
}

void aggregate_retire(struct aggregate *aggregate, uint64_t now_ns, uint64_t idle_ns)
{
	uint32_t *order = aggregate->order;
	size_t count = 0;

	for (uint32_t i = 0; i < aggregate->used; i++)
		if (aggregate->entries[i].used)
			order[count++] = i;
	qsort_r(order, count, sizeof(*order), by_slot_and_set, aggregate->entries);
	for (size_t i = 0, end; i < count; i = end) {
		const struct pl_set_key *key = &aggregate->entries[order[i]].key;
		struct pl_slot slot = {0};

		for (end = i; end < count; end++) {
			const struct entry *entry = &aggregate->entries[order[end]];

			if (entry->key.slot != key->slot || entry->key.feed != key->feed)
				break;
			shred_slot_add(&slot, &entry->key, &entry->set);
		}
		if (!idle_ns || (now_ns > slot.last_ns && now_ns - slot.last_ns >= idle_ns))
			retire_slot(aggregate, order + i, end - i, &slot);
	}
}
