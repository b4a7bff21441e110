/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the tap's programs share with userspace and among themselves. Included once, by stamp.bpf.c; behind vmlinux.h. */
#ifndef PL_MAPS_BPF_H
#define PL_MAPS_BPF_H

#include <bpf/bpf_helpers.h>

#include "record.h"
#include "shred.bpf.h"

#define RETIRED_MAX 4096

/* Filled by userspace through the mapping of .bss; see record.h. */
__u32 ports[PL_PORTS_MAX];
struct pl_rule rules[PL_RULES_MAX];
struct pl_flow flows[PL_FLOWS_MAX];
__u32 stream_rules; /* how many rules are about streams: without any, no TCP packet pays for them */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} ring SEC(".maps");

struct feed_counters {
	__u64 count[PL_COUNTER_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PL_FEEDS_MAX);
	__type(key, __u32);
	__type(value, struct feed_counters);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, PL_SET_BUCKETS);
	__type(key, __u32);
	__type(value, struct pl_set_bucket);
} sets SEC(".maps");

/* Held while a set begins. In a map of its own, as one with a lock in it cannot be mapped. */
struct set_lock {
	struct bpf_spin_lock lock;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct set_lock);
} set_locks SEC(".maps");

/* Random, set before the programs are loaded: nobody outside can tell which sets share a bucket. */
const volatile __u64 set_seed;

/* Slots that userspace has taken out: what still comes of them is late, and must not begin a second summary. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, RETIRED_MAX);
	__type(key, struct pl_slot_key);
	__type(value, __u8);
} retired SEC(".maps");

/* The head of a payload that does not lie in the linear part of its buffer. On the stack it could not be read unaligned. */
struct head {
	__u8 bytes[SHRED_HEAD_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct head);
} heads SEC(".maps");

#endif
