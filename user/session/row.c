// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "session/row.h"

#include <arpa/inet.h>
#include <math.h>
#include <string.h>

/*
 * A slot or set whose state was retired too early comes a second time with the rest of its packets: one row remains.
 * What was received adds up; of what may be the same shreds or sets seen again (data, code, sets) the sum or the larger
 * number is taken, never more than a set can hold.
 */
static const char block_arrival_sql[] =
	"INSERT INTO block_arrival (feed_id, number, fec_set, first_mono_ns, decodable_mono_ns, last_mono_ns, packets,"
	" duplicates, data, code, sets, sets_decodable, last_index, complete, repairs, tick)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
	" ON CONFLICT (feed_id, number, ifnull(fec_set, -1)) DO UPDATE SET"
	" first_mono_ns = min(first_mono_ns, excluded.first_mono_ns),"
	" decodable_mono_ns = min(ifnull(decodable_mono_ns, excluded.decodable_mono_ns),"
	"                         ifnull(excluded.decodable_mono_ns, decodable_mono_ns)),"
	" last_mono_ns = max(last_mono_ns, excluded.last_mono_ns),"
	" packets = packets + excluded.packets, duplicates = duplicates + excluded.duplicates,"
	" data = iif(fec_set IS NULL, data + excluded.data, min(32, data + excluded.data)),"
	" code = iif(fec_set IS NULL, code + excluded.code, min(32, code + excluded.code)),"
	" sets = max(ifnull(sets, excluded.sets), ifnull(excluded.sets, sets)),"
	" sets_decodable = max(ifnull(sets_decodable, excluded.sets_decodable),"
	"                      ifnull(excluded.sets_decodable, sets_decodable)),"
	" last_index = ifnull(excluded.last_index, last_index), complete = max(complete, excluded.complete),"
	" repairs = repairs + excluded.repairs,"
	" tick = max(ifnull(tick, excluded.tick), ifnull(excluded.tick, tick))";

