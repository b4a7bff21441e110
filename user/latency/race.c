// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/race.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "feed/message.h"

/* A feed's copies of one message: same asset, key and publish time. */
struct entry {
	size_t feed;
	int64_t published_ns;
	int64_t wire_ns;
	uint64_t copies;
};

struct entries {
	struct course *course;
	struct entry *items; /* of one asset and key, by publish time, unknown first */
	size_t count, room;
};

static void carry(struct entries *entries, const struct entry *entry)
{
	course_arrival(entries->course, entry->feed, entry->wire_ns, entry->copies);
}

/* All entries of one asset and key are in: one message per publish time. */
static int finish_key(struct entries *entries)
{
	const struct entry *items = entries->items;
	size_t unknown = 0, count = entries->count;
	int status;

	while (unknown < count && items[unknown].published_ns == TIME_UNKNOWN)
		unknown++;
	for (size_t i = 0; i < unknown; i++)
		carry(entries, &items[i]);
	if (unknown < count && items[unknown].published_ns != items[count - 1].published_ns) {
		status = course_next(entries->course); /* which of the publish times is theirs cannot be told */
		if (status)
			return status;
	}
	for (size_t i = unknown; i < count; i++) {
		carry(entries, &items[i]);
		if (i + 1 == count || items[i + 1].published_ns == items[i].published_ns)
			continue;
		status = course_next(entries->course);
		if (status)
			return status;
	}
	entries->count = 0;
	return course_next(entries->course);
}

static int add_entry(struct entries *entries, const struct entry *entry)
{
	if (entries->count == entries->room) {
		size_t wanted = entries->room ? 2 * entries->room : 64;
		struct entry *grown = realloc(entries->items, wanted * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		entries->items = grown;
		entries->room = wanted;
	}
	entries->items[entries->count++] = *entry;
	return 0;
}

/*
 * What identifies a message, of either kind of feed. A block is the same whatever its messages say of its publish time,
 * and whichever kind of message brings the first word of it.
 */
static const struct {
	const char *table, *query;
} sources[] = {
	{"oracle_message",
	 "SELECT feed_id, published_ns, min(wire_mono_ns), count(*), asset, key FROM oracle_message WHERE key IS NOT NULL"
	 " GROUP BY asset, key, published_ns, feed_id ORDER BY asset, key, published_ns, feed_id"},
	{"block_message",
	 "SELECT feed_id, NULL, min(wire_mono_ns), count(*), part,"
	 " iif(hash IS NOT NULL, 'h' || hash, 'n' || number) AS name FROM block_message WHERE name IS NOT NULL"
	 " AND kind <> 'getdata'" /* somebody asks for it: no news of the block */
	 " GROUP BY name, part, feed_id ORDER BY name, part, feed_id"},
};

/* Asset and key of the rows in hand, to see where the next ones begin. */
struct identity {
	bool has_asset;
	char asset[FEED_TEXT_MAX], key[FEED_TEXT_MAX];
};

/* True where the row is of another asset or key than the rows before, which it then stands for. */
static bool identity_changes(struct identity *identity, sqlite3_stmt *row)
{
	const char *asset = (const char *)sqlite3_column_text(row, 4), *key = (const char *)sqlite3_column_text(row, 5);

	if (identity->has_asset == (asset != NULL) && !strcmp(identity->asset, asset ? asset : "") &&
	    !strcmp(identity->key, key ? key : ""))
		return false;
	identity->has_asset = asset != NULL;
	snprintf(identity->asset, sizeof(identity->asset), "%s", asset ? asset : "");
	snprintf(identity->key, sizeof(identity->key), "%s", key ? key : "");
	return true;
}

static int64_t column_time(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? TIME_UNKNOWN : sqlite3_column_int64(row, column);
}

static int run(sqlite3 *db, const char *table, const char *query, struct entries *entries, const struct race *race,
	       struct error *err)
{
	struct identity identity = {0};
	sqlite3_stmt *rows = NULL;
	int status = 0, step = SQLITE_ERROR;

	if (sqlite3_prepare_v2(db, query, -1, &rows, NULL) == SQLITE_OK) {
		while (!status && (step = sqlite3_step(rows)) == SQLITE_ROW) {
			struct entry entry = {
				.feed = course_feed(entries->course, sqlite3_column_int64(rows, 0)),
				.published_ns = column_time(rows, 1),
				.wire_ns = column_time(rows, 2),
				.copies = (uint64_t)sqlite3_column_int64(rows, 3),
			};

			if (identity_changes(&identity, rows))
				status = finish_key(entries);
			if (!status && entry.feed != SIZE_MAX)
				status = add_entry(entries, &entry);
		}
		if (!status && step == SQLITE_DONE)
			status = finish_key(entries);
	}
	if (status)
		error_set(err, status, "no memory for %llu messages", (unsigned long long)race->count);
	else if (step != SQLITE_DONE)
		status = error_set(err, -EIO, "session: table %s: %s", table, sqlite3_errmsg(db));
	sqlite3_finalize(rows);
	return status;
}

static int count_without_key(sqlite3 *db, const struct course *course, struct race *race, struct error *err)
{
	static const char query[] =
		"SELECT feed_id, count(*) FROM (SELECT feed_id FROM oracle_message WHERE key IS NULL"
		" UNION ALL SELECT feed_id FROM block_message WHERE hash IS NULL AND number IS NULL) GROUP BY feed_id";
	sqlite3_stmt *rows = NULL;
	int step = SQLITE_ERROR;

	if (sqlite3_prepare_v2(db, query, -1, &rows, NULL) == SQLITE_OK) {
		while ((step = sqlite3_step(rows)) == SQLITE_ROW) {
			size_t feed = course_feed(course, sqlite3_column_int64(rows, 0));

			if (feed != SIZE_MAX)
				race->feeds[feed].without_key = (uint64_t)sqlite3_column_int64(rows, 1);
		}
	}
	sqlite3_finalize(rows);
	return step == SQLITE_DONE ? 0 : error_set(err, -EIO, "session: messages without key: %s", sqlite3_errmsg(db));
}

int race_compute(sqlite3 *db, struct race *out, struct error *err)
{
	struct entries entries = {0};
	int status = course_new(&entries.course, out, db, course_message_feeds, NULL, err);

	if (status)
		return status;
	status = count_without_key(db, entries.course, out, err);
	for (size_t i = 0; !status && i < sizeof(sources) / sizeof(sources[0]); i++)
		status = run(db, sources[i].table, sources[i].query, &entries, out, err);
	if (!status)
		status = course_end(entries.course, err);
	course_free(entries.course);
	free(entries.items);
	if (status)
		race_free(out);
	return status;
}
