/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Table `loss`: every counter of every source, from the tables of the modules that count (PL_COUNTERS, STREAM_COUNTERS,
 * COLLECT_COUNTERS, CHAIN_COUNTERS, READS_COUNTERS), so that a counter that exists is a counter that is stored. Zeros are stored too:
 * a row that says 0 was counted, a row that is absent was not.
 *
 * `source` is the name of the feed or chain in site.yaml, or a LOSS_SOURCE_* for what belongs to none. Names are unique
 * within a source across all five tables. Each call replaces the counts of the last one.
 */
#ifndef PL_SESSION_LOSS_H
#define PL_SESSION_LOSS_H

#include <sqlite3.h>
#include <stdint.h>

#include "chain/chain.h"
#include "record.h"
#include "session/collect.h"
#include "session/session.h"
#include "stream/subscriber.h"

#define LOSS_SOURCE_TAP "tap"	      /* PL_FEED_NONE: packets that could not be given to a feed */
#define LOSS_SOURCE_SESSION "session" /* rows that the session's own queue lost */

/* The five tables, indexed by their enums. */
struct loss_counter {
	const char *name, *words; /* words: what a user should read out of it */
	bool is_loss;
};
extern const struct loss_counter loss_tap[PL_COUNTER_MAX], loss_stream[STREAM_COUNTER_MAX],
	loss_collect[COLLECT_COUNTER_MAX], loss_chain[CHAIN_COUNTER_MAX], loss_reads[READS_COUNTER_MAX];

void loss_put_tap(struct session *session, const char *source, const uint64_t counts[PL_COUNTER_MAX]);
void loss_put_stream(struct session *session, const char *source, const uint64_t counts[STREAM_COUNTER_MAX]);
void loss_put_collect(struct session *session, const char *source, const uint64_t counts[COLLECT_COUNTER_MAX]);
void loss_put_chain(struct session *session, const char *source, const uint64_t counts[CHAIN_COUNTER_MAX]);
void loss_put_reads(struct session *session, const char *source, const uint64_t counts[READS_COUNTER_MAX]);

/* Sum of the stored counts that are losses (is_loss = 1). -EIO if the table cannot be read. */
int loss_total(sqlite3 *db, uint64_t *out, struct error *err);

/* Calls `each` for the stored counts that are losses, by source and name, zeros included. -EIO if the table cannot be read. */
typedef void (*loss_each_fn)(void *context, const char *source, const char *name, uint64_t count);
int loss_each(sqlite3 *db, loss_each_fn each, void *context, struct error *err);

/* Why a connection of the session was never open (its `never_open` is 1): kept in table session. */
void loss_put_never_open(struct session *session, const char *source, const char *reason);
/* Calls `each` for every such source. -EIO if the table cannot be read. */
typedef void (*never_open_fn)(void *context, const char *source, const char *reason);
int loss_each_never_open(sqlite3 *db, never_open_fn each, void *context, struct error *err);

#endif
