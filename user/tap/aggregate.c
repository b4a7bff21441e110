// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tap/aggregate.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "shred.bpf.h"
#include "tap/slots.h"

#define NOWHERE UINT32_MAX

/* Slots taken out that are remembered, so that their stragglers are known as such: of 16 feeds the last 256 each. */
#define RETIRED_MAX 4096
#define RETIRED_FEEDS 16 /* feeds whose slots do not take each other's places */

struct aggregate {
	struct aggregate_handlers handlers;
	struct pl_set_key *keys;
	struct pl_set *sets;
	uint32_t *next; /* in its bucket, or in the free list */
	bool *in_use;
	uint32_t set_max, set_count;
	uint32_t touched; /* places below this were used at some time */
	uint32_t free;	  /* list of places that were given back */
	uint32_t *buckets;
	uint32_t bucket_mask;
	struct pl_slot_key retired[RETIRED_MAX]; /* each at its place; pad is 1 where there is one */
	uint32_t *order; /* room for a retirement */
	struct slots_span *spans;
	struct slots_memory *memory;
	uint64_t evicted[PL_FEEDS_MAX], astray[PL_FEEDS_MAX];
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
		aggregate->set_max = (uint32_t)sets_max;
		aggregate->free = NOWHERE;
		aggregate->bucket_mask = buckets - 1;
		aggregate->keys = calloc(sets_max, sizeof(*aggregate->keys));
		aggregate->sets = calloc(sets_max, sizeof(*aggregate->sets));
		aggregate->next = calloc(sets_max, sizeof(*aggregate->next));
		aggregate->in_use = calloc(sets_max, sizeof(*aggregate->in_use));
		aggregate->order = calloc(sets_max, sizeof(*aggregate->order));
		aggregate->spans = calloc(sets_max, sizeof(*aggregate->spans));
		aggregate->memory = slots_memory_new();
		aggregate->buckets = malloc(buckets * sizeof(*aggregate->buckets));
	}
	if (!aggregate || !aggregate->keys || !aggregate->sets || !aggregate->next || !aggregate->in_use ||
	    !aggregate->order || !aggregate->spans || !aggregate->memory || !aggregate->buckets) {
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
	free(aggregate->keys);
	free(aggregate->sets);
	free(aggregate->next);
	free(aggregate->in_use);
	free(aggregate->order);
	free(aggregate->spans);
	free(aggregate->memory);
	free(aggregate->buckets);
	free(aggregate);
}

/* ---- the table ---------------------------------------------------------------------------------------------------- */

static bool same_key(const struct pl_set_key *a, const struct pl_set_key *b)
{
	return a->slot == b->slot && a->feed == b->feed && a->fec_set_index == b->fec_set_index;
}

static struct pl_set *find(struct aggregate *aggregate, const struct pl_set_key *key)
{
	uint32_t i = aggregate->buckets[bucket_of(aggregate, key)];

	while (i != NOWHERE && !same_key(&aggregate->keys[i], key))
		i = aggregate->next[i];
	return i == NOWHERE ? NULL : &aggregate->sets[i];
}

/* A new set, all zero; the caller has made room. */
static struct pl_set *insert(struct aggregate *aggregate, const struct pl_set_key *key)
{
	uint32_t *bucket = &aggregate->buckets[bucket_of(aggregate, key)];
	uint32_t i = aggregate->free;

	if (i != NOWHERE)
		aggregate->free = aggregate->next[i];
	else
		i = aggregate->touched++;
	aggregate->keys[i] = *key;
	memset(&aggregate->sets[i], 0, sizeof(aggregate->sets[i]));
	aggregate->next[i] = *bucket;
	aggregate->in_use[i] = true;
	aggregate->set_count++;
	*bucket = i;
	return &aggregate->sets[i];
}

static void give_back(struct aggregate *aggregate, uint32_t i)
{
	uint32_t *link = &aggregate->buckets[bucket_of(aggregate, &aggregate->keys[i])];

	while (*link != i)
		link = &aggregate->next[*link];
	*link = aggregate->next[i];
	aggregate->in_use[i] = false;
	aggregate->next[i] = aggregate->free;
	aggregate->free = i;
	aggregate->set_count--;
}

/* Slots follow each other, so that a later one takes the place of the one RETIRED_MAX / RETIRED_FEEDS before it at the earliest. */
static size_t retired_place(uint64_t slot, uint32_t feed)
{
	return (slot + feed % RETIRED_FEEDS * (RETIRED_MAX / RETIRED_FEEDS)) % RETIRED_MAX;
}

static bool is_retired(const struct aggregate *aggregate, const struct pl_set_key *key)
{
	const struct pl_slot_key *slot = &aggregate->retired[retired_place(key->slot, key->feed)];

	return slot->pad && slot->slot == key->slot && slot->feed == key->feed;
}

/* ---- slots that leave --------------------------------------------------------------------------------------------- */

static uint32_t feed_index(const struct pl_set_key *key)
{
	return key->feed < PL_FEEDS_MAX ? key->feed : PL_FEED_NONE;
}

