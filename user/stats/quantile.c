// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stats/quantile.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "stats/memory.h"

const char *const interval_names[INTERVAL_METHODS] = {
	[INTERVAL_ORDER_STATISTICS] = "order-statistics",
	[INTERVAL_GREENWOOD] = "greenwood",
	[INTERVAL_BLOCK_BOOTSTRAP] = "block-bootstrap",
};

/* Position of a duration among the sorted ones, ties in their middle: free of units and of the tail's weight. */
static double rank_of(const struct survival *s, int64_t ns)
{
	size_t bounds[2];

	for (int upper = 0; upper < 2; upper++) {
		size_t low = 0, high = s->end_count;

		while (low < high) {
			size_t middle = low + (high - low) / 2;

			if (s->ends[middle] < ns || (upper && s->ends[middle] == ns))
				low = middle + 1;
			else
				high = middle;
		}
		bounds[upper] = low;
	}
	return (double)bounds[0] + (double)bounds[1];
}

static size_t fill_ranks(const struct survival *s, const struct observation *series, size_t count, double *out)
{
	size_t ended = 0;

	for (size_t i = 0; i < count; i++)
		if (!series[i].open)
			out[ended++] = rank_of(s, series[i].ns);
	return ended;
}

/* The longer of the memory that the ranks show and the one of the crossings of this very quantile. */
static int widen(const struct survival *s, const struct observation *series, size_t count, size_t block, double *values,
		 struct quantile *quantile)
{
	struct memory own;

	quantile->effect = 1;
	if (quantile->ns == TIME_UNKNOWN)
		return 0;
	if (survival_influence(s, quantile->ns, series, count, values))
		return -ENOMEM;
	own = memory_of(values, count);
	quantile->effect = block_effect(values, count, own.block > block ? own.block : block);
	return 0;
}

int quantiles_fill(const struct survival *s, const struct observation *series, size_t series_count,
		   struct quantile *quantiles, size_t count, struct quantile_basis *basis)
{
	struct memory memory = {.block = 1, .autocorrelation = NAN};
	double *values = series ? malloc((series_count + 1) * sizeof(*values)) : NULL;
	int status = series && !values ? -ENOMEM : 0;

	if (values)
		memory = memory_of(values, fill_ranks(s, series, series_count, values));
	basis->autocorrelation = memory.autocorrelation;
	basis->block = memory.block;
	basis->method = memory.reach ? INTERVAL_BLOCK_BOOTSTRAP :
			s->open_count && s->open_weight > 0 ? INTERVAL_GREENWOOD : INTERVAL_ORDER_STATISTICS;
	for (size_t i = 0; !status && i < count; i++) {
		quantiles[i].ns = survival_quantile(s, quantiles[i].p);
		quantiles[i].effect = 1;
		if (memory.reach)
			status = widen(s, series, series_count, memory.block, values, &quantiles[i]);
		survival_interval(s, quantiles[i].p, quantiles[i].effect, quantiles[i].ci95_ns);
	}
	free(values);
	return status;
}
