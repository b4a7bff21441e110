// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "chain/seen.h"

#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

struct entry {
	uint8_t digest[KECCAK256_LEN];
	bool removed;
	uint32_t next; /* in its bucket */
};

struct seen {
	uint32_t capacity, count, oldest;
	struct entry *entries; /* a ring, oldest first */
	uint32_t *buckets;     /* `capacity` of them: index of the first entry */
};

struct seen *seen_new(uint32_t capacity)
{
	struct seen *seen = calloc(1, sizeof(*seen));

	if (!seen)
		return NULL;
	seen->capacity = capacity;
	seen->entries = calloc(capacity, sizeof(*seen->entries));
	seen->buckets = malloc(capacity * sizeof(*seen->buckets));
	if (!seen->entries || !seen->buckets) {
		seen_free(seen);
		return NULL;
	}
	memset(seen->buckets, 0xff, capacity * sizeof(*seen->buckets));
	return seen;
}

/* The digest is Keccak's, so its first bytes are spread evenly whatever the node sends. */
static uint32_t *bucket(struct seen *seen, const uint8_t *digest)
{
	uint32_t hash;

	memcpy(&hash, digest, sizeof(hash));
	return &seen->buckets[hash % seen->capacity];
}

static void forget_oldest(struct seen *seen)
{
	struct entry *entry = &seen->entries[seen->oldest];
	uint32_t *link = bucket(seen, entry->digest);

	while (*link != seen->oldest)
		link = &seen->entries[*link].next;
	*link = entry->next;
	seen->oldest = (seen->oldest + 1) % seen->capacity;
	seen->count--;
}

bool seen_mark(struct seen *seen, const uint8_t digest[KECCAK256_LEN], bool removed)
{
	struct entry *entry;
	uint32_t index, *first;

	for (index = *bucket(seen, digest); index != NONE; index = entry->next) {
		entry = &seen->entries[index];
		if (!memcmp(entry->digest, digest, KECCAK256_LEN)) {
			bool news = entry->removed != removed;

			entry->removed = removed;
			return news;
		}
	}
	if (seen->count == seen->capacity)
		forget_oldest(seen);
	index = (seen->oldest + seen->count++) % seen->capacity;
	first = bucket(seen, digest);
	entry = &seen->entries[index];
	memcpy(entry->digest, digest, KECCAK256_LEN);
	entry->removed = removed;
	entry->next = *first;
	*first = index;
	return true;
}

void seen_free(struct seen *seen)
{
	if (!seen)
		return;
	free(seen->entries);
	free(seen->buckets);
	free(seen);
}
