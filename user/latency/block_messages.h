/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Blocks that came in messages (table block_message), or that a node told of (table chain_block): per feed and block the
 * first signal of it, what kinds of message spoke of it, when all of it was there, and how far the feed was behind the first
 * one. Solana's slots are in blocks.h.
 *
 * Messages are of one block where their hash agrees, or, without a hash, their number.
 */
#ifndef PL_LATENCY_BLOCK_MESSAGES_H
#define PL_LATENCY_BLOCK_MESSAGES_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "feed/block.h"

enum told_state {
	TOLD_UNKNOWN,	 /* no body comes over such a feed, or nothing tells whether its parts are enough */
	TOLD_INCOMPLETE, /* announced, or in parts that cannot be enough */
	TOLD_COMPLETE,	 /* the whole block came */
};

struct told_block {
	char feed[96]; /* or chain */
	char hash[BLOCK_HASH_MAX], parent[BLOCK_HASH_MAX]; /* "" unknown */
	bool has_number;
	uint64_t number;
	int64_t published_ns; /* the earliest that its messages tell; TIME_UNKNOWN where none does */
	int64_t first_ns;     /* UTC, first packet of the first message about it; TIME_UNKNOWN where none was stamped */
	int64_t enough_ns;    /* UTC, the parts_needed-th distinct part: not to be decoded before it */
	int64_t complete_ns;  /* UTC, the packet that completed a message with the whole block */
	int64_t last_ns;      /* UTC, last message */
	int64_t behind_ns;    /* first_ns minus that of the feed that was first; TIME_UNKNOWN where no other feed has it */
	uint64_t messages;    /* with repeats */
	uint64_t repeats;     /* of a kind and part that this feed had brought before */
	uint64_t parts;	      /* distinct ones */
	uint64_t parts_needed; /* 0 unknown */
	uint64_t kinds[BLOCK_KINDS_MAX]; /* messages of each kind */
	enum told_state state;
};

struct told_blocks {
	struct told_block *items; /* by the first signal over all feeds, then by that of each feed */
	size_t count;
	uint64_t nameless; /* messages with neither hash nor number */
};

/* Negative errno with the reason otherwise. */
int told_blocks_load(sqlite3 *db, struct told_blocks *out, struct error *err);
void told_blocks_free(struct told_blocks *blocks);

#endif
