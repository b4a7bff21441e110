// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/packet_notes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "latency/blocks.h"
#include "latency/latency.h"
#include "session/query.h"

#define NOTES_MAX 64
#define NOTE_MAX 768
#define FLAG_LAST_IN_SLOT 0xc0

enum lookup { LOOKUP_UPDATE, LOOKUP_SENT, LOOKUP_HEAD, LOOKUPS };

struct packet_notes {
	sqlite3 *db;
	const struct site *site;
	sqlite3_stmt *lookups[LOOKUPS];
	struct block_list blocks;
	bool *block_begun; /* of each block: its first packet was met */
	uint64_t updates_found, updates_all, slots_begun;
	int status;
	struct error err;
	/* the packet in hand */
	char *texts[NOTES_MAX];
	size_t count, left_out;
	const char *owner; /* whose packet it is, where nothing more can be said */
	bool owner_is_chain;
	bool has_shred, set_decodable;
	struct pl_shred_record shred;
};

/* ---- texts ---------------------------------------------------------------------------------------------------------- */

static void fail(struct packet_notes *notes, int status, const char *what)
{
	if (!notes->status)
		notes->status = error_set(&notes->err, status, "%s", what);
}

__attribute__((format(printf, 2, 3))) static void note(struct packet_notes *notes, const char *format, ...)
{
	char text[NOTE_MAX];
	va_list args;

	if (notes->count == NOTES_MAX - 1) { /* the last one tells how many were left out */
		notes->left_out++;
		return;
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	notes->texts[notes->count] = text_printable(text);
	if (notes->texts[notes->count])
		notes->count++;
	else
		fail(notes, -ENOMEM, "out of memory");
}

/* " NAME=VALUE", or nothing where the value is unknown. */
static const char *word(char *out, size_t size, const char *name, const char *value)
{
	if (value && *value)
		snprintf(out, size, " %s=%s", name, value);
	else
		out[0] = '\0';
	return out;
}

/* ---- look-ups in the session ------------------------------------------------------------------------------------------ */

static void bind_text_or_null(sqlite3_stmt *s, int index, const char *text)
{
	if (*text)
		sqlite3_bind_text(s, index, text, -1, SQLITE_STATIC);
	else
		sqlite3_bind_null(s, index);
}

/* Copies with an index of their own: the file may be open read-only. */
static const char tables[] =
	"DROP TABLE IF EXISTS temp.note_update; CREATE TEMP TABLE note_update AS"
	" SELECT m.feed_id, m.wire_mono_ns, m.message_id, m.key, m.id, m.asset, t.status, t.seen_ns - t.wire_ns AS seen_after_ns"
	" FROM main.oracle_message m LEFT JOIN timeline t ON t.oracle_message_id = m.id;"
	"CREATE INDEX temp.note_update_at ON note_update (feed_id, wire_mono_ns);"
	"DROP TABLE IF EXISTS temp.note_sent; CREATE TEMP TABLE note_sent AS"
	" SELECT s.mono_ns, s.seq, s.local_port, min(t.oracle_message_id) AS message, min(t.sent_ns - t.wire_ns) AS after_ns"
	" FROM main.sent s LEFT JOIN timeline t ON t.sent_id = s.id GROUP BY s.id;"
	"CREATE INDEX temp.note_sent_at ON note_sent (mono_ns);"
	"DROP TABLE IF EXISTS temp.note_head; CREATE TEMP TABLE note_head AS"
	" SELECT chain, block_wire_mono_ns, number, hash FROM main.chain_block"
	" WHERE block_wire_mono_ns <> block_complete_mono_ns;"
	"CREATE INDEX temp.note_head_at ON note_head (block_wire_mono_ns)";

static const char *const queries[LOOKUPS] = {
	[LOOKUP_UPDATE] = ("SELECT id, asset, status, seen_after_ns FROM temp.note_update"
			   " WHERE feed_id = ?1 AND wire_mono_ns IS ?2 AND message_id IS ?3 AND key IS ?4 ORDER BY id"),
	[LOOKUP_SENT] = "SELECT message, after_ns FROM temp.note_sent WHERE mono_ns = ?1 AND seq = ?2 AND local_port = ?3",
	[LOOKUP_HEAD] = "SELECT number, hash FROM temp.note_head WHERE block_wire_mono_ns = ?1 AND chain = ?2",
};

/* The next row of a look-up, with what is wrong kept for packet_notes_status(). */
static bool step(struct packet_notes *notes, sqlite3_stmt *rows)
{
	int status = sqlite3_step(rows);

	if (status == SQLITE_ROW)
		return true;
	if (status != SQLITE_DONE)
		fail(notes, -EIO, sqlite3_errmsg(notes->db));
	sqlite3_reset(rows);
	return false;
}

/* ---- prices and blocks out of messages -------------------------------------------------------------------------------- */

struct delivery {
	struct packet_notes *notes;
	uint32_t feed;
	int64_t wire_ns;
};

static void on_update_decoded(void *context, const struct feed_message *message)
{
	const struct delivery *delivery = context;
	struct packet_notes *notes = delivery->notes;
	sqlite3_stmt *rows = notes->lookups[LOOKUP_UPDATE];
	char asset[128], key[128], seen[64], status[64];

	sqlite3_bind_int64(rows, 1, delivery->feed);
	sqlite3_bind_int64(rows, 2, delivery->wire_ns);
	bind_text_or_null(rows, 3, message->id);
	bind_text_or_null(rows, 4, message->key);
	while (step(notes, rows)) {
		int64_t after_ns = column_ns(rows, 3);

		notes->updates_found++;
		seen[0] = '\0';
		if (after_ns != TIME_UNKNOWN)
			snprintf(seen, sizeof(seen), " seen_after_ns=%" PRId64, after_ns);
		note(notes, "feed=%s%s%s stage=wire message=%" PRId64 "%s%s", notes->site->collect[delivery->feed].name,
		     word(asset, sizeof(asset), "asset", (const char *)sqlite3_column_text(rows, 1)),
		     word(key, sizeof(key), "key", message->key), (int64_t)sqlite3_column_int64(rows, 0),
		     word(status, sizeof(status), "status", (const char *)sqlite3_column_text(rows, 2)), seen);
	}
}

static void on_block_decoded(void *context, const struct block_message *message)
{
	const struct delivery *delivery = context;
	char number[64] = "", part[64] = "", hash[128];

	if (message->has_number)
		snprintf(number, sizeof(number), " block=%" PRIu64, message->number);
	if (message->part != BLOCK_PART_WHOLE)
		snprintf(part, sizeof(part), " part=%" PRId64, message->part);
	note(delivery->notes, "feed=%s kind=%s%s%s%s stage=wire", delivery->notes->site->collect[delivery->feed].name,
	     block_kinds[message->kind].name, number, part, word(hash, sizeof(hash), "hash", message->hash));
}

static void decode(struct packet_notes *notes, uint32_t index, int64_t wire_ns, const uint8_t *data, size_t len)
{
	const struct collect_feed *feed = &notes->site->collect[index];
	struct delivery delivery = {notes, index, wire_ns};
	struct error refused; /* told, and counted, by the replay */

	notes->owner = feed->name;
	if (feed->block_decoder)
		feed->block_decoder->decode(data, len, on_block_decoded, &delivery, &refused);
	else if (feed->decoder)
		feed->decoder->decode(&feed->decode, data, len, on_update_decoded, &delivery, &refused);
}

static void on_message(void *context, uint32_t feed, const struct stream_message *message)
{
	decode(context, feed, message->wire_mono_ns, message->data, message->len);
}

/* ---- the keeper, and what the tap aggregates --------------------------------------------------------------------------- */

static void on_egress(struct packet_notes *notes, const struct pl_egress *egress)
{
	sqlite3_stmt *rows = notes->lookups[LOOKUP_SENT];
	bool first = false;

	sqlite3_bind_int64(rows, 1, (int64_t)egress->head.stamp_ns);
	sqlite3_bind_int64(rows, 2, egress->seq);
	sqlite3_bind_int64(rows, 3, egress->local_port);
	while (step(notes, rows)) {
		if (sqlite3_column_type(rows, 0) == SQLITE_NULL)
			continue;
		note(notes, "keeper stage=sent message=%" PRId64 " sent_after_ns=%" PRId64,
		     (int64_t)sqlite3_column_int64(rows, 0), (int64_t)sqlite3_column_int64(rows, 1));
		first = true;
	}
	if (!first)
		note(notes, "keeper");
}

static void on_record(void *context, const struct pl_record *record, size_t len)
{
	const struct pl_datagram *datagram = (const struct pl_datagram *)record;
	struct packet_notes *notes = context;

	(void)len;
	switch (record->type) {
	case PL_RECORD_DATAGRAM:
		notes->owner = notes->site->collect[record->feed].name;
		if (datagram->captured == datagram->wanted)
			decode(notes, record->feed, (int64_t)record->stamp_ns, (const uint8_t *)(datagram + 1), datagram->captured);
		break;
	case PL_RECORD_STREAM:
		notes->owner = notes->site->collect[record->feed].name;
		break;
	case PL_RECORD_SHRED:
		notes->shred = *(const struct pl_shred_record *)record;
		notes->has_shred = true;
		break;
	case PL_RECORD_SET:
		notes->set_decodable = true;
		break;
	case PL_RECORD_EGRESS:
		on_egress(notes, (const struct pl_egress *)record);
		break;
	}
}

static struct block *block_of(const struct packet_notes *notes, const char *feed, uint64_t slot)
{
	size_t low = 0, high = notes->blocks.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (notes->blocks.items[middle].number < slot)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < notes->blocks.count && notes->blocks.items[low].number == slot; low++)
		if (!strcmp(notes->blocks.items[low].feed, feed))
			return &notes->blocks.items[low];
	return NULL;
}

