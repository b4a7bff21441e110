// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stats/memory.h"

#include <math.h>

#define COUNT_MIN 16  /* below, no autocorrelation can be told from chance */
#define LAG_MAX 500   /* what is looked for at most: a million samples times 500 lags is half a second */
#define QUIET_RUN 5   /* Politis and White: K_N = max(5, sqrt(log10 n)), and 10^25 samples are many */

/* Sum of products at a distance of `lag`, over n: positive semidefinite as a sequence. */
static double covariance(const double *values, size_t count, size_t lag)
{
	double sum = 0;

	for (size_t i = lag; i < count; i++)
		sum += values[i] * values[i - lag];
	return sum / (double)count;
}

static void centre(double *values, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += values[i];
	for (size_t i = 0; i < count; i++)
		values[i] -= sum / (double)count;
}

/* 1 up to half the bandwidth, then down to 0 at the bandwidth. */
static double flat_top(double x)
{
	return x <= 0.5 ? 1 : x < 1 ? 2 * (1 - x) : 0;
}

struct memory memory_of(double *values, size_t count)
{
	struct memory out = {.block = 1, .autocorrelation = NAN};
	size_t lag_max = (size_t)ceil(sqrt((double)count)) + QUIET_RUN, quiet = 0, lag, bandwidth;
	double variance, bound, slope = 0, spectrum, longest;

	if (count < COUNT_MIN)
		return out;
	centre(values, count);
	variance = covariance(values, count, 0);
	if (!(variance > 0))
		return out;
	out.autocorrelation = covariance(values, count, 1) / variance;
	bound = 2 * sqrt(log10((double)count) / (double)count);
	if (lag_max > LAG_MAX)
		lag_max = LAG_MAX;
	for (lag = 1; lag <= lag_max && lag < count && quiet < QUIET_RUN; lag++) {
		if (fabs(covariance(values, count, lag)) < bound * variance) {
			quiet++;
		} else {
			quiet = 0;
			out.reach = lag;
		}
	}
	if (!out.reach)
		return out;
	bandwidth = 2 * out.reach;
	spectrum = variance;
	for (lag = 1; lag < bandwidth && lag < count; lag++) {
		double term = 2 * flat_top((double)lag / (double)bandwidth) * covariance(values, count, lag);

		spectrum += term;
		slope += (double)lag * term;
	}
	/* b = (2 G^2 / D)^(1/3) n^(1/3), D = 4/3 g(0)^2; at most min(3 sqrt(n), n/3) */
	longest = fmin(3 * sqrt((double)count), (double)count / 3);
	if (spectrum > 0)
		longest = fmin(longest, cbrt(1.5 * (slope / spectrum) * (slope / spectrum) * (double)count));
	out.block = longest > 1 ? (size_t)ceil(longest) : 1;
	return out;
}

/* Sum over all circular blocks of the product of the two block sums, over n L: of one series with itself, n times the variance of its mean. */
static double block_product(const double *a, const double *b, size_t count, size_t block)
{
	double sum_a = 0, sum_b = 0, product = 0;

	for (size_t i = 0; i < block; i++) {
		sum_a += a[i];
		sum_b += b[i];
	}
	for (size_t i = 0; i < count; i++) {
		size_t next = i + block < count ? i + block : i + block - count;

		product += sum_a * sum_b;
		sum_a += a[next] - a[i];
		sum_b += b[next] - b[i];
	}
	return product / ((double)count * (double)block);
}

double block_effect(double *values, size_t count, size_t block)
{
	double variance, effect;

	if (block < 2 || block >= count)
		return 1;
	centre(values, count);
	variance = covariance(values, count, 0);
	if (!(variance > 0))
		return 1;
	/* Sums of blocks out of a centred series fall short by the share that a block takes of it. */
	effect = block_product(values, values, count, block) / variance / (1 - (double)block / (double)count);
	return effect > 1 ? effect : 1;
}

double block_correlation(double *a, double *b, size_t count, size_t block)
{
	double of_a, of_b;

	if (!count || block > count)
		return 0;
	centre(a, count);
	centre(b, count);
	of_a = block_product(a, a, count, block);
	of_b = block_product(b, b, count, block);
	if (!(of_a > 0) || !(of_b > 0))
		return 0;
	return block_product(a, b, count, block) / sqrt(of_a * of_b);
}
