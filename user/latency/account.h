/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What became of every message and update of a feed and asset, and how far the matches can be believed. Each of the
 * timeline's rows ends in exactly one of matched, censored, superseded and unmatched.
 */
#ifndef PL_LATENCY_ACCOUNT_H
#define PL_LATENCY_ACCOUNT_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "stats/proportion.h"

/* How an update found its message, from the finest to the coarsest. */
enum join_method { JOIN_BY_BYTES, JOIN_BY_KEY, JOIN_BY_PRICE, JOIN_METHODS };
extern const char *const join_method_names[JOIN_METHODS];

struct join_account {
	char feed[96], asset[96]; /* feed "": updates of an asset that no feed carries */
	char joined_by[8];	  /* the coarsest method that was used; "" where nothing matched */
	uint64_t by[JOIN_METHODS]; /* of the matched */
	bool updated;		  /* the asset has updates on chain, or inside blocks; else all messages are censored */
	uint64_t total;		  /* rows of the timeline = matched + censored + superseded + unmatched */
	uint64_t matched, censored, superseded, unmatched;
	uint64_t before_start, repeated; /* updates without a row */
	struct proportion false_matches; /* of the matched; NAN unknown */
};

struct join_account_list {
	struct join_account *items; /* by feed, then asset; of all in a session with chains, else only of assets that have updates */
	size_t count;
};

/* Joins first if needed. */
int join_accounts_load(sqlite3 *db, struct join_account_list *out, struct error *err);
void join_accounts_free(struct join_account_list *list);

#endif
