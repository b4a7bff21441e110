/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The session file: one SQLite database (WAL) that anyone can open; schema.sql is its contract.
 *
 * Writing: rows are handed by value to one writer thread over a bounded queue, so that the worst commit (28 ms measured)
 * never touches the thread that drains the ring. A batch is committed after 1000 rows or 100 ms: a crash loses at most
 * that and what still waits in the queue. A full queue is counted, never waited for; a failing disk stops the session
 * with a clear error and leaves a readable file. Reading: plain sqlite3 through session_open_read().
 */
#ifndef PL_SESSION_SESSION_H
#define PL_SESSION_SESSION_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/base58.h"
#include "base/clock.h"
#include "base/error.h"
#include "chain/chain.h"
#include "feed/block.h"
#include "feed/ethereum.h"
#include "feed/message.h"
#include "solana/assembler.h"
#include "stream/reads.h"

struct session; /* a session being written */

/* Creates `path` and starts the writer thread. -EEXIST for a file that exists: a recording is never overwritten. */
int session_create(struct session **out, const char *path, struct error *err);

struct session_feed {
	uint32_t id;
	const char *name, *role, *decoder, *transport;
};

struct session_chain {
	uint32_t id;
	const char *name, *network;
};

struct session_oracle_message {
	uint32_t feed_id;
	char asset[FEED_TEXT_MAX];
	struct feed_message message;
	uint32_t nic_id; /* whose nic_ns it is: ifindex */
	int64_t nic_ns;	 /* by the card's own clock; TIME_UNKNOWN without one */
	int64_t first_mono_ns, wire_mono_ns, stall_ns, app_mono_ns;
	uint32_t bytes;
};

/* A network card's clock read against this machine's. */
struct session_nic_clock {
	uint32_t nic_id; /* ifindex */
	int64_t mono_ns, nic_ns;
	int64_t half_width_ns; /* how far apart the moments of the two may lie */
};

struct session_block_arrival {
	uint32_t feed_id;
	uint64_t number;
	int64_t fec_set; /* -1: a row for the whole slot. One row is kept per (feed, number, fec_set): see docs/session.md */
	int64_t first_mono_ns, decodable_mono_ns, last_mono_ns;
	uint64_t packets, duplicates, data, code;
	uint32_t sets, sets_decodable;
	int64_t last_index; /* of the shred flagged last in slot; -1 unknown */
	bool complete;
	uint64_t repairs;
	int tick; /* highest reference tick of its data shreds; -1 without one */
};

struct session_shred_arrival {
	uint32_t feed_id;
	uint64_t number; /* slot */
	uint32_t shred, fec_set;
	int64_t mono_ns;
	bool code, resigned, repair;
	int tick; /* of a data shred: reference tick; -1 for code */
	bool last; /* data shred that is flagged last in slot */
};

/* A message of a block feed. The stamps are those of the message: parts that came in one message share them. */
struct session_block_message {
	uint32_t feed_id;
	struct block_message message;
	int64_t first_mono_ns, wire_mono_ns, stall_ns, app_mono_ns;
	uint32_t bytes;
};

/* A transaction in a Solana block that a watch names, or a price in it. */
struct session_block_transaction {
	uint32_t feed_id;
	uint64_t number;	       /* slot */
	int64_t entry, position;       /* from 0; -1 unknown */
	uint32_t shred;		       /* data shred with its first byte */
	char signature[BASE58_TEXT_MAX];
	char watch[FEED_TEXT_MAX];
	int64_t block_wire_mono_ns, readable_mono_ns;
	bool recovered;
	struct feed_message message; /* cleared where it posts no price that is read */
};

/* All packets of one kind so far, of a feed that only counts them; replaces the last row of feed and kind. */
struct session_flow {
	uint32_t feed_id;
	enum flow_kind kind;
	uint64_t packets, bytes; /* bytes: payload */
	int64_t first_mono_ns, last_mono_ns;
};

struct session_sent {
	int64_t mono_ns;
	uint32_t bytes, seq;
	uint16_t local_port, remote_port;
};

/* What session_create() would say of a name that is taken or a folder that is not there, before anything was done for its sake. */
int session_check_new(const char *path, struct error *err);

/* Each copies its argument and returns at once; a row that finds the queue full is counted (session_rows_lost). Call from one thread only. */
void session_put_meta(struct session *session, const char *key, const char *value); /* table session; an existing key is replaced */
void session_put_feed(struct session *session, const struct session_feed *feed);
void session_put_chain(struct session *session, const struct session_chain *chain);
void session_put_clock(struct session *session, const struct clock_reading *reading);
void session_put_nic(struct session *session, uint32_t id, const char *interface, const char *device); /* "/dev/ptp0"; "" without a clock */
void session_put_nic_clock(struct session *session, const struct session_nic_clock *reading);
void session_put_oracle_message(struct session *session, const struct session_oracle_message *row);
void session_put_block_arrival(struct session *session, const struct session_block_arrival *row);
void session_put_shred_arrival(struct session *session, const struct session_shred_arrival *row);
void session_put_block_message(struct session *session, const struct session_block_message *row);
void session_put_block_content(struct session *session, const struct block_content *row);
void session_put_block_transaction(struct session *session, const struct session_block_transaction *row);
void session_put_flow(struct session *session, const struct session_flow *row);
void session_put_reader(struct session *session, const struct reader *row);
void session_put_packet_read(struct session *session, const struct packet_read *row);
void session_put_chain_update(struct session *session, const char *chain, const struct chain_update *update);
void session_put_chain_block(struct session *session, const char *chain, const struct chain_block *block);
void session_put_chain_round(struct session *session, const char *chain, const struct chain_round *round);
void session_put_chain_calldata(struct session *session, const char *chain, const struct chain_calldata *calldata);
void session_put_chain_pending(struct session *session, const char *chain, const struct chain_pending *pending);
void session_put_chain_final(struct session *session, const char *chain, const struct chain_final *final);
void session_put_chain_mention(struct session *session, const char *chain, const struct chain_mention *mention);
void session_put_slot_event(struct session *session, const char *chain, const struct chain_slot_event *event);
void session_put_sent(struct session *session, const struct session_sent *row);
/* replaces the count of (source, name) */
void session_put_loss(struct session *session, const char *source, const char *name, uint64_t count, bool is_loss);

/* Rows that the queue can still take. Packets off the wire never wait for it; whoever can wait, like a replay, does. */
uint64_t session_room(struct session *session);

/* 0, or the negative errno of the writer thread's failure with its text: check it about once a second. */
int session_status(struct session *session, struct error *err);
/* Rows that found the queue full, or came after the failure of the writer. */
uint64_t session_rows_lost(struct session *session);

/*
 * Flushes, stores rows_lost and `clean_close`, stops the thread, checkpoints the WAL, closes and frees. The status of a
 * failed session is returned once more.
 */
int session_close(struct session *session, struct error *err);

/*
 * Opens for reading (read-write where the file allows, for the join to store its result; read-only media work too), checks
 * schema_version, and says what the file is if it is not a session. A file left by a killed recorder opens as it is.
 */
int session_open_read(sqlite3 **out, const char *path, struct error *err);

/* Whether `path` begins like an SQLite database. What writes another kind of file refuses to write over one: it may be a recording. */
bool session_is_database(const char *path);

/* The value of a key of table session in out[0..size), "" where there is none. */
void session_meta(sqlite3 *db, const char *key, char *out, size_t size);

#endif
