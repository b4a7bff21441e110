// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which messages, by their digests, stand in the transactions of the updates. */
#include <errno.h>
#include <string.h>

#include "latency/join_lookup.h"
#include "latency/join_tables.h"

static const char fill_sql[] =
	"INSERT INTO temp.join_carried SELECT ifnull(c.network, d.chain) || ' ' || tx_hash, type, digest FROM main.chain_calldata d"
	" LEFT JOIN main.chain c ON c.name = d.chain WHERE digest <> '' ORDER BY 1, 2;"
	"CREATE INDEX temp.join_carried_tx ON join_carried (tx, type)";

/* A transaction may update several oracles, each by messages of its own kind. An event that a site describes may come of any. */
static const struct {
	const char *oracle, *carried;
} kinds[] = {
	{"pyth-evm", "pyth-pnau"},
	{"stork", "stork"},
	{"chainlink", "chainlink-ocr"},
	{"chronicle", ""}, /* its messages are not known */
};

int join_load_carried(struct join *join, struct error *err)
{
	int step = SQLITE_ERROR, status = join_execute(join, fill_sql, err);
	sqlite3_stmt *rows = status ? NULL : join_prepare(join, "SELECT digest FROM temp.join_carried");

	if (status)
		return status;
	while (rows && !status && (step = sqlite3_step(rows)) == SQLITE_ROW)
		status = sieve_add(&join->sieve, (const char *)sqlite3_column_text(rows, 0));
	if (status)
		join_no_memory(err);
	else if (step != SQLITE_DONE)
		status = join_sql_error(join, err);
	sqlite3_finalize(rows);
	return status;
}

int join_lookup_carried(struct join_lookup *lookup, const char *tx, const char *oracle_type, struct join_update *update)
{
	const char *wanted = NULL;
	int step;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].oracle, oracle_type))
			wanted = kinds[i].carried;
	sqlite3_bind_text(lookup->carried, 1, tx, -1, SQLITE_STATIC);
	sqlite3_bind_text(lookup->carried, 2, wanted, -1, SQLITE_STATIC); /* NULL: of any type */
	step = sqlite3_step(lookup->carried);
	if (step == SQLITE_ROW) {
		update->carried = sqlite3_column_int64(lookup->carried, 0);
		update->carried_count = sqlite3_column_int64(lookup->carried, 1);
	}
	sqlite3_reset(lookup->carried);
	sqlite3_clear_bindings(lookup->carried);
	return step == SQLITE_ROW ? 0 : -EIO;
}
