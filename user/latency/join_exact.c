// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The join by key and by bytes, among the messages that are held. The rules are told in docs/session.md. */
#include <stdlib.h>

#include "latency/join_group.h"

const char *const join_method_names[JOIN_METHODS] = {"bytes", "key", "price"};

/* ---- indices ---- */

static uint32_t number_at(const struct group *group, const struct group_index *index, uint32_t position)
{
	return *(const uint32_t *)((const char *)message_at(group, position) + index->member);
}

struct index_of {
	const struct group *group;
	const struct group_index *index;
};

static int by_number_then_position(const void *a, const void *b, void *context)
{
	const struct index_of *of = context;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	uint32_t x_number = number_at(of->group, of->index, x), y_number = number_at(of->group, of->index, y);

	if (x_number != y_number)
		return x_number < y_number ? -1 : 1;
	return (x > y) - (x < y);
}

static void index_build(const struct group *group, struct group_index *index)
{
	struct index_of of = {group, index};

	index->count = 0;
	for (uint32_t i = 0; i < group->message_count; i++)
		if (number_at(group, index, i) != INTERN_NONE)
			index->positions[index->count++] = i;
	qsort_r(index->positions, index->count, sizeof(*index->positions), by_number_then_position, &of);
}

/* Where the messages of a number begin: they go on as long as index_has(). */
static size_t index_first(const struct group *group, const struct group_index *index, uint32_t number)
{
	size_t low = 0, high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (number_at(group, index, index->positions[middle]) < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool index_has(const struct group *group, const struct group_index *index, size_t i, uint32_t number)
{
	return i < index->count && number_at(group, index, index->positions[i]) == number;
}

/* ---- by key ---- */

/* The earliest message with the update's key and price (a publish time in whole seconds has several messages), else the earliest with its key. */
static uint32_t find_by_key(const struct group *group, const struct join_update *update)
{
	size_t first = index_first(group, &group->keys, update->key);

	if (update->key == INTERN_NONE)
		return NOTHING;
	for (size_t i = first; index_has(group, &group->keys, i, update->key); i++)
		if (price_equals(message_at(group, group->keys.positions[i])->price, update))
			return group->keys.positions[i];
	return index_has(group, &group->keys, first, update->key) ? group->keys.positions[first] : NOTHING;
}

/* How many updates share a key and have prices to compare, and how many of these disagree. */
struct keyed {
	uint64_t matched, priced, contradicted;
};

static void count_keyed(const struct group *group, const struct join_update *update, uint32_t position, struct keyed *counts)
{
	counts->matched++;
	if (isnan(update->price) || isnan(message_at(group, position)->price))
		return;
	counts->priced++;
	counts->contradicted += !price_equals(message_at(group, position)->price, update);
}

bool match_by_key(struct group *group)
{
	struct keyed counts = {0};

	index_build(group, &group->keys);
	for (size_t i = 0; i < group->update_count; i++) {
		group->method[i] = JOIN_BY_KEY;
		group->target[i] = find_by_key(group, update_at(group, i));
		if (group->target[i] != NOTHING)
			count_keyed(group, update_at(group, i), group->target[i], &counts);
	}
	if (counts.matched && !(counts.priced >= KEY_DOUBT_COUNT && 2 * counts.contradicted > counts.priced))
		return true;
	for (size_t i = 0; i < group->update_count; i++)
		group->target[i] = NOTHING;
	return false;
}

struct proportion false_matches_by_key(const struct group *group)
{
	struct keyed counts = {0};

	for (size_t i = 0; i < group->update_count; i++)
		if (group->target[i] != NOTHING && group->method[i] == JOIN_BY_KEY)
			count_keyed(group, update_at(group, i), group->target[i], &counts);
	return proportion_of(counts.contradicted, counts.priced);
}

/* ---- by bytes ---- */

/*
 * The message whose signed bytes the update's transaction carries. There may be several: a transaction can carry several
 * updates of one feed, of which the one with the update's key and price is it; and the same bytes may have come twice,
 * of which the first did.
 */
static uint32_t find_by_bytes(const struct group *group, const struct join_update *update)
{
	uint32_t best = NOTHING;
	int best_rank = -1;

	for (uint32_t c = 0; c < update->carried_count; c++) {
		uint32_t digest = group->join->carried[update->carried + c].digest;
		size_t first = index_first(group, &group->digests, digest);
		const struct join_message *message;
		int rank;

		if (!index_has(group, &group->digests, first, digest))
			continue;
		message = message_at(group, group->digests.positions[first]);
		rank = 2 * (message->key != INTERN_NONE && message->key == update->key) + price_equals(message->price, update);
		if (rank > best_rank || (rank == best_rank && group->digests.positions[first] < best)) {
			best_rank = rank;
			best = group->digests.positions[first];
		}
	}
	return best;
}

bool match_by_bytes(struct group *group)
{
	bool all = true;

	index_build(group, &group->digests);
	for (size_t i = 0; i < group->update_count; i++) {
		uint32_t position = find_by_bytes(group, update_at(group, i));

		if (position != NOTHING) {
			group->target[i] = position;
			group->method[i] = JOIN_BY_BYTES;
		}
		all = all && group->target[i] != NOTHING;
	}
	return all;
}
