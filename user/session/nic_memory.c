// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "session/nic_memory.h"

#include <stdlib.h>

/*
 * 13,000 packets a second are remembered for five seconds. Several places to a bucket, so that stamps that fall together do
 * not push each other out.
 */
#define BUCKET_BITS 13
#define PLACES 8

struct nic_memory {
	struct pl_nic_stamp places[1 << BUCKET_BITS][PLACES]; /* stamp_ns 0: empty */
};

struct nic_memory *nic_memory_new(void)
{
	return calloc(1, sizeof(struct nic_memory));
}

/* Fibonacci hashing (Knuth, TAOCP 6.4): neighbouring stamps fall far apart. */
static size_t bucket_of(uint64_t stamp_ns)
{
	return stamp_ns * 0x9e3779b97f4a7c15ULL >> (64 - BUCKET_BITS);
}

bool nic_memory_put(struct nic_memory *memory, const struct pl_nic_stamp *stamp)
{
	struct pl_nic_stamp *bucket = memory->places[bucket_of(stamp->head.stamp_ns)], *oldest = bucket;
	bool lost;

	for (int i = 1; i < PLACES; i++)
		if (bucket[i].head.stamp_ns < oldest->head.stamp_ns)
			oldest = &bucket[i];
	lost = oldest->head.stamp_ns && stamp->head.stamp_ns < oldest->head.stamp_ns + NIC_MEMORY_NS;
	*oldest = *stamp;
	return lost;
}

const struct pl_nic_stamp *nic_memory_find(const struct nic_memory *memory, uint32_t feed, uint64_t stamp_ns)
{
	const struct pl_nic_stamp *bucket = memory->places[bucket_of(stamp_ns)];

	for (int i = 0; i < PLACES; i++)
		if (bucket[i].head.stamp_ns == stamp_ns && bucket[i].head.feed == feed)
			return &bucket[i];
	return NULL;
}

void nic_memory_free(struct nic_memory *memory)
{
	free(memory);
}
