// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/race_arbitration.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "output/json_out.h"

static bool has_result(const struct arbitration *item)
{
	return item->judged && item->first <= item->last;
}

static struct json_object *count_or_null(const struct arbitration *item, uint64_t count)
{
	return has_result(item) ? json_object_new_uint64(count) : NULL;
}

struct json_object *arbitration_json(const struct arbitration_list *list)
{
	struct json_object *out = json_object_new_array();

	for (size_t i = 0; i < list->count; i++) {
		const struct arbitration *item = &list->items[i];
		struct json_object *object = json_object_new_object(), *feeds = json_object_new_array();

		json_add_name(object, "asset", item->asset);
		json_add(object, "first", count_or_null(item, item->first));
		json_add(object, "last", count_or_null(item, item->last));
		json_add(object, "missing_everywhere", count_or_null(item, item->nowhere));
		for (size_t k = 0; k < item->feed_count; k++) {
			struct json_object *feed = json_object_new_object();

			json_add_name(feed, "feed", item->feeds[k].feed);
			json_add(feed, "missing", count_or_null(item, item->feeds[k].missing));
			json_add(feed, "filled", count_or_null(item, item->feeds[k].filled));
			json_object_array_add(feeds, feed);
		}
		json_add(object, "feeds", feeds);
		json_object_array_add(out, object);
	}
	return out;
}

void arbitration_print(const struct arbitration_list *list)
{
	char asset[96];

	for (size_t i = 0; i < list->count; i++) {
		const struct arbitration *item = &list->items[i];

		json_printable(asset, sizeof(asset), item->asset);
		printf("\n%s%snumbers", asset, *asset ? ": " : "");
		if (!has_result(item)) {
			printf(item->judged ? " of no range were carried by all feeds: nothing to arbitrate\n" :
					      " began again, or several series run in one feed: what was lost cannot be told "
					      "(give each channel a feed of its own)\n");
			continue;
		}
		printf(" %" PRIu64 " to %" PRIu64 ":\n", item->first, item->last);
		for (size_t k = 0; k < item->feed_count; k++)
			printf("  %s lost %" PRIu64 ", of which another feed delivered %" PRIu64 "\n", item->feeds[k].feed,
			       item->feeds[k].missing, item->feeds[k].filled);
		printf("  lost everywhere: %" PRIu64 "\n", item->nowhere);
	}
}
