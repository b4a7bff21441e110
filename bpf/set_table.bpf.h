/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's table of FEC sets (layout: record.h). Not one of the kernel's own hash tables, as each packet pays for it:
 * a hash, a walk and a comparison in functions of their own cost 25 ns more than an array and this (BPF_PROG_TEST_RUN).
 *
 * Whatever slot numbers come, even a flood of ones that do not exist, there is room for the next set: where a bucket is
 * full, the set that no packet came for lately leaves it, and is counted as evicted.
 */
#ifndef PL_SET_TABLE_BPF_H
#define PL_SET_TABLE_BPF_H

#include "frame.bpf.h"
#include "maps.bpf.h"
#include "shred.bpf.h"

/* The finisher of MurmurHash3, with a secret: sets of a slot, and slots, are consecutive numbers. */
static __always_inline struct pl_set_bucket *set_bucket(__u64 slot, __u64 rest)
{
	__u64 mixed = (slot ^ set_seed) * 0x9e3779b97f4a7c15;
	__u32 index;

	mixed = (mixed ^ mixed >> 32 ^ rest) * 0xff51afd7ed558ccd;
	mixed = (mixed ^ mixed >> 32) * 0xc4ceb9fe1a85ec53;
	index = mixed >> (64 - PL_SET_BUCKETS_LOG2);
	return bpf_map_lookup_elem(&sets, &index);
}

static __always_inline struct pl_set *set_find(struct pl_set_bucket *bucket, __u64 slot, __u64 rest)
{
	int i;

	for (i = 0; i < PL_SET_WAYS; i++)
		if (bucket->tags[i].rest == rest && bucket->tags[i].slot == slot)
			return &bucket->sets[i];
	return NULL;
}

/*
 * The place for a set that set_find() did not find, with the lock held: the first free one, or that of the set which was
 * silent for longest. *before is what stood there, PL_SET_LEAVING where it cannot be had: userspace is taking it out.
 */
static __always_inline __u32 set_choose(struct pl_set_bucket *bucket, __u64 *before)
{
	__u64 silent_since = bucket->sets[0].last_ns;
	__u32 place = 0, i;

	*before = PL_SET_FREE;
	for (i = 0; i < PL_SET_WAYS; i++)
		if (bucket->tags[i].rest == PL_SET_FREE)
			return i;
	for (i = 1; i < PL_SET_WAYS; i++) {
		__u64 last_ns = bucket->sets[i].last_ns;

		if (last_ns >= silent_since)
			continue;
		silent_since = last_ns;
		place = i;
	}
	place &= PL_SET_WAYS - 1;
	*before = bucket->tags[place].rest;
	if (__sync_val_compare_and_swap(&bucket->tags[place].rest, *before, PL_SET_LEAVING) != *before)
		*before = PL_SET_LEAVING;
	return place;
}

/* The state of a set that was not in the table, or that another CPU has just begun. NULL: the table is full. */
static __always_inline struct pl_set *set_insert(struct pl_set_bucket *bucket, __u64 rest, const struct shred *shred,
						 __u64 stamp_ns, struct feed_counters *counters)
{
	__u32 zero = 0, place;
	struct set_lock *lock = bpf_map_lookup_elem(&set_locks, &zero);
	__u64 before = PL_SET_FREE;
	struct pl_set *set;

	if (!lock)
		return NULL;
	bpf_spin_lock(&lock->lock);
	set = set_find(bucket, shred->slot, rest);
	if (!set) {
		place = set_choose(bucket, &before);
		if (before != PL_SET_LEAVING) {
			set = &bucket->sets[place];
			*set = (struct pl_set){};
			shred_begin_set(set, shred, stamp_ns);
			bucket->tags[place].slot = shred->slot;
			/* An exchange, because it also orders the stores. */
			__sync_lock_test_and_set(&bucket->tags[place].rest, rest);
			counters->count[PL_COUNTER_SETS]++;
		}
	}
	bpf_spin_unlock(&lock->lock);
	if (before != PL_SET_FREE && before != PL_SET_LEAVING)
		count((__u32)(before >> 32) - 1, PL_COUNTER_EVICTED);
	return set;
}

#endif