static void add_stage(char *out, size_t size, const char *stage)
{
	snprintf(out + strlen(out), size - strlen(out), "%s%s", *out ? "," : " stage=", stage);
}

static void note_shred(struct packet_notes *notes)
{
	const struct pl_shred_record *shred = &notes->shred;
	const char *feed = notes->site->collect[shred->head.feed].name;
	struct block *block = block_of(notes, feed, shred->slot);
	int64_t stamp_ns = (int64_t)shred->head.stamp_ns;
	char stages[96] = "";

	if (block && block->first_ns == stamp_ns && !notes->block_begun[block - notes->blocks.items]) {
		notes->block_begun[block - notes->blocks.items] = true;
		notes->slots_begun++;
		add_stage(stages, sizeof(stages), "block_wire");
	}
	if (notes->set_decodable)
		add_stage(stages, sizeof(stages), "set_decodable");
	if (notes->set_decodable && block && block->decodable_ns == stamp_ns)
		add_stage(stages, sizeof(stages), "block_complete");
	if (block && block->last_ns == stamp_ns)
		add_stage(stages, sizeof(stages), "block_last");
	note(notes, "feed=%s slot=%" PRIu64 " index=%u kind=%s set=%u%s%s%s", feed, (uint64_t)shred->slot, shred->index,
	     shred->code ? "code" : "data", shred->fec_set_index, shred->repair ? " repair=1" : "",
	     !shred->code && (shred->flags & FLAG_LAST_IN_SLOT) == FLAG_LAST_IN_SLOT ? " last_in_slot=1" : "", stages);
}

