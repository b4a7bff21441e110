/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A normal variable plus or minus an Erlang one: what is left of a diffusion with double-exponential jumps once their
 * number is known. Density and distribution come from the repeated integrals of the normal tail,
 * Hh_n(z) = ∫_z^∞ (t - z)^n e^{-t²/2}/n! dt (Abramowitz and Stegun 26.2.41; Kou 2002, appendix B).
 */
#ifndef PL_MARGIN_NORMAL_ERLANG_H
#define PL_MARGIN_NORMAL_ERLANG_H

#include <stddef.h>

/*
 * For j = 0 … count: below[j] = P(N + sign·E_j < x) and density[j] of that sum at x, with N normal of `mean` and `sd` > 0
 * and E_j the sum of j exponentials of rate `rate`; sign is 1 or -1. Arrays of count + 1. For sign -1 every term is
 * positive and keeps its digits; for sign 1 the error is relative to below[0].
 */
void normal_erlang(double x, double mean, double sd, double rate, int sign, size_t count, double *below, double *density);

#endif
