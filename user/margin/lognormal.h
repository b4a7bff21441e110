/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The lognormal pieces of the closed forms, written so that nothing cancels: a put that is worth 1e-80 of its strike
 * still has all its digits. Everything takes logarithms, because the difference of two close prices is already lost.
 */
#ifndef PL_MARGIN_LOGNORMAL_H
#define PL_MARGIN_LOGNORMAL_H

double normal_cdf(double x);
double normal_density(double x);

/* (1 - N(x)) / n(x), the Mills ratio; x > -38. */
double mills_ratio(double x);

/*
 * E[(e^strike - X)+] with E[X] = e^forward and sd(ln X) = sd (Black 1976, undiscounted). Written with Mills ratios R as
 * e^strike · n(d2) · (R(d2) - R(d2 + sd)), d2 = (forward - strike)/sd - sd/2. sd = 0 gives the intrinsic value.
 */
double lognormal_put(double log_strike, double log_forward, double sd);

/* Its derivatives by sd (vega) and by log_forward. At sd = 0 the first is 0 (its limit wherever strike ≠ forward). */
void lognormal_put_gradient(double log_strike, double log_forward, double sd, double *by_sd, double *by_log_forward);

#endif
