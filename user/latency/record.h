/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* For the model: latencies one by one, each with what was around it. */
#ifndef PL_LATENCY_RECORD_H
#define PL_LATENCY_RECORD_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "latency/stage.h"

struct latency_record {
	double *key;	 /* volatility before it, per root of a year; or seconds since the first one began */
	double *seconds; /* how long it took */
	size_t count, room;
};

/*
 * Every duration of a stage pair that was seen to end, of one feed and asset or of all (NULL), by volatility or by time.
 * By volatility those are left out before which there is no minute of the feed's prices. 0, or negative errno with the text:
 * -ENODATA where nothing is left.
 */
int latency_record(sqlite3 *db, const char *feed_or_null, const char *asset_or_null, enum stage from, enum stage to,
		   bool by_volatility, struct latency_record *out, struct error *err);
void latency_record_free(struct latency_record *record);

#endif
