// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/record.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "latency/activity.h"
#include "latency/latency.h"
#include "latency/prices.h"
#include "latency/samples.h"

static int append(struct latency_record *record, double key, double seconds)
{
	if (record->count == record->room) {
		size_t room = record->room ? 2 * record->room : 1024;
		double *keys = realloc(record->key, room * sizeof(*keys)), *durations;

		if (keys)
			record->key = keys;
		durations = realloc(record->seconds, room * sizeof(*durations));
		if (durations)
			record->seconds = durations;
		if (!keys || !durations)
			return -ENOMEM;
		record->room = room;
	}
	record->key[record->count] = key;
	record->seconds[record->count++] = seconds;
	return 0;
}

/* One feed and asset; `prices` NULL: by time. */
static int add_group(struct latency_record *record, const struct pair_samples *samples, const struct price_series *prices)
{
	struct activity activity = {0};
	int rc = prices ? activity_init(&activity, prices) : 0;

	for (size_t i = 0; !rc && i < samples->series_count; i++) {
		const struct observation *o = &samples->series[i];
		double key = prices ? activity_before(&activity, o->at_ns) : (double)o->at_ns / 1e9;

		if (!o->open && isfinite(key))
			rc = append(record, key, (double)o->ns / 1e9);
	}
	activity_free(&activity);
	return rc;
}

static const struct price_series *prices_of(const struct price_series_list *prices, const struct sample_group *group)
{
	for (size_t i = 0; i < prices->count; i++)
		if (!strcmp(prices->items[i].feed, group->feed) && !strcmp(prices->items[i].asset, group->asset))
			return &prices->items[i];
	return NULL;
}

static void from_first(struct latency_record *record)
{
	double first = INFINITY;

	for (size_t i = 0; i < record->count; i++)
		first = fmin(first, record->key[i]);
	for (size_t i = 0; i < record->count; i++)
		record->key[i] -= first;
}

int latency_record(sqlite3 *db, const char *feed_or_null, const char *asset_or_null, enum stage from, enum stage to,
		   bool by_volatility, struct latency_record *out, struct error *err)
{
	const struct stage_pair pair = {from, to};
	struct price_series_list prices = {0};
	struct sample_set set;
	int rc;

	*out = (struct latency_record){0};
	rc = samples_load(&set, db, &pair, 1, err);
	if (rc)
		return rc;
	if (samples_even(&set, 0))
		rc = error_set(err, -ENOMEM, "session: no memory for the latencies");
	if (!rc && by_volatility)
		rc = prices_load(db, &prices, err);
	for (size_t g = 0; !rc && g < set.count; g++) {
		const struct sample_group *group = &set.groups[g];
		const struct price_series *own = by_volatility ? prices_of(&prices, group) : NULL;

		if ((feed_or_null && strcmp(feed_or_null, group->feed)) || (asset_or_null && strcmp(asset_or_null, group->asset)) ||
		    (by_volatility && !own))
			continue;
		if (add_group(out, &group->pairs[0], own))
			rc = error_set(err, -ENOMEM, "session: no memory for the latencies");
	}
	if (!rc && !out->count)
		rc = error_set(err, -ENODATA, "session: no latency from %s to %s%s", stages[from].name, stages[to].name,
			       by_volatility ? " has a minute of its feed's prices before it" : " was seen to end");
	if (!rc && !by_volatility)
		from_first(out);
	if (by_volatility)
		prices_free(&prices);
	samples_free(&set);
	if (rc)
		latency_record_free(out);
	return rc;
}

void latency_record_free(struct latency_record *record)
{
	free(record->key);
	free(record->seconds);
	*record = (struct latency_record){0};
}
