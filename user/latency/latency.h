/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The join and the distributions: which on-chain update belongs to which message, and how long each stage took, with
 * Kaplan-Meier quantiles (an update that has not landed is censored, not forgotten) and order-statistics intervals.
 */
#ifndef PL_LATENCY_LATENCY_H
#define PL_LATENCY_LATENCY_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "latency/samples.h"
#include "latency/stage.h"
#include "stats/quantile.h"

/*
 * Fills table timeline (and timeline_summary) from the raw tables, replacing what was there, in one transaction; where
 * the file cannot be written, or was not closed by its recorder, in temporary tables of the same names. Idempotent. The
 * rules are told in docs/session.md.
 */
int join_session(sqlite3 *db, struct error *err);

/* The same, unless the result is there and no row was added since. */
int join_if_needed(sqlite3 *db, struct error *err);

/* One stage pair of one feed and asset. Durations in ns, TIME_UNKNOWN where unknown or not reached by the data. */
struct latency {
	char feed[96], asset[96]; /* "" = null */
	enum stage from, to;
	uint64_t count;	     /* updates with both stages */
	uint64_t drawn;	     /* of these, what quantiles and intervals come of: all, up to SAMPLES_MAX */
	uint64_t censored;   /* still waiting for `to` when the session ended */
	uint64_t unmatched;  /* on-chain updates for which no message was found */
	uint64_t superseded; /* messages overtaken: a newer update of the asset landed first */
	uint64_t negative;   /* latencies below zero: clocks that disagree, shown and kept */
	uint64_t before_start; /* on-chain updates older than the feed's first message: in no other number */
	int64_t min_ns, mean_ns, p50_ns, p90_ns, p99_ns, p999_ns, max_ns;
	int64_t p50_ci95_ns[2], p99_ci95_ns[2];
	struct quantile_basis basis; /* how the intervals were made */
	double effective_count; /* as many independent samples tell as much about the median */
	int64_t clock_error_ns; /* bound on what the clocks may add or take; TIME_UNKNOWN: a clock without a known bound */
	int64_t resolution_ns;	/* of the coarser of the two stamps: 1 s for a block's, what the publisher's show */
	struct pair_samples samples;
};

struct latency_list {
	struct latency *items;
	size_t count;
};

/* All feeds and assets for one pair (from and to both given), or for the pairs of the default list that have data. Joins first if needed. */
int latency_compute(sqlite3 *db, const enum stage *from, const enum stage *to, struct latency_list *out,
		    struct error *err);
/* The same without their samples: memory does not follow the number of feeds and assets. */
int latency_figures(sqlite3 *db, const enum stage *from, const enum stage *to, struct latency_list *out,
		    struct error *err);
void latency_list_free(struct latency_list *list);

/* Bound on what the clocks may add to or take from a latency of that pair, in a group of samples; TIME_UNKNOWN: there is none. */
int latency_clock_error(sqlite3 *db, const struct stage_pair *pair, const struct sample_group *group, int64_t *out_ns,
			struct error *err);

/* A name that the session does not know would otherwise look like a feed without data: -ENOENT, with the feeds that it has. */
int latency_check_feed(sqlite3 *db, const char *name, struct error *err);

/* Drops what is of another feed or asset; NULL: any. */
void latency_list_keep(struct latency_list *list, const char *feed, const char *asset);

/*
 * For the model: every measured duration of a stage pair in seconds, ascending (free() it), of one feed and asset or of
 * all (NULL). *censored: how many more were still open when the session ended and are expected to land (open messages
 * times the share of decided messages that landed, rounded up). Joins first if needed. -ENODATA if there is no sample.
 */
int latency_samples(sqlite3 *db, const char *feed_or_null, const char *asset_or_null, enum stage from, enum stage to,
		    double **seconds, size_t *count, uint64_t *censored, struct error *err);

/* 0, or why the result is not to be trusted, one sentence a line in `reason` (exit status 3): losses, too few samples, clocks unknown or off by more than 10 % of the median, stamps coarser than that. A NULL list: no latency was to be measured, and losses alone count. */
bool latency_untrusted(sqlite3 *db, const struct latency_list *list, char *reason, size_t reason_size);

#endif
