// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "session/query.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "base/clock.h"

int64_t column_ns(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? TIME_UNKNOWN : sqlite3_column_int64(row, column);
}

double column_number(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? NAN : sqlite3_column_double(row, column);
}

const char *column_text(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return text ? text : "";
}

void column_copy(sqlite3_stmt *row, int column, char *out, size_t size)
{
	snprintf(out, size, "%s", column_text(row, column));
}

int query_each(sqlite3 *db, const char *sql, const char *argument, const char *what, query_row_fn each, void *context,
	       struct error *err)
{
	sqlite3_stmt *rows = NULL;
	int step = SQLITE_ERROR, status = 0;

	if (sqlite3_prepare_v2(db, sql, -1, &rows, NULL) == SQLITE_OK) {
		if (argument)
			sqlite3_bind_text(rows, 1, argument, -1, SQLITE_STATIC);
		while (!status && (step = sqlite3_step(rows)) == SQLITE_ROW)
			status = each(context, rows);
	}
	if (status)
		error_set(err, status, "session: no memory for %s", what);
	else if (step != SQLITE_DONE)
		status = error_set(err, -EIO, "session: %s: %s", what, sqlite3_errmsg(db));
	sqlite3_finalize(rows);
	return status;
}
