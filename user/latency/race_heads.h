/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Nodes of one network against each other: which of them told of a block first, by their newHeads notifications
 * (table chain_block). A block is the same where its hash is; a head's time is the packet that completed it.
 */
#ifndef PL_LATENCY_RACE_HEADS_H
#define PL_LATENCY_RACE_HEADS_H

#include "latency/course.h"

struct head_race {
	char network[96];
	struct race race;
};

struct head_races {
	struct head_race *items; /* networks of which the session has two chains or more, by name */
	size_t count;
};

/* Negative errno with the reason otherwise; nothing to free then. */
int head_races_compute(sqlite3 *db, struct head_races *out, struct error *err);
void head_races_free(struct head_races *races);

#endif