/* ---- chains ----------------------------------------------------------------------------------------------------------- */

static void on_segment(void *context, const char *name, bool is_chain, uint64_t stamp_ns)
{
	struct packet_notes *notes = context;
	sqlite3_stmt *rows = notes->lookups[LOOKUP_HEAD];

	notes->owner = name;
	notes->owner_is_chain = is_chain;
	if (!is_chain)
		return;
	/* the first packet of a head that takes several; its last one is seen in on_block() */
	sqlite3_bind_int64(rows, 1, (int64_t)stamp_ns);
	sqlite3_bind_text(rows, 2, name, -1, SQLITE_STATIC);
	while (step(notes, rows))
		note(notes, "chain=%s block=%" PRId64 " hash=%s stage=block_wire", name, (int64_t)sqlite3_column_int64(rows, 0),
		     sqlite3_column_text(rows, 1));
}

static void on_update(void *context, const char *chain, const struct chain_update *update)
{
	char key[128];

	note(context, "chain=%s asset=%s%s block=%" PRIu64 " tx=%s%s stage=seen", chain, update->oracle->asset,
	     word(key, sizeof(key), "key", update->message.key), update->block_number, update->tx_hash,
	     update->removed ? " removed=1" : "");
}

static void on_block(void *context, const char *chain, const struct chain_block *block)
{
	bool one_packet = block->stamps.first_mono_ns == block->stamps.wire_mono_ns;

	if (!block->hash[0]) /* Solana's, put together out of several packets: each of them is a slot's */
		return;
	note(context, "chain=%s block=%" PRIu64 " hash=%s stage=%sblock_complete", chain, block->number, block->hash,
	     one_packet ? "block_wire," : "");
}

