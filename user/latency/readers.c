// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/readers.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "session/query.h"
#include "session/session.h"

/* The waits of one reader: its series in the order of time, and those that ended and those that did not, by length. */
struct waits {
	struct observation *series;
	int64_t *ends, *opens;
	size_t count, end_count, open_count, room, end_room, open_room;
};

/* What was unread at the end had waited until then. Packets of one reader follow each other. */
static const char query[] =
	"SELECT r.id, f.name, r.protocol, r.local, r.local_port, r.remote, r.remote_port, r.pid, r.comm,"
	" p.wire_mono_ns, p.app_mono_ns, p.bytes,"
	" (SELECT CAST(value AS INTEGER) FROM session WHERE key = 'end_mono_ns')"
	" FROM packet_read p JOIN reader r ON r.id = p.reader_id JOIN feed f ON f.id = r.feed_id"
	" WHERE ?1 IS NULL OR f.name = ?1 ORDER BY r.id, p.wire_mono_ns";
enum { COLUMN_ID, COLUMN_FEED, COLUMN_PROTOCOL, COLUMN_LOCAL, COLUMN_LOCAL_PORT, COLUMN_REMOTE, COLUMN_REMOTE_PORT,
       COLUMN_PID, COLUMN_COMM, COLUMN_WIRE, COLUMN_APP, COLUMN_BYTES, COLUMN_END };

static void begin(struct reader_summary *reader, sqlite3_stmt *row)
{
	*reader = (struct reader_summary){
		.local_port = (uint16_t)sqlite3_column_int(row, COLUMN_LOCAL_PORT),
		.remote_port = (uint16_t)sqlite3_column_int(row, COLUMN_REMOTE_PORT),
		.pid = (uint32_t)sqlite3_column_int64(row, COLUMN_PID),
	};
	column_copy(row, COLUMN_FEED, reader->feed, sizeof(reader->feed));
	column_copy(row, COLUMN_PROTOCOL, reader->protocol, sizeof(reader->protocol));
	column_copy(row, COLUMN_COMM, reader->comm, sizeof(reader->comm));
	column_copy(row, COLUMN_LOCAL, reader->local, sizeof(reader->local));
	column_copy(row, COLUMN_REMOTE, reader->remote, sizeof(reader->remote));
}

static int add(struct waits *waits, struct reader_summary *reader, sqlite3_stmt *row)
{
	bool read = sqlite3_column_type(row, COLUMN_APP) != SQLITE_NULL;
	int64_t wire_ns = sqlite3_column_int64(row, COLUMN_WIRE), wait_ns;

	if (!read && sqlite3_column_type(row, COLUMN_END) == SQLITE_NULL)
		return 0;
	if (__builtin_sub_overflow(sqlite3_column_int64(row, read ? COLUMN_APP : COLUMN_END), wire_ns, &wait_ns) ||
	    wait_ns > INT64_MAX / 2 || wait_ns < -(INT64_MAX / 2))
		return 0; /* a file may hold anything */
	if (array_grow((void **)&waits->series, waits->count, &waits->room, sizeof(*waits->series)) ||
	    array_grow((void **)&waits->ends, waits->end_count, &waits->end_room, sizeof(*waits->ends)) ||
	    array_grow((void **)&waits->opens, waits->open_count, &waits->open_room, sizeof(*waits->opens)))
		return -ENOMEM;
	waits->series[waits->count++] = (struct observation){.at_ns = wire_ns, .ns = wait_ns, .open = !read};
	if (read)
		waits->ends[waits->end_count++] = wait_ns;
	else
		waits->opens[waits->open_count++] = wait_ns;
	reader->bytes += read ? (uint64_t)sqlite3_column_int64(row, COLUMN_BYTES) : 0;
	return 0;
}

/* All of the reader's packets have been added. */
static int finish(struct waits *waits, struct reader_summary *reader)
{
	static const double p[READER_QUANTILES] = {0.5, 0.9, 0.99};
	struct survival all = {waits->ends, waits->end_count, waits->opens, waits->open_count, 1};
	struct quantile_basis basis;

	sort_int64(waits->ends, waits->end_count);
	sort_int64(waits->opens, waits->open_count);
	reader->count = waits->end_count;
	reader->censored = waits->open_count;
	reader->max_ns = waits->end_count ? waits->ends[waits->end_count - 1] : TIME_UNKNOWN;
	for (int q = 0; q < READER_QUANTILES; q++)
		reader->wait[q] = (struct quantile){.p = p[q], .ns = TIME_UNKNOWN, .ci95_ns = {TIME_UNKNOWN, TIME_UNKNOWN}};
	waits->count = waits->open_count = 0;
	if (!waits->end_count)
		return 0;
	waits->end_count = 0;
	return quantiles_fill(&all, waits->series, all.end_count + all.open_count, reader->wait, READER_QUANTILES, &basis);
}

static int by_packets(const void *a, const void *b)
{
	const struct reader_summary *x = a, *y = b;
	int feeds = strcmp(x->feed, y->feed);

	return feeds ? feeds : (x->count < y->count) - (x->count > y->count);
}

struct loader {
	struct waits waits; /* of the last reader in `out` */
	struct reader_list *out;
	size_t room;
	int64_t id;
};

static int add_row(void *context, sqlite3_stmt *row)
{
	struct loader *loader = context;
	struct reader_list *out = loader->out;
	int status = 0;

	if (!out->count || sqlite3_column_int64(row, COLUMN_ID) != loader->id) {
		loader->id = sqlite3_column_int64(row, COLUMN_ID);
		if (out->count)
			status = finish(&loader->waits, &out->items[out->count - 1]);
		if (!status)
			status = array_grow((void **)&out->items, out->count, &loader->room, sizeof(*out->items));
		if (!status)
			begin(&out->items[out->count++], row);
	}
	return status ? status : add(&loader->waits, &out->items[out->count - 1], row);
}

int readers_load(sqlite3 *db, const char *feed, struct reader_list *out, struct error *err)
{
	struct loader loader = {.out = out};
	int status;

	*out = (struct reader_list){0};
	status = query_each(db, query, feed, "table packet_read", add_row, &loader, err);
	if (!status && out->count && finish(&loader.waits, &out->items[out->count - 1]))
		status = error_set(err, -ENOMEM, "session: no memory for the readers");
	free(loader.waits.series);
	free(loader.waits.ends);
	free(loader.waits.opens);
	if (status)
		readers_free(out);
	else if (out->count)
		qsort(out->items, out->count, sizeof(*out->items), by_packets);
	return status;
}

void readers_free(struct reader_list *list)
{
	free(list->items);
	*list = (struct reader_list){0};
}
