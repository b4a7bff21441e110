/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The law of an oracle that reports on deviation or heartbeat, and what a series of its reports tells of it. Between reports
 * ln S is a Brownian motion without drift, as everything faster than the heartbeat nearly is; a report comes when it has
 * moved by a = ln(1 + deviation) either way, or when the heartbeat is over.
 */
#ifndef PL_MARGIN_ORACLE_LAW_H
#define PL_MARGIN_ORACLE_LAW_H

#include "base/error.h"
#include "margin/process.h"

/* Volatility per root of a year of 365 days, in both. */

/*
 * Probability that no deviation has come by `t_s`: (4/π) Σ (−1)^k/(2k+1)·exp(−(2k+1)²π²σ²t/8a²), the chance of a Brownian motion
 * to stay between −a and a (Feller, An Introduction to Probability Theory II, X.5). At the heartbeat: the share of its reports.
 */
double oracle_law_quiet(double deviation, double volatility, double t_s);

/* Mean time between reports: the integral of oracle_law_quiet() over [0, heartbeat_s]. */
double oracle_law_mean_gap(double deviation, double volatility, double heartbeat_s);

/* What a series of reports tells. Gaps and times in seconds. */
struct oracle_fit {
	size_t gaps;
	double lattice_s;	/* every gap but one in 200 is a multiple of this many whole seconds: the chain's blocks; 1: none */
	double heartbeat_s;	/* the commonest gap */
	double heartbeat_share; /* of gaps that are at least that long */
	double late_p50_s, late_p99_s; /* by how much those exceed it */
	size_t moved;		/* gaps that are shorter than the heartbeat by more than a tenth: a deviation, or another reason */
	double deviation;	/* the commonest move of those, of either sign, as a share of the price: their half-sample mode */
	double deviation_share; /* of those, the ones that moved by at least nine tenths of it */
	double volatility;	/* of the reports, per root of a year */
	double law_share, law_gap_s, gap_s; /* heartbeat_share and mean gap by the law at that volatility; the mean gap there is */
};

#define ORACLE_FIT_GAPS_MIN 100
#define ORACLE_FIT_MOVED_MIN 50 /* below, the deviation is NAN, and what the law would say with it */

/* The series is of reports: each price with the time it came on chain. -EINVAL if it is too short or never moves, -ENOMEM. */
int oracle_fit(const struct series *reports, struct oracle_fit *out, struct error *err);

#endif
