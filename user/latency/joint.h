/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Messages that two sessions have in common: of one feed and asset, the same key, publish time and price. */
#ifndef PL_LATENCY_JOINT_H
#define PL_LATENCY_JOINT_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define JOINT_APART_NS 60000000000 /* further apart the same words are not the same message: a counter began again */

struct joint_message {
	int64_t a_ns, b_ns; /* arrival at either, UTC: wire; of several copies the earliest */
};

struct joint_group {
	char feed[96], asset[96];
	struct joint_message *messages; /* by a_ns */
	size_t count, room;
	uint64_t count_a, count_b; /* messages with a key and a wire stamp, copies counted once */
	uint64_t only_a, only_b;   /* of these, from the time in which both sessions had messages, not at the other */
	uint64_t far_apart;
};

struct joint_set {
	struct joint_group *groups; /* by feed, then asset: those that have messages in both */
	size_t count;
	int64_t clock_error_ns; /* both clocks' bounds on UTC and their brackets; TIME_UNKNOWN */
};

int joint_load(sqlite3 *a, sqlite3 *b, struct joint_set *out, struct error *err);
void joint_free(struct joint_set *set);

#endif
