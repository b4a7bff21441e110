// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* For any machine: whatever the compiler makes of it. */
#include <math.h>

#define LANES 4
#include "margin/steps_lanes.h"

INLINE longs multiply32(longs a, longs b)
{
	return (a & 0xffffffffu) * (b & 0xffffffffu);
}

#ifdef __FP_FAST_FMAF
INLINE floats multiply_add(floats a, floats b, floats c)
{
	for (int i = 0; i < LANES; i++)
		a[i] = __builtin_fmaf(a[i], b[i], c[i]);
	return a;
}
#else
typedef double doubles __attribute__((vector_size(8 * LANES)));
typedef int64_t masks __attribute__((vector_size(8 * LANES)));

/*
 * By a sum in double precision, in which the product is exact. So that rounding to single precision afterwards is the only
 * rounding, the sum is rounded to odd (Boldo and Melquiond 2008): what it left out (Knuth's two-sum) moves an even last bit.
 */
INLINE floats multiply_add(floats a, floats b, floats c)
{
	doubles product = __builtin_convertvector(a, doubles) * __builtin_convertvector(b, doubles);
	doubles term = __builtin_convertvector(c, doubles), sum = product + term, back = sum - product;
	doubles left_out = (product - (sum - back)) + (term - back);
	masks bits = (masks)sum, outwards = ((left_out < 0) ^ (sum < 0)) | 1; /* -1 where it is of the other sign */

	bits += (left_out != 0) & ((bits & 1) - 1) & outwards;
	return __builtin_convertvector((doubles)bits, floats);
}
#endif

INLINE floats square_root(floats a)
{
	for (int i = 0; i < LANES; i++)
		a[i] = sqrtf(a[i]);
	return a;
}

static bool runs_here(void)
{
	return true;
}

const struct steps_kernel steps_plain = {"plain", runs_here, walk};
