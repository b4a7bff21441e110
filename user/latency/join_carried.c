// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which messages, by their digests, stand in the transactions of the updates. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "latency/join_data.h"

static const char query[] =
	"SELECT ifnull(c.network, d.chain) || ' ' || tx_hash, type, digest FROM chain_calldata d"
	" LEFT JOIN chain c ON c.name = d.chain WHERE digest IS NOT NULL";

/* A transaction may update several oracles, each by messages of its own kind. An event that a site describes may come of any. */
static const struct {
	const char *oracle, *carried;
} kinds[] = {
	{"pyth-evm", "pyth-pnau"},
	{"stork", "stork"},
	{"chainlink", "chainlink-ocr"},
	{"chronicle", ""}, /* its messages are not known */
};

static int compare(const struct join_carried *carried, uint32_t tx, uint32_t type)
{
	if (carried->tx != tx)
		return carried->tx < tx ? -1 : 1;
	return (carried->type > type) - (carried->type < type);
}

static int by_tx_and_type(const void *a, const void *b)
{
	const struct join_carried *y = b;

	return compare(a, y->tx, y->type);
}

int join_load_carried(struct join *join, struct error *err)
{
	sqlite3_stmt *rows = NULL;
	size_t room = 0;
	int step = SQLITE_ERROR, status = 0;

	if (sqlite3_prepare_v2(join->db, query, -1, &rows, NULL) == SQLITE_OK) {
		while (!status && (step = sqlite3_step(rows)) == SQLITE_ROW) {
			struct join_carried carried = {0};

			status = intern_add(&join->transactions, (const char *)sqlite3_column_text(rows, 0), &carried.tx);
			if (!status)
				status = intern_add(&join->names, (const char *)sqlite3_column_text(rows, 1), &carried.type);
			if (!status)
				status = intern_add(&join->digests, (const char *)sqlite3_column_text(rows, 2), &carried.digest);
			if (!status)
				status = array_grow((void **)&join->carried, join->carried_count, &room, sizeof(carried));
			if (!status)
				join->carried[join->carried_count++] = carried;
		}
	}
	if (status)
		error_set(err, status, "session: no memory for the join");
	else if (step != SQLITE_DONE)
		status = join_sql_error(join, err);
	sqlite3_finalize(rows);
	if (join->carried_count)
		qsort(join->carried, join->carried_count, sizeof(*join->carried), by_tx_and_type);
	return status;
}

/* The first of a transaction's messages of this type, or of any (INTERN_NONE, the smallest number), or of what follows. */
static size_t first_of(const struct join *join, uint32_t tx, uint32_t type)
{
	size_t low = 0, high = join->carried_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&join->carried[middle], tx, type) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void join_find_carried(const struct join *join, const char *tx, const char *oracle_type, struct join_update *update)
{
	uint32_t number = intern_find(&join->transactions, tx), type = INTERN_NONE;
	const char *wanted = NULL;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && oracle_type; i++)
		if (!strcmp(kinds[i].oracle, oracle_type))
			wanted = kinds[i].carried;
	if (wanted)
		type = intern_find(&join->names, wanted);
	if (number == INTERN_NONE || (wanted && type == INTERN_NONE))
		return;
	update->carried = (uint32_t)first_of(join, number, type);
	for (size_t i = update->carried; i < join->carried_count && join->carried[i].tx == number; i++)
		if (!wanted || join->carried[i].type == type)
			update->carried_count++;
}
