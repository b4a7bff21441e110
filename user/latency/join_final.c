// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Since when the block of an update was final. */
#include <errno.h>

#include "base/array.h"
#include "latency/join_data.h"

/* A node's answers come in the order of their numbers. The first tells of a state that had come about before. */
static const char query[] =
	"SELECT ifnull(c.network, f.chain), f.chain, number, min(iif(after_mono_ns IS NULL, NULL, ifnull(seen_mono_ns, app_mono_ns)))"
	" FROM chain_final f LEFT JOIN chain c ON c.name = f.chain WHERE level = 'finalized' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";

int join_load_finals(struct join *join, struct error *err)
{
	sqlite3_stmt *rows = NULL;
	size_t room = 0;
	int step = SQLITE_ERROR, status = 0;

	if (sqlite3_prepare_v2(join->db, query, -1, &rows, NULL) == SQLITE_OK) {
		while (!status && (step = sqlite3_step(rows)) == SQLITE_ROW) {
			struct join_final final = {.number = sqlite3_column_int64(rows, 2), .at_ns = TIME_UNKNOWN};

			if (sqlite3_column_type(rows, 3) != SQLITE_NULL)
				final.at_ns = clockmap_utc(join->clock, sqlite3_column_int64(rows, 3));
			status = intern_add(&join->names, (const char *)sqlite3_column_text(rows, 0), &final.network);
			if (!status)
				status = intern_add(&join->names, (const char *)sqlite3_column_text(rows, 1), &final.chain);
			if (!status)
				status = array_grow((void **)&join->finals, join->final_count, &room, sizeof(final));
			if (!status)
				join->finals[join->final_count++] = final;
		}
	}
	if (status)
		error_set(err, status, "session: no memory for the join");
	else if (step != SQLITE_DONE)
		status = join_sql_error(join, err);
	sqlite3_finalize(rows);
	return status;
}

/* The first of `count` finals, all of one node, that reaches the block. */
static int64_t final_of_node(const struct join_final *finals, size_t count, int64_t number)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (finals[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count ? finals[low].at_ns : TIME_UNKNOWN;
}

int64_t join_final_ns(const struct join *join, uint32_t network, int64_t number)
{
	int64_t best = TIME_UNKNOWN;
	size_t from = 0, to;

	for (; from < join->final_count; from = to) {
		int64_t at_ns;

		for (to = from; to < join->final_count && join->finals[to].chain == join->finals[from].chain; to++)
			;
		if (join->finals[from].network != network)
			continue;
		at_ns = final_of_node(join->finals + from, to - from, number);
		if (at_ns != TIME_UNKNOWN && (best == TIME_UNKNOWN || at_ns < best))
			best = at_ns;
	}
	return best;
}
