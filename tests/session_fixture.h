/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sessions made by hand, for tests: a file in a folder of its own, filled by SQL. */
#ifndef PL_TESTS_SESSION_FIXTURE_H
#define PL_TESTS_SESSION_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "session/session.h"

struct fixture {
	char folder[64];
	char path[96];
	sqlite3 *db;
};

static inline void fixture_folder(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	snprintf(f->folder, sizeof(f->folder), "/tmp/pricelag-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/s.db", f->folder);
}

static inline void fixture_remove(struct fixture *f)
{
	char command[128];

	sqlite3_close(f->db);
	f->db = NULL;
	snprintf(command, sizeof(command), "rm -rf '%s'", f->folder);
	assert_int_equal(system(command), 0);
}

static inline void fixture_sql(struct fixture *f, const char *sql)
{
	char *text = NULL;

	if (sqlite3_exec(f->db, sql, NULL, NULL, &text) != SQLITE_OK)
		fail_msg("%s: %s", sql, text);
}

/* One integer out of the database; a test fails where there is none. */
static inline int64_t fixture_int(struct fixture *f, const char *sql)
{
	sqlite3_stmt *row = NULL;
	int64_t value;

	if (sqlite3_prepare_v2(f->db, sql, -1, &row, NULL) != SQLITE_OK || sqlite3_step(row) != SQLITE_ROW)
		fail_msg("%s: %s", sql, sqlite3_errmsg(f->db));
	if (sqlite3_column_type(row, 0) == SQLITE_NULL)
		fail_msg("%s: NULL", sql);
	value = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return value;
}

/* A text (or number as text) out of the database; "NULL" for NULL, "no row" where there is none. Valid until the next call. */
static inline const char *fixture_text(struct fixture *f, const char *sql)
{
	static char text[1024];
	sqlite3_stmt *row = NULL;

	if (sqlite3_prepare_v2(f->db, sql, -1, &row, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(f->db));
	if (sqlite3_step(row) != SQLITE_ROW)
		snprintf(text, sizeof(text), "no row");
	else
		snprintf(text, sizeof(text), "%s",
			 sqlite3_column_text(row, 0) ? (const char *)sqlite3_column_text(row, 0) : "NULL");
	sqlite3_finalize(row);
	return text;
}

/* An empty session that was closed cleanly, and a connection to it. */
static inline void fixture_session(struct fixture *f)
{
	struct session *session;
	struct error err = {""};

	fixture_folder(f);
	if (session_create(&session, f->path, &err) || session_close(session, &err) ||
	    session_open_read(&f->db, f->path, &err))
		fail_msg("%s", err.text);
}

#endif
