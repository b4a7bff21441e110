/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How each kind of row is stored: one statement a kind, with what it binds. A row outlives the step, so that SQLite copies
 * nothing; a bind that fails leaves NULL, which cannot be: all are of fixed size.
 */
#ifndef PL_SESSION_ROW_STATEMENT_H
#define PL_SESSION_ROW_STATEMENT_H

#include <sqlite3.h>

#include "session/row.h"

struct row_statement {
	const char *sql;
	void (*bind)(sqlite3_stmt *statement, const struct row *row); /* all of its parameters, in its order */
};

extern const struct row_statement
	row_chain_update, row_chain_block, row_chain_round, row_chain_calldata, row_chain_pending,
	row_chain_final, row_slot_event, row_chain_mention, row_block_arrival, row_shred_arrival,
	row_block_message, row_block_content, row_block_transaction, row_oracle_message, row_flow, row_reader,
	row_packet_read, row_sent, row_meta, row_feed, row_chain, row_clock, row_nic, row_nic_clock, row_loss;

/* Parameters are numbered from 1. */
void bind_text(sqlite3_stmt *statement, int at, const char *text);	 /* NULL for NULL and "" */
void bind_name(sqlite3_stmt *statement, int at, const char *text);	 /* of NOT NULL columns: an empty text stays a text */
void bind_time(sqlite3_stmt *statement, int at, int64_t ns);		 /* NULL for TIME_UNKNOWN */
void bind_index(sqlite3_stmt *statement, int at, int64_t index);	 /* counted from 0; NULL for what is negative */
/* Counters and slots beyond 2^63 do not occur; should one come from the wire it becomes the largest integer that SQL has. */
void bind_count(sqlite3_stmt *statement, int at, uint64_t count);
/* id, key, mantissa, exponent, price and published time: six parameters from `at`. */
void bind_message(sqlite3_stmt *statement, int at, const struct feed_message *message);

#endif
