// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/summary.h"

#include <inttypes.h>
#include <stdio.h>

#include "cmd/cmd.h"
#include "latency/latency.h"
#include "session/loss.h"
#include "session/session.h"

static int64_t count(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement;
	int64_t value = 0;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
		value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return value;
}

static void print_loss(void *context, const char *source, const char *name, uint64_t lost)
{
	int *lines = context;

	if (!lost)
		return;
	fprintf(stderr, "%s%s.%s %" PRIu64, (*lines)++ ? ", " : "lost: ", source, name, lost);
}

static void print_never_open(void *context, const char *source, const char *reason)
{
	(void)context;
	fprintf(stderr, "%s was never open: %s\n", source, reason);
}

/* A feed or chain that was asked for and gave nothing is no loss that a counter saw, and still not what anybody wanted. */
static int print_silent(sqlite3 *db)
{
	static const char query[] =
		"SELECT name FROM feed WHERE NOT EXISTS (SELECT 1 FROM oracle_message WHERE feed_id = feed.id)"
		" AND NOT EXISTS (SELECT 1 FROM block_arrival WHERE feed_id = feed.id)"
		" AND NOT EXISTS (SELECT 1 FROM block_message WHERE feed_id = feed.id)"
		" AND NOT EXISTS (SELECT 1 FROM flow WHERE feed_id = feed.id)"
		" AND NOT EXISTS (SELECT 1 FROM reader WHERE feed_id = feed.id)"
		" UNION ALL SELECT source FROM loss WHERE name IN ('heads', 'logs') GROUP BY source HAVING sum(count) = 0";
	sqlite3_stmt *row = NULL;
	int silent = 0;

	if (sqlite3_prepare_v2(db, query, -1, &row, NULL) == SQLITE_OK)
		while (sqlite3_step(row) == SQLITE_ROW)
			fprintf(stderr, "%s%s", silent++ ? ", " : "nothing came from: ", sqlite3_column_text(row, 0));
	sqlite3_finalize(row);
	if (silent)
		fputs("\n", stderr);
	return silent;
}

int summary_print(const char *session_path)
{
	struct error err;
	sqlite3 *db;
	int losses = 0, silent;

	if (session_open_read(&db, session_path, &err) || join_session(db, &err)) {
		fprintf(stderr, "pricelag: %s\n", err.text);
		return EXIT_FAILED;
	}
	fprintf(stderr, "%s: %" PRId64 " oracle messages, %" PRId64 " on-chain updates, %" PRId64 " chain blocks, %" PRId64
			" slots, %" PRId64 " block messages, %" PRId64 " packets of other processes; %" PRId64 " messages matched, %" PRId64 " censored, %" PRId64 " superseded\n",
		session_path, count(db, "SELECT COUNT(*) FROM oracle_message"),
		count(db, "SELECT COUNT(*) FROM chain_update WHERE NOT removed"), count(db, "SELECT COUNT(*) FROM chain_block"),
		count(db, "SELECT COUNT(*) FROM block_arrival WHERE fec_set IS NULL"),
		count(db, "SELECT COUNT(*) FROM block_message"), count(db, "SELECT COUNT(*) FROM packet_read"),
		count(db, "SELECT COUNT(*) FROM timeline WHERE status = 'matched'"),
		count(db, "SELECT COUNT(*) FROM timeline WHERE status = 'censored'"),
		count(db, "SELECT COUNT(*) FROM timeline WHERE status = 'superseded'"));
	if (loss_each(db, print_loss, &losses, &err))
		fprintf(stderr, "pricelag: %s\n", err.text);
	fprintf(stderr, losses ? "\n" : "nothing was lost\n");
	if (loss_each_never_open(db, print_never_open, NULL, &err))
		fprintf(stderr, "pricelag: %s\n", err.text);
	silent = print_silent(db);
	sqlite3_close(db);
	return losses || silent ? EXIT_UNTRUSTED : EXIT_OK;
}
