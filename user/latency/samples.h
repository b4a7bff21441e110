/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Table timeline → durations of stage pairs, per feed and asset: one pass over the table for all pairs. */
#ifndef PL_LATENCY_SAMPLES_H
#define PL_LATENCY_SAMPLES_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "latency/stage.h"
#include "stats/survival.h"

#define SAMPLE_PAIRS_MAX 11

struct stage_pair {
	enum stage from, to;
};

/*
 * Of more durations than this, of one pair, feed and asset, every second one is drawn, then every fourth, and so on: one of
 * each so many neighbours, by chance, so that no rhythm of the messages shows. Memory stays at 6 MB. It is a power of two.
 */
#define SAMPLES_MAX 262144

struct durations {
	int64_t *values; /* ascending */
	size_t count;
};

struct pair_samples {
	struct durations ends;	/* both stages known */
	struct durations opens; /* from known, not landed when the session ended: how long it had waited by then */
	struct observation *series; /* both, in the order of `from` */
	size_t series_count, series_room;
	unsigned int halvings; /* one of 2^halvings was drawn; 0: the lists hold all */
	uint64_t end_count, open_count; /* of all, as are the following */
	int64_t min_ns, max_ns;
	__int128 sum_ns;
	uint64_t negative;
	uint64_t landed, overtaken; /* messages with `from` that landed, and that were superseded */
};

struct sample_group {
	char feed[96], asset[96]; /* "" = none */
	uint64_t unmatched, superseded, before_start;
	int64_t final_step_ns; /* the longest time between two questions for the final block that told of a new one; 0: there is none */
	int64_t published_step_ns; /* all `published` are multiples of it: 1 s, 1 ms, 1 us or 1 ns; 0: there is none */
	struct pair_samples pairs[SAMPLE_PAIRS_MAX];
	enum { SAMPLES_WANTED, SAMPLES_PUT_OFF, SAMPLES_DONE } state; /* samples_each()'s own */
};

struct sample_set {
	struct sample_group *groups; /* by feed, then asset */
	size_t count;
};

/* The session is joined first if needed. */
int samples_load(struct sample_set *out, sqlite3 *db, const struct stage_pair *pairs, size_t pair_count,
		 struct error *err);
void samples_free(struct sample_set *set);

/*
 * The same group by group, in no order, so that memory does not follow their number: of more than `held_max` durations in all
 * the groups that came last are read in another pass. What `each` leaves in a group is freed. An error of its own ends it.
 */
#define SAMPLES_HELD_MAX (4 * SAMPLES_MAX) /* 16 to 32 MB */
typedef int (*sample_group_fn)(void *context, struct sample_group *group);
int samples_each(sqlite3 *db, const struct stage_pair *pairs, size_t pair_count, size_t held_max, sample_group_fn each,
		 void *context, struct error *err);

/* Draws on until one of 2^halvings is left, so that samples may be pooled with those of which so few are. 0 or -ENOMEM. */
int pair_samples_thin(struct pair_samples *pair, unsigned int halvings);
/* All groups' samples of a pair, as far as the most thinned ones. 0 or -ENOMEM. */
int samples_even(struct sample_set *set, size_t pair);
void pair_samples_free(struct pair_samples *pair);

/* As the estimators take them: an open one weighs the share of the decided messages that landed. Valid as long as the samples. */
struct survival samples_survival(const struct pair_samples *samples);

#endif
