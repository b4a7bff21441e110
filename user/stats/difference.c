// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stats/difference.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "stats/memory.h"

/* a - b less (sign -1) or plus (1) the root of the squared distances to the bounds that matter. */
static int64_t bound(const struct quantile *a, const struct quantile *b, double correlation, int sign)
{
	int64_t of_a = a->ci95_ns[sign > 0], of_b = b->ci95_ns[sign < 0];
	double from_a, from_b, squared;

	if (of_a == TIME_UNKNOWN || of_b == TIME_UNKNOWN)
		return TIME_UNKNOWN;
	from_a = fabs((double)a->ns - (double)of_a);
	from_b = fabs((double)b->ns - (double)of_b);
	squared = from_a * from_a + from_b * from_b - 2 * correlation * from_a * from_b;
	return llround((double)a->ns - (double)b->ns + sign * sqrt(fmax(squared, 0)));
}

struct difference quantile_difference(const struct quantile *a, const struct quantile *b, double correlation)
{
	struct difference out = {TIME_UNKNOWN, {TIME_UNKNOWN, TIME_UNKNOWN}};

	if (a->ns == TIME_UNKNOWN || b->ns == TIME_UNKNOWN || __builtin_sub_overflow(a->ns, b->ns, &out.ns))
		return out;
	out.ci95_ns[0] = bound(a, b, correlation, -1);
	out.ci95_ns[1] = bound(a, b, correlation, 1);
	return out;
}

int quantile_correlation(const struct observation *a, const struct observation *b, size_t count, size_t block,
			 const struct quantile *of_a, const struct quantile *of_b, double *correlation)
{
	double *crossings = malloc(2 * (count + 1) * sizeof(*crossings));

	*correlation = 0;
	if (!crossings)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		crossings[i] = a[i].ns <= of_a->ns;
		crossings[count + i] = b[i].ns <= of_b->ns;
	}
	*correlation = block_correlation(crossings, crossings + count, count, block);
	free(crossings);
	return 0;
}
