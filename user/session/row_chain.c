// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What chains told. */
#include "session/row_statement.h"

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

const struct row_statement row_chain_update = {
	"INSERT INTO chain_update (chain, asset, type, address, message_id, key, mantissa, exponent,"
	" price, published_ns, block_number, block_hash, tx_hash, log_index, block_ns,"
	" seen_mono_ns, app_mono_ns, removed, backfilled) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
	" ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
	bind_chain_update,
};

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

const struct row_statement row_chain_block = {
	"INSERT INTO chain_block (chain, number, hash, parent, block_ns, block_wire_mono_ns,"
	" block_complete_mono_ns, app_mono_ns) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	bind_chain_block,
};

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

const struct row_statement row_chain_round = {
	"INSERT INTO chain_round (chain, asset, address, key, started_by, started_ns, block_number, block_hash,"
	" tx_hash, seen_mono_ns, app_mono_ns, removed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
	bind_chain_round,
};

static void bind_chain_calldata(sqlite3_stmt *s, const struct row *row)
{
	const struct chain_calldata *calldata = &row->chain_calldata.calldata;

	bind_name(s, 1, row->chain_calldata.chain);
	bind_name(s, 2, calldata->tx_hash);
	bind_name(s, 3, calldata->type);
	bind_message(s, 4, &calldata->message);
	bind_text(s, 10, calldata->message.digest);
}

const struct row_statement row_chain_calldata = {
	"INSERT INTO chain_calldata (chain, tx_hash, type, message_id, key, mantissa, exponent, price,"
	" published_ns, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	bind_chain_calldata,
};

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

const struct row_statement row_chain_pending = {
	"INSERT INTO chain_pending (chain, tx_hash, address, type, message_id, key, mantissa, exponent, price,"
	" published_ns, digest, first_mono_ns, wire_mono_ns, app_mono_ns)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
	bind_chain_pending,
};

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

const struct row_statement row_chain_final = {
	"INSERT INTO chain_final (chain, level, number, hash, after_mono_ns, seen_mono_ns, app_mono_ns)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	bind_chain_final,
};

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

const struct row_statement row_slot_event = {
	"INSERT INTO slot_event (chain, number, kind, parent, published_ns, wire_mono_ns, app_mono_ns)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	bind_slot_event,
};

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

const struct row_statement row_chain_mention = {
	"INSERT INTO chain_mention (chain, asset, address, number, tx_hash, posts, failed, wire_mono_ns, app_mono_ns)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	bind_chain_mention,
};
