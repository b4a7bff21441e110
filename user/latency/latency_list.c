// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the commands do with a list of latencies: choose from it, free it. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "latency/latency.h"

void latency_list_free(struct latency_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		pair_samples_free(&list->items[i].samples);
	free(list->items);
	memset(list, 0, sizeof(*list));
}

void latency_list_keep(struct latency_list *list, const char *feed, const char *asset)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct latency *l = &list->items[i];

		if ((feed && strcmp(feed, l->feed)) || (asset && strcmp(asset, l->asset)))
			pair_samples_free(&l->samples);
		else
			list->items[kept++] = *l;
	}
	list->count = kept;
}

int latency_check_feed(sqlite3 *db, const char *name, struct error *err)
{
	sqlite3_stmt *row = NULL;
	char names[512] = "";
	bool known = false;

	if (sqlite3_prepare_v2(db, "SELECT name FROM feed ORDER BY id", -1, &row, NULL) != SQLITE_OK)
		return error_set(err, -EIO, "session: table feed: %s", sqlite3_errmsg(db));
	while (sqlite3_step(row) == SQLITE_ROW) {
		const char *feed = (const char *)sqlite3_column_text(row, 0);

		known |= !strcmp(feed, name);
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", names[0] ? ", " : "", feed);
	}
	sqlite3_finalize(row);
	return known ? 0 : error_set(err, -ENOENT, "--feed: there is no feed '%s'; the session has %s", name,
				     names[0] ? names : "none");
}
