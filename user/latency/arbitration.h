/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Arbitration of feeds that number what they send (A and B of an exchange): what each of them lost, how much of it the
 * others delivered, and what came over none. Their numbers are the keys of table oracle_message.
 *
 * Judged are the numbers between the latest first and the earliest last one of the feeds of an asset (feeds without
 * assets stand together): what all of them could have seen. A feed whose numbering began again, or that carries several
 * numberings at once without an asset to tell them apart, cannot be judged.
 */
#ifndef PL_LATENCY_ARBITRATION_H
#define PL_LATENCY_ARBITRATION_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define ARBITRATION_FEEDS_MAX 64

struct arbitration_feed {
	char feed[96];
	int64_t id;
	uint64_t first, last; /* numbers that it carried */
	uint64_t missing;     /* of those judged, not carried … */
	uint64_t filled;      /* … but by another feed */
};

struct arbitration {
	char asset[96]; /* "" none */
	bool judged;	/* false: the reason is that a numbering began again or is not alone */
	uint64_t first, last; /* the numbers judged; last < first: the feeds have none in common */
	uint64_t nowhere;     /* of these, carried by no feed */
	struct arbitration_feed *feeds;
	size_t feed_count; /* 2 or more */
};

struct arbitration_list {
	struct arbitration *items;
	size_t count;
};

/* One item for each asset that two numbered feeds or more carry; none is fine. Negative errno with the reason otherwise. */
int arbitration_load(sqlite3 *db, struct arbitration_list *out, struct error *err);
void arbitration_free(struct arbitration_list *list);

#endif
