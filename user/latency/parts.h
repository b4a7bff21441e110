/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Latencies in parts: by the hour of the day (UTC) in which they began, by the volatility of the price around their
 * beginning (thirds of a feed and asset's latencies), or all assets of a feed together.
 */
#ifndef PL_LATENCY_PARTS_H
#define PL_LATENCY_PARTS_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "latency/latency.h"

enum part_by { PART_HOUR, PART_REGIME, PART_FEED, PART_BYS };
extern const char *const part_names[PART_BYS]; /* "hour", "regime", "feed" */

#define PART_QUANTILES 3 /* p50, p90, p99 */

struct latency_part {
	char feed[96], asset[96]; /* asset "" by feed */
	enum stage from, to;
	char part[16];	      /* "14:00"; "calm", "usual", "rough"; "" by feed */
	double volatility[2]; /* of the part's latencies, lowest and highest, per root of a year; NAN but by regime */
	uint64_t count, censored;
	struct quantile quantiles[PART_QUANTILES];
	struct quantile_basis basis;
};

struct latency_part_list {
	struct latency_part *items;
	size_t count;
};

/*
 * Volatility around a latency: realised over the minute before it (or a hundredth of the session, where that is more), from
 * the feed's own prices. Latencies before the first minute belong to no regime.
 */
int latency_parts(sqlite3 *db, const struct latency_list *list, enum part_by by, struct latency_part_list *out,
		  struct error *err);
void latency_parts_free(struct latency_part_list *list);

#endif
