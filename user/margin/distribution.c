// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/distribution.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static const double quantile_levels[MODEL_QUANTILES] = {.1,  .2,  .3,  .4,  .5,	 .6,  .7,   .8,	  .9,	.925, .95,
							.96, .97, .98, .99, .995, .998, .999, .9995, .9999, 1};

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The value of rank ⌈level·n⌉ of n ascending values. */
static double order_statistic(const double *sorted, uint64_t n, double rank)
{
	double i = ceil(rank) - 1;

	return sorted[i < 0 ? 0 : i >= (double)n ? n - 1 : (uint64_t)i];
}

static double value_at_risk(const double *sorted, uint64_t n, double level, double ci95[2])
{
	double rank = level * (double)n, half = 1.96 * sqrt((double)n * level * (1 - level));

	ci95[0] = order_statistic(sorted, n, rank - half);
	ci95[1] = order_statistic(sorted, n, rank + half + 1);
	return order_statistic(sorted, n, rank - 1e-9);
}

/* One-sided 95 %: exact for none seen (the rule of three), Wilson's otherwise. */
static double probability_upper(uint64_t seen, uint64_t n)
{
	double z = 1.6448536269514722, p = (double)seen / (double)n, m = (double)n;

	if (!seen)
		return -expm1(log(0.05) / m);
	return (p + z * z / (2 * m) + z * sqrt(p * (1 - p) / m + z * z / (4 * m * m))) / (1 + z * z / m);
}

/* Ascending. Most paths lose nothing: those are put aside instead of being sorted. Returns how many lost something. */
static uint64_t sort_losses(const double *losses, uint64_t n, double *sorted)
{
	uint64_t zeros = 0, end = n;

	for (uint64_t i = 0; i < n; i++) {
		if (losses[i] > 0)
			sorted[--end] = losses[i];
		else
			sorted[zeros++] = losses[i];
	}
	qsort(sorted + zeros, n - zeros, sizeof(*sorted), ascending);
	return n - zeros;
}

int distribution_of(const double *losses, uint64_t n, struct model_result *result)
{
	uint64_t worst = (n + 99) / 100;
	double *sorted = malloc(n * sizeof(*sorted)), tail = 0;

	if (!sorted)
		return -ENOMEM;
	result->distribution_paths = n;
	result->distribution_losses = sort_losses(losses, n, sorted);
	result->probability = (double)result->distribution_losses / (double)n;
	result->probability_upper95 = probability_upper(result->distribution_losses, n);
	result->var95 = value_at_risk(sorted, n, 0.95, result->var95_ci95);
	result->var99 = value_at_risk(sorted, n, 0.99, result->var99_ci95);
	for (uint64_t i = n - worst; i < n; i++)
		tail += sorted[i];
	result->es99 = tail / (double)worst;
	for (int k = 0; k < MODEL_QUANTILES; k++) {
		result->quantile_level[k] = quantile_levels[k];
		result->quantile[k] = order_statistic(sorted, n, quantile_levels[k] * (double)n - 1e-9);
	}
	free(sorted);
	return 0;
}
