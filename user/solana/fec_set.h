/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The shreds of one Solana FEC set with their bytes, until 32 of them give the data of all 32 data shreds.
 *
 * Each shred proves by itself to which Merkle root it belongs (its last bytes are its path in the tree of the set's 64
 * shreds). Only shreds that agree on the root are put together, and what Reed-Solomon recovers is taken only if the tree
 * over all 64 gives that root again: a corrupted or forged shred cannot mix into a set. The leader's signature over the
 * root is not checked, as that takes the cluster's leader schedule; whoever can make 32 shreds of a tree can make a set.
 *
 * Source: Agave ledger/src/shred/merkle.rs, merkle_tree.rs; Firedancer src/ballet/bmtree. From the end of a shred
 * backwards: (resigned variants: retransmitter's signature 64) | path 6 × 20 | chained root 32 | shard. Data shreds: the
 * erasure shard is bytes 64 … chained root, header included; code shreds: bytes 89 … chained root. Leaf: SHA-256 of
 * "\0SOLANA_MERKLE_SHREDS_LEAF" and bytes 64 … path. Node: SHA-256 of "\1SOLANA_MERKLE_SHREDS_NODE" and the first 20
 * bytes of both children.
 */
#ifndef PL_SOLANA_FEC_SET_H
#define PL_SOLANA_FEC_SET_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "shred.bpf.h"

#define FEC_SHREDS 64
#define FEC_ENTRY_BYTES_MAX 963 /* entry bytes of a data shred, not resigned */

/* SHA-256 with its OpenSSL context, made once. */
struct fec_hash;
int fec_hash_new(struct fec_hash **out, struct error *err);
void fec_hash_free(struct fec_hash *hash);

struct fec_set {
	uint64_t seen; /* bit = shred.bit */
	uint64_t slot;
	uint32_t fec_set_index;
	uint64_t stamp_ns[FEC_SHREDS]; /* first arrival */
	uint8_t root[FEC_SHREDS][32];  /* to which each shred's path leads */
	uint8_t shred[FEC_SHREDS][SHRED_CODE_BYTES];
};

/* The data of a set: entry bytes of its 32 data shreds, one after the other. */
struct fec_data {
	uint32_t fec_set_index;
	uint32_t recovered; /* bit i: data shred i was not among the shreds, Reed-Solomon gave it */
	uint32_t end[SHRED_SET_DATA]; /* data shred i has bytes[end[i - 1], end[i]) */
	uint8_t flags[SHRED_SET_DATA]; /* SHRED_FLAG_* and the reference tick */
	uint64_t stamp_ns[SHRED_SET_DATA]; /* since when it could be known: its arrival, or when the set became decodable */
	uint8_t bytes[SHRED_SET_DATA * FEC_ENTRY_BYTES_MAX];
};

enum fec_verdict {
	FEC_ADDED,
	FEC_DUPLICATE,
	FEC_CONFLICTING, /* the place is taken by a shred of another root: one of them is corrupted or forged */
	FEC_DECODABLE,	 /* added, and now 32 shreds agree on a root: fec_set_decode() */
};

/*
 * Takes a shred (`bytes` without a repair nonce: SHRED_DATA_BYTES or SHRED_CODE_BYTES) that shred_read() accepted. The set is
 * all zero but slot and fec_set_index, or has been through here.
 */
enum fec_verdict fec_set_add(struct fec_set *set, struct fec_hash *hash, const uint8_t *bytes, const struct shred *shred,
			     uint64_t stamp_ns);

/*
 * The data, from the shreds that agree with the one of bit `last` (that made the set decodable). -EBADMSG: what was recovered
 * contradicts their root or header, so the leader made no proper set.
 */
int fec_set_decode(struct fec_set *set, struct fec_hash *hash, unsigned int last, struct fec_data *out);

/* Number of distinct shreds held that disagree with the root most of them have: known only when the set is done with. */
unsigned int fec_set_outliers(const struct fec_set *set, unsigned int last);

#endif
