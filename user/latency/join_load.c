// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reading what the join needs out of a session. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "latency/join_data.h"
#include "session/session.h"

int join_sql_error(struct join *join, struct error *err)
{
	return error_set(err, -EIO, "session: the join cannot read its tables: %s", sqlite3_errmsg(join->db));
}

static int no_memory(struct error *err)
{
	return error_set(err, -ENOMEM, "session: no memory for the join");
}

static int64_t column_time(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? TIME_UNKNOWN : sqlite3_column_int64(row, column);
}

static int64_t column_utc(const struct join *join, sqlite3_stmt *row, int column)
{
	return clockmap_utc(join->clock, column_time(row, column));
}

static double column_price(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? NAN : sqlite3_column_double(row, column);
}

static const char *column_text(sqlite3_stmt *row, int column)
{
	return (const char *)sqlite3_column_text(row, column);
}

/* ---- feeds and keeper ---- */

static int load_feeds(struct join *join, struct error *err)
{
	sqlite3_stmt *rows = NULL;
	size_t room = 0;
	int step = SQLITE_ERROR, status = 0;

	if (sqlite3_prepare_v2(join->db, "SELECT id, name FROM feed ORDER BY id", -1, &rows, NULL) == SQLITE_OK) {
		while (!status && (step = sqlite3_step(rows)) == SQLITE_ROW) {
			struct join_feed feed = {.id = sqlite3_column_int64(rows, 0)};

			status = intern_add(&join->names, column_text(rows, 1), &feed.name);
			if (!status)
				status = array_grow((void **)&join->feeds, join->feed_count, &room, sizeof(feed));
			if (!status)
				join->feeds[join->feed_count++] = feed;
		}
	}
	if (!status && step != SQLITE_DONE)
		join_sql_error(join, err);
	sqlite3_finalize(rows);
	return status ? no_memory(err) : step == SQLITE_DONE ? 0 : -EIO;
}

