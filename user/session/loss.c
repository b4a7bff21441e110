// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "session/loss.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define X(ID, name, text, is_loss) {#name, text, is_loss},
const struct loss_counter loss_tap[] = {PL_COUNTERS(X)};
const struct loss_counter loss_stream[] = {STREAM_COUNTERS(X)};
const struct loss_counter loss_collect[] = {COLLECT_COUNTERS(X)};
const struct loss_counter loss_chain[] = {CHAIN_COUNTERS(X)};
const struct loss_counter loss_reads[] = {READS_COUNTERS(X)};
#undef X

static void put(struct session *session, const char *source, const struct loss_counter *table, const uint64_t *counts,
		size_t n)
{
	for (size_t i = 0; i < n; i++)
		session_put_loss(session, source, table[i].name, counts[i], table[i].is_loss);
}

void loss_put_tap(struct session *session, const char *source, const uint64_t counts[PL_COUNTER_MAX])
{
	put(session, source, loss_tap, counts, PL_COUNTER_MAX);
}

void loss_put_stream(struct session *session, const char *source, const uint64_t counts[STREAM_COUNTER_MAX])
{
	put(session, source, loss_stream, counts, STREAM_COUNTER_MAX);
}

void loss_put_collect(struct session *session, const char *source, const uint64_t counts[COLLECT_COUNTER_MAX])
{
	put(session, source, loss_collect, counts, COLLECT_COUNTER_MAX);
}

void loss_put_chain(struct session *session, const char *source, const uint64_t counts[CHAIN_COUNTER_MAX])
{
	put(session, source, loss_chain, counts, CHAIN_COUNTER_MAX);
}

void loss_put_reads(struct session *session, const char *source, const uint64_t counts[READS_COUNTER_MAX])
{
	put(session, source, loss_reads, counts, READS_COUNTER_MAX);
}

static void add_up(void *context, const char *source, const char *name, uint64_t count)
{
	uint64_t *total = context;

	(void)source;
	(void)name;
	*total += count;
}

int loss_total(sqlite3 *db, uint64_t *out, struct error *err)
{
	*out = 0;
	return loss_each(db, add_up, out, err);
}

int loss_each(sqlite3 *db, loss_each_fn each, void *context, struct error *err)
{
	sqlite3_stmt *rows = NULL;
	int status;

	status = sqlite3_prepare_v2(db, "SELECT source, name, count FROM loss WHERE is_loss ORDER BY source, name", -1,
				    &rows, NULL);
	if (status != SQLITE_OK)
		return error_set(err, -EIO, "session: table loss: %s", sqlite3_errmsg(db));
	while ((status = sqlite3_step(rows)) == SQLITE_ROW) {
		const char *source = (const char *)sqlite3_column_text(rows, 0);
		const char *name = (const char *)sqlite3_column_text(rows, 1);

		if (source && name)
			each(context, source, name, (uint64_t)sqlite3_column_int64(rows, 2));
	}
	sqlite3_finalize(rows);
	if (status != SQLITE_DONE)
		return error_set(err, -EIO, "session: table loss: %s", sqlite3_errmsg(db));
	return 0;
}

/* ---- connections that were never open ---- */

#define NEVER_OPEN "never_open "

void loss_put_never_open(struct session *session, const char *source, const char *reason)
{
	char key[256];

	snprintf(key, sizeof(key), NEVER_OPEN "%s", source);
	session_put_meta(session, key, reason);
}

int loss_each_never_open(sqlite3 *db, never_open_fn each, void *context, struct error *err)
{
	sqlite3_stmt *rows = NULL;
	int step = SQLITE_ERROR;

	if (sqlite3_prepare_v2(db, "SELECT key, value FROM session WHERE key GLOB '" NEVER_OPEN "*' AND value <> '' ORDER BY key", -1,
			       &rows, NULL) == SQLITE_OK)
		while ((step = sqlite3_step(rows)) == SQLITE_ROW)
			each(context, (const char *)sqlite3_column_text(rows, 0) + strlen(NEVER_OPEN),
			     (const char *)sqlite3_column_text(rows, 1));
	sqlite3_finalize(rows);
	return step == SQLITE_DONE ? 0 : error_set(err, -EIO, "session: table session: %s", sqlite3_errmsg(db));
}
