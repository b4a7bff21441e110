// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/prices.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "session/clockmap.h"
#include "session/query.h"

static const char query[] =
	"SELECT m.asset, f.name, ifnull(m.wire_mono_ns, m.app_mono_ns) AS at, m.price FROM oracle_message m"
	" JOIN feed f ON f.id = m.feed_id WHERE m.asset IS NOT NULL AND m.price > 0 AND at IS NOT NULL ORDER BY 1, 2, 3";

static struct price_series *series_of(struct price_series_list *list, const char *asset, const char *feed)
{
	struct price_series *last = list->count ? &list->items[list->count - 1] : NULL, *grown;

	if (last && !strncmp(last->asset, asset, sizeof(last->asset) - 1) &&
	    !strncmp(last->feed, feed, sizeof(last->feed) - 1))
		return last;
	grown = realloc(list->items, (list->count + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	list->items = grown;
	last = &grown[list->count++];
	memset(last, 0, sizeof(*last));
	snprintf(last->asset, sizeof(last->asset), "%s", asset);
	snprintf(last->feed, sizeof(last->feed), "%s", feed);
	return last;
}

struct loader {
	struct price_series_list *list;
	const struct clockmap *clock;
};

static int add_row(void *context, sqlite3_stmt *row)
{
	const struct loader *loader = context;
	struct price_series *series = series_of(loader->list, (const char *)sqlite3_column_text(row, 0),
						(const char *)sqlite3_column_text(row, 1));
	struct tick tick = {clockmap_utc(loader->clock, sqlite3_column_int64(row, 2)), log(sqlite3_column_double(row, 3))};

	if (!series)
		return -ENOMEM;
	if (!isfinite(tick.log_price) || tick.at_ns < -TICK_LIMIT_NS || tick.at_ns > TICK_LIMIT_NS)
		return 0;
	if (array_grow((void **)&series->ticks, series->count, &series->room, sizeof(*series->ticks)))
		return -ENOMEM;
	series->ticks[series->count++] = tick;
	return 0;
}

int prices_load(sqlite3 *db, struct price_series_list *out, struct error *err)
{
	struct clockmap *clock = NULL;
	int status = clockmap_load(&clock, db, err);

	memset(out, 0, sizeof(*out));
	if (status)
		return status;
	status = query_each(db, query, NULL, "table oracle_message", add_row, &(struct loader){out, clock}, err);
	clockmap_free(clock);
	if (status)
		prices_free(out);
	return status;
}

void prices_free(struct price_series_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].ticks);
	free(list->items);
	memset(list, 0, sizeof(*list));
}
