// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/activity.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "latency/window.h"

#define LOOKBACK_NS 60000000000
#define LOOKBACK_SHARE 100 /* of the session */

int activity_init(struct activity *activity, const struct price_series *prices)
{
	int64_t span_ns = prices->count ? prices->ticks[prices->count - 1].at_ns - prices->ticks[0].at_ns : 0;

	*activity = (struct activity){.prices = prices, .squares = calloc(prices->count + 1, sizeof(double))};
	if (!activity->squares)
		return -ENOMEM;
	for (size_t i = 1; i < prices->count; i++) {
		double move = prices->ticks[i].log_price - prices->ticks[i - 1].log_price;

		activity->squares[i] = activity->squares[i - 1] + move * move;
	}
	activity->back_ns = span_ns / LOOKBACK_SHARE > LOOKBACK_NS ? span_ns / LOOKBACK_SHARE : LOOKBACK_NS;
	return 0;
}

void activity_free(struct activity *activity)
{
	free(activity->squares);
	*activity = (struct activity){0};
}

/* Index of the first tick after a time. */
static size_t ticks_by(const struct price_series *prices, int64_t at_ns)
{
	size_t low = 0, high = prices->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (prices->ticks[middle].at_ns <= at_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

double activity_before(const struct activity *activity, int64_t at_ns)
{
	size_t to, from;

	if (at_ns < -TICK_LIMIT_NS || at_ns > TICK_LIMIT_NS)
		return NAN;
	to = ticks_by(activity->prices, at_ns);
	from = ticks_by(activity->prices, at_ns - activity->back_ns);
	if (!from || to <= from)
		return NAN;
	return sqrt((activity->squares[to - 1] - activity->squares[from - 1]) / ((double)activity->back_ns / 1e9) * YEAR_SECONDS);
}
