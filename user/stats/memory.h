/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How far a series remembers, and what that costs: the design effect, by which the variance of a mean exceeds that of as
 * many independent samples.
 *
 * Block length: Politis and White (2004), Automatic block-length selection for the dependent bootstrap, with the
 * correction of Patton, Politis and White (2009), for circular blocks of fixed length: flat-top lag window, bandwidth by
 * the first run of autocorrelations within ±2 sqrt(log10(n) / n).
 *
 * Variance: that of the circular block bootstrap (Politis and Romano 1992). A resample's mean is the mean of n / L block
 * sums drawn independently, so its variance is known without drawing: it is that of the n block sums. The same data
 * give the same interval, and a million samples take milliseconds.
 */
#ifndef PL_STATS_MEMORY_H
#define PL_STATS_MEMORY_H

#include <stddef.h>

struct memory {
	size_t reach;		/* the last lag whose autocorrelation is no accident; 0: none is, the samples may count as independent */
	double autocorrelation; /* at lag 1, in -1..1; NAN where the series is constant or too short */
	size_t block;		/* block length; 1 where there is no memory */
};

/* `values` in the order of time. A series that is constant or shorter than 16 has no memory to be seen. Each function centres the values in place. */
struct memory memory_of(double *values, size_t count);

/* Variance of the mean under resampling in blocks over that of independent samples, at least 1. */
double block_effect(double *values, size_t count, size_t block);

/* Correlation of the means of two series that were observed together, under resampling in common blocks; 0 where either is constant. */
double block_correlation(double *a, double *b, size_t count, size_t block);

#endif
