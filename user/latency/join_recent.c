// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/join_recent.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define COLUMNS "message, arrival_mono_ns, price"

static int prepare(const struct join *join, const char *sql, int64_t first_row, int64_t row_count, sqlite3_stmt **out)
{
	if (sqlite3_prepare_v2(join->db, sql, -1, out, NULL) != SQLITE_OK)
		return -EIO;
	sqlite3_bind_int64(*out, 1, first_row);
	sqlite3_bind_int64(*out, 2, first_row + row_count);
	return 0;
}

/* The row that comes next, as the message at `position`; NOTHING: there is none. */
static int step(const struct join *join, sqlite3_stmt *rows, uint32_t position, struct recent_message *out)
{
	int result = sqlite3_step(rows);

	*out = (struct recent_message){.position = NOTHING};
	if (result != SQLITE_ROW)
		return result == SQLITE_DONE ? 0 : -EIO;
	out->position = position;
	out->id = sqlite3_column_int64(rows, 0);
	out->arrival_ns = sqlite3_column_type(rows, 1) == SQLITE_NULL ?
				  TIME_UNKNOWN : clockmap_utc(join->clock, sqlite3_column_int64(rows, 1));
	out->price = sqlite3_column_type(rows, 2) == SQLITE_NULL ? NAN : sqlite3_column_double(rows, 2);
	return 0;
}

int recent_open(struct recent *recent, const struct join *join, const struct join_carrier *carrier)
{
	int status;

	*recent = (struct recent){.join = join, .ring = malloc(PRICE_WINDOW_MESSAGES * sizeof(*recent->ring))};
	if (!recent->ring)
		return -ENOMEM;
	status = prepare(join, "SELECT " COLUMNS " FROM temp.join_message WHERE rowid >= ?1 AND rowid < ?2 ORDER BY rowid",
			 carrier->staged.first, carrier->staged.count, &recent->rows);
	return status ? status : step(join, recent->rows, 0, &recent->next);
}

int recent_read(struct recent *recent, int64_t until_ns)
{
	int status = 0;

	while (!status && recent->next.position != NOTHING && recent->next.arrival_ns <= until_ns) {
		recent->ring[recent->count++ % PRICE_WINDOW_MESSAGES] = recent->next;
		status = step(recent->join, recent->rows, recent->count, &recent->next);
	}
	return status;
}

void recent_close(struct recent *recent)
{
	sqlite3_finalize(recent->rows);
	free(recent->ring);
}

int recent_pick(const struct join *join, const struct join_carrier *carrier, uint32_t position, struct recent_message *out)
{
	sqlite3_stmt *row = NULL;
	int status = prepare(join, "SELECT " COLUMNS " FROM temp.join_message WHERE rowid >= ?1 AND rowid < ?2",
			     carrier->staged.first + position, 1, &row);

	if (!status)
		status = step(join, row, position, out);
	sqlite3_finalize(row);
	return status;
}
