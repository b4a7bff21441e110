/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A mean and its standard error, of values that may remember each other (memory.h). */
#ifndef PL_STATS_MEAN_H
#define PL_STATS_MEAN_H

#include <stddef.h>

struct mean_estimate {
	size_t count;
	double mean, stderr_mean; /* NAN without a value; the error also with fewer than two */
};

/* `values` in the order of time; centred in place. */
struct mean_estimate mean_of(double *values, size_t count);

/* 95 % interval, normal. NAN where the error is unknown. */
void mean_interval(const struct mean_estimate *mean, double interval[2]);

#endif
