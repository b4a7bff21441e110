/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whether z-scores look like N(0, 1): a Kolmogorov-Smirnov test, which says what it saw. */
#ifndef PL_TESTS_KOLMOGOROV_H
#define PL_TESTS_KOLMOGOROV_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "margin/lognormal.h"

static inline int z_ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts z; fails below p = 0.01, where one is beyond 4.5, and where they do not spread at all. */
static inline void z_are_normal(const char *what, double *z, int count)
{
	double worst = 0, p = 0, lambda;

	qsort(z, (size_t)count, sizeof(z[0]), z_ascending);
	for (int i = 0; i < count; i++) {
		double share = normal_cdf(z[i]);

		worst = fmax(worst, fmax(share - i / (double)count, (i + 1) / (double)count - share));
	}
	lambda = (sqrt(count) + 0.12 + 0.11 / sqrt(count)) * worst;
	for (int k = 1; k < 100; k++) /* Kolmogorov's distribution */
		p += (k % 2 ? 2 : -2) * exp(-2 * k * k * lambda * lambda);
	print_message("%s: %d z-scores from %.2f to %.2f, Kolmogorov-Smirnov D %.4f against N(0, 1), p %.3f\n", what, count, z[0],
		      z[count - 1], worst, p);
	assert_true(p > 0.01);
	assert_true(z[0] > -4.5 && z[count - 1] < 4.5);
}

#endif
