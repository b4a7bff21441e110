/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The minimum of a function of a few variables by Nelder and Mead (1965), restarted until a restart gains nothing. */
#ifndef PL_MARGIN_SIMPLEX_H
#define PL_MARGIN_SIMPLEX_H

#include <stdbool.h>
#include <stddef.h>

#define SIMPLEX_DIMENSIONS_MAX 8

/* Moves x (n of them) to a minimum; `step` is the size of the first simplex. True if it settled. */
bool simplex_minimise(double (*function)(void *context, const double *x), void *context, double *x, size_t n, double step,
		      double *minimum);

#endif
