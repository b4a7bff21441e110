// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The join from beginning to end: where its result goes, and writing it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "latency/join_tables.h"
#include "latency/latency.h"
#include "session/session.h"

/*
 * What the result depends on: the rules (first number, to be raised with them) and the rows that were there. Stored
 * with the result, so that a session is joined once, and again when it grew.
 */
static const char fingerprint_query[] =
	"SELECT '4' || ' ' || (SELECT ifnull(max(rowid), 0) FROM oracle_message) || ' ' ||"
	" (SELECT ifnull(max(rowid), 0) FROM chain_update) || ' ' || (SELECT ifnull(max(rowid), 0) FROM chain_block) || ' ' ||"
	" (SELECT ifnull(max(rowid), 0) FROM chain_final) || ' ' ||"
	" (SELECT ifnull(max(rowid), 0) FROM chain_calldata) || ' ' ||"
	" (SELECT ifnull(max(rowid), 0) FROM chain_pending) || ' ' ||"
	" (SELECT ifnull(max(rowid), 0) FROM block_transaction) || ' ' ||"
	" (SELECT ifnull(max(rowid), 0) FROM sent) || ' ' || (SELECT ifnull(max(rowid), 0) FROM clock) || ' ' ||"
	" (SELECT ifnull(max(rowid), 0) FROM feed) || ' ' ||"
	" ifnull((SELECT value FROM session WHERE key = 'keeper_after'), '') || ' ' ||"
	" ifnull((SELECT value FROM session WHERE key = 'keeper_assets'), '')";

/* One text out of the database, malloc'd; NULL where there is none. */
static char *query_text(sqlite3 *db, const char *query)
{
	sqlite3_stmt *row = NULL;
	char *text = NULL;

	if (sqlite3_prepare_v2(db, query, -1, &row, NULL) == SQLITE_OK && sqlite3_step(row) == SQLITE_ROW &&
	    sqlite3_column_text(row, 0))
		text = strdup((const char *)sqlite3_column_text(row, 0));
	sqlite3_finalize(row);
	return text;
}

