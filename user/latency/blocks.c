// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/blocks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "session/clockmap.h"
#include "session/query.h"

/* What the rows of a slot's sets say together. Sets come in ascending order. */
struct set_summary {
	uint64_t sets, decodable;
	uint64_t missing; /* holes below the highest set */
	uint64_t next;	  /* data index right after the highest set */
	int64_t decodable_mono_ns;
};

static int summarize_sets(sqlite3 *db, sqlite3_stmt *sets, int64_t feed_id, int64_t number, struct set_summary *out,
			  struct error *err)
{
	int status;

	memset(out, 0, sizeof(*out));
	out->decodable_mono_ns = TIME_UNKNOWN;
	sqlite3_reset(sets);
	sqlite3_bind_int64(sets, 1, feed_id);
	sqlite3_bind_int64(sets, 2, number);
	while ((status = sqlite3_step(sets)) == SQLITE_ROW) {
		uint64_t index = (uint64_t)sqlite3_column_int64(sets, 0);
		int64_t decodable = column_ns(sets, 1);

		if (index > out->next)
			out->missing += (index - out->next) / BLOCK_SET_SHREDS;
		out->next = index + BLOCK_SET_SHREDS;
		out->sets++;
		if (decodable == TIME_UNKNOWN)
			continue;
		out->decodable++;
		if (out->decodable_mono_ns == TIME_UNKNOWN || decodable > out->decodable_mono_ns)
			out->decodable_mono_ns = decodable;
	}
	if (status != SQLITE_DONE)
		return error_set(err, -EIO, "session: table block_arrival: %s", sqlite3_errmsg(db));
	return 0;
}

static void judge(struct block *block, const struct set_summary *sets)
{
	uint64_t missing = sets->missing;

	if (block->last_index >= 0 && (uint64_t)block->last_index >= sets->next)
		missing += ((uint64_t)block->last_index - sets->next) / BLOCK_SET_SHREDS + 1;
	block->sets_missing = missing;
	/* Rows of sets may have been lost by the session's queue; then the slot's own totals are the better witness. */
	if (missing || sets->decodable < sets->sets || block->sets_decodable < block->sets || !block->sets)
		block->state = BLOCK_INCOMPLETE;
	else
		block->state = block->last_index >= 0 ? BLOCK_COMPLETE : BLOCK_UNKNOWN;
}

static int append(struct block_list *list, size_t *room, const struct block *block)
{
	if (array_grow((void **)&list->items, list->count, room, sizeof(*list->items)))
		return -ENOMEM;
	list->items[list->count++] = *block;
	return 0;
}

/* Blocks of one number stand together, the earliest first. */
static void compare_feeds(struct block_list *list)
{
	for (size_t i = 0, end; i < list->count; i = end) {
		for (end = i + 1; end < list->count && list->items[end].number == list->items[i].number; end++)
			;
		for (size_t k = i; end > i + 1 && k < end; k++)
			list->items[k].behind_ns = list->items[k].first_ns - list->items[i].first_ns;
	}
}

static void read_slot(sqlite3_stmt *slots, const struct clockmap *clock, struct block *block)
{
	const char *name = (const char *)sqlite3_column_text(slots, 1);

	memset(block, 0, sizeof(*block));
	snprintf(block->feed, sizeof(block->feed), "%s", name ? name : "");
	block->number = (uint64_t)sqlite3_column_int64(slots, 2);
	block->feed_id = sqlite3_column_int64(slots, 0);
	block->first_mono_ns = column_ns(slots, 3);
	block->first_ns = clockmap_utc(clock, block->first_mono_ns);
	block->last_ns = clockmap_utc(clock, column_ns(slots, 4));
	block->packets = (uint64_t)sqlite3_column_int64(slots, 5);
	block->duplicates = (uint64_t)sqlite3_column_int64(slots, 6);
	block->data = (uint64_t)sqlite3_column_int64(slots, 7);
	block->code = (uint64_t)sqlite3_column_int64(slots, 8);
	block->sets = (uint64_t)sqlite3_column_int64(slots, 9);
	block->sets_decodable = (uint64_t)sqlite3_column_int64(slots, 10);
	block->last_index = sqlite3_column_type(slots, 11) == SQLITE_NULL ? -1 : sqlite3_column_int64(slots, 11);
	block->repairs = (uint64_t)sqlite3_column_int64(slots, 12);
	block->tick = sqlite3_column_type(slots, 13) == SQLITE_NULL ? -1 : sqlite3_column_int64(slots, 13);
	block->behind_ns = TIME_UNKNOWN;
	block->has_content = sqlite3_column_type(slots, 14) != SQLITE_NULL;
	block->entries = (uint64_t)sqlite3_column_int64(slots, 14);
	block->transactions = (uint64_t)sqlite3_column_int64(slots, 15);
	block->published_ns = column_ns(slots, 16);
}

