// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "session/nicmap.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/array.h"

struct reading {
	int64_t nic_id, nic_ns, mono_ns;
};

/* Readings by card, and within a card by its time, strictly ascending. */
struct nicmap {
	struct reading *readings;
	size_t count, room;
	int64_t half_width_ns, miss_ns;
	bool unknown; /* nothing bounds the error */
};

/* Beyond this a difference makes no sense, and stays far from where sums overflow. */
#define FAR_NS 0x1p60L

static int64_t along(const struct reading *a, const struct reading *b, int64_t nic_ns)
{
	long double rate = ((long double)b->mono_ns - a->mono_ns) / ((long double)b->nic_ns - a->nic_ns);
	long double mono = a->mono_ns + ((long double)nic_ns - a->nic_ns) * rate;

	return mono > FAR_NS || mono < -FAR_NS ? TIME_UNKNOWN : (int64_t)mono;
}

static void bound(struct nicmap *map)
{
	bool has_rate = false;

	for (size_t i = 0; i + 1 < map->count; i++)
		has_rate |= map->readings[i].nic_id == map->readings[i + 1].nic_id;
	map->unknown |= !has_rate;
	for (size_t i = 1; i + 1 < map->count; i++) {
		const struct reading *at = &map->readings[i];
		int64_t expected, miss;

		if (at[-1].nic_id != at->nic_id || at->nic_id != at[1].nic_id)
			continue;
		expected = along(&at[-1], &at[1], at->nic_ns);
		miss = expected == TIME_UNKNOWN ? TIME_UNKNOWN : llabs(at->mono_ns - expected);
		if (miss == TIME_UNKNOWN)
			map->unknown = true;
		else if (miss > map->miss_ns)
			map->miss_ns = miss;
	}
}

static int read_rows(struct nicmap *map, sqlite3_stmt *rows)
{
	int step;

	while ((step = sqlite3_step(rows)) == SQLITE_ROW) {
		struct reading now = {sqlite3_column_int64(rows, 0), sqlite3_column_int64(rows, 1), sqlite3_column_int64(rows, 2)};
		struct reading *last = map->count ? &map->readings[map->count - 1] : NULL;

		if (sqlite3_column_int64(rows, 3) > map->half_width_ns)
			map->half_width_ns = sqlite3_column_int64(rows, 3);
		if (last && last->nic_id == now.nic_id && now.nic_ns <= last->nic_ns) {
			map->unknown = true; /* which of its two rounds a stamp belongs to cannot be told */
			continue;
		}
		if (array_grow((void **)&map->readings, map->count, &map->room, sizeof(now)))
			return SQLITE_NOMEM;
		map->readings[map->count++] = now;
	}
	return step;
}

int nicmap_load(struct nicmap **out, sqlite3 *db, struct error *err)
{
	struct nicmap *map = calloc(1, sizeof(*map));
	sqlite3_stmt *rows = NULL;
	int step = SQLITE_ERROR;

	if (!map)
		return error_set(err, -ENOMEM, "no memory for the network cards' clocks");
	if (sqlite3_prepare_v2(db, "SELECT nic_id, nic_ns, mono_ns, half_width_ns FROM nic_clock ORDER BY nic_id, mono_ns", -1,
			       &rows, NULL) == SQLITE_OK)
		step = read_rows(map, rows);
	sqlite3_finalize(rows);
	if (step != SQLITE_DONE) {
		nicmap_free(map);
		return error_set(err, -EIO, "session: table nic_clock: %s",
				 step == SQLITE_NOMEM ? "out of memory" : sqlite3_errmsg(db));
	}
	bound(map);
	*out = map;
	return 0;
}

/* The first reading at or after (nic_id, nic_ns) in the order of both. */
static size_t find(const struct nicmap *map, int64_t nic_id, int64_t nic_ns)
{
	size_t low = 0, high = map->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct reading *at = &map->readings[middle];

		if (at->nic_id < nic_id || (at->nic_id == nic_id && at->nic_ns < nic_ns))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int64_t nicmap_mono(const struct nicmap *map, int64_t nic_id, int64_t nic_ns)
{
	const struct reading *readings = map->readings;
	size_t at = find(map, nic_id, nic_ns);

	if (at == map->count || readings[at].nic_id != nic_id) /* behind the card's last */
		at--;
	else if (!at || readings[at - 1].nic_id != nic_id) /* before its first */
		at++;
	if (!map->count || at < 1 || at >= map->count || readings[at].nic_id != nic_id || readings[at - 1].nic_id != nic_id)
		return TIME_UNKNOWN;
	return along(&readings[at - 1], &readings[at], nic_ns);
}

int64_t nicmap_error_ns(const struct nicmap *map)
{
	return map->unknown ? TIME_UNKNOWN : map->half_width_ns + map->miss_ns;
}

void nicmap_free(struct nicmap *map)
{
	if (!map)
		return;
	free(map->readings);
	free(map);
}
