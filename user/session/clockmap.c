// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "session/clockmap.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"

/* Readings by mono_ns, strictly ascending. Only the offset UTC - monotonic is interpolated: it hardly changes. */
struct clockmap {
	int64_t *mono_ns;
	int64_t *offset_ns;
	size_t count;
	int64_t bracket_ns;
	int64_t utc_error_ns;
	enum clock_source source; /* of utc_error_ns */
};

static int64_t clamp(__int128 value)
{
	/* INT64_MIN is TIME_UNKNOWN */
	if (value <= INT64_MIN)
		return INT64_MIN + 1;
	return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

static void widen(struct clockmap *map, size_t at, int64_t half_width_ns, int64_t previous_half_width_ns)
{
	__int128 step;

	if (half_width_ns > map->bracket_ns)
		map->bracket_ns = half_width_ns;
	if (!at)
		return;
	/*
	 * Both clocks are slewed alike, so beyond the brackets the offset changes only when somebody sets the clock. When
	 * in between is not known: the whole step is then the bound.
	 */
	step = (__int128)map->offset_ns[at] - map->offset_ns[at - 1];
	if (step < 0)
		step = -step;
	if (step > (__int128)half_width_ns + previous_half_width_ns && step > map->bracket_ns)
		map->bracket_ns = clamp(step);
}

static enum clock_source source_of(const unsigned char *name)
{
	for (enum clock_source source = CLOCK_SOURCE_NONE + 1; name && source < CLOCK_SOURCES; source++)
		if (!strcmp((const char *)name, clock_source_names[source]))
			return source;
	return CLOCK_SOURCE_NONE;
}

/* The largest bound counts, and an unknown one is larger than all. */
static void bound_by(struct clockmap *map, sqlite3_stmt *row)
{
	int64_t max_error_ns = sqlite3_column_int64(row, 4);

	if (!sqlite3_column_int(row, 3) || sqlite3_column_type(row, 4) == SQLITE_NULL) {
		map->utc_error_ns = TIME_UNKNOWN;
		map->source = CLOCK_SOURCE_NONE;
	} else if (map->utc_error_ns != TIME_UNKNOWN && max_error_ns >= map->utc_error_ns) {
		map->utc_error_ns = max_error_ns;
		map->source = source_of(sqlite3_column_text(row, 5));
	}
}

static int read_rows(struct clockmap *map, sqlite3_stmt *rows)
{
	size_t room = 0;
	int64_t previous_half_width_ns = 0;
	int step;

	while ((step = sqlite3_step(rows)) == SQLITE_ROW) {
		int64_t mono = sqlite3_column_int64(rows, 0), real = sqlite3_column_int64(rows, 1);
		int64_t half_width = sqlite3_column_int64(rows, 2);

		bound_by(map, rows);
		if (map->count && mono == map->mono_ns[map->count - 1])
			continue;
		if (map->count == room) {
			size_t wanted = room ? 2 * room : 256;
			int64_t *monos = realloc(map->mono_ns, wanted * sizeof(*monos)), *offsets;

			if (!monos)
				return SQLITE_NOMEM;
			map->mono_ns = monos;
			offsets = realloc(map->offset_ns, wanted * sizeof(*offsets));
			if (!offsets)
				return SQLITE_NOMEM;
			map->offset_ns = offsets;
			room = wanted;
		}
		map->mono_ns[map->count] = mono;
		map->offset_ns[map->count] = clamp((__int128)real - mono);
		widen(map, map->count++, half_width, previous_half_width_ns);
		previous_half_width_ns = half_width;
	}
	return step;
}

int clockmap_load(struct clockmap **out, sqlite3 *db, struct error *err)
{
	struct clockmap *map = calloc(1, sizeof(*map));
	sqlite3_stmt *rows = NULL;
	int step;

	if (!map)
		return error_set(err, -ENOMEM, "no memory for the clock readings");
	if (sqlite3_prepare_v2(db, "SELECT mono_ns, real_ns, half_width_ns, synchronized, max_error_ns, source FROM clock"
				   " ORDER BY mono_ns, half_width_ns", -1, &rows, NULL) == SQLITE_OK)
		step = read_rows(map, rows);
	else
		step = SQLITE_ERROR;
	sqlite3_finalize(rows);
	if (step != SQLITE_DONE) {
		clockmap_free(map);
		return error_set(err, -EIO, "session: table clock: %s",
				 step == SQLITE_NOMEM ? "out of memory" : sqlite3_errmsg(db));
	}
	if (!map->count) {
		clockmap_free(map);
		return error_set(err, -ENODATA,
				 "session: table clock is empty, so no stamp can be told in UTC: "
				 "the recorder ended before its first second, record again");
	}
	*out = map;
	return 0;
}

/* The last reading at or before the stamp, such that there is one after it as well where there are two. */
static size_t find(const struct clockmap *map, int64_t mono_ns)
{
	size_t low = 0, high = map->count - 1; /* the answer is in [low, high) */

	while (low + 1 < high) {
		size_t middle = low + (high - low) / 2;

		if (map->mono_ns[middle] <= mono_ns)
			low = middle;
		else
			high = middle;
	}
	return low;
}

int64_t clockmap_utc(const struct clockmap *map, int64_t mono_ns)
{
	__int128 offset;
	size_t i;

	if (mono_ns == TIME_UNKNOWN)
		return TIME_UNKNOWN;
	i = find(map, mono_ns);
	offset = map->offset_ns[i];
	if (i + 1 < map->count) {
		long double rise = (long double)map->offset_ns[i + 1] - map->offset_ns[i];
		long double run = (long double)map->mono_ns[i + 1] - map->mono_ns[i];
		long double change = rise * (((long double)mono_ns - map->mono_ns[i]) / run);

		/* readings that make no sense must not overflow: clamp() takes it from here */
		if (fabsl(change) > 0x1p100L)
			change = copysignl(0x1p100L, change);
		offset += (__int128)change;
	}
	return clamp(offset + mono_ns);
}

int64_t clockmap_bracket_ns(const struct clockmap *map)
{
	return map->bracket_ns;
}

int64_t clockmap_utc_error_ns(const struct clockmap *map)
{
	return map->utc_error_ns;
}

enum clock_source clockmap_source(const struct clockmap *map)
{
	return map->source;
}

char *clockmap_describe(const struct clockmap *map, char *out, size_t size)
{
	const char *source = clock_source_names[map->source];
	char bracket[FORMAT_MAX], bound[FORMAT_MAX];

	format_duration(map->bracket_ns, bracket, sizeof(bracket));
	if (map->utc_error_ns == TIME_UNKNOWN)
		snprintf(out, size, "distance from UTC unknown; inside this machine exact to ±%s", bracket);
	else
		snprintf(out, size, "UTC within ±%s%s%s; inside this machine exact to ±%s",
			 format_duration(map->utc_error_ns, bound, sizeof(bound)), source ? ", by " : "", source ? source : "",
			 bracket);
	return out;
}

void clockmap_free(struct clockmap *map)
{
	if (!map)
		return;
	free(map->mono_ns);
	free(map->offset_ns);
	free(map);
}
