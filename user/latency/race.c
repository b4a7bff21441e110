// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/race.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "feed/message.h"

struct samples {
	int64_t *values;
	size_t count, room;
};

struct runner {
	int64_t id; /* of the feed */
	struct samples leads, distances;
	/* the message in hand */
	bool has;
	int64_t wire_ns;
};

/* A feed's copies of one message: same asset, key and publish time. */
struct entry {
	size_t runner;
	int64_t published_ns;
	int64_t wire_ns;
	uint64_t copies;
};

struct course {
	struct race *race;
	struct runner *runners;
	struct entry *entries; /* of one asset and key, by publish time, unknown first */
	size_t entry_count, entry_room;
};

static int samples_add(struct samples *samples, int64_t value)
{
	if (samples->count == samples->room) {
		size_t wanted = samples->room ? 2 * samples->room : 1024;
		int64_t *grown = realloc(samples->values, wanted * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		samples->values = grown;
		samples->room = wanted;
	}
	samples->values[samples->count++] = value;
	return 0;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The smallest value that at least half of the samples do not exceed: a value that was measured. */
static int64_t samples_median(struct samples *samples)
{
	if (!samples->count)
		return TIME_UNKNOWN;
	qsort(samples->values, samples->count, sizeof(*samples->values), by_value);
	return samples->values[(samples->count - 1) / 2];
}

static void carry(struct course *course, const struct entry *entry)
{
	struct runner *runner = &course->runners[entry->runner];
	struct race_feed *feed = &course->race->feeds[entry->runner];

	feed->repeats += entry->copies - (runner->has ? 0 : 1);
	if (!runner->has || runner->wire_ns == TIME_UNKNOWN ||
	    (entry->wire_ns != TIME_UNKNOWN && entry->wire_ns < runner->wire_ns))
		runner->wire_ns = entry->wire_ns;
	runner->has = true;
}

/* Every feed's copy of one message is known: counts it, ranks it, and clears the course for the next. */
static int finish(struct course *course)
{
	struct race *race = course->race;
	int64_t first = INT64_MAX, second = INT64_MAX;
	size_t carried = 0, stamped = 0, leaders = 0;
	int status = 0;

	for (size_t i = 0; i < race->feed_count; i++) {
		int64_t wire = course->runners[i].wire_ns;

		if (!course->runners[i].has)
			continue;
		carried++;
		race->feeds[i].seen++;
		if (wire == TIME_UNKNOWN) {
			race->feeds[i].without_wire++;
			continue;
		}
		stamped++;
		if (wire < first) {
			second = first;
			first = wire;
			leaders = 1;
		} else if (wire == first) {
			leaders++;
		} else if (wire < second) {
			second = wire;
		}
	}
	if (!carried)
		return 0;
	race->messages++;
	race->contested += stamped > 1;
	race->ties += stamped > 1 && leaders > 1;
	for (size_t i = 0; i < race->feed_count && !status; i++) {
		struct runner *runner = &course->runners[i];
		struct race_feed *feed = &race->feeds[i];

		if (!runner->has)
			continue;
		runner->has = false;
		feed->only_here += carried == 1;
		if (stamped < 2 || runner->wire_ns == TIME_UNKNOWN)
			continue;
		feed->contested++;
		if (runner->wire_ns > first) {
			status = samples_add(&runner->distances, runner->wire_ns - first);
		} else if (leaders > 1) {
			feed->ties++;
		} else {
			feed->wins++;
			status = samples_add(&runner->leads, second - first);
		}
	}
	return status;
}

/* All entries of one asset and key are in: one message per publish time. */
static int finish_key(struct course *course)
{
	size_t unknown = 0, count = course->entry_count;
	int status;

	while (unknown < count && course->entries[unknown].published_ns == TIME_UNKNOWN)
		unknown++;
	for (size_t i = 0; i < unknown; i++)
		carry(course, &course->entries[i]);
	if (unknown < count && course->entries[unknown].published_ns != course->entries[count - 1].published_ns) {
		status = finish(course); /* which of the publish times is theirs cannot be told */
		if (status)
			return status;
	}
	for (size_t i = unknown; i < count; i++) {
		carry(course, &course->entries[i]);
		if (i + 1 == count || course->entries[i + 1].published_ns == course->entries[i].published_ns)
			continue;
		status = finish(course);
		if (status)
			return status;
	}
	course->entry_count = 0;
	return finish(course);
}

static int add_entry(struct course *course, const struct entry *entry)
{
	if (course->entry_count == course->entry_room) {
		size_t wanted = course->entry_room ? 2 * course->entry_room : 64;
		struct entry *grown = realloc(course->entries, wanted * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		course->entries = grown;
		course->entry_room = wanted;
	}
	course->entries[course->entry_count++] = *entry;
	return 0;
}

static int load_feeds(sqlite3 *db, struct race *race, struct course *course, struct error *err)
{
	static const char query[] =
		"SELECT id, name, (SELECT count(*) FROM oracle_message m WHERE m.feed_id = f.id AND m.key IS NULL)"
		" + (SELECT count(*) FROM block_message m WHERE m.feed_id = f.id AND m.hash IS NULL AND m.number IS NULL),"
		" (SELECT count(*) FROM feed) FROM feed f WHERE decoder <> 'solana-shred' ORDER BY id";
	sqlite3_stmt *rows = NULL;
	int step = SQLITE_ERROR;

	if (sqlite3_prepare_v2(db, query, -1, &rows, NULL) != SQLITE_OK)
		goto failed;
	while ((step = sqlite3_step(rows)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(rows, 1);

		if (!race->feeds) {
			size_t count = (size_t)sqlite3_column_int64(rows, 3);

			race->feeds = calloc(count, sizeof(*race->feeds));
			course->runners = calloc(count, sizeof(*course->runners));
			if (!race->feeds || !course->runners) {
				sqlite3_finalize(rows);
				return error_set(err, -ENOMEM, "no memory for %zu feeds", count);
			}
		}
		course->runners[race->feed_count].id = sqlite3_column_int64(rows, 0);
		snprintf(race->feeds[race->feed_count].feed, sizeof(race->feeds->feed), "%s", name ? name : "");
		race->feeds[race->feed_count++].without_key = (uint64_t)sqlite3_column_int64(rows, 2);
	}
failed:
	sqlite3_finalize(rows);
	return step == SQLITE_DONE ? 0 : error_set(err, -EIO, "session: table feed: %s", sqlite3_errmsg(db));
}

static size_t find_runner(const struct course *course, int64_t feed_id)
{
	size_t i = 0;

	while (i < course->race->feed_count && course->runners[i].id != feed_id)
		i++;
	return i;
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

static int run(sqlite3 *db, const char *table, const char *query, struct course *course, struct error *err)
{
	struct identity identity = {0};
	sqlite3_stmt *rows = NULL;
	int status = 0, step = SQLITE_ERROR;

	if (sqlite3_prepare_v2(db, query, -1, &rows, NULL) == SQLITE_OK) {
		while (!status && (step = sqlite3_step(rows)) == SQLITE_ROW) {
			struct entry entry = {
				.runner = find_runner(course, sqlite3_column_int64(rows, 0)),
				.published_ns = column_time(rows, 1),
				.wire_ns = column_time(rows, 2),
				.copies = (uint64_t)sqlite3_column_int64(rows, 3),
			};

			if (identity_changes(&identity, rows))
				status = finish_key(course);
			if (!status && entry.runner < course->race->feed_count)
				status = add_entry(course, &entry);
		}
		if (!status && step == SQLITE_DONE)
			status = finish_key(course);
	}
	if (status)
		error_set(err, status, "no memory for %llu messages", (unsigned long long)course->race->messages);
	else if (step != SQLITE_DONE)
		status = error_set(err, -EIO, "session: table %s: %s", table, sqlite3_errmsg(db));
	sqlite3_finalize(rows);
	return status;
}

int race_compute(sqlite3 *db, struct race *out, struct error *err)
{
	struct course course = {.race = out};
	int status;

	memset(out, 0, sizeof(*out));
	status = load_feeds(db, out, &course, err);
	for (size_t i = 0; !status && i < sizeof(sources) / sizeof(sources[0]); i++)
		status = run(db, sources[i].table, sources[i].query, &course, err);
	for (size_t i = 0; course.runners && i < out->feed_count; i++) {
		out->feeds[i].lead_p50_ns = samples_median(&course.runners[i].leads);
		out->feeds[i].behind_p50_ns = samples_median(&course.runners[i].distances);
		free(course.runners[i].leads.values);
		free(course.runners[i].distances.values);
	}
	free(course.runners);
	free(course.entries);
	if (status)
		race_free(out);
	return status;
}

void race_free(struct race *race)
{
	free(race->feeds);
	memset(race, 0, sizeof(*race));
}
