/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counts a race: things of one kind (messages, shreds, FEC sets, blocks), each carried by one feed or several. The
 * caller says what is the same thing, and passes each feed's arrivals of it; the earliest stamp wins.
 *
 * Within a feed the first arrival of a thing counts; further ones are repeats. Equal stamps are nobody's win: a tie.
 */
#ifndef PL_LATENCY_COURSE_H
#define PL_LATENCY_COURSE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Quantiles with their 95 % intervals (stats/quantile.h); TIME_UNKNOWN is what the samples do not reach. */
struct race_distance {
	int64_t p50_ns, p99_ns;
	int64_t p50_ci95_ns[2], p99_ci95_ns[2];
};

struct race_feed {
	char feed[96];
	uint64_t seen;	     /* distinct things */
	uint64_t only_here;  /* of these, seen by no other feed: no race */
	uint64_t contested;  /* of these, also seen by another feed, and stamped on both */
	uint64_t wins;	     /* of the contested ones */
	uint64_t ties;	     /* first together with another feed */
	uint64_t repeats;    /* further copies of what this feed had already carried */
	uint64_t without_key;  /* messages that nothing identifies */
	uint64_t without_wire; /* distinct things without a wire stamp */
	struct race_distance lead;   /* over the next feed, where it wins */
	struct race_distance behind; /* behind the winner, where it was not first */
};

struct race {
	uint64_t count;	    /* distinct things over all feeds */
	uint64_t only_one;  /* carried by a single feed */
	uint64_t contested; /* carried, and stamped, by two feeds or more */
	uint64_t ties;
	struct race_feed *feeds; /* all that may take part, in the session's order */
	size_t feed_count;
};

struct course;

/* Who may take part: a query of id and name, in the order of the race. */
extern const char course_shred_feeds[];
extern const char course_message_feeds[];
extern const char course_chains[]; /* of the network that ?1 names */

/* `of` is bound to the query's ?1, or NULL. -EIO or -ENOMEM with the reason; nothing to free then. */
int course_new(struct course **out, struct race *race, sqlite3 *db, const char *runners, const char *of, struct error *err);

/* Index of a feed (or chain) in race->feeds; SIZE_MAX: it does not take part. */
size_t course_feed(const struct course *course, int64_t feed_id);

/* A feed (index) carried the thing in hand, `copies` times (1 or more), the earliest at wire_ns (TIME_UNKNOWN: not stamped). */
void course_arrival(struct course *course, size_t feed, int64_t wire_ns, uint64_t copies);

/* All arrivals of the thing in hand are known; the next ones are of another. 0 or -ENOMEM. */
int course_next(struct course *course);

/* Fills in the distances of the race. 0 or -ENOMEM. */
int course_end(struct course *course, struct error *err);
void course_free(struct course *course);

void race_free(struct race *race);

#endif