static bool has_temporary(sqlite3 *db)
{
	return sqlite3_table_column_metadata(db, "temp", "timeline", NULL, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
}

/* ---- writing ---- */

enum column {
	COLUMN_MESSAGE = 1, COLUMN_UPDATE, COLUMN_SENT_ID, COLUMN_FEED, COLUMN_ASSET, COLUMN_KEY, COLUMN_STATUS,
	COLUMN_JOINED_BY, COLUMN_PUBLISHED, COLUMN_NIC, COLUMN_WIRE, COLUMN_APP, COLUMN_SENT, COLUMN_PENDING, COLUMN_BLOCK,
	COLUMN_BLOCK_WIRE, COLUMN_BLOCK_COMPLETE, COLUMN_SEEN, COLUMN_FINAL, COLUMN_STALL,
};

static const char insert_format[] =
	"INSERT INTO %s.timeline (oracle_message_id, chain_update_id, sent_id, feed, asset, key, status, joined_by,"
	" published_ns, nic_ns, wire_ns, app_ns, sent_ns, pending_ns, block_ns, block_wire_ns, block_complete_ns, seen_ns, final_ns, stall_ns)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";
static const char message_query[] =
	"SELECT id, feed_id, asset, key, published_ns, nic_ns, wire_mono_ns, app_mono_ns, stall_ns, first_mono_ns,"
	" nic_id FROM oracle_message"
	" ORDER BY id";
static void bind_text(sqlite3_stmt *insert, enum column column, const char *text)
{
	sqlite3_bind_text(insert, column, text, -1, SQLITE_STATIC); /* NULL binds NULL */
}

static void bind_utc(const struct join *join, sqlite3_stmt *insert, enum column column, sqlite3_stmt *row, int from)
{
	if (sqlite3_column_type(row, from) != SQLITE_NULL)
		join_bind_time(insert, column, clockmap_utc(join->clock, sqlite3_column_int64(row, from)));
}

static void bind_update(sqlite3_stmt *insert, const struct join_update *update)
{
	if (update->id > 0)
		sqlite3_bind_int64(insert, COLUMN_UPDATE, update->id);
	join_bind_time(insert, COLUMN_PENDING, update->pending_ns);
	join_bind_time(insert, COLUMN_BLOCK, update->block_ns);
	join_bind_time(insert, COLUMN_BLOCK_WIRE, update->block_wire_ns);
	join_bind_time(insert, COLUMN_BLOCK_COMPLETE, update->block_complete_ns);
	join_bind_time(insert, COLUMN_SEEN, update->seen_ns);
	join_bind_time(insert, COLUMN_FINAL, update->final_ns);
}

static const char *feed_name(const struct join *join, uint32_t feed)
{
	return feed == NOTHING ? NULL : intern_text(&join->names, join->feeds[feed].name);
}

/* A message that did not land is overtaken where a newer one did. */
static const char *status_of(const struct join *join, sqlite3_stmt *row, uint32_t feed, uint32_t asset)
{
	const struct join_carrier *carrier = feed == NOTHING ? NULL : join_carrier_of(join, feed, asset);
	int64_t arrival_ns;
	bool older;

	if (!carrier || !carrier->newest.found)
		return "censored";
	arrival_ns = join_arrival_ns(join, row, 6, 9, 7);
	older = arrival_ns != carrier->newest.arrival_ns ? arrival_ns < carrier->newest.arrival_ns :
							   sqlite3_column_int64(row, 0) < carrier->newest.id;
	return older ? "superseded" : "censored";
}

static void bind_reaction(const struct join *join, sqlite3_stmt *insert, sqlite3_stmt *row, uint32_t feed,
			  const struct join_update *update)
{
	int64_t trigger_ns = TIME_UNKNOWN;
	uint32_t packet;

	if (!join->keeper_after_seen && sqlite3_column_type(row, 6) != SQLITE_NULL)
		trigger_ns = clockmap_utc(join->clock, sqlite3_column_int64(row, 6));
	else if (join->keeper_after_seen && update)
		trigger_ns = update->seen_ns;
	packet = join_reaction(join, feed, trigger_ns);
	if (packet == NOTHING)
		return;
	sqlite3_bind_int64(insert, COLUMN_SENT_ID, join->packets[packet].id);
	join_bind_time(insert, COLUMN_SENT, join->packets[packet].time_ns);
}

/* The update that a message landed with; NULL: with none. */
struct landed {
	struct join_update update;
	enum join_method method;
};

static void bind_message(const struct join *join, sqlite3_stmt *insert, sqlite3_stmt *row, const struct landed *landed)
{
	uint32_t feed = join_find_feed(join, sqlite3_column_int64(row, 1));
	uint32_t asset = intern_find(&join->names, (const char *)sqlite3_column_text(row, 2));

	sqlite3_bind_value(insert, COLUMN_MESSAGE, sqlite3_column_value(row, 0));
	bind_text(insert, COLUMN_FEED, feed_name(join, feed));
	sqlite3_bind_value(insert, COLUMN_ASSET, sqlite3_column_value(row, 2));
	sqlite3_bind_value(insert, COLUMN_KEY, sqlite3_column_value(row, 3));
	sqlite3_bind_value(insert, COLUMN_PUBLISHED, sqlite3_column_value(row, 4));
	if (sqlite3_column_type(row, 5) != SQLITE_NULL)
		join_bind_time(insert, COLUMN_NIC, clockmap_utc(join->clock, nicmap_mono(join->nics, sqlite3_column_int64(row, 10),
										    sqlite3_column_int64(row, 5))));
	bind_utc(join, insert, COLUMN_WIRE, row, 6);
	bind_utc(join, insert, COLUMN_APP, row, 7);
	sqlite3_bind_value(insert, COLUMN_STALL, sqlite3_column_value(row, 8));
	bind_text(insert, COLUMN_STATUS, landed ? "matched" : status_of(join, row, feed, asset));
	if (landed) {
		bind_text(insert, COLUMN_JOINED_BY, join_method_names[landed->method]);
		bind_update(insert, &landed->update);
	}
	if (feed != NOTHING && join_reacts(join, asset))
		bind_reaction(join, insert, row, feed, landed ? &landed->update : NULL);
}

#define LANDED_MESSAGE JOIN_UPDATE_COLUMN_COUNT /* behind the update's columns */
#define LANDED_METHOD (JOIN_UPDATE_COLUMN_COUNT + 1)
static const char landed_query[] =
	"SELECT " JOIN_UPDATE_COLUMNS ", m.message, m.method FROM temp.join_match m CROSS JOIN temp.join_update u"
	" ON u.rowid = m.update_row ORDER BY m.message";

/* Messages and what landed of them, both by the messages' ids. */
static bool write_messages(struct join *join, sqlite3_stmt *insert)
{
	sqlite3_stmt *rows = join_prepare(join, message_query), *matches = join_prepare(join, landed_query);
	int step = SQLITE_ERROR, match = rows && matches ? sqlite3_step(matches) : SQLITE_ERROR;

	while (match != SQLITE_ERROR && (step = sqlite3_step(rows)) == SQLITE_ROW) {
		struct landed landed;
		bool has = match == SQLITE_ROW && sqlite3_column_int64(matches, LANDED_MESSAGE) == sqlite3_column_int64(rows, 0);

		if (has) {
			join_update_read(matches, 0, &landed.update);
			landed.method = (enum join_method)sqlite3_column_int(matches, LANDED_METHOD);
			match = sqlite3_step(matches);
		}
		bind_message(join, insert, rows, has ? &landed : NULL);
		if (join_insert(join, insert))
			break;
	}
	sqlite3_finalize(rows);
	sqlite3_finalize(matches);
	return step == SQLITE_DONE && match == SQLITE_DONE;
}

#define UNMATCHED_FEED JOIN_UPDATE_COLUMN_COUNT
static const char unmatched_query[] =
	"SELECT " JOIN_UPDATE_COLUMNS ", m.feed FROM temp.join_unmatched m CROSS JOIN temp.join_update u ON u.rowid = m.update_row"
	" ORDER BY m.rowid";

static bool write_unmatched(struct join *join, sqlite3_stmt *insert)
{
	sqlite3_stmt *rows = join_prepare(join, unmatched_query);
	int step = SQLITE_ERROR;

	while (rows && (step = sqlite3_step(rows)) == SQLITE_ROW) {
		bool of_feed = sqlite3_column_type(rows, UNMATCHED_FEED) != SQLITE_NULL;
		struct join_update update;

		join_update_read(rows, 0, &update);
		bind_text(insert, COLUMN_FEED, feed_name(join, of_feed ? (uint32_t)sqlite3_column_int64(rows, UNMATCHED_FEED) : NOTHING));
		bind_text(insert, COLUMN_ASSET, intern_text(&join->names, update.asset));
		sqlite3_bind_value(insert, COLUMN_KEY, sqlite3_column_value(rows, JOIN_UPDATE_KEY));
		bind_text(insert, COLUMN_STATUS, "unmatched");
		join_bind_time(insert, COLUMN_PUBLISHED, update.published_ns);
		bind_update(insert, &update);
		if (join_insert(join, insert))
			break;
	}
	sqlite3_finalize(rows);
	return step == SQLITE_DONE;
}

/* What the matches are worth is what the worst of them are. */
static const char *coarsest(const struct join_summary *summary)
{
	for (int m = JOIN_METHODS - 1; m >= 0; m--)
		if (summary->by[m])
			return join_method_names[m];
	return NULL;
}

static bool write_summaries(struct join *join, const char *schema)
{
	sqlite3_stmt *insert = NULL;
	char sql[320];
	bool done;

	snprintf(sql, sizeof(sql), "INSERT INTO %s.timeline_summary (feed, asset, joined_by, before_start, repeated,"
		 " false_match_rate, false_match_low, false_match_high, by_bytes, by_key, by_price)"
		 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)", schema);
	done = sqlite3_prepare_v2(join->db, sql, -1, &insert, NULL) == SQLITE_OK;
	for (size_t i = 0; done && i < join->summary_count; i++) {
		const struct join_summary *summary = &join->summaries[i];

		sqlite3_bind_text(insert, 1, intern_text(&join->names, join->feeds[summary->feed].name), -1, SQLITE_STATIC);
		sqlite3_bind_text(insert, 2, intern_text(&join->names, summary->asset), -1, SQLITE_STATIC);
		sqlite3_bind_text(insert, 3, coarsest(summary), -1, SQLITE_STATIC);
		sqlite3_bind_int64(insert, 4, (int64_t)summary->before_start);
		sqlite3_bind_int64(insert, 5, (int64_t)summary->repeated);
		sqlite3_bind_double(insert, 6, summary->false_matches.share); /* NAN binds NULL */
		sqlite3_bind_double(insert, 7, summary->false_matches.ci95[0]);
		sqlite3_bind_double(insert, 8, summary->false_matches.ci95[1]);
		for (int m = 0; m < JOIN_METHODS; m++)
			sqlite3_bind_int64(insert, 9 + m, (int64_t)summary->by[m]);
		done = !join_insert(join, insert);
	}
	sqlite3_finalize(insert);
	return done;
}

static bool write_all(struct join *join, const char *schema, const char *fingerprint)
{
	bool temporary = !strcmp(schema, "temp"), done;
	sqlite3_stmt *insert = NULL;
	char sql[sizeof(insert_format) + 8], *close;

	snprintf(sql, sizeof(sql), insert_format, schema);
	done = sqlite3_prepare_v2(join->db, sql, -1, &insert, NULL) == SQLITE_OK && write_messages(join, insert) &&
	       write_unmatched(join, insert);
	sqlite3_finalize(insert);
	close = sqlite3_mprintf(temporary ? "INSERT INTO temp.timeline_joined VALUES (%Q); COMMIT" :
					    "INSERT OR REPLACE INTO session (key, value) VALUES ('joined', %Q); COMMIT",
				fingerprint);
	done = done && close && write_summaries(join, schema) &&
	       sqlite3_exec(join->db, close, NULL, NULL, NULL) == SQLITE_OK;
	sqlite3_free(close);
	return done;
}

static const char *begin_temporary(sqlite3 *db)
{
	static const char sql[] =
		"BEGIN; CREATE TEMP TABLE timeline AS SELECT * FROM main.timeline LIMIT 0;"
		"CREATE TEMP TABLE timeline_summary AS SELECT * FROM main.timeline_summary LIMIT 0;"
		"CREATE TEMP TABLE timeline_joined (fingerprint TEXT)";

	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? "temp" : NULL;
}

/*
 * Opens the transaction and says where the result goes. A file that has no clean_close may be in the hands of a
 * recorder, whose writer must not wait for us; a file on read-only media takes nothing. Both get temporary tables of
 * the same names, which then stand before the file's.
 */
static const char *begin(sqlite3 *db)
{
	char closed[8];

	sqlite3_exec(db, "DROP TABLE IF EXISTS temp.timeline; DROP TABLE IF EXISTS temp.timeline_summary;"
			 "DROP TABLE IF EXISTS temp.timeline_joined", NULL, NULL, NULL);
	session_meta(db, "clean_close", closed, sizeof(closed));
	if (closed[0] && !sqlite3_db_readonly(db, "main") &&
	    sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK) {
		if (sqlite3_exec(db, "DELETE FROM main.timeline; DELETE FROM main.timeline_summary", NULL, NULL, NULL) ==
		    SQLITE_OK)
			return "main";
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	}
	return begin_temporary(db);
}

static int join_into(sqlite3 *db, const char *schema, struct error *err)
{
	struct join join = {.db = db};
	char *fingerprint = query_text(db, fingerprint_query);
	int status = fingerprint ? 0 : join_sql_error(&join, err);

	if (!status)
		status = join_load(&join, err);
	if (!status)
		status = join_decide(&join, err);
	if (!status)
		status = join_stage(&join, err);
	if (!status)
		status = join_match(&join, err);
	if (!status && !write_all(&join, schema, fingerprint))
		status = error_set(err, -EIO, "session: table timeline cannot be written: %s", join_sql_text(&join));
	if (!status)
		join_tables_drop(db);
	free(fingerprint);
	join_free(&join);
	return status;
}

static int join_in(sqlite3 *db, const char *schema, struct error *err)
{
	int status;

	if (!schema)
		return error_set(err, -EIO, "session: no place for table timeline, not even a temporary one: %s",
				 sqlite3_errmsg(db));
	status = join_into(db, schema, err);
	if (status && !sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return status;
}

/* Where the file's disk has no room for the result, that for temporary files may. */
int join_session(sqlite3 *db, struct error *err)
{
	const char *schema = begin(db);
	int status = join_in(db, schema, err);

	if (status == -EIO && schema && !strcmp(schema, "main"))
		status = join_in(db, begin_temporary(db), err);
	return status;
}

int join_if_needed(sqlite3 *db, struct error *err)
{
	char *now = query_text(db, fingerprint_query);
	char *then = query_text(db, has_temporary(db) ? "SELECT fingerprint FROM temp.timeline_joined" :
							"SELECT value FROM session WHERE key = 'joined'");
	bool same = now && then && !strcmp(now, then);

	free(now);
	free(then);
	return same ? 0 : join_session(db, err);
}