static void on_chain_slot(void *context, const char *chain, const struct chain_slot_event *event)
{
	note(context, "chain=%s slot=%" PRIu64 " event=%s", chain, event->number, chain_slot_event_names[event->kind]);
}

/* ----------------------------------------------------------------------------------------------------------------------- */

static int count_updates(struct packet_notes *notes)
{
	sqlite3_stmt *row = NULL;
	int status = -EIO;

	if (sqlite3_prepare_v2(notes->db, "SELECT count(*) FROM main.oracle_message WHERE wire_mono_ns IS NOT NULL", -1, &row,
			       NULL) == SQLITE_OK &&
	    sqlite3_step(row) == SQLITE_ROW) {
		notes->updates_all = (uint64_t)sqlite3_column_int64(row, 0);
		status = 0;
	}
	sqlite3_finalize(row);
	return status;
}

int packet_notes_new(struct packet_notes **out, sqlite3 *db, const struct site *site, struct error *err)
{
	struct packet_notes *notes = calloc(1, sizeof(*notes));
	int status;

	if (!notes)
		return error_set(err, -ENOMEM, "out of memory");
	notes->db = db;
	notes->site = site;
	status = join_if_needed(db, err);
	if (!status)
		status = blocks_load(db, &notes->blocks, err);
	if (status)
		goto failed;
	notes->block_begun = calloc(notes->blocks.count + 1, sizeof(*notes->block_begun));
	if (!notes->block_begun) {
		status = error_set(err, -ENOMEM, "out of memory");
		goto failed;
	}
	status = sqlite3_exec(db, tables, NULL, NULL, NULL) == SQLITE_OK ? count_updates(notes) : -EIO;
	for (size_t i = 0; i < LOOKUPS && !status; i++)
		if (sqlite3_prepare_v2(db, queries[i], -1, &notes->lookups[i], NULL) != SQLITE_OK)
			status = -EIO;
	if (status) {
		error_set(err, status, "session: %s", sqlite3_errmsg(db));
		goto failed;
	}
	*out = notes;
	return 0;
failed:
	packet_notes_free(notes);
	return status;
}

void packet_notes_handlers(struct packet_notes *notes, struct offline_handlers *out)
{
	*out = (struct offline_handlers){
		.context = notes,
		.on_record = on_record,
		.on_segment = on_segment,
		.on_message = on_message,
		.on_update = on_update,
		.on_block = on_block,
		.on_chain_slot = on_chain_slot,
	};
}

void packet_notes_begin(struct packet_notes *notes)
{
	for (size_t i = 0; i < notes->count; i++)
		free(notes->texts[i]);
	notes->count = notes->left_out = 0;
	notes->owner = NULL;
	notes->owner_is_chain = notes->has_shred = notes->set_decodable = false;
}

const char *const *packet_notes_take(struct packet_notes *notes, size_t *count)
{
	if (notes->has_shred)
		note_shred(notes);
	if (notes->owner && !notes->count)
		note(notes, "%s=%s", notes->owner_is_chain ? "chain" : "feed", notes->owner);
	if (notes->left_out) {
		char text[64];

		snprintf(text, sizeof(text), "and %zu more", notes->left_out);
		notes->texts[notes->count] = strdup(text);
		notes->count += notes->texts[notes->count] != NULL;
	}
	*count = notes->count;
	return (const char *const *)notes->texts;
}

int packet_notes_status(const struct packet_notes *notes, struct error *err)
{
	if (notes->status)
		*err = notes->err;
	return notes->status;
}

void packet_notes_missing(const struct packet_notes *notes, struct packet_notes_missing *out)
{
	out->of_updates = notes->updates_all;
	out->updates = notes->updates_all > notes->updates_found ? notes->updates_all - notes->updates_found : 0;
	out->of_slots = notes->blocks.count;
	out->slots = notes->blocks.count - notes->slots_begun;
}

void packet_notes_free(struct packet_notes *notes)
{
	if (!notes)
		return;
	packet_notes_begin(notes);
	for (size_t i = 0; i < LOOKUPS; i++)
		sqlite3_finalize(notes->lookups[i]);
	block_list_free(&notes->blocks);
	free(notes->block_begun);
	free(notes);
}
