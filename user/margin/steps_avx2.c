// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#if defined(__x86_64__) && defined(__AVX2__)
#include <immintrin.h>

#define LANES 8
#include "margin/steps_lanes.h"

INLINE longs multiply32(longs a, longs b)
{
	return (longs)_mm256_mul_epu32((__m256i)a, (__m256i)b);
}

INLINE floats multiply_add(floats a, floats b, floats c)
{
	return (floats)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}

INLINE floats square_root(floats a)
{
	return (floats)_mm256_sqrt_ps((__m256)a);
}

static bool runs_here(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

const struct steps_kernel steps_avx2 = {"avx2", runs_here, walk};
#endif