static const char *const sql[ROW_KINDS] = {
	[ROW_META] = "INSERT OR REPLACE INTO session (key, value) VALUES (?1, ?2)",
	[ROW_FEED] = "INSERT OR REPLACE INTO feed (id, name, role, decoder, transport) VALUES (?1, ?2, ?3, ?4, ?5)",
	[ROW_CHAIN] = "INSERT OR REPLACE INTO chain (id, name, network) VALUES (?1, ?2, ?3)",
	[ROW_CLOCK] = "INSERT INTO clock (mono_ns, real_ns, half_width_ns, synchronized, max_error_ns, source)"
		      " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[ROW_NIC] = "INSERT OR REPLACE INTO nic (id, interface, device) VALUES (?1, ?2, ?3)",
	[ROW_NIC_CLOCK] = "INSERT INTO nic_clock (nic_id, mono_ns, nic_ns, half_width_ns) VALUES (?1, ?2, ?3, ?4)",
	[ROW_ORACLE_MESSAGE] = "INSERT INTO oracle_message (feed_id, asset, message_id, key, mantissa, exponent, price,"
			       " published_ns, nic_id, nic_ns, first_mono_ns, wire_mono_ns, stall_ns, app_mono_ns, bytes,"
			       " digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
	[ROW_BLOCK_ARRIVAL] = block_arrival_sql,
	[ROW_SHRED_ARRIVAL] = "INSERT INTO shred_arrival (feed_id, number, kind, shred, fec_set, mono_ns, resigned, repair,"
			      " tick, last) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[ROW_BLOCK_MESSAGE] = "INSERT INTO block_message (feed_id, kind, number, part, parts_needed, hash, parent,"
			      " published_ns, first_mono_ns, wire_mono_ns, stall_ns, app_mono_ns, bytes)"
			      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
	[ROW_BLOCK_CONTENT] = "INSERT INTO block_content (feed_id, number, entries, transactions, sets, sets_recovered,"
			      " published_ns, whole) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[ROW_BLOCK_TRANSACTION] = "INSERT INTO block_transaction (feed_id, number, entry, position, shred, signature, watch,"
				  " block_wire_mono_ns, readable_mono_ns, recovered, message_id, key, mantissa, exponent,"
				  " price, published_ns) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
				  " ?14, ?15, ?16)",
	[ROW_FLOW] = "INSERT OR REPLACE INTO flow (feed_id, kind, packets, bytes, first_mono_ns, last_mono_ns)"
		     " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[ROW_READER] = "INSERT INTO reader (id, feed_id, protocol, local, local_port, remote, remote_port, pid, comm)"
		       " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[ROW_PACKET_READ] = "INSERT INTO packet_read (reader_id, first_mono_ns, wire_mono_ns, app_mono_ns, bytes)"
			    " VALUES (?1, ?2, ?3, ?4, ?5)",
	[ROW_CHAIN_UPDATE] = "INSERT INTO chain_update (chain, asset, type, address, message_id, key, mantissa, exponent,"
			     " price, published_ns, block_number, block_hash, tx_hash, log_index, block_ns,"
			     " seen_mono_ns, app_mono_ns, removed, backfilled) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
			     " ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
	[ROW_CHAIN_BLOCK] = "INSERT INTO chain_block (chain, number, hash, parent, block_ns, block_wire_mono_ns,"
			    " block_complete_mono_ns, app_mono_ns) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[ROW_CHAIN_ROUND] = "INSERT INTO chain_round (chain, asset, address, key, started_by, started_ns, block_number, block_hash,"
			    " tx_hash, seen_mono_ns, app_mono_ns, removed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
	[ROW_CHAIN_CALLDATA] = "INSERT INTO chain_calldata (chain, tx_hash, type, message_id, key, mantissa, exponent, price,"
			       " published_ns, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[ROW_CHAIN_PENDING] = "INSERT INTO chain_pending (chain, tx_hash, address, type, message_id, key, mantissa, exponent, price,"
			      " published_ns, digest, first_mono_ns, wire_mono_ns, app_mono_ns)"
			      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
	[ROW_CHAIN_FINAL] = "INSERT INTO chain_final (chain, level, number, hash, after_mono_ns, seen_mono_ns, app_mono_ns)"
			    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[ROW_CHAIN_MENTION] = "INSERT INTO chain_mention (chain, asset, address, number, tx_hash, posts, failed, wire_mono_ns, app_mono_ns)"
			      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[ROW_SLOT_EVENT] = "INSERT INTO slot_event (chain, number, kind, parent, published_ns, wire_mono_ns, app_mono_ns)"
			   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[ROW_SENT] = "INSERT INTO sent (mono_ns, bytes, seq, local_port, remote_port) VALUES (?1, ?2, ?3, ?4, ?5)",
	[ROW_LOSS] = "INSERT OR REPLACE INTO loss (source, name, count, is_loss) VALUES (?1, ?2, ?3, ?4)",
};

int row_writer_open(struct row_writer *writer, sqlite3 *db)
{
	int status = SQLITE_OK;

	memset(writer, 0, sizeof(*writer));
	writer->db = db;
	for (int i = 0; i < ROW_KINDS && status == SQLITE_OK; i++)
		status = sqlite3_prepare_v3(db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &writer->statements[i], NULL);
	return status;
}

void row_writer_close(struct row_writer *writer)
{
	for (int i = 0; i < ROW_KINDS; i++)
		sqlite3_finalize(writer->statements[i]);
	memset(writer, 0, sizeof(*writer));
}

/* The row outlives the step, so nothing is copied by SQLite. A bind that fails leaves NULL, which cannot be: all are of fixed size. */
static void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
	if (text && *text)
		sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
	else
		sqlite3_bind_null(statement, at);
}

/* NOT NULL columns: an empty text stays a text. */
static void bind_name(sqlite3_stmt *statement, int at, const char *text)
{
	sqlite3_bind_text(statement, at, text ? text : "", -1, SQLITE_STATIC);
}

static void bind_time(sqlite3_stmt *statement, int at, int64_t ns)
{
	if (ns == TIME_UNKNOWN)
		sqlite3_bind_null(statement, at);
	else
		sqlite3_bind_int64(statement, at, ns);
}

/* Counters and slots beyond 2^63 do not occur; should one come from the wire it becomes the largest integer that SQL has. */
static void bind_count(sqlite3_stmt *statement, int at, uint64_t count)
{
	sqlite3_bind_int64(statement, at, count > INT64_MAX ? INT64_MAX : (int64_t)count);
}

static void bind_message(sqlite3_stmt *statement, int at, const struct feed_message *message)
{
	bind_text(statement, at, message->id);
	bind_text(statement, at + 1, message->key);
	bind_text(statement, at + 2, message->mantissa);
	if (message->has_exponent)
		sqlite3_bind_int(statement, at + 3, message->exponent);
	else
		sqlite3_bind_null(statement, at + 3);
	if (isfinite(message->price))
		sqlite3_bind_double(statement, at + 4, message->price);
	else
		sqlite3_bind_null(statement, at + 4);
	bind_time(statement, at + 5, message->published_ns);
}

static void bind_clock(sqlite3_stmt *s, const struct clock_reading *clock)
{
	sqlite3_bind_int64(s, 1, clock->mono_ns);
	sqlite3_bind_int64(s, 2, clock->real_ns);
	sqlite3_bind_int64(s, 3, clock->half_width_ns);
	sqlite3_bind_int(s, 4, clock->synchronized);
	bind_time(s, 5, clock->max_error_ns);
	bind_text(s, 6, clock_source_names[clock->source]);
}

static void bind_oracle_message(sqlite3_stmt *s, const struct session_oracle_message *row)
{
	sqlite3_bind_int64(s, 1, row->feed_id);
	bind_text(s, 2, row->asset);
	bind_message(s, 3, &row->message);
	if (row->nic_ns != TIME_UNKNOWN)
		sqlite3_bind_int64(s, 9, row->nic_id);
	else
		sqlite3_bind_null(s, 9);
	bind_time(s, 10, row->nic_ns);
	bind_time(s, 11, row->first_mono_ns);
	bind_time(s, 12, row->wire_mono_ns);
	bind_time(s, 13, row->stall_ns);
	bind_time(s, 14, row->app_mono_ns);
	sqlite3_bind_int64(s, 15, row->bytes);
	bind_text(s, 16, row->message.digest);
}

static void bind_block_arrival(sqlite3_stmt *s, const struct session_block_arrival *row)
{
	bool is_slot = row->fec_set < 0;

	sqlite3_bind_int64(s, 1, row->feed_id);
	bind_count(s, 2, row->number);
	if (is_slot)
		sqlite3_bind_null(s, 3);
	else
		sqlite3_bind_int64(s, 3, row->fec_set);
	bind_time(s, 4, row->first_mono_ns);
	bind_time(s, 5, row->decodable_mono_ns);
	bind_time(s, 6, row->last_mono_ns);
	bind_count(s, 7, row->packets);
	bind_count(s, 8, row->duplicates);
	bind_count(s, 9, row->data);
	bind_count(s, 10, row->code);
	if (is_slot) {
		sqlite3_bind_int64(s, 11, row->sets);
		sqlite3_bind_int64(s, 12, row->sets_decodable);
	} else {
		sqlite3_bind_null(s, 11);
		sqlite3_bind_null(s, 12);
	}
	if (is_slot && row->last_index >= 0)
		sqlite3_bind_int64(s, 13, row->last_index);
	else
		sqlite3_bind_null(s, 13);
	sqlite3_bind_int(s, 14, row->complete);
	bind_count(s, 15, row->repairs);
	if (row->tick >= 0)
		sqlite3_bind_int(s, 16, row->tick);
	else
		sqlite3_bind_null(s, 16);
}

static void bind_shred_arrival(sqlite3_stmt *s, const struct session_shred_arrival *row)
{
	sqlite3_bind_int64(s, 1, row->feed_id);
	bind_count(s, 2, row->number);
	bind_name(s, 3, row->code ? "code" : "data");
	sqlite3_bind_int64(s, 4, row->shred);
	sqlite3_bind_int64(s, 5, row->fec_set);
	sqlite3_bind_int64(s, 6, row->mono_ns);
	sqlite3_bind_int(s, 7, row->resigned);
	sqlite3_bind_int(s, 8, row->repair);
	if (row->code) {
		sqlite3_bind_null(s, 9);
		sqlite3_bind_null(s, 10);
	} else {
		sqlite3_bind_int(s, 9, row->tick);
		sqlite3_bind_int(s, 10, row->last);
	}
}

static void bind_block_message(sqlite3_stmt *s, const struct session_block_message *row)
{
	const struct block_message *message = &row->message;

	sqlite3_bind_int64(s, 1, row->feed_id);
	bind_name(s, 2, block_kinds[message->kind].name);
	if (message->has_number)
		bind_count(s, 3, message->number);
	else
		sqlite3_bind_null(s, 3);
	if (message->part != BLOCK_PART_WHOLE)
		sqlite3_bind_int64(s, 4, message->part);
	else
		sqlite3_bind_null(s, 4);
	if (message->parts_needed)
		sqlite3_bind_int64(s, 5, message->parts_needed);
	else
		sqlite3_bind_null(s, 5);
	bind_text(s, 6, message->hash);
	bind_text(s, 7, message->parent);
	bind_time(s, 8, message->published_ns);
	bind_time(s, 9, row->first_mono_ns);
	bind_time(s, 10, row->wire_mono_ns);
	bind_time(s, 11, row->stall_ns);
	bind_time(s, 12, row->app_mono_ns);
	sqlite3_bind_int64(s, 13, row->bytes);
}

static void bind_block_content(sqlite3_stmt *s, const struct block_content *row)
{
	sqlite3_bind_int64(s, 1, row->feed);
	bind_count(s, 2, row->slot);
	bind_count(s, 3, row->entries);
	bind_count(s, 4, row->transactions);
	sqlite3_bind_int64(s, 5, row->sets);
	sqlite3_bind_int64(s, 6, row->sets_recovered);
	bind_time(s, 7, row->published_ns ? (int64_t)row->published_ns : TIME_UNKNOWN);
	sqlite3_bind_int(s, 8, row->whole);
}

/* Counted from 0; negative is unknown. */
static void bind_index(sqlite3_stmt *s, int at, int64_t index)
{
	bind_time(s, at, index < 0 ? TIME_UNKNOWN : index);
}

static void bind_block_transaction(sqlite3_stmt *s, const struct session_block_transaction *row)
{
	sqlite3_bind_int64(s, 1, row->feed_id);
	bind_count(s, 2, row->number);
	bind_index(s, 3, row->entry);
	bind_index(s, 4, row->position);
	sqlite3_bind_int64(s, 5, row->shred);
	bind_name(s, 6, row->signature);
	bind_name(s, 7, row->watch);
	bind_time(s, 8, row->block_wire_mono_ns);
	bind_time(s, 9, row->readable_mono_ns);
	sqlite3_bind_int(s, 10, row->recovered);
	bind_message(s, 11, &row->message);
}

/* NULL for all zero: no address. */
static void bind_address(sqlite3_stmt *s, int at, const uint8_t address[16])
{
	static const uint8_t none[16], mapped[12] = {[10] = 0xff, 0xff};
	bool v4 = !memcmp(address, mapped, sizeof(mapped));
	char text[INET6_ADDRSTRLEN] = "";

	if (memcmp(address, none, sizeof(none)))
		inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? address + 12 : address, text, sizeof(text));
	if (text[0])
		sqlite3_bind_text(s, at, text, -1, SQLITE_TRANSIENT);
	else
		sqlite3_bind_null(s, at);
}

static void bind_reader(sqlite3_stmt *s, const struct reader *reader)
{
	sqlite3_bind_int64(s, 1, reader->id);
	sqlite3_bind_int64(s, 2, reader->feed);
	bind_name(s, 3, reader->space == PL_PORT_TCP ? "tcp" : "udp");
	bind_address(s, 4, reader->local);
	sqlite3_bind_int(s, 5, reader->local_port);
	bind_address(s, 6, reader->remote);
	if (reader->remote_port)
		sqlite3_bind_int(s, 7, reader->remote_port);
	else
		sqlite3_bind_null(s, 7);
	sqlite3_bind_int64(s, 8, reader->pid);
	bind_name(s, 9, reader->comm);
}

static void bind_packet_read(sqlite3_stmt *s, const struct packet_read *read)
{
	sqlite3_bind_int64(s, 1, read->reader);
	bind_time(s, 2, read->first_mono_ns);
	bind_time(s, 3, read->wire_mono_ns);
	bind_time(s, 4, read->app_mono_ns);
	sqlite3_bind_int64(s, 5, read->bytes);
}

static void bind_chain_update(sqlite3_stmt *s, const struct row *row)
{
	const struct chain_update *update = &row->chain_update.update;

	bind_name(s, 1, row->chain_update.chain);
	bind_name(s, 2, row->chain_update.asset);
	bind_name(s, 3, row->chain_update.type);
	bind_name(s, 4, row->chain_update.address);
	bind_message(s, 5, &update->message);
	bind_count(s, 11, update->block_number);
	bind_name(s, 12, update->block_hash);
	bind_name(s, 13, update->tx_hash);
	sqlite3_bind_int64(s, 14, update->log_index);
	bind_time(s, 15, update->block_ns);
	bind_time(s, 16, update->stamps.wire_mono_ns);
	bind_time(s, 17, update->stamps.app_mono_ns);
	sqlite3_bind_int(s, 18, update->removed);
	sqlite3_bind_int(s, 19, update->backfilled);
}

static void bind_chain_block(sqlite3_stmt *s, const struct row *row)
{
	const struct chain_block *block = &row->chain_block.block;

	bind_name(s, 1, row->chain_block.chain);
	bind_count(s, 2, block->number);
	bind_name(s, 3, block->hash);
	bind_name(s, 4, block->parent);
	bind_time(s, 5, block->block_ns);
	bind_time(s, 6, block->stamps.first_mono_ns);
	bind_time(s, 7, block->stamps.wire_mono_ns);
	bind_time(s, 8, block->stamps.app_mono_ns);
}

static void bind_chain_round(sqlite3_stmt *s, const struct row *row)
{
	const struct chain_round *round = &row->chain_round.round;

	bind_name(s, 1, row->chain_round.chain);
	bind_name(s, 2, row->chain_round.asset);
	bind_name(s, 3, row->chain_round.address);
	bind_name(s, 4, round->round);
	bind_name(s, 5, round->started_by);
	bind_time(s, 6, round->started_ns);
	bind_count(s, 7, round->block_number);
	bind_name(s, 8, round->block_hash);
	bind_name(s, 9, round->tx_hash);
	bind_time(s, 10, round->stamps.wire_mono_ns);
	bind_time(s, 11, round->stamps.app_mono_ns);
	sqlite3_bind_int(s, 12, round->removed);
}

static void bind_chain_calldata(sqlite3_stmt *s, const struct row *row)
{
	const struct chain_calldata *calldata = &row->chain_calldata.calldata;

	bind_name(s, 1, row->chain_calldata.chain);
	bind_name(s, 2, calldata->tx_hash);
	bind_name(s, 3, calldata->type);
	bind_message(s, 4, &calldata->message);
	bind_text(s, 10, calldata->message.digest);
}

static void bind_chain_pending(sqlite3_stmt *s, const struct row *row)
{
	const struct chain_pending *pending = &row->chain_pending.pending;

	bind_name(s, 1, row->chain_pending.chain);
	bind_name(s, 2, pending->tx_hash);
	bind_text(s, 3, pending->to);
	bind_text(s, 4, pending->type);
	bind_message(s, 5, &pending->message);
	bind_text(s, 11, pending->message.digest);
	bind_time(s, 12, pending->stamps.first_mono_ns);
	bind_time(s, 13, pending->stamps.wire_mono_ns);
	bind_time(s, 14, pending->stamps.app_mono_ns);
}

static void bind_chain_final(sqlite3_stmt *s, const struct row *row)
{
	const struct chain_final *final = &row->chain_final.final;

	bind_name(s, 1, row->chain_final.chain);
	bind_name(s, 2, chain_level_names[final->level]);
	bind_count(s, 3, final->number);
	bind_name(s, 4, final->hash);
	bind_time(s, 5, final->after_mono_ns);
	bind_time(s, 6, final->stamps.wire_mono_ns);
	bind_time(s, 7, final->stamps.app_mono_ns);
}

static void bind_slot_event(sqlite3_stmt *s, const struct row *row)
{
	const struct chain_slot_event *event = &row->slot_event.event;

	bind_name(s, 1, row->slot_event.chain);
	bind_count(s, 2, event->number);
	bind_name(s, 3, chain_slot_event_names[event->kind]);
	bind_index(s, 4, event->kind == CHAIN_SLOT_CREATED_BANK || event->kind == CHAIN_SLOT_PROCESSED ? (int64_t)event->parent : -1);
	bind_time(s, 5, event->node_ns);
	bind_time(s, 6, event->stamps.wire_mono_ns);
	bind_time(s, 7, event->stamps.app_mono_ns);
}

static void bind_chain_mention(sqlite3_stmt *s, const struct row *row)
{
	const struct chain_mention *mention = &row->chain_mention.mention;

	bind_name(s, 1, row->chain_mention.chain);
	bind_name(s, 2, row->chain_mention.asset);
	bind_name(s, 3, row->chain_mention.address);
	bind_count(s, 4, mention->number);
	bind_name(s, 5, mention->signature);
	sqlite3_bind_int(s, 6, mention->posts);
	sqlite3_bind_int(s, 7, mention->failed);
	bind_time(s, 8, mention->stamps.wire_mono_ns);
	bind_time(s, 9, mention->stamps.app_mono_ns);
}

int row_write(struct row_writer *writer, const struct row *row)
{
	sqlite3_stmt *s = writer->statements[row->kind];
	int status;

	switch (row->kind) {
	case ROW_META:
		bind_name(s, 1, row->meta.key);
		bind_name(s, 2, row->meta.value);
		break;
	case ROW_FEED:
		sqlite3_bind_int64(s, 1, row->feed.id);
		bind_name(s, 2, row->feed.name);
		bind_name(s, 3, row->feed.role);
		bind_name(s, 4, row->feed.decoder);
		bind_name(s, 5, row->feed.transport);
		break;
	case ROW_CHAIN:
		sqlite3_bind_int64(s, 1, row->chain.id);
		bind_name(s, 2, row->chain.name);
		bind_name(s, 3, row->chain.network);
		break;
	case ROW_CLOCK:
		bind_clock(s, &row->clock);
		break;
	case ROW_NIC:
		sqlite3_bind_int64(s, 1, row->nic.id);
		bind_name(s, 2, row->nic.interface);
		bind_text(s, 3, row->nic.device);
		break;
	case ROW_NIC_CLOCK:
		sqlite3_bind_int64(s, 1, row->nic_clock.nic_id);
		sqlite3_bind_int64(s, 2, row->nic_clock.mono_ns);
		sqlite3_bind_int64(s, 3, row->nic_clock.nic_ns);
		sqlite3_bind_int64(s, 4, row->nic_clock.half_width_ns);
		break;
	case ROW_ORACLE_MESSAGE:
		bind_oracle_message(s, &row->message);
		break;
	case ROW_BLOCK_ARRIVAL:
		bind_block_arrival(s, &row->block_arrival);
		break;
	case ROW_SHRED_ARRIVAL:
		bind_shred_arrival(s, &row->shred_arrival);
		break;
	case ROW_BLOCK_MESSAGE:
		bind_block_message(s, &row->block_message);
		break;
	case ROW_BLOCK_CONTENT:
		bind_block_content(s, &row->block_content);
		break;
	case ROW_BLOCK_TRANSACTION:
		bind_block_transaction(s, &row->block_transaction);
		break;
	case ROW_FLOW:
		sqlite3_bind_int64(s, 1, row->flow.feed_id);
		bind_name(s, 2, flow_kind_names[row->flow.kind]);
		bind_count(s, 3, row->flow.packets);
		bind_count(s, 4, row->flow.bytes);
		bind_time(s, 5, row->flow.first_mono_ns);
		bind_time(s, 6, row->flow.last_mono_ns);
		break;
	case ROW_READER:
		bind_reader(s, &row->reader);
		break;
	case ROW_PACKET_READ:
		bind_packet_read(s, &row->packet_read);
		break;
	case ROW_CHAIN_UPDATE:
		bind_chain_update(s, row);
		break;
	case ROW_CHAIN_BLOCK:
		bind_chain_block(s, row);
		break;
	case ROW_CHAIN_ROUND:
		bind_chain_round(s, row);
		break;
	case ROW_CHAIN_CALLDATA:
		bind_chain_calldata(s, row);
		break;
	case ROW_CHAIN_PENDING:
		bind_chain_pending(s, row);
		break;
	case ROW_CHAIN_FINAL:
		bind_chain_final(s, row);
		break;
	case ROW_CHAIN_MENTION:
		bind_chain_mention(s, row);
		break;
	case ROW_SLOT_EVENT:
		bind_slot_event(s, row);
		break;
	case ROW_SENT:
		sqlite3_bind_int64(s, 1, row->sent.mono_ns);
		sqlite3_bind_int64(s, 2, row->sent.bytes);
		sqlite3_bind_int64(s, 3, row->sent.seq);
		sqlite3_bind_int64(s, 4, row->sent.local_port);
		sqlite3_bind_int64(s, 5, row->sent.remote_port);
		break;
	case ROW_LOSS:
		bind_name(s, 1, row->loss.source);
		bind_name(s, 2, row->loss.name);
		bind_count(s, 3, row->loss.count);
		sqlite3_bind_int(s, 4, row->loss.is_loss);
		break;
	case ROW_KINDS:
		return SQLITE_MISUSE;
	}
	status = sqlite3_step(s);
	sqlite3_reset(s);
	return status == SQLITE_DONE ? SQLITE_OK : status;
}