static const char slot_query[] =
	"SELECT b.feed_id, f.name, b.number, b.first_mono_ns, b.last_mono_ns, b.packets, b.duplicates, b.data, b.code,"
	" b.sets, b.sets_decodable, b.last_index, b.repairs, b.tick, c.entries, c.transactions, c.published_ns"
	" FROM block_arrival b JOIN feed f ON f.id = b.feed_id"
	" LEFT JOIN (SELECT feed_id, number, sum(entries) AS entries, sum(transactions) AS transactions,"
	"  max(published_ns) AS published_ns FROM block_content GROUP BY feed_id, number) c"
	" ON c.feed_id = b.feed_id AND c.number = b.number WHERE b.fec_set IS NULL"
	" ORDER BY b.number, b.first_mono_ns, f.id";

/* A copy with an order of its own, because the table has no index: the file may be open read-only, or still be written to. */
static const char set_copy[] =
	"DROP TABLE IF EXISTS temp.block_set; CREATE TEMP TABLE block_set AS"
	" SELECT feed_id, number, fec_set, min(decodable_mono_ns) AS decodable_mono_ns FROM block_arrival"
	" WHERE fec_set IS NOT NULL GROUP BY feed_id, number, fec_set;"
	" CREATE INDEX temp.block_set_slot ON block_set (feed_id, number, fec_set)";
static const char set_query[] = "SELECT fec_set, decodable_mono_ns FROM temp.block_set"
				" WHERE feed_id = ?1 AND number = ?2 ORDER BY fec_set";

int blocks_load(sqlite3 *db, struct block_list *out, struct error *err)
{
	struct clockmap *clock = NULL;
	sqlite3_stmt *slots = NULL, *sets = NULL;
	struct set_summary summary;
	struct block block;
	size_t room = 0;
	int status, step;

	memset(out, 0, sizeof(*out));
	status = clockmap_load(&clock, db, err);
	if (status)
		return status;
	if (sqlite3_exec(db, set_copy, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, slot_query, -1, &slots, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, set_query, -1, &sets, NULL) != SQLITE_OK) {
		status = error_set(err, -EIO, "session: table block_arrival: %s", sqlite3_errmsg(db));
		goto done;
	}
	while ((step = sqlite3_step(slots)) == SQLITE_ROW) {
		read_slot(slots, clock, &block);
		status = summarize_sets(db, sets, block.feed_id, (int64_t)block.number, &summary, err);
		if (status)
			goto done;
		judge(&block, &summary);
		block.decodable_mono_ns = block.state == BLOCK_INCOMPLETE ? TIME_UNKNOWN : summary.decodable_mono_ns;
		block.decodable_ns = clockmap_utc(clock, block.decodable_mono_ns);
		status = append(out, &room, &block);
		if (status) {
			error_set(err, status, "no memory for %zu blocks", out->count);
			goto done;
		}
	}
	if (step != SQLITE_DONE)
		status = error_set(err, -EIO, "session: table block_arrival: %s", sqlite3_errmsg(db));
	else
		compare_feeds(out);
done:
	sqlite3_finalize(sets);
	sqlite3_finalize(slots);
	clockmap_free(clock);
	if (status)
		block_list_free(out);
	return status;
}

void block_list_free(struct block_list *list)
{
	free(list->items);
	memset(list, 0, sizeof(*list));
}