static void depart(struct aggregate *aggregate, const struct slots_span *span)
{
	const struct aggregate_handlers *handlers = &aggregate->handlers;
	const struct pl_set_key *first = &aggregate->keys[aggregate->order[span->begin]];
	struct pl_slot_key key = {.slot = first->slot, .feed = first->feed};
	struct pl_slot slot = {0};

	for (uint32_t i = span->begin; i < span->end; i++) {
		uint32_t at = aggregate->order[i];
		const struct pl_set *set = &aggregate->sets[at];

		if (slots_is_astray(aggregate->memory, &aggregate->keys[at], set)) {
			aggregate->astray[feed_index(&aggregate->keys[at])] += shred_count(set->seen) + set->duplicates;
		} else {
			shred_slot_add(&slot, &aggregate->keys[at], set);
			handlers->on_set(handlers->context, &aggregate->keys[at], set);
		}
		give_back(aggregate, at);
	}
	if (slot.sets)
		handlers->on_slot(handlers->context, &key, &slot);
	aggregate->retired[retired_place(key.slot, key.feed)] = (struct pl_slot_key){key.slot, key.feed, .pad = 1};
}

/* All slots of the table, by feed and number. Returns how many. */
static size_t list_slots(struct aggregate *aggregate)
{
	struct slots_table table = {aggregate->keys, aggregate->sets, aggregate->order, 0};

	for (uint32_t i = 0; i < aggregate->touched; i++)
		if (aggregate->in_use[i])
			table.order[table.count++] = i;
	return slots_list(aggregate->memory, &table, aggregate->spans);
}

void aggregate_retire(struct aggregate *aggregate, uint64_t now_ns, uint64_t idle_ns)
{
	size_t count = list_slots(aggregate);

	for (size_t i = 0; i < count; i++) {
		uint64_t last_ns = aggregate->spans[i].last_ns;

		if (!idle_ns || (now_ns > last_ns && now_ns - last_ns >= idle_ns))
			depart(aggregate, &aggregate->spans[i]);
	}
}

/* The table is full: the slots that were silent for longest leave, until half of it is free. */
static void make_room(struct aggregate *aggregate)
{
	size_t count = list_slots(aggregate);

	slots_sort_by_silence(aggregate->spans, count);
	for (size_t i = 0; i < count && aggregate->set_count > aggregate->set_max / 2; i++) {
		const struct slots_span *span = &aggregate->spans[i];

		aggregate->evicted[feed_index(&aggregate->keys[aggregate->order[span->begin]])] +=
			span->end - span->begin;
		depart(aggregate, span);
	}
}

void aggregate_counters(const struct aggregate *aggregate, uint32_t feed, uint64_t counters[PL_COUNTER_MAX])
{
	counters[PL_COUNTER_EVICTED] += aggregate->evicted[feed];
	counters[PL_COUNTER_ASTRAY] += aggregate->astray[feed];
}

/* ---- packets ------------------------------------------------------------------------------------------------------ */

/* `captured` bytes of the payload are copied behind the record, where the rule wants them. */
static void shred_record(const struct aggregate *aggregate, const struct pl_rule *rule, const struct shred *shred,
			 const uint8_t *payload, uint32_t captured, uint32_t len, uint64_t stamp_ns)
{
	struct {
		struct pl_shred_record record;
		uint8_t bytes[PL_SHRED_BYTES_MAX];
	} whole = {.record.head = {PL_RECORD_SHRED, rule->feed, stamp_ns}};

	shred_fill_record(&whole.record, shred, len);
	if (rule->action == PL_ACTION_SHRED_PAYLOAD) {
		whole.record.captured = (uint16_t)(captured < len ? captured : len);
		memcpy(whole.bytes, payload, whole.record.captured);
	}
	aggregate->handlers.on_record(aggregate->handlers.context, &whole.record.head,
				      sizeof(whole.record) + whole.record.captured);
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

/* A recognised shred into its set; false if it is late. */
static bool take(struct aggregate *aggregate, const struct shred *shred, uint32_t feed, uint64_t stamp_ns,
		 uint64_t counters[PL_COUNTER_MAX])
{
	struct pl_set_key key = {.slot = shred->slot, .feed = feed, .fec_set_index = shred->fec_set_index};
	struct pl_set *set = find(aggregate, &key);

	if (!set && is_retired(aggregate, &key))
		return false;
	if (!set) {
		if (aggregate->set_count == aggregate->set_max)
			make_room(aggregate);
		counters[PL_COUNTER_SETS]++;
		set = insert(aggregate, &key);
		shred_begin_set(set, shred, stamp_ns);
	}
	if (shred_update_set(set, shred, stamp_ns) == SHRED_DECODABLE)
		set_record(aggregate, &key, set, stamp_ns);
	return true;
}

void aggregate_payload(struct aggregate *aggregate, const struct pl_rule *rule, const uint8_t *payload,
		       uint32_t captured, uint32_t len, uint64_t stamp_ns, uint64_t counters[PL_COUNTER_MAX])
{
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
	if (rule->action != PL_ACTION_SHRED)
		shred_record(aggregate, rule, &shred, payload, captured, len, stamp_ns);
	if (!take(aggregate, &shred, rule->feed, stamp_ns, counters))
		counters[PL_COUNTER_LATE]++;
}
