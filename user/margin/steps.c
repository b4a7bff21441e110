// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/steps.h"

#include <stddef.h>

extern const struct steps_kernel steps_plain, steps_avx2, steps_avx512;

const struct steps_kernel *const steps_kernels[] = {
#if defined(__x86_64__)
	&steps_avx512, &steps_avx2,
#endif
	&steps_plain, NULL};

const struct steps_kernel *steps_kernel(void)
{
	size_t i = 0;

	while (steps_kernels[i + 1] && !steps_kernels[i]->runs_here())
		i++;
	return steps_kernels[i];
}
