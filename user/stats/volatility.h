/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Realised volatility of prices that arrive when they like: the mean squared move of the last known price over a fixed scale. */
#ifndef PL_STATS_VOLATILITY_H
#define PL_STATS_VOLATILITY_H

#include <stddef.h>
#include <stdint.h>

/* Times beyond are no prices': 126 years either side of 1970, so that differences of two of them, and lags on top, fit. */
#define TICK_LIMIT_NS 4000000000000000000

struct tick {
	int64_t at_ns; /* within ±TICK_LIMIT_NS */
	double log_price;
};

struct volatility {
	double sigma, ci95[2]; /* per square root of a second; NAN where the ticks do not span 20 scales */
	int64_t scale_ns;      /* TIME_UNKNOWN with it */
};

/* The last known log price at a time: NAN before the first tick. `ticks` in the order of time. */
double tick_price_at(const struct tick *ticks, size_t count, int64_t at_ns);

/* Moves over `scale_ns` or, where ticks are rarer, five times their mean distance. 0 or -ENOMEM. */
int volatility_of(const struct tick *ticks, size_t count, int64_t scale_ns, struct volatility *out);

#endif
