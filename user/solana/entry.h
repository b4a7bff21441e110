/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a batch of a Solana block holds: the data of the shreds from one DATA_COMPLETE mark to the next, put together.
 * Pure functions of bytes. A batch is a list of components, all integers little endian:
 *
 *	entries: count u64 > 0 | count × {hashes u64 | hash 32 | transactions u64 | transactions}
 *	marker:  u64 0 | version u16 = 1 | kind u8 | length u16 | length bytes		(Alpenglow)
 *	  kind 0, footer: version u8 = 1 | bank hash 32 | time u64, ns of the leader's clock | agent length u8 | agent | …
 *	  kind 1 block header, 2 change of parent, 3 genesis certificate: stepped over
 *
 * Source: Agave entry/src/entry.rs and entry/src/block_component.rs (SIMD-0298, 0307, 0337; the text of SIMD-0307 still
 * has a footer without the bank hash and with a version of two bytes). Entries are verified on whole published blocks;
 * of markers no published bytes were found: they are parsed by the source alone.
 */
#ifndef PL_SOLANA_ENTRY_H
#define PL_SOLANA_ENTRY_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "solana/transaction.h"

struct entry_handlers {
	void *context;
	/* Before the transactions of the entry; `transactions` is how many it says to have. NULL: not wanted. */
	void (*on_entry)(void *context, uint64_t hashes, const uint8_t hash[32], uint64_t transactions);
	/* `offset`: of its first byte in the batch. */
	void (*on_transaction)(void *context, size_t offset, const struct transaction *transaction);
	/* A footer; `published_ns` is what it says, whatever that is. */
	void (*on_footer)(void *context, uint64_t published_ns);
};

/* Calls the handlers in the order of the bytes. -EBADMSG, with the offset, at the first that do not fit: what came before was handled. */
int entries_read(const uint8_t *data, size_t len, const struct entry_handlers *handlers, struct error *err);

#endif
