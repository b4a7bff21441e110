/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The same message over several feeds: who had it first, and by how much.
 *
 * Blocks that come in messages race as well: the same block, or part of a block, where the hash agrees, or without a
 * hash the number; the first word of it counts, of whichever kind.
 *
 * Two feeds carried the same message where asset and key agree (the key alone for feeds without an asset) and neither
 * says another publish time: a sequence number that starts again, or two channels that count apart, do not meet. A feed
 * that gave no publish time joins its asset and key where only one publish time is known for them.
 *
 * Within a feed the first arrival of a message counts; copies are counted as repeats. The winner of a message is the
 * feed with the earliest wire stamp among those that carried it. Equal stamps are nobody's win: a tie.
 */
#ifndef PL_LATENCY_RACE_H
#define PL_LATENCY_RACE_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct race_feed {
	char feed[96];
	uint64_t seen;	     /* distinct messages */
	uint64_t only_here;  /* of these, seen by no other feed: no race */
	uint64_t contested;  /* of these, also seen by another feed, and stamped on both */
	uint64_t wins;	     /* of the contested ones */
	uint64_t ties;	     /* first together with another feed */
	uint64_t repeats;    /* further copies of a message that this feed had already carried */
	uint64_t without_key;  /* messages that nothing identifies */
	uint64_t without_wire; /* distinct messages without a wire stamp */
	int64_t lead_p50_ns;   /* median lead over the next feed, where it wins; TIME_UNKNOWN without a win */
	int64_t behind_p50_ns; /* median distance behind the winner, where it was not first; TIME_UNKNOWN where it always was */
};

struct race {
	uint64_t messages;  /* distinct messages over all feeds */
	uint64_t contested; /* carried, and stamped, by two feeds or more */
	uint64_t ties;
	struct race_feed *feeds; /* all feeds of messages of the session (not those of shreds), in its order */
	size_t feed_count;
};

/* Reads tables oracle_message and block_message of a session. Negative errno with the reason otherwise. */
int race_compute(sqlite3 *db, struct race *out, struct error *err);
void race_free(struct race *race);

#endif
