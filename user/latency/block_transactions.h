/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The transactions that a watch found inside Solana blocks, and what each block held, in UTC. */
#ifndef PL_LATENCY_BLOCK_TRANSACTIONS_H
#define PL_LATENCY_BLOCK_TRANSACTIONS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base58.h"
#include "base/error.h"
#include "feed/message.h"

struct block_transaction {
	char feed[FEED_TEXT_MAX];
	uint64_t number;	 /* slot */
	int64_t entry, position; /* within the block, from 0; -1 unknown */
	uint32_t shred;
	char watch[FEED_TEXT_MAX];
	char signature[BASE58_TEXT_MAX];
	int64_t block_wire_ns; /* UTC: the packets with its bytes had come */
	int64_t readable_ns;   /* UTC: and those with everything before it in its batch */
	int64_t after_first_ns; /* block_wire_ns minus the block's first packet at this feed; TIME_UNKNOWN where that is not stored */
	bool recovered;
	/*
	 * block_wire_ns minus the wire stamp of the first oracle message with this very price (id, key, mantissa), of any
	 * feed: how long it was known here before its block brought it; TIME_UNKNOWN without one
	 */
	int64_t after_oracle_ns;
	struct feed_message message; /* cleared where no price was read in it */
};

struct block_transaction_list {
	struct block_transaction *items; /* by slot, position and feed */
	size_t count;
};

/* Reads table block_transaction. Negative errno with the reason otherwise. */
int block_transactions_load(sqlite3 *db, struct block_transaction_list *out, struct error *err);
void block_transaction_list_free(struct block_transaction_list *list);

#endif
