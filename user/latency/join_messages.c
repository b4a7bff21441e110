// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The join's reading of the messages: which feed carries which asset, what is held, and the sorting of those whose price decides. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/array.h"
#include "latency/join_data.h"

static int no_memory(struct error *err)
{
	return error_set(err, -ENOMEM, "session: no memory for the join's messages");
}

static int64_t column_utc(const struct join *join, sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? TIME_UNKNOWN :
								 clockmap_utc(join->clock, sqlite3_column_int64(row, column));
}

int64_t join_arrival_ns(const struct join *join, sqlite3_stmt *row, int wire, int first, int app)
{
	const int columns[] = {wire, first, app};
	int64_t at_ns = TIME_UNKNOWN;

	for (int i = 0; i < 3 && at_ns == TIME_UNKNOWN; i++)
		at_ns = column_utc(join, row, columns[i]);
	return at_ns;
}

/* ---- carriers ---- */

static uint32_t *carrier_slot(const struct join *join, uint32_t feed, uint32_t asset)
{
	return &join->carrier_at[(size_t)feed * ((size_t)join->names.count + 1) + asset];
}

struct join_carrier *join_carrier_of(const struct join *join, uint32_t feed, uint32_t asset)
{
	uint32_t number = join->carrier_at ? *carrier_slot(join, feed, asset) : 0;

	return number ? &join->carriers[number - 1] : NULL;
}

static int see_carrier(struct join *join, const struct join_message *message, int64_t published_ns)
{
	struct join_carrier *carrier = join_carrier_of(join, message->feed, message->asset);

	if (!carrier) {
		if (array_grow((void **)&join->carriers, join->carrier_count, &join->carrier_room, sizeof(*carrier)))
			return -ENOMEM;
		carrier = &join->carriers[join->carrier_count++];
		*carrier = (struct join_carrier){.feed = message->feed, .asset = message->asset,
						 .start_published_ns = INT64_MAX, .start_arrival_ns = INT64_MAX,
						 .last_arrival_ns = TIME_UNKNOWN};
		*carrier_slot(join, message->feed, message->asset) = (uint32_t)join->carrier_count;
	}
	if (published_ns != TIME_UNKNOWN && published_ns < carrier->start_published_ns)
		carrier->start_published_ns = published_ns;
	if (message->arrival_ns != TIME_UNKNOWN && message->arrival_ns < carrier->start_arrival_ns)
		carrier->start_arrival_ns = message->arrival_ns;
	if (message->arrival_ns > carrier->last_arrival_ns)
		carrier->last_arrival_ns = message->arrival_ns;
	return 0;
}

/* ---- the reading ---- */

enum column { COLUMN_ID, COLUMN_FEED, COLUMN_ASSET, COLUMN_KEY, COLUMN_PRICE, COLUMN_PUBLISHED, COLUMN_WIRE, COLUMN_FIRST, COLUMN_APP,
	      COLUMN_DIGEST };

static const char query[] = "SELECT id, feed_id, asset, key, price, published_ns, wire_mono_ns, first_mono_ns, app_mono_ns,"
			    " digest FROM oracle_message ORDER BY id";

static int add_message(struct join *join, sqlite3_stmt *row)
{
	struct join_message message = {.update = NOTHING};

	message.asset = intern_find(&join->names, (const char *)sqlite3_column_text(row, COLUMN_ASSET));
	message.feed = join_find_feed(join, sqlite3_column_int64(row, COLUMN_FEED));
	if (message.feed == NOTHING)
		return 0;
	if (!join->keeper_after_seen && join_reacts(join, message.asset))
		join_trigger(join, message.feed, column_utc(join, row, COLUMN_WIRE));
	if (!join->updated[message.asset])
		return 0;
	message.id = sqlite3_column_int64(row, COLUMN_ID);
	message.arrival_ns = join_arrival_ns(join, row, COLUMN_WIRE, COLUMN_FIRST, COLUMN_APP);
	if (see_carrier(join, &message, sqlite3_column_type(row, COLUMN_PUBLISHED) == SQLITE_NULL ?
						TIME_UNKNOWN : sqlite3_column_int64(row, COLUMN_PUBLISHED)))
		return -ENOMEM;
	/* A key that no update has, and bytes that no transaction has, match nothing: it need not be kept. */
	message.key = intern_find(&join->keys, (const char *)sqlite3_column_text(row, COLUMN_KEY));
	message.digest = intern_find(&join->digests, (const char *)sqlite3_column_text(row, COLUMN_DIGEST));
	if (message.key == INTERN_NONE && message.digest == INTERN_NONE)
		return 0;
	message.price = sqlite3_column_type(row, COLUMN_PRICE) == SQLITE_NULL ? NAN : sqlite3_column_double(row, COLUMN_PRICE);
	if (array_grow((void **)&join->messages, join->message_count, &join->message_room, sizeof(message)))
		return -ENOMEM;
	join->messages[join->message_count++] = message;
	return 0;
}

