/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the feeds of role `block` deliver, but for Solana's shreds, which the tap aggregates: that a block exists, its
 * header, a part of it, or all of it. The common currency between these feeds, `pricelag blocks` and `pricelag race`.
 *
 * Decoders are as pure as those of prices (decoder.h): bytes in, messages out, no state between calls.
 */
#ifndef PL_FEED_BLOCK_H
#define PL_FEED_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "stream/watch.h"

#define BLOCK_HASH_BYTES_MAX 32
#define BLOCK_HASH_MAX (2 * BLOCK_HASH_BYTES_MAX + 1)
#define BLOCK_PART_WHOLE (-1)

/* Name in every table, what it says of the block's body, and what it is. */
#define BLOCK_KINDS(X)                                                                                                 \
	X(HEAD, head, BLOCK_BODY_NONE, "a node's newHeads notification (Ethereum)")                                    \
	X(FLASHBLOCK, flashblock, BLOCK_BODY_PART, "a sub-block, in the order of building (Base and other OP Stack chains)") \
	X(INV, inv, BLOCK_BODY_ANNOUNCED, "a peer says that it has the block (Bitcoin)")                                \
	X(HEADERS, headers, BLOCK_BODY_ANNOUNCED, "the block's header (Bitcoin)")                                       \
	X(CMPCTBLOCK, cmpctblock, BLOCK_BODY_ANNOUNCED, "a compact block: header and short transaction ids (Bitcoin)")  \
	X(GETDATA, getdata, BLOCK_BODY_ASKED, "a node asks a peer for the block (Bitcoin)")                             \
	X(BLOCK, block, BLOCK_BODY_WHOLE, "the whole block (Bitcoin)")                                                 \
	X(CHUNK, chunk, BLOCK_BODY_PART, "an erasure-coded part of a block (Monad RaptorCast)")

enum block_body {
	BLOCK_BODY_NONE,      /* nothing: no body comes over such a feed */
	BLOCK_BODY_ASKED,     /* nor of its arrival either: somebody wants the block */
	BLOCK_BODY_ANNOUNCED, /* the block exists, and its body may follow */
	BLOCK_BODY_PART,
	BLOCK_BODY_WHOLE,
};

enum block_kind {
#define X(ID, name, body, text) BLOCK_KIND_##ID,
	BLOCK_KINDS(X)
#undef X
		BLOCK_KINDS_MAX
};

struct block_kind_info {
	const char *name;
	enum block_body body;
	const char *text;
};
extern const struct block_kind_info block_kinds[BLOCK_KINDS_MAX];

struct block_message {
	enum block_kind kind;
	bool has_number;
	uint64_t number; /* height, slot or round; only if has_number */
	int64_t part;	 /* index within the block; BLOCK_PART_WHOLE for what is about all of it */
	uint32_t parts_needed; /* fewer distinct parts than this cannot make the block; 0 unknown */
	/* what names the whole block, the same for all of its parts: hex without 0x, in the chain's usual byte order; "" unknown */
	char hash[BLOCK_HASH_MAX];
	char parent[BLOCK_HASH_MAX]; /* of the block before it; "" unknown */
	int64_t published_ns;	     /* UTC, by the clock of the block's author; TIME_UNKNOWN where absent */
};

/* Everything unknown, about the whole block. */
void block_message_clear(struct block_message *message, enum block_kind kind);

typedef void (*block_emit_fn)(void *context, const struct block_message *message);

/* As decode_fn: returns how many were emitted, -EBADMSG with offset and reason, or -ENOKEY for bytes that only the
 * peer's keys can open. */
typedef int (*block_decode_fn)(const uint8_t *data, size_t len, block_emit_fn emit, void *context, struct error *err);

struct block_decoder {
	const char *name; /* `type:` in site.yaml and of `pricelag decode` */
	const char *help;
	block_decode_fn decode;
	frame_fn frame; /* of a format that comes in TCP streams (match: {tcp: …}), with … */
	size_t message_max; /* … the largest message; NULL and 0: it does not */
};

/* user/feed/bitcoin.c */
#define BITCOIN_MESSAGE_MAX (24 + 4000000) /* header, and MAX_PROTOCOL_MESSAGE_LENGTH of Bitcoin Core's net.h */
long bitcoin_frame(const uint8_t *data, size_t len);
int bitcoin_decode(const uint8_t *data, size_t len, block_emit_fn emit, void *context, struct error *err);

/* user/feed/flashblocks.c, raptorcast.c */
int flashblocks_decode(const uint8_t *data, size_t len, block_emit_fn emit, void *context, struct error *err);
int raptorcast_decode(const uint8_t *data, size_t len, block_emit_fn emit, void *context, struct error *err);

/* All of them, ended by one without a name. */
extern const struct block_decoder block_decoders[];
const struct block_decoder *block_decoder_find(const char *name);

#endif
