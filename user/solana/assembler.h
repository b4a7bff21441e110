/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Blocks out of the payloads of Solana shreds: gathers the shreds of each (feed, slot, FEC set), decodes a set when 32 of
 * its shreds agree, and reads the block's bytes in order as far as they go. What comes after a missing set is read when
 * the slot is closed.
 *
 * Memory is bounded: beyond ASSEMBLER_SLOTS_MAX slots, or options.bytes_max, the slot that was quiet for longest is
 * closed early and counted. Shreds of a closed slot are counted and left.
 */
#ifndef PL_SOLANA_ASSEMBLER_H
#define PL_SOLANA_ASSEMBLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "solana/batch.h"

#define ASSEMBLER_SLOTS_MAX 256
#define ASSEMBLER_BYTES_MAX (256u << 20)

#define LEDGER_COUNTERS(X)                                                                                              \
	X(ENTRIES, entries, "entries of blocks that were read", 0)                                                     \
	X(TRANSACTIONS, transactions, "transactions of blocks that were read", 0)                                      \
	X(SETS_RECOVERED, sets_recovered, "FEC sets whose missing data shreds Reed-Solomon gave", 0)                   \
	X(SETS_NOT_RECOVERED, sets_not_recovered, "FEC sets not read: fewer than 32 shreds that agree on a Merkle root", 1) \
	X(SETS_INCONSISTENT, sets_inconsistent, "FEC sets not read: what was recovered contradicts their Merkle root", 1) \
	X(SHREDS_CONFLICTING, shreds_conflicting, "shreds at odds with their set's Merkle root: corrupted or forged", 1) \
	X(SHREDS_UNUSABLE, shreds_unusable, "shreds captured in part only, or of an index that no slot has", 1)        \
	X(SHREDS_LATE, shreds_late, "shreds of a block that was closed already", 0)                                    \
	X(BATCHES_INCOMPLETE, batches_incomplete, "batches of entries not read: a part of them is missing", 1)         \
	X(BATCHES_UNREADABLE, batches_unreadable, "batches of entries read in part: bytes that are no entries", 1)     \
	X(FOOTERS, footers, "block footers, with the leader's clock", 0)                                               \
	X(BAD_FOOTERS, bad_footers, "block footers whose time is none of this century: the layout may have changed", 1) \
	X(SLOTS_EVICTED, slots_evicted, "blocks closed early because too many were under way", 1)

enum ledger_counter {
#define X(ID, name, text, is_loss) LEDGER_COUNTER_##ID,
	LEDGER_COUNTERS(X)
#undef X
		LEDGER_COUNTER_MAX
};

/* What was read of a block, when its slot is closed. Of a slot without a set that could be read nothing is said. */
struct block_content {
	uint32_t feed;
	uint64_t slot;
	uint64_t entries, transactions;
	uint32_t sets, sets_recovered; /* sets that were read; those of them that needed Reed-Solomon */
	uint64_t published_ns;	       /* UTC by the leader's clock, of its footer; 0 none */
	bool whole;		       /* everything from the first shred to the one flagged last in slot was read */
};

struct assembler_handlers {
	void *context;
	batch_transaction_fn on_transaction;
	void (*on_block)(void *context, const struct block_content *content);
};

struct assembler;

/* bytes_max: 0 = ASSEMBLER_BYTES_MAX. */
int assembler_new(struct assembler **out, size_t bytes_max, const struct assembler_handlers *handlers, struct error *err);
void assembler_free(struct assembler *assembler);

/* A shred that shred_read() accepted (with or without its repair nonce), `captured` of its `len` bytes; feed < PL_FEEDS_MAX. */
void assembler_shred(struct assembler *assembler, uint32_t feed, const uint8_t *bytes, uint32_t captured, uint32_t len,
		     uint64_t stamp_ns);

/* No more comes of this slot: reads what is left, and says what the block held. A slot that is not there is none of ours. */
void assembler_close(struct assembler *assembler, uint32_t feed, uint64_t slot);
void assembler_close_all(struct assembler *assembler);

void assembler_counters(const struct assembler *assembler, uint32_t feed, uint64_t out[LEDGER_COUNTER_MAX]);
/* Why the last batch of a feed could not be read; "" if all could. */
const char *assembler_last_error(const struct assembler *assembler, uint32_t feed);
/* Bytes held now, for whoever watches the bound. */
size_t assembler_bytes(const struct assembler *assembler);

#endif
