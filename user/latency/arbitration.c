// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/arbitration.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/sequence.h"
#include "session/query.h"

/* The span of each numbered feed and asset, and whether its numbering can be judged. */
static const char spans_query[] =
	"SELECT ifnull(m.asset, ''), f.id, f.name, f.decoder, min(CAST(m.key AS INTEGER)), max(CAST(m.key AS INTEGER)),"
	" ifnull((SELECT count FROM loss l WHERE l.source = f.name AND l.name = 'sequence_restarts'), 1) = 0 AND (m.asset IS NOT NULL"
	" OR ifnull((SELECT count FROM loss l WHERE l.source = f.name AND l.name = 'sequence_streams'), 2) = 1)"
	" FROM oracle_message m JOIN feed f ON f.id = m.feed_id WHERE m.key IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2";

static const char numbers_query[] =
	"SELECT DISTINCT CAST(key AS INTEGER) AS number, feed_id FROM oracle_message"
	" WHERE ifnull(asset, '') = ?1 AND key IS NOT NULL AND number BETWEEN ?2 AND ?3 ORDER BY number";

static int add_asset(struct arbitration_list *list, const char *asset)
{
	struct arbitration *grown = realloc(list->items, (list->count + 1) * sizeof(*grown)), *fresh;

	if (!grown)
		return -ENOMEM;
	list->items = grown;
	fresh = &grown[list->count];
	*fresh = (struct arbitration){.judged = true, .last = INT64_MAX};
	fresh->feeds = calloc(ARBITRATION_FEEDS_MAX, sizeof(*fresh->feeds));
	if (!fresh->feeds)
		return -ENOMEM;
	snprintf(fresh->asset, sizeof(fresh->asset), "%s", asset);
	list->count++;
	return 0;
}

static int add_span(void *context, sqlite3_stmt *row)
{
	struct arbitration_list *list = context;
	const char *asset = column_text(row, 0);
	struct arbitration *item = list->count ? &list->items[list->count - 1] : NULL;
	struct arbitration_feed *feed;

	if (!sequence_reader(decoder_find(column_text(row, 3))))
		return 0;
	if (!item || strcmp(item->asset, asset)) {
		if (add_asset(list, asset))
			return -ENOMEM;
		item = &list->items[list->count - 1];
	}
	if (item->feed_count == ARBITRATION_FEEDS_MAX)
		return 0;
	feed = &item->feeds[item->feed_count++];
	feed->id = sqlite3_column_int64(row, 1);
	column_copy(row, 2, feed->feed, sizeof(feed->feed));
	feed->first = (uint64_t)sqlite3_column_int64(row, 4);
	feed->last = (uint64_t)sqlite3_column_int64(row, 5);
	item->judged &= sqlite3_column_int(row, 6);
	if (feed->first > item->first)
		item->first = feed->first;
	if (feed->last < item->last)
		item->last = feed->last;
	return 0;
}

/* An asset of one feed is no matter of arbitration. */
static void drop_single(struct arbitration_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].feed_count < 2)
			free(list->items[i].feeds);
		else
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
}

static int load_spans(sqlite3 *db, struct arbitration_list *out, struct error *err)
{
	int status = query_each(db, spans_query, NULL, "table oracle_message", add_span, out, err);

	drop_single(out);
	return status;
}

/* A number was carried by the feeds in `has`. */
static void count_number(struct arbitration *item, bool has[ARBITRATION_FEEDS_MAX])
{
	for (size_t i = 0; i < item->feed_count; i++) {
		item->feeds[i].filled += !has[i];
		item->feeds[i].missing -= has[i];
		has[i] = false;
	}
	item->nowhere--;
}

/* Everything judged is missing, until a row says otherwise. */
static int judge(sqlite3 *db, struct arbitration *item, struct error *err)
{
	bool has[ARBITRATION_FEEDS_MAX] = {false}, any = false;
	sqlite3_stmt *row = NULL;
	int step = SQLITE_ERROR;
	int64_t number = 0;

	item->nowhere = item->last - item->first + 1;
	for (size_t i = 0; i < item->feed_count; i++)
		item->feeds[i].missing = item->nowhere;
	if (sqlite3_prepare_v2(db, numbers_query, -1, &row, NULL) == SQLITE_OK) {
		sqlite3_bind_text(row, 1, item->asset, -1, SQLITE_STATIC);
		sqlite3_bind_int64(row, 2, (int64_t)item->first);
		sqlite3_bind_int64(row, 3, (int64_t)item->last);
		while ((step = sqlite3_step(row)) == SQLITE_ROW) {
			if (any && sqlite3_column_int64(row, 0) != number) {
				count_number(item, has);
				any = false;
			}
			number = sqlite3_column_int64(row, 0);
			for (size_t i = 0; i < item->feed_count; i++) {
				has[i] |= item->feeds[i].id == sqlite3_column_int64(row, 1);
				any |= has[i];
			}
		}
		if (any)
			count_number(item, has);
	}
	sqlite3_finalize(row);
	return step == SQLITE_DONE ? 0 : error_set(err, -EIO, "session: table oracle_message: %s", sqlite3_errmsg(db));
}

int arbitration_load(sqlite3 *db, struct arbitration_list *out, struct error *err)
{
	int status;

	memset(out, 0, sizeof(*out));
	status = load_spans(db, out, err);
	for (size_t i = 0; !status && i < out->count; i++)
		if (out->items[i].judged && out->items[i].first <= out->items[i].last)
			status = judge(db, &out->items[i], err);
	if (status)
		arbitration_free(out);
	return status;
}

void arbitration_free(struct arbitration_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].feeds);
	free(list->items);
	memset(list, 0, sizeof(*list));
}
