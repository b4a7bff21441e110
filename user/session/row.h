/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows of a session as they wait in the queue, by value, and the writer that puts them into the file. */
#ifndef PL_SESSION_ROW_H
#define PL_SESSION_ROW_H

#include <sqlite3.h>

#include "base/error.h"
#include "session/session.h"

enum row_kind {
	ROW_META,
	ROW_FEED,
	ROW_CHAIN,
	ROW_CLOCK,
	ROW_NIC,
	ROW_NIC_CLOCK,
	ROW_ORACLE_MESSAGE,
	ROW_BLOCK_ARRIVAL,
	ROW_SHRED_ARRIVAL,
	ROW_BLOCK_MESSAGE,
	ROW_BLOCK_CONTENT,
	ROW_BLOCK_TRANSACTION,
	ROW_FLOW,
	ROW_READER,
	ROW_PACKET_READ,
	ROW_CHAIN_UPDATE,
	ROW_CHAIN_BLOCK,
	ROW_CHAIN_ROUND,
	ROW_CHAIN_CALLDATA,
	ROW_CHAIN_PENDING,
	ROW_CHAIN_FINAL,
	ROW_SLOT_EVENT,
	ROW_CHAIN_MENTION,
	ROW_SENT,
	ROW_LOSS,
	ROW_KINDS
};

struct row {
	enum row_kind kind;
	union {
		struct {
			char key[64];
			char *value; /* malloc'd: texts as long as a list of capture files; freed by whoever takes the row */
		} meta;
		struct {
			uint32_t id;
			char name[FEED_TEXT_MAX], role[16], decoder[32], transport[16];
		} feed;
		struct {
			uint32_t id;
			char name[FEED_TEXT_MAX], network[FEED_TEXT_MAX];
		} chain;
		struct clock_reading clock;
		struct {
			uint32_t id;
			char interface[FEED_TEXT_MAX], device[32];
		} nic;
		struct session_nic_clock nic_clock;
		struct session_oracle_message message;
		struct session_block_arrival block_arrival;
		struct session_shred_arrival shred_arrival;
		struct session_block_message block_message;
		struct session_flow flow;
		struct reader reader;
		struct packet_read packet_read;
		struct block_content block_content;
		struct session_block_transaction block_transaction;
		struct {
			char chain[FEED_TEXT_MAX], asset[FEED_TEXT_MAX], type[24], address[ORACLE_ADDRESS_TEXT];
			struct chain_update update; /* .oracle is not valid here: the texts above replace it */
		} chain_update;
		struct {
			char chain[FEED_TEXT_MAX];
			struct chain_block block;
		} chain_block;
		struct {
			char chain[FEED_TEXT_MAX], asset[FEED_TEXT_MAX], address[ORACLE_ADDRESS_TEXT];
			struct chain_round round; /* .oracle is not valid here */
		} chain_round;
		struct {
			char chain[FEED_TEXT_MAX];
			struct chain_calldata calldata;
		} chain_calldata;
		struct {
			char chain[FEED_TEXT_MAX];
			struct chain_pending pending;
		} chain_pending;
		struct {
			char chain[FEED_TEXT_MAX];
			struct chain_final final;
		} chain_final;
		struct {
			char chain[FEED_TEXT_MAX];
			struct chain_slot_event event;
		} slot_event;
		struct {
			char chain[FEED_TEXT_MAX], asset[FEED_TEXT_MAX], address[ORACLE_ADDRESS_TEXT];
			struct chain_mention mention; /* .oracle is not valid here: the texts above replace it */
		} chain_mention;
		struct session_sent sent;
		struct {
			char source[FEED_TEXT_MAX], name[64];
			uint64_t count;
			bool is_loss;
		} loss;
	};
};

struct row_writer {
	sqlite3 *db;
	sqlite3_stmt *statements[ROW_KINDS];
};

/* Prepares a statement per kind. An SQLite result code; the text is in sqlite3_errmsg(db). */
int row_writer_open(struct row_writer *writer, sqlite3 *db);
int row_write(struct row_writer *writer, const struct row *row);
void row_writer_close(struct row_writer *writer);

#endif