int join_load_messages(struct join *join, struct error *err)
{
	sqlite3_stmt *rows = NULL;
	int step = SQLITE_ERROR, status = 0;

	join->carrier_at = calloc(join->feed_count * ((size_t)join->names.count + 1) + 1, sizeof(*join->carrier_at));
	if (!join->carrier_at)
		return no_memory(err);
	if (sqlite3_prepare_v2(join->db, query, -1, &rows, NULL) == SQLITE_OK)
		while (!status && (step = sqlite3_step(rows)) == SQLITE_ROW)
			status = add_message(join, rows);
	if (!status && join->message_count >= NOTHING)
		status = -ENOMEM;
	if (status)
		no_memory(err);
	else if (step != SQLITE_DONE)
		status = join_sql_error(join, err);
	sqlite3_finalize(rows);
	return status;
}

/* ---- staging ---- */

/* SQLite sorts in files of its own beyond 2 MB. By number and time of this machine's clock, of which UTC is told later. */
static const char stage_sql[] =
	"DROP TABLE IF EXISTS temp.join_message; DROP TABLE IF EXISTS temp.join_carrier;"
	"CREATE TEMP TABLE join_carrier (number INTEGER PRIMARY KEY, feed_id INTEGER NOT NULL, asset TEXT NOT NULL,"
	" UNIQUE (feed_id, asset));"
	"CREATE TEMP TABLE join_message (carrier INTEGER, message INTEGER, arrival_mono_ns INTEGER, price REAL)";
static const char fill_sql[] =
	"INSERT INTO temp.join_message SELECT c.number, m.id, coalesce(m.wire_mono_ns, m.first_mono_ns, m.app_mono_ns) AS arrival,"
	" m.price FROM main.oracle_message m CROSS JOIN temp.join_carrier c ON c.feed_id = m.feed_id AND c.asset = m.asset"
	" ORDER BY c.number, arrival, m.id";

static bool name_carriers(struct join *join)
{
	sqlite3_stmt *insert = NULL;
	bool done = sqlite3_prepare_v2(join->db, "INSERT INTO temp.join_carrier VALUES (?1, ?2, ?3)", -1, &insert, NULL) == SQLITE_OK;

	for (size_t i = 0; done && i < join->carrier_count; i++) {
		const struct join_carrier *carrier = &join->carriers[i];

		if (!carrier->by_price)
			continue;
		sqlite3_bind_int64(insert, 1, (int64_t)i);
		sqlite3_bind_int64(insert, 2, join->feeds[carrier->feed].id);
		sqlite3_bind_text(insert, 3, intern_text(&join->names, carrier->asset), -1, SQLITE_STATIC);
		done = sqlite3_step(insert) == SQLITE_DONE;
		sqlite3_reset(insert);
	}
	sqlite3_finalize(insert);
	return done;
}

static bool find_rows(struct join *join)
{
	sqlite3_stmt *rows = NULL;
	int step = SQLITE_ERROR;

	if (sqlite3_prepare_v2(join->db, "SELECT carrier, min(rowid), count(*) FROM temp.join_message GROUP BY carrier", -1, &rows,
			       NULL) == SQLITE_OK) {
		while ((step = sqlite3_step(rows)) == SQLITE_ROW) {
			struct join_carrier *carrier = &join->carriers[sqlite3_column_int64(rows, 0)];

			carrier->first_row = sqlite3_column_int64(rows, 1);
			carrier->row_count = sqlite3_column_int64(rows, 2);
		}
	}
	sqlite3_finalize(rows);
	return step == SQLITE_DONE;
}

int join_stage(struct join *join, struct error *err)
{
	bool needed = false;

	for (size_t i = 0; i < join->carrier_count; i++)
		needed |= join->carriers[i].by_price;
	if (needed && (sqlite3_exec(join->db, stage_sql, NULL, NULL, NULL) != SQLITE_OK || !name_carriers(join) ||
		       sqlite3_exec(join->db, fill_sql, NULL, NULL, NULL) != SQLITE_OK || !find_rows(join)))
		return error_set(err, -EIO, "session: the join cannot sort its messages, for which SQLite needs room in its folder for"
				 " temporary files (SQLITE_TMPDIR, TMPDIR, /var/tmp): %s", sqlite3_errmsg(join->db));
	return 0;
}

void join_unstage(struct join *join)
{
	sqlite3_exec(join->db, "DROP TABLE IF EXISTS temp.join_message; DROP TABLE IF EXISTS temp.join_carrier", NULL, NULL, NULL);
}
