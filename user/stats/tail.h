/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The tail of durations as a generalised Pareto law (Pickands 1975): P(X - u > x | X > u) = (1 + ξ x / σ)^(-1/ξ). What rare
 * events cost hangs on it, and p99.99 is beyond most sessions' samples.
 *
 * Estimates: Zhang and Stephens (2009), nearly as efficient as maximum likelihood and always there; an open duration enters
 * the likelihood with the probability of lasting longer. Threshold: the lowest of those with at most 1,000, and half, a
 * quarter … of them down to 50 samples beyond it (a quarter of all at most) whose fit the Anderson-Darling test does not
 * reject at 10 %. Its p-value and the standard errors come of 199 parametric resamples, each fitted anew (Philox, fixed seed);
 * where open durations lie beyond the threshold nothing tests the fit, and the errors are those of maximum likelihood (Smith
 * 1987), ξ > -1/2. A design effect widens them.
 */
#ifndef PL_STATS_TAIL_H
#define PL_STATS_TAIL_H

#include <stddef.h>
#include <stdint.h>

#include "stats/survival.h"

#define TAIL_SAMPLES_MIN 50

struct tail {
	size_t count;	      /* samples beyond the threshold; 0: there are too few for any fit */
	int64_t threshold_ns;
	double share;	      /* P(X > threshold), by Kaplan-Meier */
	double shape, shape_se; /* ξ: 0 exponential; above, heavier: the mean is infinite from 1 on; below, bounded */
	double scale_ns, scale_se_ns; /* σ */
	double p_value;	      /* of the fit; NAN untested. Below 0.1: no threshold fits, and this is the highest */
	double shape_above;   /* ξ with half as many samples: far from `shape`, the tail has no one law yet; NAN too few */
	double mean_excess_ns, mean_excess_fit_ns; /* of the samples, of the law (infinite where ξ >= 1) */
	int64_t p9999_ns, p9999_ci95_ns[2];	   /* TIME_UNKNOWN where the threshold lies beyond */
};

/* effect: design effect of what lies in the tail, 1 for independent samples. 0 or -ENOMEM. */
int tail_fit(const struct survival *s, double effect, struct tail *out);

#endif
