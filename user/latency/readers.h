/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes that are not ours: how long packets waited for each of them, connection by connection. */
#ifndef PL_LATENCY_READERS_H
#define PL_LATENCY_READERS_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "stats/quantile.h"

enum { READER_P50, READER_P90, READER_P99, READER_QUANTILES };

struct reader_summary {
	char feed[96], protocol[8], comm[64];
	char local[64], remote[64]; /* "" = none */
	uint16_t local_port, remote_port; /* 0 = none */
	uint32_t pid;
	uint64_t count, bytes; /* packets that were read, and their payload */
	uint64_t censored;     /* packets that were not read by the end */
	struct quantile wait[READER_QUANTILES]; /* wire → app */
	int64_t max_ns; /* TIME_UNKNOWN: nothing was read */
};

struct reader_list {
	struct reader_summary *items; /* by feed, those with the most packets first */
	size_t count;
};

/* `feed`: only of this one; NULL: all. 0, or a negative errno with its text. */
int readers_load(sqlite3 *db, const char *feed, struct reader_list *out, struct error *err);
void readers_free(struct reader_list *list);

#endif
