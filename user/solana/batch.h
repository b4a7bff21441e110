/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The bytes of one Solana block in order, cut into batches at the DATA_COMPLETE marks, and read: entries, transactions,
 * and for each transaction when the packets that carry it had come.
 */
#ifndef PL_SOLANA_BATCH_H
#define PL_SOLANA_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "solana/entry.h"
#include "solana/fec_set.h"

/* Where a transaction stands, and since when it could be known at this machine. Stamps in the clock of the shreds'. */
struct transaction_place {
	uint32_t feed;
	uint64_t slot;
	uint32_t shred;	     /* data shred that has its first byte */
	int64_t entry;	     /* from the block's start, from 0; -1 where something before it is missing */
	int64_t transaction; /* the same */
	/* The last of the packets that carried its bytes. Where one of them did not come before the set became decodable, that moment. */
	uint64_t block_wire_ns;
	/* The same over its bytes and all before them in its batch: since when a reader that goes by the order could have it. */
	uint64_t readable_ns;
	bool recovered; /* part of its bytes came out of Reed-Solomon */
};

struct batch_piece {
	uint32_t shred, end; /* its bytes end before this offset in the batch */
	uint64_t stamp_ns;
	uint64_t readable_ns; /* the latest stamp up to here */
	bool recovered;
};

/* All zero at the start of a block. */
struct batch {
	uint8_t *bytes;
	size_t len, room;
	struct batch_piece *pieces;
	size_t piece_count, piece_room;
	bool lost;	      /* bytes are missing before: nothing is read until after the next mark */
	uint64_t boundary_ns; /* stamp of the shred whose mark says where this batch begins */
	/* of the block, over all its batches */
	bool gap; /* something was missing: positions are unknown from there on */
	uint64_t entries, transactions, batches_incomplete;
};

void batch_free(struct batch *batch);
/* Gives the memory of an empty batch back, and keeps what was counted. */
void batch_trim(struct batch *batch);

/* Appends data shred `i` of a set. 1: it ends the batch, which is to be read, and then emptied by batch_next(); 0: it does not; -ENOMEM. */
int batch_add(struct batch *batch, const struct fec_data *data, unsigned int i);
void batch_next(struct batch *batch);

/* What comes next in the block is missing: the batch under way cannot be read. */
void batch_gap(struct batch *batch);

typedef void (*batch_transaction_fn)(void *context, const struct transaction_place *place,
				     const struct transaction *transaction);
typedef void (*batch_footer_fn)(void *context, uint64_t published_ns);

/* Reads the whole batch; feed and slot are for the places. -EBADMSG: at the first bytes that do not fit; what came before was handled. */
int batch_read(struct batch *batch, uint32_t feed, uint64_t slot, batch_transaction_fn on_transaction,
	       batch_footer_fn on_footer, void *context, struct error *err);

#endif
