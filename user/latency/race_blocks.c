// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/race_blocks.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "latency/blocks.h"
#include "session/query.h"

const struct block_race_name block_race_names[BLOCK_RACES] = {
	[BLOCK_RACE_SHREDS] = {"shreds", "shreds"},
	[BLOCK_RACE_SETS] = {"sets", "FEC sets, decodable"},
	[BLOCK_RACE_FIRST] = {"blocks", "slots, first packet"},
	[BLOCK_RACE_DECODABLE] = {"blocks_decodable", "slots, decodable"},
};

/*
 * Rows of feed, stamp and copies, of the same thing while columns 3, 4 and 5 stay the same. A shred whose slot came
 * through wrong has a row, but its slot has none: it is no news of any block.
 */
static const char shred_query[] =
	"SELECT feed_id, min(mono_ns), count(*), number, shred, kind = 'code' FROM shred_arrival WHERE repair = 0"
	" AND (feed_id, number) IN (SELECT feed_id, number FROM block_arrival) GROUP BY number, kind, shred, feed_id ORDER BY number, kind, shred";
static const char set_query[] =
	"SELECT feed_id, decodable_mono_ns, 1, number, fec_set, 0 FROM block_arrival"
	" WHERE fec_set IS NOT NULL AND decodable_mono_ns IS NOT NULL ORDER BY number, fec_set";

#define IDENTITY_COLUMNS 3

struct loader {
	struct course *course;
	int64_t identity[IDENTITY_COLUMNS];
};

static int add_row(void *context, sqlite3_stmt *row)
{
	struct loader *loader = context;
	size_t feed = course_feed(loader->course, sqlite3_column_int64(row, 0));
	int64_t next[IDENTITY_COLUMNS];
	int status = 0;

	for (int i = 0; i < IDENTITY_COLUMNS; i++)
		next[i] = sqlite3_column_int64(row, 3 + i);
	if (memcmp(loader->identity, next, sizeof(next)))
		status = course_next(loader->course);
	memcpy(loader->identity, next, sizeof(next));
	if (feed != SIZE_MAX)
		course_arrival(loader->course, feed, sqlite3_column_int64(row, 1), (uint64_t)sqlite3_column_int64(row, 2));
	return status;
}

static int run_query(sqlite3 *db, const char *query, struct course *course, struct error *err)
{
	struct loader loader = {course, {-1, -1, -1}};
	int status = query_each(db, query, NULL, "tables block_arrival and shred_arrival", add_row, &loader, err);

	if (!status && course_next(course))
		status = error_set(err, -ENOMEM, "session: no memory for the race");
	return status;
}

/* Sets of a block as far as it is known from this feed. */
static uint64_t extent(const struct block *block)
{
	return block->sets + block->sets_missing;
}

/* The blocks [from, to) are one slot's. Whoever knew fewer sets than another feed could not decode the whole of it. */
static void arrive(struct course *course, enum block_race race, const struct block_list *list, size_t from, size_t to)
{
	uint64_t sets = 0;

	for (size_t i = from; i < to; i++)
		if (extent(&list->items[i]) > sets)
			sets = extent(&list->items[i]);
	for (size_t i = from; i < to; i++) {
		const struct block *block = &list->items[i];
		size_t feed = course_feed(course, block->feed_id);

		if (feed == SIZE_MAX)
			continue;
		if (race == BLOCK_RACE_FIRST)
			course_arrival(course, feed, block->first_mono_ns, 1);
		else if (block->decodable_mono_ns != TIME_UNKNOWN && extent(block) == sets)
			course_arrival(course, feed, block->decodable_mono_ns, 1);
	}
}

static int run_blocks(const struct block_list *list, enum block_race race, struct course *course, struct error *err)
{
	for (size_t i = 0, end; i < list->count; i = end) {
		for (end = i + 1; end < list->count && list->items[end].number == list->items[i].number; end++)
			;
		arrive(course, race, list, i, end);
		if (course_next(course))
			return error_set(err, -ENOMEM, "no memory for the race");
	}
	return 0;
}

static int compute(sqlite3 *db, const struct block_list *list, enum block_race which, struct race *out, struct error *err)
{
	struct course *course;
	int status = course_new(&course, out, db, course_shred_feeds, NULL, err);

	if (status)
		return status;
	if (which == BLOCK_RACE_SHREDS)
		status = run_query(db, shred_query, course, err);
	else if (which == BLOCK_RACE_SETS)
		status = run_query(db, set_query, course, err);
	else
		status = run_blocks(list, which, course, err);
	if (!status)
		status = course_end(course, err);
	course_free(course);
	return status;
}

int block_races_compute(sqlite3 *db, struct block_races *out, struct error *err)
{
	struct block_list list;
	int status;

	memset(out, 0, sizeof(*out));
	status = blocks_load(db, &list, err);
	if (status)
		return status;
	for (int i = 0; i < BLOCK_RACES && !status; i++)
		status = compute(db, &list, (enum block_race)i, &out->of[i], err);
	block_list_free(&list);
	if (status)
		block_races_free(out);
	return status;
}

void block_races_free(struct block_races *races)
{
	for (int i = 0; i < BLOCK_RACES; i++)
		race_free(&races->of[i]);
}
