/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The inside of Solana blocks, of feeds with `payload: true`: shreds' payloads into rows of block_content (one for each
 * block) and block_transaction (one for each transaction that a watch names, or each price in it).
 */
#ifndef PL_SESSION_LEDGER_H
#define PL_SESSION_LEDGER_H

#include "session/collect.h"
#include "session/session.h"
#include "solana/assembler.h"

struct ledger;

/* The feeds' index in the array is their id in the session and in records. The array must outlive the ledger. */
int ledger_new(struct ledger **out, struct session *session, const struct collect_feed *feeds, size_t feed_count,
	       struct error *err);
void ledger_free(struct ledger *ledger);

/* A record with its payload behind it. */
void ledger_shred(struct ledger *ledger, const struct pl_shred_record *shred);

/* No more comes of this slot. */
void ledger_close(struct ledger *ledger, uint32_t feed, uint64_t slot);
void ledger_close_all(struct ledger *ledger);

/* Of one feed: adds what concerns it to COLLECT_COUNTER_* of the same names. */
void ledger_counters(const struct ledger *ledger, uint32_t feed, uint64_t out[COLLECT_COUNTER_MAX]);
/* Why the last batch of entries that could not be read could not; "" if all could. */
const char *ledger_last_error(const struct ledger *ledger, uint32_t feed);

#endif
