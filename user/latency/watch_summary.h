/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the transactions of one watch say together: how far into their blocks they come, and how long after a feed. */
#ifndef PL_LATENCY_WATCH_SUMMARY_H
#define PL_LATENCY_WATCH_SUMMARY_H

#include "latency/block_transactions.h"
#include "stats/quantile.h"

enum { WATCH_P50, WATCH_P99, WATCH_QUANTILES };

struct watch_summary {
	const char *feed, *watch; /* live as long as the list */
	size_t transactions, recovered;
	struct quantile after_first[WATCH_QUANTILES]; /* of the transactions */
	size_t prices; /* of those, the prices that a feed of the session had brought before or after */
	struct quantile after_oracle[WATCH_QUANTILES]; /* of these prices; negative where the block came first */
};

/* One for each (feed, watch) of the list, in an array of *count that the caller frees. 0 or -ENOMEM. */
int watch_summaries(const struct block_transaction_list *list, struct watch_summary **out, size_t *count);

#endif
