/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The prices of a session as ticks: each feed's view of each asset, at the times at which they reached this machine. */
#ifndef PL_LATENCY_PRICES_H
#define PL_LATENCY_PRICES_H

#include <sqlite3.h>
#include <stddef.h>

#include "base/error.h"
#include "stats/volatility.h"

struct price_series {
	char feed[96], asset[96];
	struct tick *ticks; /* by arrival: wire, else app */
	size_t count, room;
};

struct price_series_list {
	struct price_series *items; /* by asset, then feed */
	size_t count;
};

/* Messages without an asset, a price above zero or a stamp are left out. */
int prices_load(sqlite3 *db, struct price_series_list *out, struct error *err);
void prices_free(struct price_series_list *list);

#endif
