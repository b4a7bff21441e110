// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Since when the block of an update was final. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "latency/join_lookup.h"
#include "latency/join_tables.h"

/* A node's answers come in the order of their numbers. The first tells of a state that had come about before. */
static const char query[] =
	"SELECT ifnull(c.network, f.chain) || char(10) || f.chain, number,"
	" min(iif(after_mono_ns IS NULL, NULL, ifnull(seen_mono_ns, app_mono_ns)))"
	" FROM chain_final f LEFT JOIN chain c ON c.name = f.chain WHERE level = 'finalized' GROUP BY 1, 2 ORDER BY 1, 2";

static int add_row(struct join *join, sqlite3_stmt *row, sqlite3_stmt *insert)
{
	uint32_t node;
	int status = intern_add(&join->nodes, (const char *)sqlite3_column_text(row, 0), &node);

	if (status)
		return status;
	sqlite3_bind_int64(insert, 1, node);
	sqlite3_bind_int64(insert, 2, sqlite3_column_int64(row, 1));
	join_bind_time(insert, 3, clockmap_utc(join->clock, column_ns(row, 2)));
	return join_insert(join, insert);
}

int join_load_finals(struct join *join, struct error *err)
{
	sqlite3_stmt *rows = join_prepare(join, query);
	sqlite3_stmt *insert = join_prepare(join, "INSERT INTO temp.join_final VALUES (?, ?, ?)");
	int step = SQLITE_ERROR, status = rows && insert ? 0 : -EIO;

	while (!status && (step = sqlite3_step(rows)) == SQLITE_ROW)
		status = add_row(join, rows, insert);
	if (status == -ENOMEM)
		join_no_memory(err);
	else if (step != SQLITE_DONE)
		status = join_sql_error(join, err);
	sqlite3_finalize(rows);
	sqlite3_finalize(insert);
	return status;
}

int join_lookup_open(struct join_lookup *lookup, const struct join *join, struct error *err)
{
	*lookup = (struct join_lookup){
		.join = join,
		.carried = join_prepare(join, "SELECT min(rowid), count(*) FROM temp.join_carried WHERE tx = ?1 AND (?2 IS NULL OR type = ?2)"),
		.final = join_prepare(join, "SELECT at_ns FROM temp.join_final WHERE node = ?1 AND number >= ?2 ORDER BY number LIMIT 1"),
	};
	return lookup->carried && lookup->final ? 0 : join_sql_error((struct join *)join, err);
}

void join_lookup_close(struct join_lookup *lookup)
{
	sqlite3_finalize(lookup->carried);
	sqlite3_finalize(lookup->final);
}

/* What the first of a node's answers that reaches the block says. */
static int final_of_node(struct join_lookup *lookup, uint32_t node, int64_t number, int64_t *out_ns)
{
	int step;

	sqlite3_bind_int64(lookup->final, 1, node);
	sqlite3_bind_int64(lookup->final, 2, number);
	step = sqlite3_step(lookup->final);
	*out_ns = step == SQLITE_ROW ? column_ns(lookup->final, 0) : TIME_UNKNOWN;
	sqlite3_reset(lookup->final);
	return step == SQLITE_ROW || step == SQLITE_DONE ? 0 : -EIO;
}

int join_lookup_final(struct join_lookup *lookup, const char *network, int64_t number, int64_t *out_ns)
{
	size_t len = strlen(network);

	*out_ns = TIME_UNKNOWN;
	for (uint32_t node = 1; node <= lookup->join->nodes.count; node++) {
		const char *name = intern_text(&lookup->join->nodes, node);
		int64_t at_ns;

		if (strncmp(name, network, len) || name[len] != '\n')
			continue;
		if (final_of_node(lookup, node, number, &at_ns))
			return -EIO;
		if (at_ns != TIME_UNKNOWN && (*out_ns == TIME_UNKNOWN || at_ns < *out_ns))
			*out_ns = at_ns;
	}
	return 0;
}
