/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Solana shreds: recognition, and the state of an FEC set as its shreds come in. Compiles for BPF and for userspace.
 *
 * Layout and rules: Agave ledger/src/shred.rs, Firedancer src/ballet/shred/fd_shred.h, SIMD-0504. Only what is live is
 * taken: chained Merkle shreds with a proof of six hashes, 32 data + 32 code to a set. All integers little endian:
 *
 *	0 signature 64 | 64 variant 1 | 65 slot 8 | 73 index 4 | 77 version 2 | 79 fec_set_index 4
 *	data: 83 parent_offset 2 | 85 flags 1 | 86 size 2		(1203 bytes)
 *	code: 83 num_data 2 | 85 num_code 2 | 87 position 2		(1228 bytes)
 *
 * A repair response is the same shred with a nonce of four bytes behind it.
 */
#ifndef PL_SHRED_BPF_H
#define PL_SHRED_BPF_H

#include "bytes.bpf.h"
#include "record.h"

#define SHRED_DATA_BYTES 1203
#define SHRED_CODE_BYTES 1228
#define SHRED_NONCE_BYTES 4
#define SHRED_HEAD_BYTES 89 /* all that shred_read() looks at */
#define SHRED_SET_DATA 32   /* data shreds, and code shreds, of a set; any 32 of the 64 give the set back */
#define SHRED_FLAG_DATA_COMPLETE 0x40
#define SHRED_FLAG_LAST_IN_SLOT 0xc0
#define SHRED_TICK_MASK 0x3f

/* DoubleZero sends "DZ", 0, 1 on the groups that carry shreds. */
#define SHRED_HEARTBEAT_BYTES 4

enum shred_verdict {
	SHRED_OK = 0,
	SHRED_UNKNOWN,
	SHRED_WRONG_VERSION,
};

struct shred {
	__u64 slot;
	__u32 index;
	__u32 fec_set_index;
	__u8 code;   /* 1: code shred */
	__u8 bit;    /* its bit in pl_set.seen */
	__u8 flags;  /* data shreds: flags with the reference tick; 0 for code */
	__u8 repair; /* 1: with a repair nonce */
	__u8 variant;
	__u8 pad[3];
	__u64 signature; /* its first eight bytes */
};

/* Whether a UDP payload of `len` bytes can be a shred at all. */
static __always_inline bool shred_length_fits(__u32 len)
{
	return len == SHRED_DATA_BYTES || len == SHRED_CODE_BYTES || len == SHRED_DATA_BYTES + SHRED_NONCE_BYTES ||
	       len == SHRED_CODE_BYTES + SHRED_NONCE_BYTES;
}

/* head: the first SHRED_HEARTBEAT_BYTES of the payload. */
static __always_inline bool shred_is_heartbeat(const __u8 *head)
{
	return load_be32(head) == 0x445a0001;
}

/*
 * head: the first SHRED_HEAD_BYTES of the payload; len: all its bytes, for which shred_length_fits(). version: the
 * cluster's shred version, 0 accepts any. Returns enum shred_verdict and fills `shred` on SHRED_OK.
 */
static __always_inline int shred_read(const __u8 *head, __u32 len, __u16 version, struct shred *shred)
{
	__u8 variant = head[64];
	__u32 position;

	shred->variant = variant;
	shred->signature = load_u64(head);
	shred->slot = load_le64(head + 65);
	shred->index = load_le32(head + 73);
	shred->fec_set_index = load_le32(head + 79);
	shred->repair = len == SHRED_DATA_BYTES + SHRED_NONCE_BYTES || len == SHRED_CODE_BYTES + SHRED_NONCE_BYTES;
	if (shred->repair)
		len -= SHRED_NONCE_BYTES;
	if (variant == 0x96 || variant == 0xb6) {
		shred->code = 0;
		shred->flags = head[85];
		position = shred->index - shred->fec_set_index;
		if (len != SHRED_DATA_BYTES || (shred->flags & SHRED_FLAG_LAST_IN_SLOT) == 0x80)
			return SHRED_UNKNOWN;
	} else if (variant == 0x66 || variant == 0x76) {
		shred->code = 1;
		shred->flags = 0;
		position = load_le16(head + 87);
		if (len != SHRED_CODE_BYTES || load_le16(head + 83) != SHRED_SET_DATA ||
		    load_le16(head + 85) != SHRED_SET_DATA)
			return SHRED_UNKNOWN;
	} else {
		return SHRED_UNKNOWN;
	}
	if (position >= SHRED_SET_DATA || shred->fec_set_index % SHRED_SET_DATA)
		return SHRED_UNKNOWN;
	shred->bit = shred->code ? SHRED_SET_DATA + position : position;
	if (version && load_le16(head + 77) != version)
		return SHRED_WRONG_VERSION;
	return SHRED_OK;
}

/* Whether the leader's last batch of a slot is meant: its shreds carry a signature of the last hop as well. */
static __always_inline bool shred_is_resigned(__u8 variant)
{
	return variant == 0xb6 || variant == 0x76;
}

