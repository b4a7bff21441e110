/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Blocks as they arrived: per feed and slot the first packet, the moment from which the whole of it can be decoded, the
 * last packet, and what was missing. A slot is judged by its FEC sets and not by its last packet, which often never
 * arrives: in a captured tail of a testnet slot it was missing among 307 packets.
 */
#ifndef PL_LATENCY_BLOCKS_H
#define PL_LATENCY_BLOCKS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * A set holds 32 data shreds (every cluster enforces it), so sets start at multiples of 32 and none may be absent.
 *   INCOMPLETE  a set that was seen is not decodable, or a set before the last known one was not seen at all
 *   COMPLETE    the last shred of the slot was seen, and every set up to it is decodable
 *   UNKNOWN     every set up to the highest one seen is decodable, but nothing tells whether more sets followed
 */
enum block_state { BLOCK_INCOMPLETE, BLOCK_COMPLETE, BLOCK_UNKNOWN };

#define BLOCK_SET_SHREDS 32

struct block {
	char feed[96];
	int64_t feed_id;
	uint64_t number;      /* slot */
	int64_t first_ns;     /* UTC, first packet */
	int64_t decodable_ns; /* UTC, the packet with which the last of the sets became decodable; TIME_UNKNOWN for INCOMPLETE */
	int64_t last_ns;      /* UTC, last packet */
	int64_t first_mono_ns, decodable_mono_ns; /* the same on the recorder's monotonic clock */
	/* first packet minus that of the feed that had this slot first: 0 for that one; TIME_UNKNOWN where no other feed saw it */
	int64_t behind_ns;
	uint64_t packets;     /* with duplicates */
	uint64_t duplicates;
	uint64_t repairs;     /* repair responses among the packets */
	uint64_t data, code;  /* distinct shreds */
	uint64_t sets, sets_decodable;
	uint64_t sets_missing; /* sets before the last known one of which nothing was seen */
	int64_t last_index;    /* of the shred flagged last in slot; -1 unknown */
	int64_t tick; /* highest reference tick seen: the leader's clock, in 64ths of a slot, at most 63; -1 unknown */
	enum block_state state;
	/* Of feeds whose shreds come with their payload; only the part of the block that could be read counts. */
	bool has_content;
	uint64_t entries, transactions;
	int64_t published_ns; /* UTC by the leader's clock, out of the block's footer; TIME_UNKNOWN where it has none */
};

struct block_list {
	struct block *items; /* by slot, then by first packet */
	size_t count;
};

/* Reads table block_arrival of a session. Negative errno with the reason otherwise. */
int blocks_load(sqlite3 *db, struct block_list *out, struct error *err);
void block_list_free(struct block_list *list);

#endif
