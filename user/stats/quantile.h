/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Quantiles of a session's durations with intervals that hold whether or not the durations remember each other: by order
 * statistics or Greenwood's formula where no autocorrelation shows, widened by the block bootstrap's design effect where
 * it does. What was used is told.
 */
#ifndef PL_STATS_QUANTILE_H
#define PL_STATS_QUANTILE_H

#include <stddef.h>
#include <stdint.h>

#include "stats/survival.h"

enum interval_method { INTERVAL_ORDER_STATISTICS, INTERVAL_GREENWOOD, INTERVAL_BLOCK_BOOTSTRAP, INTERVAL_METHODS };

extern const char *const interval_names[INTERVAL_METHODS]; /* "order-statistics", "greenwood", "block-bootstrap" */

struct quantile {
	double p;
	int64_t ns;	    /* TIME_UNKNOWN: not reached by the data */
	int64_t ci95_ns[2]; /* either may be TIME_UNKNOWN */
	double effect;	    /* design effect; 1 where samples count as independent */
};

struct quantile_basis {
	enum interval_method method;
	double autocorrelation; /* of the durations' ranks, at lag 1; NAN where too few */
	size_t block;		/* length of the blocks; 1 where samples count as independent */
};

/*
 * Fills quantiles[0..count), whose `p` are given. `series` holds the durations of `s` in the order of time; without it
 * (NULL) they count as independent. 0 or -ENOMEM.
 */
int quantiles_fill(const struct survival *s, const struct observation *series, size_t series_count,
		   struct quantile *quantiles, size_t count, struct quantile_basis *basis);

#endif
