// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Blocks, in packets and in messages. */
#include "session/row_statement.h"

static void bind_block_arrival(sqlite3_stmt *s, const struct row *any)
{
	const struct session_block_arrival *row = &any->block_arrival;
	bool is_slot = row->fec_set < 0;

	sqlite3_bind_int64(s, 1, row->feed_id);
	bind_count(s, 2, row->number);
	bind_index(s, 3, row->fec_set);
	bind_time(s, 4, row->first_mono_ns);
	bind_time(s, 5, row->decodable_mono_ns);
	bind_time(s, 6, row->last_mono_ns);
	bind_count(s, 7, row->packets);
	bind_count(s, 8, row->duplicates);
	bind_count(s, 9, row->data);
	bind_count(s, 10, row->code);
	bind_index(s, 11, is_slot ? (int64_t)row->sets : -1);
	bind_index(s, 12, is_slot ? (int64_t)row->sets_decodable : -1);
	bind_index(s, 13, is_slot ? row->last_index : -1);
	sqlite3_bind_int(s, 14, row->complete);
	bind_count(s, 15, row->repairs);
	bind_index(s, 16, row->tick);
}

/*
 * A slot or set whose state was retired too early comes a second time with the rest of its packets: one row remains.
 * What was received adds up; of what may be the same shreds or sets seen again (data, code, sets) the sum or the larger
 * number is taken, never more than a set can hold.
 */
const struct row_statement row_block_arrival = {
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
	" tick = max(ifnull(tick, excluded.tick), ifnull(excluded.tick, tick))",
	bind_block_arrival,
};

static void bind_shred_arrival(sqlite3_stmt *s, const struct row *any)
{
	const struct session_shred_arrival *row = &any->shred_arrival;

	sqlite3_bind_int64(s, 1, row->feed_id);
	bind_count(s, 2, row->number);
	bind_name(s, 3, row->code ? "code" : "data");
	sqlite3_bind_int64(s, 4, row->shred);
	sqlite3_bind_int64(s, 5, row->fec_set);
	sqlite3_bind_int64(s, 6, row->mono_ns);
	sqlite3_bind_int(s, 7, row->resigned);
	sqlite3_bind_int(s, 8, row->repair);
	bind_index(s, 9, row->code ? -1 : row->tick);
	bind_index(s, 10, row->code ? -1 : row->last);
}

const struct row_statement row_shred_arrival = {
	"INSERT INTO shred_arrival (feed_id, number, kind, shred, fec_set, mono_ns, resigned, repair,"
	" tick, last) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	bind_shred_arrival,
};

static void bind_block_message(sqlite3_stmt *s, const struct row *any)
{
	const struct session_block_message *row = &any->block_message;
	const struct block_message *message = &row->message;

	sqlite3_bind_int64(s, 1, row->feed_id);
	bind_name(s, 2, block_kinds[message->kind].name);
	if (message->has_number)
		bind_count(s, 3, message->number);
	else
		sqlite3_bind_null(s, 3);
	bind_index(s, 4, message->part == BLOCK_PART_WHOLE ? -1 : (int64_t)message->part);
	bind_index(s, 5, message->parts_needed ? (int64_t)message->parts_needed : -1);
	bind_text(s, 6, message->hash);
	bind_text(s, 7, message->parent);
	bind_time(s, 8, message->published_ns);
	bind_time(s, 9, row->first_mono_ns);
	bind_time(s, 10, row->wire_mono_ns);
	bind_time(s, 11, row->stall_ns);
	bind_time(s, 12, row->app_mono_ns);
	sqlite3_bind_int64(s, 13, row->bytes);
}

const struct row_statement row_block_message = {
	"INSERT INTO block_message (feed_id, kind, number, part, parts_needed, hash, parent,"
	" published_ns, first_mono_ns, wire_mono_ns, stall_ns, app_mono_ns, bytes)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
	bind_block_message,
};

static void bind_block_content(sqlite3_stmt *s, const struct row *any)
{
	const struct block_content *row = &any->block_content;

	sqlite3_bind_int64(s, 1, row->feed);
	bind_count(s, 2, row->slot);
	bind_count(s, 3, row->entries);
	bind_count(s, 4, row->transactions);
	sqlite3_bind_int64(s, 5, row->sets);
	sqlite3_bind_int64(s, 6, row->sets_recovered);
	bind_time(s, 7, row->published_ns ? (int64_t)row->published_ns : TIME_UNKNOWN);
	sqlite3_bind_int(s, 8, row->whole);
}

const struct row_statement row_block_content = {
	"INSERT INTO block_content (feed_id, number, entries, transactions, sets, sets_recovered,"
	" published_ns, whole) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	bind_block_content,
};

static void bind_block_transaction(sqlite3_stmt *s, const struct row *any)
{
	const struct session_block_transaction *row = &any->block_transaction;

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

const struct row_statement row_block_transaction = {
	"INSERT INTO block_transaction (feed_id, number, entry, position, shred, signature, watch,"
	" block_wire_mono_ns, readable_mono_ns, recovered, message_id, key, mantissa, exponent,"
	" price, published_ns) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
	" ?14, ?15, ?16)",
	bind_block_transaction,
};
