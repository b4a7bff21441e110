/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The generalised Pareto law of what lies beyond a threshold (Pickands 1975): P(X > x) = (1 + ξ x/σ)^(-1/ξ). Shape ξ: 0 is the
 * exponential law; above, heavier, without a mean from 1 on; below, bounded.
 */
#ifndef PL_MARGIN_PARETO_H
#define PL_MARGIN_PARETO_H

#include <stddef.h>

/* Excesses over a threshold, above 0, ascending. */
struct excesses {
	double *ended, *open;
	size_t ended_count, open_count;
	double open_weight;
};

/* Zhang and Stephens (2009): nearly as efficient as maximum likelihood, and always there. At least one excess has ended. */
void pareto_fit(const struct excesses *x, double *shape, double *scale);

/* The excess that is exceeded with probability e^{-e}: what an exponential e of mean 1 becomes. */
double pareto_excess(double shape, double scale, double e);

/* Of the estimates from `count` excesses: var(ξ), cov(ξ, σ), var(σ); maximum likelihood's, ξ > -1/2 (Smith 1987). */
void pareto_covariance(double shape, double scale, double count, double out[3]);

#endif
