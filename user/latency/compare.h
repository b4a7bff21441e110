/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two sessions: two sites, or two days.
 *
 * Joint messages come first: of one feed and asset, the same key, publish time and price on both sites. Of each, how late
 * either site was behind the earlier of the two; quantiles of that are compared, as of pairs. Both machines' clocks
 * stand between them: their bounds on UTC add up. Where fewer than JOINT_MIN are joint, the distributions of a pair of
 * stages are compared instead, as of samples apart.
 *
 * A difference can be claimed where its 95 % interval, widened by the clocks' bound, excludes zero. It is swamped where the
 * interval alone would exclude it.
 */
#ifndef PL_LATENCY_COMPARE_H
#define PL_LATENCY_COMPARE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "latency/stage.h"
#include "stats/difference.h"

#define COMPARE_QUANTILES 4 /* p50, p90, p99, p99.9 */
#define JOINT_MIN 6	    /* below, not even a median has an interval */

enum claim { CLAIM_NONE, CLAIM_A, CLAIM_B, CLAIM_SWAMPED }; /* which is earlier (shorter) */

struct comparison_quantile {
	struct quantile a, b;
	struct difference difference; /* a - b: negative where A is earlier */
	enum claim claim;
};

struct comparison {
	char feed[96], asset[96];
	bool joint;
	enum stage from, to;	   /* where not joint */
	uint64_t count_a, count_b; /* joint: messages of either with a key and a wire stamp */
	uint64_t count_joint, only_a, only_b; /* only: while the other was watching as well */
	uint64_t first_a, first_b; /* of the joint ones; the rest are ties */
	uint64_t far_apart;	   /* same identity, over a minute apart: not the same message */
	int64_t clock_error_ns;	   /* TIME_UNKNOWN: a clock without a bound */
	struct comparison_quantile quantiles[COMPARE_QUANTILES];
};

struct comparison_list {
	struct comparison *items; /* by feed, then asset */
	size_t count;
};

/* Of the feeds and assets that both sessions have. from and to: NULL for joint messages, else for `wire` to `seen`; given: that pair, never joint. */
int compare_sessions(sqlite3 *a, sqlite3 *b, const enum stage *from, const enum stage *to, struct comparison_list *out,
		     struct error *err);
void comparison_list_free(struct comparison_list *list);

/*
 * "A is earlier by 3.20 ms (±400 µs) at the median, clocks known to 100 µs; at p99 no difference can be claimed."
 * Returns out.
 */
char *comparison_verdict(const struct comparison *comparison, char *out, size_t size);

#endif
