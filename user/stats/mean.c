// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stats/mean.h"

#include <math.h>

#include "stats/memory.h"

#define NORMAL_975 1.959963984540054

struct mean_estimate mean_of(double *values, size_t count)
{
	struct mean_estimate out = {.count = count, .mean = NAN, .stderr_mean = NAN};
	struct memory memory;
	double sum = 0, squares = 0;

	for (size_t i = 0; i < count; i++)
		sum += values[i];
	if (!count)
		return out;
	out.mean = sum / (double)count;
	if (count < 2)
		return out;
	for (size_t i = 0; i < count; i++)
		squares += (values[i] - out.mean) * (values[i] - out.mean);
	memory = memory_of(values, count);
	out.stderr_mean = sqrt(squares / (double)(count - 1) / (double)count * block_effect(values, count, memory.block));
	return out;
}

void mean_interval(const struct mean_estimate *mean, double interval[2])
{
	interval[0] = mean->mean - NORMAL_975 * mean->stderr_mean;
	interval[1] = mean->mean + NORMAL_975 * mean->stderr_mean;
}