uint32_t join_find_feed(const struct join *join, int64_t id)
{
	size_t low = 0, high = join->feed_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (join->feeds[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < join->feed_count && join->feeds[low].id == id ? (uint32_t)low : NOTHING;
}

/* ---- updates ---- */

/*
 * Nodes of one network tell of the same blocks and logs: chains are looked at as their networks.
 *
 * An update of which no block's hash is known (Solana's) is the same where slot and key are: an account has one of them.
 * An update's block by its hash; by its number only where one of the two has no hash and there is one block of that
 * number: another hash is another block. Several rows of a block (of several nodes, or after a reconnect) count as their earliest stamps.
 *
 * Pending is its transaction, or one that carries the same message: a sender may raise his fee, which makes it another one.
 */
static const char update_query[] =
	"WITH block AS (SELECT ifnull(c.network, b.chain) AS network, hash, number, max(block_ns) AS block_ns,"
	"  min(block_wire_mono_ns) AS wire, min(block_complete_mono_ns) AS complete"
	"  FROM chain_block b LEFT JOIN chain c ON c.name = b.chain GROUP BY 1, hash, number),"
	" lone AS (SELECT network, number, max(hash) AS hash, max(block_ns) AS block_ns, min(wire) AS wire,"
	"  min(complete) AS complete FROM block GROUP BY network, number HAVING count(nullif(hash, '')) < 2),"
	" waiting AS (SELECT ifnull(c.network, p.chain) AS network, tx_hash, digest,"
	"  min(ifnull(wire_mono_ns, app_mono_ns)) AS at FROM chain_pending p LEFT JOIN chain c ON c.name = p.chain GROUP BY 1, 2, 3),"
	" itself AS (SELECT network, tx_hash, min(at) AS at FROM waiting GROUP BY 1, 2),"
	" alike AS (SELECT w.network, d.tx_hash, d.message_id, min(w.at) AS at FROM chain_calldata d"
	"  LEFT JOIN chain c ON c.name = d.chain JOIN waiting w ON w.digest = d.digest AND w.network = ifnull(c.network, d.chain)"
	"  GROUP BY 1, 2, 3),"
	" told AS (SELECT ifnull(c.network, u.chain) AS network, u.* FROM chain_update u LEFT JOIN chain c ON c.name = u.chain)"
	"SELECT u.id, u.asset, u.key, u.price, u.exponent, u.published_ns,"
	" coalesce(u.block_ns, b.block_ns, l.block_ns), ifnull(b.wire, l.wire), ifnull(b.complete, l.complete),"
	" u.seen_mono_ns, u.removed, u.network, u.block_number, u.network || ' ' || u.tx_hash, u.type, u.network || ' ' || u.address,"
	" u.network || ' ' || u.address || ' ' || iif(u.block_hash = '', u.block_number || ' ' || ifnull(u.key, ''),"
	"  u.block_hash || ' ' || u.tx_hash || ' ' || u.log_index),"
	" min(ifnull(i.at, a.at), ifnull(a.at, i.at))"
	" FROM told u LEFT JOIN block b ON b.hash = u.block_hash AND b.network = u.network AND u.block_hash <> ''"
	" LEFT JOIN lone l ON l.number = u.block_number AND l.network = u.network AND (u.block_hash = '' OR l.hash = '')"
	" LEFT JOIN itself i ON i.network = u.network AND i.tx_hash = u.tx_hash"
	" LEFT JOIN alike a ON a.network = u.network AND a.tx_hash = u.tx_hash AND a.message_id IS u.message_id"
	" ORDER BY u.id";

static int read_update(struct join *join, sqlite3_stmt *row, struct join_update *update, uint32_t *log,
		       struct intern *logs)
{
	uint32_t network = INTERN_NONE;
	int status;

	update->id = sqlite3_column_int64(row, 0);
	update->price = column_price(row, 3);
	if (sqlite3_column_type(row, 4) != SQLITE_NULL)
		update->half_digit = 0.5 * pow(10, sqlite3_column_double(row, 4));
	update->published_ns = column_time(row, 5);
	update->block_ns = column_time(row, 6);
	update->block_wire_ns = column_utc(join, row, 7);
	update->block_complete_ns = column_utc(join, row, 8);
	update->seen_ns = column_utc(join, row, 9);
	/* A node may send a log before the head of its block: then the log is what first told of the block. */
	if (update->seen_ns != TIME_UNKNOWN && update->seen_ns < update->block_wire_ns)
		update->block_wire_ns = update->seen_ns;
	update->pending_ns = column_utc(join, row, 17);
	/* Gossip about a transaction goes on when it has been included. */
	if (update->seen_ns != TIME_UNKNOWN && update->pending_ns > update->seen_ns)
		update->pending_ns = TIME_UNKNOWN;
	update->landed_ns = update->seen_ns;
	if (update->landed_ns == TIME_UNKNOWN && update->block_ns != TIME_UNKNOWN &&
	    update->block_ns <= INT64_MAX - BLOCK_GRID_NS)
		update->landed_ns = update->block_ns + BLOCK_GRID_NS;
	status = intern_add(&join->names, column_text(row, 1), &update->asset);
	if (!status)
		status = intern_add(&join->keys, column_text(row, 2), &update->key);
	if (!status)
		status = intern_add(&join->names, column_text(row, 11), &network);
	if (!status)
		status = intern_add(&join->names, column_text(row, 15), &update->place);
	if (!status)
		status = intern_add(logs, column_text(row, 16), log);
	join_find_carried(join, column_text(row, 13), column_text(row, 14), update);
	update->final_ns = join_final_ns(join, network, sqlite3_column_int64(row, 12));
	return status;
}

static int by_landing(const void *a, const void *b)
{
	const struct join_update *x = a, *y = b;

	/* unknown first: TIME_UNKNOWN is the smallest */
	if (x->landed_ns != y->landed_ns)
		return x->landed_ns < y->landed_ns ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

/* Rows of undone updates have id -1 by now. */
static void drop_undone(struct join *join)
{
	size_t kept = 0;

	for (size_t i = 0; i < join->update_count; i++)
		if (join->updates[i].id >= 0)
			join->updates[kept++] = join->updates[i];
	join->update_count = kept;
	if (kept)
		qsort(join->updates, kept, sizeof(*join->updates), by_landing);
}

/* `live` by the number of a log (same block, transaction and index): the place in updates[] of what holds now, + 1. */
static int add_update(struct join *join, const struct join_update *update, bool removed, size_t *live, size_t *room)
{
	if (removed) {
		/* The update and its removal both go; if the same block comes back, that is a new row. */
		if (*live)
			join->updates[*live - 1].id = -1;
		*live = 0;
		return 0;
	}
	if (*live) {
		/* Delivered twice, by two nodes or after a reconnect: the earliest one with a stamp stands. */
		if (update->seen_ns != TIME_UNKNOWN && (join->updates[*live - 1].seen_ns == TIME_UNKNOWN ||
							update->seen_ns < join->updates[*live - 1].seen_ns))
			join->updates[*live - 1] = *update;
		return 0;
	}
	if (array_grow((void **)&join->updates, join->update_count, room, sizeof(*update)))
		return -ENOMEM;
	join->updates[join->update_count++] = *update;
	*live = join->update_count;
	return 0;
}

static int load_updates(struct join *join, struct error *err)
{
	sqlite3_stmt *rows = NULL;
	struct intern logs = {0};
	size_t *live = NULL, live_room = 0, room = 0;
	int step = SQLITE_ERROR, status = 0;

	if (sqlite3_prepare_v2(join->db, update_query, -1, &rows, NULL) == SQLITE_OK) {
		while (!status && (step = sqlite3_step(rows)) == SQLITE_ROW) {
			struct join_update update = {0};
			size_t known = live_room;
			uint32_t log;

			status = read_update(join, rows, &update, &log, &logs);
			if (!status)
				status = array_grow((void **)&live, log, &live_room, sizeof(*live));
			if (status)
				break;
			memset(live + known, 0, (live_room - known) * sizeof(*live));
			status = add_update(join, &update, sqlite3_column_int(rows, 10), &live[log], &room);
		}
	}
	if (status)
		no_memory(err);
	else if (step != SQLITE_DONE)
		status = join_sql_error(join, err);
	sqlite3_finalize(rows);
	intern_free(&logs);
	free(live);
	drop_undone(join);
	return status;
}

/* ---- which assets matter ---- */

static int mark_assets(struct join *join, struct error *err)
{
	char assets[4096], after[16], *rest = assets, *name;
	size_t numbers;

	session_meta(join->db, "keeper_after", after, sizeof(after));
	join->keeper_after_seen = !strcmp(after, "seen");
	session_meta(join->db, "keeper_assets", assets, sizeof(assets));
	join->keeper_all = !assets[0];
	for (char *at = strdupa(assets), *one; (one = strsep(&at, ","));) {
		uint32_t number;

		if (intern_add(&join->names, one + strspn(one, " "), &number))
			return no_memory(err);
	}
	numbers = (size_t)join->names.count + 1;
	join->updated = calloc(numbers, sizeof(bool));
	join->kept = calloc(numbers, sizeof(bool));
	if (!join->updated || !join->kept)
		return no_memory(err);
	for (size_t i = 0; i < join->update_count; i++)
		join->updated[join->updates[i].asset] = true;
	while ((name = strsep(&rest, ",")))
		join->kept[intern_find(&join->names, name + strspn(name, " "))] = true;
	join->updated[INTERN_NONE] = false; /* an asset without a name is no asset */
	join->kept[INTERN_NONE] = false;
	return 0;
}

/* ---- packets ---- */

static int by_flow(const void *a, const void *b)
{
	const struct join_packet *x = a, *y = b;

	if (x->flow != y->flow)
		return x->flow < y->flow ? -1 : 1;
	return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

static int by_time(const void *a, const void *b)
{
	const struct join_packet *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static void drop_retransmissions(struct join *join)
{
	size_t kept = 0;

	if (!join->packet_count)
		return;
	qsort(join->packets, join->packet_count, sizeof(*join->packets), by_flow);
	for (size_t i = 0; i < join->packet_count; i++)
		if (!join->packets[i].flow || !kept || join->packets[i].flow != join->packets[kept - 1].flow)
			join->packets[kept++] = join->packets[i];
	join->packet_count = kept;
	qsort(join->packets, kept, sizeof(*join->packets), by_time);
}

static int load_packets(struct join *join, struct error *err)
{
	sqlite3_stmt *rows = NULL;
	size_t room = 0;
	int step = SQLITE_ERROR, status = 0;

	if (sqlite3_prepare_v2(join->db, "SELECT id, mono_ns, seq, local_port FROM sent", -1, &rows, NULL) == SQLITE_OK) {
		while (!status && (step = sqlite3_step(rows)) == SQLITE_ROW) {
			uint32_t seq = (uint32_t)sqlite3_column_int64(rows, 2);
			uint64_t port = (uint16_t)sqlite3_column_int(rows, 3);

			status = array_grow((void **)&join->packets, join->packet_count, &room, sizeof(*join->packets));
			if (!status)
				join->packets[join->packet_count++] = (struct join_packet){
					.id = sqlite3_column_int64(rows, 0),
					.time_ns = column_utc(join, rows, 1),
					.flow = seq ? port << 32 | seq : 0,
				};
		}
	}
	if (status)
		no_memory(err);
	else if (step != SQLITE_DONE)
		status = join_sql_error(join, err);
	sqlite3_finalize(rows);
	drop_retransmissions(join);
	return status;
}

int join_load(struct join *join, struct error *err)
{
	int status = clockmap_load(&join->clock, join->db, err);

	if (!status)
		status = nicmap_load(&join->nics, join->db, err);
	if (!status)
		status = load_feeds(join, err);
	if (!status)
		status = join_load_finals(join, err);
	if (!status)
		status = join_load_carried(join, err);
	if (!status)
		status = load_updates(join, err);
	if (!status)
		status = mark_assets(join, err);
	if (!status)
		status = load_packets(join, err);
	if (!status)
		status = join_triggers_new(join, err);
	if (!status && (join->update_count || join->packet_count))
		status = join_load_messages(join, err);
	return status;
}

void join_free(struct join *join)
{
	clockmap_free(join->clock);
	nicmap_free(join->nics);
	intern_free(&join->names);
	intern_free(&join->keys);
	free(join->feeds);
	intern_free(&join->digests);
	intern_free(&join->transactions);
	free(join->carried);
	free(join->finals);
	free(join->updates);
	free(join->messages);
	free(join->packets);
	free(join->triggers);
	free(join->unmatched);
	free(join->summaries);
	free(join->carriers);
	free(join->carrier_at);
	free(join->updated);
	free(join->kept);
	memset(join, 0, sizeof(*join));
}
