// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The join's reading of the messages: which feed carries which asset, what is held, and the sorting of those whose price decides. */
#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "latency/join_tables.h"

static int64_t column_utc(const struct join *join, sqlite3_stmt *row, int column)
{
	return clockmap_utc(join->clock, column_ns(row, column));
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

/* NULL: no memory. */
static struct join_carrier *carrier_of(struct join *join, uint32_t feed, uint32_t asset)
{
	struct join_carrier *carrier = join_carrier_of(join, feed, asset);

	if (carrier)
		return carrier;
	if (array_grow((void **)&join->carriers, join->carrier_count, &join->carrier_room, sizeof(*carrier)))
		return NULL;
	carrier = &join->carriers[join->carrier_count++];
	*carrier = (struct join_carrier){.feed = feed, .asset = asset, .start_published_ns = INT64_MAX, .start_arrival_ns = INT64_MAX,
					 .last_arrival_ns = TIME_UNKNOWN};
	*carrier_slot(join, feed, asset) = (uint32_t)join->carrier_count;
	return carrier;
}

static void see_times(struct join_carrier *carrier, int64_t published_ns, int64_t arrival_ns)
{
	if (published_ns != TIME_UNKNOWN && published_ns < carrier->start_published_ns)
		carrier->start_published_ns = published_ns;
	if (arrival_ns != TIME_UNKNOWN && arrival_ns < carrier->start_arrival_ns)
		carrier->start_arrival_ns = arrival_ns;
	if (arrival_ns > carrier->last_arrival_ns)
		carrier->last_arrival_ns = arrival_ns;
}

/* ---- the reading ---- */

enum column { COLUMN_ID, COLUMN_FEED, COLUMN_ASSET, COLUMN_KEY, COLUMN_PRICE, COLUMN_PUBLISHED, COLUMN_WIRE, COLUMN_FIRST, COLUMN_APP,
	      COLUMN_DIGEST };

static const char query[] = "SELECT id, feed_id, asset, key, price, published_ns, wire_mono_ns, first_mono_ns, app_mono_ns,"
			    " digest FROM oracle_message ORDER BY id";

/* A key that no update has, and bytes that no transaction has, match nothing: it need not be kept. */
static int name_message(struct join *join, sqlite3_stmt *row, struct join_carrier *carrier, int64_t arrival_ns, sqlite3_stmt *insert)
{
	bool keyed = sieve_may_have(&join->sieve, (const char *)sqlite3_column_text(row, COLUMN_KEY));
	bool signs = sieve_may_have(&join->sieve, (const char *)sqlite3_column_text(row, COLUMN_DIGEST));

	if (!keyed && !signs)
		return 0;
	carrier->keyed |= keyed;
	carrier->signs |= signs;
	sqlite3_bind_int64(insert, 1, carrier - join->carriers);
	if (keyed)
		sqlite3_bind_value(insert, 2, sqlite3_column_value(row, COLUMN_KEY));
	if (signs)
		sqlite3_bind_value(insert, 3, sqlite3_column_value(row, COLUMN_DIGEST));
	join_bind_time(insert, 4, arrival_ns);
	sqlite3_bind_value(insert, 5, sqlite3_column_value(row, COLUMN_ID));
	sqlite3_bind_value(insert, 6, sqlite3_column_value(row, COLUMN_PRICE));
	return join_insert(join, insert);
}

static int add_message(struct join *join, sqlite3_stmt *row, sqlite3_stmt *insert)
{
	uint32_t asset = intern_find(&join->names, (const char *)sqlite3_column_text(row, COLUMN_ASSET));
	uint32_t feed = join_find_feed(join, sqlite3_column_int64(row, COLUMN_FEED));
	struct join_carrier *carrier;
	int64_t arrival_ns;

	if (feed == NOTHING)
		return 0;
	if (!join->keeper_after_seen && join_reacts(join, asset))
		join_trigger(join, feed, column_utc(join, row, COLUMN_WIRE));
	if (asset == INTERN_NONE || !join->updates[asset].count)
		return 0;
	carrier = carrier_of(join, feed, asset);
	if (!carrier)
		return -ENOMEM;
	arrival_ns = join_arrival_ns(join, row, COLUMN_WIRE, COLUMN_FIRST, COLUMN_APP);
	see_times(carrier, column_ns(row, COLUMN_PUBLISHED), arrival_ns);
	return name_message(join, row, carrier, arrival_ns, insert);
}

/* With all that is asked of them, so that the table itself is not read. */
static const char index_sql[] =
	"CREATE INDEX temp.join_named_key ON join_named (carrier, key, arrival_ns, message, price) WHERE key IS NOT NULL;"
	"CREATE INDEX temp.join_named_digest ON join_named (carrier, digest, arrival_ns, message, price, key) WHERE digest IS NOT NULL";

int join_load_messages(struct join *join, struct error *err)
{
	sqlite3_stmt *rows, *insert;
	int step = SQLITE_ERROR, status = 0;

	if (!join->updated && !join->packet_count)
		return 0;
	join->carrier_at = calloc(join->feed_count * ((size_t)join->names.count + 1) + 1, sizeof(*join->carrier_at));
	if (!join->carrier_at)
		return join_no_memory(err);
	rows = join_prepare(join, query);
	insert = join_prepare(join, "INSERT INTO temp.join_named (carrier, key, digest, arrival_ns, message, price)"
				    " VALUES (?, ?, ?, ?, ?, ?)");
	while (rows && insert && !status && (step = sqlite3_step(rows)) == SQLITE_ROW)
		status = add_message(join, rows, insert);
	if (status == -ENOMEM)
		join_no_memory(err);
	else if (step != SQLITE_DONE)
		status = join_sql_error(join, err);
	sqlite3_finalize(rows);
	sqlite3_finalize(insert);
	return status ? status : join_execute(join, index_sql, err);
}

/* ---- staging ---- */

/* By number and time of this machine's clock, of which UTC is told later. */
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

			carrier->staged.first = sqlite3_column_int64(rows, 1);
			carrier->staged.count = sqlite3_column_int64(rows, 2);
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
	if (needed && (!name_carriers(join) || sqlite3_exec(join->db, fill_sql, NULL, NULL, NULL) != SQLITE_OK || !find_rows(join)))
		return join_sql_error(join, err);
	return 0;
}
