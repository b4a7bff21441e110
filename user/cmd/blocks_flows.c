// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/blocks_flows.h"

#include "output/json_out.h"
#include "output/table.h"
#include "session/clockmap.h"
#include "session/query.h"

static const char query[] = "SELECT f.name, w.kind, w.packets, w.bytes, w.first_mono_ns, w.last_mono_ns FROM flow w"
			    " JOIN feed f ON f.id = w.feed_id ORDER BY f.id, w.packets DESC, w.kind";

struct flow_row {
	const char *feed, *kind;
	uint64_t packets, bytes;
	int64_t first_ns, last_ns; /* UTC */
};

struct flow_reader {
	void (*each)(void *context, const struct flow_row *row);
	void *context;
	const struct clockmap *clock;
};

static int read_flow(void *context, sqlite3_stmt *row)
{
	const struct flow_reader *reader = context;

	reader->each(reader->context, &(struct flow_row){
		column_text(row, 0), column_text(row, 1), (uint64_t)sqlite3_column_int64(row, 2), (uint64_t)sqlite3_column_int64(row, 3),
		clockmap_utc(reader->clock, sqlite3_column_int64(row, 4)), clockmap_utc(reader->clock, sqlite3_column_int64(row, 5))});
	return 0;
}

static int each_flow(sqlite3 *db, void (*each)(void *context, const struct flow_row *row), void *context, struct error *err)
{
	struct clockmap *clock = NULL;
	int status = clockmap_load(&clock, db, err);

	if (!status)
		status = query_each(db, query, NULL, "table flow", read_flow, &(struct flow_reader){each, context, clock}, err);
	clockmap_free(clock);
	return status;
}

static void add_json(void *context, const struct flow_row *row)
{
	struct json_object *item = json_object_new_object();

	json_add_name(item, "feed", row->feed);
	json_add_name(item, "kind", row->kind);
	json_add_count(item, "packets", row->packets);
	json_add_count(item, "bytes", row->bytes);
	json_add_ns(item, "first_ns", row->first_ns);
	json_add_ns(item, "last_ns", row->last_ns);
	json_object_array_add(context, item);
}

int flows_json(sqlite3 *db, struct json_object **out, struct error *err)
{
	int status;

	*out = json_object_new_array();
	status = each_flow(db, add_json, *out, err);
	if (status)
		json_object_put(*out);
	return status;
}

static const struct table_column columns[] = {
	{"feed", "feed", TABLE_LEFT},		{"kind", "kind", TABLE_LEFT},	      {"packets", "packets", TABLE_RIGHT},
	{"payload bytes", "bytes", TABLE_RIGHT}, {"first", "first_ns", TABLE_LEFT}, {"last", "last_ns", TABLE_LEFT},
};

static void add_row(void *context, const struct flow_row *row)
{
	table_text(context, row->feed);
	table_text(context, row->kind);
	table_count(context, row->packets);
	table_count(context, row->bytes);
	table_time(context, row->first_ns);
	table_time(context, row->last_ns);
}

bool flows_present(sqlite3 *db)
{
	sqlite3_stmt *row = NULL;
	bool present = sqlite3_prepare_v2(db, "SELECT 1 FROM flow LIMIT 1", -1, &row, NULL) == SQLITE_OK &&
		       sqlite3_step(row) == SQLITE_ROW;

	sqlite3_finalize(row);
	return present;
}

int flows_print(sqlite3 *db, bool csv, struct error *err)
{
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	int status = each_flow(db, add_row, table, err);

	if (!status)
		return table_finish(table, csv, err);
	table_free(table);
	return status;
}
