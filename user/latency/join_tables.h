/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The join's temporary tables: what grows with the session. They live from join_tables_new() to join_tables_drop(), or to the end of
 * a transaction that fails.
 *
 *     join_final      when each node said that a block is final
 *     join_carried    digests in the transactions of updates, by transaction and type
 *     join_inside     prices inside blocks, and (_asset) of which assets they are, where no chain tells of these
 *     join_found      updates that were not undone, as they are found
 *     join_update     the same, by asset and landing
 *     join_named      messages whose key or digest an update may have, by carrier
 *     join_message    messages of carriers whose prices decide, by carrier and arrival
 *     join_match      messages that landed, each with its update
 *     join_unmatched  updates without a message
 */
#ifndef PL_LATENCY_JOIN_TABLES_H
#define PL_LATENCY_JOIN_TABLES_H

#include "latency/join_data.h"
#include "session/query.h"

int join_tables_new(struct join *join, struct error *err);
void join_tables_drop(sqlite3 *db);
/* Runs one of the join's own statements. 0 or -EIO with a text that says where SQLite needs room. */
int join_execute(struct join *join, const char *sql, struct error *err);

/* NULL: see sqlite3_errmsg(). */
sqlite3_stmt *join_prepare(const struct join *join, const char *sql);
/* A statement that gives no rows; its bindings are forgotten. 0 or -EIO, for join_sql_error(). */
int join_insert(struct join *join, sqlite3_stmt *insert);
void join_bind_time(sqlite3_stmt *statement, int column, int64_t ns); /* TIME_UNKNOWN binds NULL */

/* An update's row, in this order; its key stands last. */
#define JOIN_UPDATE_COLUMNS "id, asset, place, carried, carried_count, price, half_digit, published_ns, pending_ns, block_ns," \
	" block_wire_ns, block_complete_ns, seen_ns, final_ns, landed_ns, key"
#define JOIN_UPDATE_COLUMN_COUNT 16
#define JOIN_UPDATE_KEY (JOIN_UPDATE_COLUMN_COUNT - 1)
void join_update_bind(sqlite3_stmt *insert, const struct join_update *update, const char *key);
void join_update_read(sqlite3_stmt *row, int first_column, struct join_update *update);

#endif
