/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shreds in the kernel: into the table of sets, and into the ring. The userspace side of the same is tap/aggregate.c. */
#ifndef PL_TAKE_SHRED_BPF_H
#define PL_TAKE_SHRED_BPF_H

#include "frame.bpf.h"
#include "maps.bpf.h"
#include "set_table.bpf.h"
#include "shred.bpf.h"

static __always_inline enum pl_counter set_record(const struct pl_set_key *key, const struct pl_set *set, __u64 stamp_ns)
{
	struct pl_set_record *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);

	if (!record)
		return PL_COUNTER_RING_FULL;
	record_head(&record->head, PL_RECORD_SET, key->feed, stamp_ns);
	record->key = *key;
	record->first_ns = set->first_ns;
	record->seen = set->seen;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return PL_COUNTER_PACKETS;
}

/* PL_COUNTER_RING_FULL where there is no room: the shred is still aggregated. */
static __always_inline enum pl_counter shred_record(const struct shred *shred, __u32 feed, __u32 len, __u64 stamp_ns)
{
	struct pl_shred_record *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);

	if (!record)
		return PL_COUNTER_RING_FULL;
	record_head(&record->head, PL_RECORD_SHRED, feed, stamp_ns);
	shred_fill_record(record, shred, len);
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return PL_COUNTER_PACKETS;
}

/* The same with the shred's bytes behind the record. */
static __always_inline enum pl_counter shred_payload_record(const struct frame *frame, const struct packet *packet,
							    const struct shred *shred, __u32 feed, __u64 stamp_ns)
{
	struct pl_shred_record *record = bpf_ringbuf_reserve(&ring, sizeof(*record) + PL_SHRED_BYTES_MAX, 0);
	__u32 last = packet->len - 1;

	if (!record)
		return PL_COUNTER_RING_FULL;
	record_head(&record->head, PL_RECORD_SHRED, feed, stamp_ns);
	shred_fill_record(record, shred, packet->len);
	/* A shred's length fits, which the verifier does not know any more. */
	asm volatile("" : "+r"(last));
	if (last >= PL_SHRED_BYTES_MAX || frame_read(frame, packet->payload, record + 1, last + 1)) {
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		return PL_COUNTER_MALFORMED;
	}
	record->captured = packet->len;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return PL_COUNTER_PACKETS;
}

static __always_inline enum pl_counter shred_take(const struct shred *shred, __u32 feed, __u64 stamp_ns,
						  struct feed_counters *counters)
{
	struct pl_set_key key = {.slot = shred->slot, .feed = feed, .fec_set_index = shred->fec_set_index};
	__u64 rest = shred_set_rest(&key);
	struct pl_set_bucket *bucket = set_bucket(key.slot, rest);
	struct pl_set *set;

	if (!bucket)
		return PL_COUNTER_MAP_FULL;
	set = set_find(bucket, key.slot, rest);
	if (!set) {
		struct pl_slot_key slot = {.slot = key.slot, .feed = key.feed};

		if (bpf_map_lookup_elem(&retired, &slot))
			return PL_COUNTER_LATE;
		set = set_insert(bucket, rest, shred, stamp_ns, counters);
	}
	if (!set)
		return PL_COUNTER_MAP_FULL;
	if (shred_update_set(set, shred, stamp_ns) == SHRED_DECODABLE)
		return set_record(&key, set, stamp_ns);
	return PL_COUNTER_PACKETS;
}

/* What a feed of shreds makes of a payload: aggregated, or the reason why not. */
static __always_inline enum pl_counter shred_packet(const struct frame *frame, const struct packet *packet,
						    const struct pl_rule *rule, struct feed_counters *counters)
{
	const __u8 *head = (const __u8 *)frame->data + (packet->payload & PACKET_OFFSET_MASK);
	enum pl_counter counter;
	struct shred shred;
	__u64 stamp_ns;
	__u32 zero = 0;

	if (!shred_length_fits(packet->len)) {
		__u8 magic[SHRED_HEARTBEAT_BYTES];

		if (packet->len < sizeof(magic) || frame_read(frame, packet->payload, magic, sizeof(magic)))
			return PL_COUNTER_UNKNOWN;
		return shred_is_heartbeat(magic) ? PL_COUNTER_HEARTBEATS : PL_COUNTER_UNKNOWN;
	}
	if (head + SHRED_HEAD_BYTES > (const __u8 *)frame->data_end) {
		struct head *copy = bpf_map_lookup_elem(&heads, &zero);

		if (!copy || frame_read(frame, packet->payload, copy->bytes, SHRED_HEAD_BYTES))
			return PL_COUNTER_MALFORMED;
		head = copy->bytes;
	}
	switch (shred_read(head, packet->len, rule->shred_version, &shred)) {
	case SHRED_OK:
		stamp_ns = bpf_ktime_get_ns();
		if (shred.repair)
			counters->count[PL_COUNTER_REPAIRS]++;
		counter = PL_COUNTER_PACKETS;
		if (rule->action == PL_ACTION_SHRED_EACH)
			counter = shred_record(&shred, rule->feed, packet->len, stamp_ns);
		else if (rule->action == PL_ACTION_SHRED_PAYLOAD)
			counter = shred_payload_record(frame, packet, &shred, rule->feed, stamp_ns);
		if (counter != PL_COUNTER_PACKETS)
			counters->count[counter]++;
		return shred_take(&shred, rule->feed, stamp_ns, counters);
	case SHRED_WRONG_VERSION:
		return PL_COUNTER_WRONG_VERSION;
	default:
		return PL_COUNTER_UNKNOWN;
	}
}

#endif
