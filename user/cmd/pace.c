// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/pace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Two windows have to fit the session's queue of 16384 rows, with room for the largest single message. */
#define WINDOW_ROWS 3000
#define LOOK_AGAIN_NS 500000

static const char marker[] = "replayed_rows";

struct pace {
	struct session *session;
	sqlite3 *db; /* the same file, for reading */
	sqlite3_stmt *look;
	uint64_t rows;
	uint64_t marked, marked_before; /* rows at the last two markers; 0 = none */
};

int pace_new(struct pace **out, struct session *session, const char *session_path, struct error *err)
{
	struct pace *pace = calloc(1, sizeof(*pace));
	int status;

	if (!pace)
		return error_set(err, -ENOMEM, "out of memory");
	pace->session = session;
	status = session_open_read(&pace->db, session_path, err);
	if (!status && sqlite3_prepare_v2(pace->db, "SELECT CAST(value AS INTEGER) FROM session WHERE key = ?1", -1,
					  &pace->look, NULL) != SQLITE_OK)
		status = error_set(err, -EIO, "%s: %s", session_path, sqlite3_errmsg(pace->db));
	if (status) {
		pace_free(pace);
		return status;
	}
	sqlite3_bind_text(pace->look, 1, marker, -1, SQLITE_STATIC);
	*out = pace;
	return 0;
}

static uint64_t written(struct pace *pace)
{
	uint64_t rows = 0;

	if (sqlite3_step(pace->look) == SQLITE_ROW)
		rows = (uint64_t)sqlite3_column_int64(pace->look, 0);
	sqlite3_reset(pace->look);
	return rows;
}

int pace_rows(struct pace *pace, uint64_t rows, struct error *err)
{
	static const struct timespec pause = {.tv_nsec = LOOK_AGAIN_NS};
	char text[32];
	int status;

	pace->rows += rows;
	if (pace->rows - pace->marked < WINDOW_ROWS)
		return 0;
	pace->marked_before = pace->marked;
	pace->marked = pace->rows;
	snprintf(text, sizeof(text), "%" PRIu64, pace->marked);
	session_put_meta(pace->session, marker, text);
	while (written(pace) < pace->marked_before) {
		status = session_status(pace->session, err);
		if (status)
			return status;
		nanosleep(&pause, NULL);
	}
	return 0;
}

void pace_free(struct pace *pace)
{
	if (!pace)
		return;
	sqlite3_finalize(pace->look);
	sqlite3_close(pace->db);
	free(pace);
}
