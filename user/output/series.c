// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "output/series.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"

#define SHARE_STEP (1.0 / 800)
#define TAIL_STEP 0.98

size_t curve_points(const struct survival *s, struct curve_point **points)
{
	size_t ended = 0, opened = 0, count = 0, room = 0;
	double surviving = 1, kept = 1; /* share still to come: now, and at the last point kept */

	*points = NULL;
	while (ended < s->end_count) {
		int64_t now = s->ends[ended];
		size_t same = 1;
		double at_risk;

		while (opened < s->open_count && s->opens[opened] < now)
			opened++;
		at_risk = (double)(s->end_count - ended) + s->open_weight * (double)(s->open_count - opened);
		while (ended + same < s->end_count && s->ends[ended + same] == now)
			same++;
		ended += same;
		surviving *= 1 - (double)same / at_risk;
		if (count && ended < s->end_count && kept - surviving < SHARE_STEP && surviving > kept * TAIL_STEP)
			continue;
		if (array_grow((void **)points, count, &room, sizeof(**points))) {
			free(*points);
			*points = NULL;
			return 0;
		}
		(*points)[count++] = (struct curve_point){now, 1 - surviving};
		kept = surviving;
	}
	return count;
}

/* Marks the rows of [from, to) with the extremes of one column. */
static void mark_extremes(const int64_t *column, size_t from, size_t to, size_t *marks)
{
	size_t low = to, high = to;

	for (size_t row = from; row < to; row++) {
		if (column[row] == TIME_UNKNOWN)
			continue;
		if (low == to || column[row] < column[low])
			low = row;
		if (high == to || column[row] > column[high])
			high = row;
	}
	if (low != to)
		marks[low] = marks[high] = 1;
}

size_t thin_rows(const int64_t *const *columns, size_t column_count, size_t count, size_t limit, size_t *keep)
{
	size_t stretches = limit > 2 ? (limit - 2) / (2 * column_count) : 0, kept = 0;

	if (!count)
		return 0;
	if (!stretches)
		stretches = 1;
	/* first as marks, row by row, then as the list of marked rows, which never overtakes them */
	memset(keep, 0, count * sizeof(*keep));
	keep[0] = keep[count - 1] = 1;
	for (size_t i = 0; i < stretches; i++) {
		for (size_t c = 0; c < column_count; c++)
			mark_extremes(columns[c], i * count / stretches, (i + 1) * count / stretches, keep);
	}
	for (size_t row = 0; row < count; row++) {
		if (keep[row] || count <= limit)
			keep[kept++] = row;
	}
	return kept;
}
