// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/crossing.h"

#include <math.h>
#include <string.h>

#define SIGMAS 1.959963984540054
#define END_BISECTIONS 5 /* of an end: to a thirtieth of its distance */

const struct crossing_point *crossing_look(struct crossing *crossing, double x, int *rc)
{
	struct crossing_point point = {.x = x, .value = NAN};
	size_t i = 0;

	while (i < crossing->count && crossing->points[i].x < x)
		i++;
	if (i < crossing->count && crossing->points[i].x == x)
		return &crossing->points[i];
	*rc = crossing->count < CROSSING_POINTS_MAX ? crossing->at(crossing->context, x, &point) : 0;
	if (*rc || isnan(point.value))
		return NULL;
	memmove(&crossing->points[i + 1], &crossing->points[i], (crossing->count++ - i) * sizeof(point));
	crossing->points[i] = point;
	return &crossing->points[i];
}

/* With so many errors on top. */
static bool is_good(const struct crossing *crossing, const struct crossing_point *point, double errors)
{
	double reach = errors ? errors * hypot(point->stderr_, crossing->further * point->value) : 0; /* one path has no error at all */

	return point->value + reach <= crossing->level;
}

static int narrow(struct crossing *crossing, double errors, double *good, double bad, int times)
{
	int rc = 0;

	for (int i = 0; i < times; i++) {
		const struct crossing_point *point = crossing_look(crossing, 0.5 * (*good + bad), &rc);

		if (!point) {
			*good = NAN;
			break;
		}
		if (is_good(crossing, point, errors))
			*good = point->x;
		else
			bad = point->x;
	}
	return rc;
}

int crossing_narrow(struct crossing *crossing, double *good, double bad, int times)
{
	return narrow(crossing, 0, good, bad, times);
}

/*
 * The end on the good side is where the band's upper edge is still good, the other one where its lower edge is: the first change
 * on the way there, between two places that were looked at, is narrowed further.
 */
static int find_end(struct crossing *crossing, double from, double step, bool on_good_side, double *out)
{
	double errors = on_good_side ? SIGMAS : -SIGMAS, before = from;
	size_t i = 0;

	*out = NAN;
	while (i < crossing->count && crossing->points[i].x != from)
		i++;
	for (; i < crossing->count; i += step > 0 ? 1 : (size_t)-1) { /* below 0 it wraps, and ends */
		double x = crossing->points[i].x;

		if (is_good(crossing, &crossing->points[i], errors) == on_good_side) {
			*out = on_good_side ? x : before;
			return x == from ? 0 : narrow(crossing, errors, out, on_good_side ? before : x, END_BISECTIONS);
		}
		before = x;
	}
	return 0;
}

int crossing_interval(struct crossing *crossing, double good, double bad, double ci95[2])
{
	double step = bad - good, ends[2];
	int rc = find_end(crossing, good, -step, true, &ends[0]);

	if (!rc)
		rc = find_end(crossing, good, step, false, &ends[1]);
	ci95[0] = step > 0 ? ends[0] : ends[1];
	ci95[1] = step > 0 ? ends[1] : ends[0];
	return rc;
}
