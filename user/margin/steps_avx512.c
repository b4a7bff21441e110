// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#if defined(__x86_64__) && defined(__AVX512F__)
#include <immintrin.h>

#define LANES 16
#include "margin/steps_lanes.h"

INLINE longs multiply32(longs a, longs b)
{
	return (longs)_mm512_mul_epu32((__m512i)a, (__m512i)b);
}

INLINE floats multiply_add(floats a, floats b, floats c)
{
	return (floats)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}

INLINE floats square_root(floats a)
{
	return (floats)_mm512_sqrt_ps((__m512)a);
}

static bool runs_here(void)
{
	return __builtin_cpu_supports("avx512f");
}

const struct steps_kernel steps_avx512 = {"avx512", runs_here, walk};
#endif
