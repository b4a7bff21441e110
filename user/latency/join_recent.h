/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The messages of one feed and asset that join_stage() has put in order, read by arrival: the last of them are at hand,
 * as many as the price rule looks at. Unknown arrivals stand first.
 */
#ifndef PL_LATENCY_JOIN_RECENT_H
#define PL_LATENCY_JOIN_RECENT_H

#include "latency/join_data.h"

struct recent_message {
	uint32_t position; /* among all of them, from 0 */
	int64_t id, arrival_ns;
	double price; /* NAN unknown */
};

struct recent {
	const struct join *join;
	sqlite3_stmt *rows;
	struct recent_message *ring; /* by position, modulo PRICE_WINDOW_MESSAGES */
	struct recent_message next;  /* read, and not yet at hand; position NOTHING: there is none */
	uint32_t count;		     /* that are or were at hand: positions 0 … count - 1 */
};

/* 0, -ENOMEM or -EIO (see sqlite3_errmsg); recent_close() either way. */
int recent_open(struct recent *recent, const struct join *join, const struct join_carrier *carrier);
/* Takes in all that arrived at or before a time. 0 or -EIO. */
int recent_read(struct recent *recent, int64_t until_ns);
void recent_close(struct recent *recent);

/* count - PRICE_WINDOW_MESSAGES <= position < count. */
static inline const struct recent_message *recent_at(const struct recent *recent, uint32_t position)
{
	return &recent->ring[position % PRICE_WINDOW_MESSAGES];
}

/* The message at a position, wherever it is. 0 or -EIO. */
int recent_pick(const struct join *join, const struct join_carrier *carrier, uint32_t position, struct recent_message *out);

#endif
