// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/race_heads.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session/query.h"

static const char network_query[] = "SELECT network FROM chain GROUP BY network HAVING count(*) > 1 ORDER BY network";
static const char head_query[] =
	"SELECT c.id, min(b.block_complete_mono_ns), count(*), b.hash FROM chain_block b JOIN chain c ON c.name = b.chain"
	" WHERE c.network = ?1 AND b.hash <> '' GROUP BY b.hash, c.id ORDER BY b.hash";

enum { CHAIN, STAMP, COPIES, HASH };

struct loader {
	struct course *course;
	char hash[80]; /* of the head in hand */
};

static int add_row(void *context, sqlite3_stmt *row)
{
	struct loader *loader = context;
	size_t runner = course_feed(loader->course, sqlite3_column_int64(row, CHAIN));
	int status = strcmp(loader->hash, column_text(row, HASH)) ? course_next(loader->course) : 0;

	column_copy(row, HASH, loader->hash, sizeof(loader->hash));
	if (runner != SIZE_MAX)
		course_arrival(loader->course, runner, column_ns(row, STAMP), (uint64_t)sqlite3_column_int64(row, COPIES));
	return status;
}

static int run(sqlite3 *db, const char *network, struct course *course, struct error *err)
{
	struct loader loader = {.course = course};
	int status = query_each(db, head_query, network, "table chain_block", add_row, &loader, err);

	if (!status && course_next(course))
		status = error_set(err, -ENOMEM, "session: no memory for the race");
	return status;
}

static int add_network(sqlite3 *db, const char *network, struct head_races *out, struct error *err)
{
	struct head_race *grown = realloc(out->items, (out->count + 1) * sizeof(*grown));
	struct head_race *item;
	struct course *course;
	int status;

	if (!grown)
		return error_set(err, -ENOMEM, "no memory for the race");
	out->items = grown;
	item = &grown[out->count];
	snprintf(item->network, sizeof(item->network), "%s", network);
	status = course_new(&course, &item->race, db, course_chains, network, err);
	if (status)
		return status;
	out->count++;
	status = run(db, network, course, err);
	if (!status)
		status = course_end(course, err);
	course_free(course);
	return status;
}

int head_races_compute(sqlite3 *db, struct head_races *out, struct error *err)
{
	sqlite3_stmt *rows = NULL;
	int status = 0, step = SQLITE_ERROR;

	memset(out, 0, sizeof(*out));
	if (sqlite3_prepare_v2(db, network_query, -1, &rows, NULL) == SQLITE_OK)
		while (!status && (step = sqlite3_step(rows)) == SQLITE_ROW)
			status = add_network(db, (const char *)sqlite3_column_text(rows, 0), out, err);
	if (!status && step != SQLITE_DONE)
		status = error_set(err, -EIO, "session: table chain: %s", sqlite3_errmsg(db));
	sqlite3_finalize(rows);
	if (status)
		head_races_free(out);
	return status;
}

void head_races_free(struct head_races *races)
{
	for (size_t i = 0; i < races->count; i++)
		race_free(&races->items[i].race);
	free(races->items);
	memset(races, 0, sizeof(*races));
}