/* Majority vote (Boyer and Moore): one shred whose signature came through wrong does not decide for the set. */
static __always_inline void shred_vote(struct pl_set *set, const struct shred *shred)
{
	if (set->signature == shred->signature)
		set->votes++;
	else if (set->votes)
		set->votes--;
	else
		set->signature = shred->signature;
}

enum shred_news {
	SHRED_DUPLICATE = 0, /* the set had it */
	SHRED_DISTINCT,
	SHRED_DECODABLE, /* distinct, and with it the set can be decoded: said once for a set */
};

/* Number of bits: the kernel side has no instruction for it. */
static __always_inline __u32 shred_count(__u64 bits)
{
#ifdef __bpf__
	bits -= bits >> 1 & 0x5555555555555555;
	bits = (bits & 0x3333333333333333) + (bits >> 2 & 0x3333333333333333);
	bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0f;
	return bits * 0x0101010101010101 >> 56;
#else
	return __builtin_popcountll(bits);
#endif
}

/* What tells a set from others of its slot number: pl_set_tag.rest. The feed is below PL_FEEDS_MAX. */
static __always_inline __u64 shred_set_rest(const struct pl_set_key *key)
{
	return (__u64)(key->feed + 1) << 32 | key->fec_set_index;
}

/* The state of a set of which `shred` is the first, before it is taken in. */
static __always_inline void shred_begin_set(struct pl_set *set, const struct shred *shred, __u64 stamp_ns)
{
	set->first_ns = stamp_ns;
	set->last_ns = stamp_ns;
	set->signature = shred->signature;
}

/*
 * Takes a shred into its set; `set` is as shred_begin_set() made it of zeroes, or has been through here. Several CPUs may
 * do this at once for one set: the bitmap and the counts are atomic, so duplicates are exact and SHRED_DECODABLE comes
 * once. The stamps, the tick, the signature and the last index are plain stores behind a comparison: two CPUs within the
 * same few nanoseconds may leave either value.
 */
static __always_inline int shred_update_set(struct pl_set *set, const struct shred *shred, __u64 stamp_ns)
{
	__u64 bit = 1ULL << (shred->bit & 63), before;

	if (stamp_ns < set->first_ns)
		set->first_ns = stamp_ns;
	if (stamp_ns > set->last_ns)
		set->last_ns = stamp_ns;
	if (shred->repair)
		__sync_fetch_and_add(&set->repairs, 1);

	/* The plain look first saves the locked instruction where most shreds are duplicates (several feeds on one port). */
	if (*(volatile __u64 *)&set->seen & bit) {
		__sync_fetch_and_add(&set->duplicates, 1);
		return SHRED_DUPLICATE;
	}
	before = __sync_fetch_and_or(&set->seen, bit);
	if (before & bit) {
		__sync_fetch_and_add(&set->duplicates, 1);
		return SHRED_DUPLICATE;
	}
	shred_vote(set, shred);
	if (!shred->code) {
		__u32 tick = shred->flags & SHRED_TICK_MASK;

		if (tick > set->published_tick)
			set->published_tick = tick;
		if ((shred->flags & SHRED_FLAG_LAST_IN_SLOT) == SHRED_FLAG_LAST_IN_SLOT)
			set->last_index = shred->index + 1;
	}
	if (shred_count(before) != SHRED_SET_DATA - 1)
		return SHRED_DISTINCT;
	set->decodable_ns = stamp_ns;
	return SHRED_DECODABLE;
}

/* The record of one shred whose payload has `len` bytes; `head` is filled in already, and nothing is captured yet. */
static __always_inline void shred_fill_record(struct pl_shred_record *record, const struct shred *shred, __u32 len)
{
	record->slot = shred->slot;
	record->index = shred->index;
	record->fec_set_index = shred->fec_set_index;
	record->variant = shred->variant;
	record->flags = shred->flags;
	record->code = shred->code;
	record->repair = shred->repair;
	record->len = len;
	record->captured = 0;
}

/* Adds a set to the summary of its slot; `slot` is all zero before the first one. Userspace, when the slot has gone quiet. */
static __always_inline void shred_slot_add(struct pl_slot *slot, const struct pl_set_key *key, const struct pl_set *set)
{
	__u32 data_bits = (__u32)set->seen, high;

	if (!slot->first_ns || set->first_ns < slot->first_ns)
		slot->first_ns = set->first_ns;
	if (set->last_ns > slot->last_ns)
		slot->last_ns = set->last_ns;
	slot->packets += shred_count(set->seen) + set->duplicates;
	slot->duplicates += set->duplicates;
	slot->repairs += set->repairs;
	slot->data += shred_count(data_bits);
	slot->code += shred_count(set->seen >> 32);
	slot->sets++;
	slot->sets_decodable += set->decodable_ns != 0;
	if (data_bits) {
		high = key->fec_set_index + 32 - __builtin_clz(data_bits);
		if (high > slot->max_data_index)
			slot->max_data_index = high;
	}
	if (set->last_index > slot->last_index)
		slot->last_index = set->last_index;
	if (set->published_tick > slot->published_tick)
		slot->published_tick = set->published_tick;
}

#endif
