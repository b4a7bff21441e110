/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How the price on chain follows the price off chain: what is reported (the price, its average over a window, the median of
 * sources), when a report is sent (every block; on deviation or heartbeat; pull: by whoever acts on it), whether it then waits for a hop (Maker's oracle
 * security module), and when it lands (after the oracle's delay).
 * Reports may overtake each other; the latest one sent of those that have landed is the price.
 */
#ifndef PL_MARGIN_ORACLE_H
#define PL_MARGIN_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "margin/rng.h"

#define ORACLE_SOURCES_MAX 31

struct oracle_policy {
	bool on_deviation;    /* false: a report every block */
	bool pull;	      /* signed every block, nothing on chain before a transaction brings the one that its sender saw */
	double deviation;     /* share of the last report that the price must have moved … */
	double heartbeat_s;   /* … or the time since it */
	double hop_s;	      /* every hop_s what was reported a hop ago becomes the price; 0: at once */
	double twap_s;	      /* reports carry the mean over this window; 0: the price itself */
	unsigned sources;     /* reports carry the median of this many; 0: one without error */
	double source_delay_s[ORACLE_SOURCES_MAX]; /* how old what each of them tells is, in whole steps */
	double source_sd;     /* relative error of a source */
	double outlier_probability, outlier_sd; /* a source that is far off, once in a while */
};

int oracle_check(const struct oracle_policy *policy, double step_s, struct error *err);

struct oracle_report {
	double lands_s, delay_s;
	uint64_t number;
	double price;
};

struct oracle {
	const struct oracle_policy *policy;
	double price;	      /* on chain */
	double latency_s;     /* how long the report of it had been under way */
	double last_price;    /* of the last report sent */
	double last_s;
	double source, next;  /* with a hop: the price reported, and the one that the next hop brings */
	double next_hop_s;
	uint64_t sent, landed; /* number of the last report sent, and of the one that is the price */
	struct oracle_report *waiting; /* heap by landing time */
	size_t count, capacity;
	double *window; /* ring of the last prices, for the mean */
	size_t window_size, window_filled, window_at;
	double window_sum;
	double *told; /* ring of what sources told, the latest at told_at; as far back as the latest source */
	size_t told_size, told_at;
	size_t lag[ORACLE_SOURCES_MAX];
};

/* Room for a path; 0 or -ENOMEM. step_s is the grid's. */
int oracle_init(struct oracle *oracle, const struct oracle_policy *policy, double step_s);
void oracle_free(struct oracle *oracle);

/* A path begins with this price on chain. */
void oracle_start(struct oracle *oracle, double price);

/* Takes in the price at now_s: true, with the value in *report, where a report is sent now. */
bool oracle_observe(struct oracle *oracle, double price, double now_s, struct rng *errors, double *report);

/* That report lands delay_s later. 0 or -ENOMEM. */
int oracle_send(struct oracle *oracle, double report, double now_s, double delay_s);

/* What has landed by now_s becomes the price. */
void oracle_land(struct oracle *oracle, double now_s);

#endif
