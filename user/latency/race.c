// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/race.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "feed/message.h"
#include "session/query.h"

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
	if (array_grow((void **)&entries->items, entries->count, &entries->room, sizeof(*entries->items)))
		return -ENOMEM;
	entries->items[entries->count++] = *entry;
	return 0;
}

/*
 * What identifies a message, of either kind of feed. A block is the same whatever its messages say of its publish time,
 * and whichever kind of message brings the first word of it.
 */
static const struct {
	const char *what, *query;
} sources[] = {
	{"table oracle_message",
	 "SELECT feed_id, published_ns, min(wire_mono_ns), count(*), asset, key FROM oracle_message WHERE key IS NOT NULL"
	 " GROUP BY asset, key, published_ns, feed_id ORDER BY asset, key, published_ns, feed_id"},
	{"table block_message",
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

struct loader {
	struct entries *entries;
	struct identity identity;
};

static int add_row(void *context, sqlite3_stmt *row)
{
	struct loader *loader = context;
	struct entry entry = {
		.feed = course_feed(loader->entries->course, sqlite3_column_int64(row, 0)),
		.published_ns = column_ns(row, 1),
		.wire_ns = column_ns(row, 2),
		.copies = (uint64_t)sqlite3_column_int64(row, 3),
	};
	int status = identity_changes(&loader->identity, row) ? finish_key(loader->entries) : 0;

	return status || entry.feed == SIZE_MAX ? status : add_entry(loader->entries, &entry);
}

static int run(sqlite3 *db, const char *what, const char *query, struct entries *entries, struct error *err)
{
	struct loader loader = {.entries = entries};
	int status = query_each(db, query, NULL, what, add_row, &loader, err);

	if (!status && finish_key(entries))
		status = error_set(err, -ENOMEM, "session: no memory for %s", what);
	return status;
}

struct keyless {
	const struct course *course;
	struct race *race;
};

static int add_keyless(void *context, sqlite3_stmt *row)
{
	const struct keyless *keyless = context;
	size_t feed = course_feed(keyless->course, sqlite3_column_int64(row, 0));

	if (feed != SIZE_MAX)
		keyless->race->feeds[feed].without_key = (uint64_t)sqlite3_column_int64(row, 1);
	return 0;
}

static int count_without_key(sqlite3 *db, const struct course *course, struct race *race, struct error *err)
{
	static const char query[] =
		"SELECT feed_id, count(*) FROM (SELECT feed_id FROM oracle_message WHERE key IS NULL"
		" UNION ALL SELECT feed_id FROM block_message WHERE hash IS NULL AND number IS NULL) GROUP BY feed_id";

	return query_each(db, query, NULL, "messages without key", add_keyless, &(struct keyless){course, race}, err);
}

int race_compute(sqlite3 *db, struct race *out, struct error *err)
{
	struct entries entries = {0};
	int status = course_new(&entries.course, out, db, course_message_feeds, NULL, err);

	if (status)
		return status;
	status = count_without_key(db, entries.course, out, err);
	for (size_t i = 0; !status && i < sizeof(sources) / sizeof(sources[0]); i++)
		status = run(db, sources[i].what, sources[i].query, &entries, err);
	if (!status)
		status = course_end(entries.course, err);
	course_free(entries.course);
	free(entries.items);
	if (status)
		race_free(out);
	return status;
}
