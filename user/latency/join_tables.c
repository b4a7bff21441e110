// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/join_tables.h"

#include <errno.h>
#include <stdio.h>

#define UPDATE_TABLE(name) "CREATE TEMP TABLE " name " (id INTEGER, asset INTEGER, place INTEGER, carried INTEGER," \
	" carried_count INTEGER, price REAL, half_digit REAL, published_ns INTEGER, pending_ns INTEGER, block_ns INTEGER," \
	" block_wire_ns INTEGER, block_complete_ns INTEGER, seen_ns INTEGER, final_ns INTEGER, landed_ns INTEGER, key TEXT);"

static const char create_sql[] =
	"CREATE TEMP TABLE join_final (node INTEGER, number INTEGER, at_ns INTEGER, PRIMARY KEY (node, number)) WITHOUT ROWID;"
	"CREATE TEMP TABLE join_carried (tx TEXT, type TEXT, digest TEXT);"
	"CREATE TEMP TABLE join_inside (number INTEGER, message_id TEXT, key TEXT, id INTEGER, price REAL, exponent INTEGER,"
	" published_ns INTEGER, wire_mono_ns INTEGER, complete_mono_ns INTEGER, PRIMARY KEY (number, message_id, key)) WITHOUT ROWID;"
	"CREATE TEMP TABLE join_inside_asset (message_id TEXT, asset TEXT, PRIMARY KEY (message_id, asset)) WITHOUT ROWID;"
	UPDATE_TABLE("join_found")
	UPDATE_TABLE("join_update")
	"CREATE TEMP TABLE join_named (carrier INTEGER, key TEXT, digest TEXT, arrival_ns INTEGER, message INTEGER, price REAL);"
	"CREATE TEMP TABLE join_carrier (number INTEGER PRIMARY KEY, feed_id INTEGER NOT NULL, asset TEXT NOT NULL,"
	" UNIQUE (feed_id, asset));"
	"CREATE TEMP TABLE join_message (carrier INTEGER, message INTEGER, arrival_mono_ns INTEGER, price REAL);"
	"CREATE TEMP TABLE join_match (message INTEGER PRIMARY KEY, update_row INTEGER, method INTEGER);"
	"CREATE TEMP TABLE join_unmatched (feed INTEGER, update_row INTEGER)";
static const char drop_sql[] =
	"DROP TABLE IF EXISTS temp.join_inside; DROP TABLE IF EXISTS temp.join_inside_asset; DROP TABLE IF EXISTS temp.join_final;"
	"DROP TABLE IF EXISTS temp.join_carried; DROP TABLE IF EXISTS temp.join_found;"
	"DROP TABLE IF EXISTS temp.join_update; DROP TABLE IF EXISTS temp.join_named; DROP TABLE IF EXISTS temp.join_carrier;"
	"DROP TABLE IF EXISTS temp.join_message; DROP TABLE IF EXISTS temp.join_match; DROP TABLE IF EXISTS temp.join_unmatched";

int join_execute(struct join *join, const char *sql, struct error *err)
{
	if (sqlite3_exec(join->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	return join_sql_error(join, err);
}

int join_tables_new(struct join *join, struct error *err)
{
	return join_execute(join, create_sql, err);
}

void join_tables_drop(sqlite3 *db)
{
	sqlite3_exec(db, drop_sql, NULL, NULL, NULL);
}

sqlite3_stmt *join_prepare(const struct join *join, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	return sqlite3_prepare_v2(join->db, sql, -1, &statement, NULL) == SQLITE_OK ? statement : NULL;
}

int join_insert(struct join *join, sqlite3_stmt *insert)
{
	bool done = sqlite3_step(insert) == SQLITE_DONE;

	if (!done)
		snprintf(join->failure, sizeof(join->failure), "%s", sqlite3_errmsg(join->db));
	sqlite3_reset(insert);
	sqlite3_clear_bindings(insert);
	return done ? 0 : -EIO;
}

void join_bind_time(sqlite3_stmt *statement, int column, int64_t ns)
{
	if (ns != TIME_UNKNOWN)
		sqlite3_bind_int64(statement, column, ns);
}

void join_update_bind(sqlite3_stmt *insert, const struct join_update *update, const char *key)
{
	const int64_t times[] = {update->published_ns, update->pending_ns, update->block_ns, update->block_wire_ns,
				 update->block_complete_ns, update->seen_ns, update->final_ns, update->landed_ns};

	sqlite3_bind_int64(insert, 1, update->id);
	sqlite3_bind_int64(insert, 2, update->asset);
	sqlite3_bind_int64(insert, 3, update->place);
	sqlite3_bind_int64(insert, 4, update->carried);
	sqlite3_bind_int64(insert, 5, update->carried_count);
	sqlite3_bind_double(insert, 6, update->price); /* NAN binds NULL */
	sqlite3_bind_double(insert, 7, update->half_digit);
	for (int i = 0; i < 8; i++)
		join_bind_time(insert, 8 + i, times[i]);
	if (key && *key)
		sqlite3_bind_text(insert, JOIN_UPDATE_COLUMN_COUNT, key, -1, SQLITE_STATIC);
}

void join_update_read(sqlite3_stmt *row, int first_column, struct join_update *update)
{
	int64_t *const times[] = {&update->published_ns, &update->pending_ns, &update->block_ns, &update->block_wire_ns,
				  &update->block_complete_ns, &update->seen_ns, &update->final_ns, &update->landed_ns};

	update->id = sqlite3_column_int64(row, first_column);
	update->asset = (uint32_t)sqlite3_column_int64(row, first_column + 1);
	update->place = (uint32_t)sqlite3_column_int64(row, first_column + 2);
	update->carried = sqlite3_column_int64(row, first_column + 3);
	update->carried_count = sqlite3_column_int64(row, first_column + 4);
	update->price = column_number(row, first_column + 5);
	update->half_digit = sqlite3_column_double(row, first_column + 6);
	for (int i = 0; i < 8; i++)
		*times[i] = column_ns(row, first_column + 7 + i);
}
