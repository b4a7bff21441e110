// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/distribution.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "margin/ranks.h"

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

/* Of the worst 1/one_in of n ascending losses; the error of the mean beyond a quantile that was itself estimated: Manistre and Hancock (2005). */
static struct tail_risk tail_risk(const double *sorted, uint64_t n, unsigned one_in)
{
	struct tail_risk risk = {.level = 1 - 1.0 / one_in};
	uint64_t worst = (n + one_in - 1) / one_in, ranks[2];
	double mean = 0, squares = 0, m = (double)worst;

	quantile_ranks(n, risk.level, ranks);
	risk.var = order_statistic(sorted, n, risk.level * (double)n - 1e-9);
	for (int end = 0; end < 2; end++)
		risk.var_ci95[end] = ranks[end] ? sorted[ranks[end] - 1] : NAN;
	for (uint64_t i = n - worst; i < n; i++)
		mean += sorted[i] / m;
	for (uint64_t i = n - worst; i < n; i++)
		squares += (sorted[i] - mean) * (sorted[i] - mean);
	risk.es = mean;
	risk.es_stderr = worst > 1 ? sqrt((squares / (m - 1) + risk.level * (mean - risk.var) * (mean - risk.var)) / m) : NAN;
	return risk;
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

/* Of losses, which are sorted into `sorted` on the way. */
static struct loss_law law_of(const double *losses, uint64_t n, double *sorted)
{
	static const unsigned one_in[MODEL_RISKS] = {20, 100, 1000};
	struct loss_law law = {.losses = sort_losses(losses, n, sorted)};

	law.probability = (double)law.losses / (double)n;
	law.probability_upper95 = probability_upper(law.losses, n);
	for (int k = 0; k < MODEL_RISKS; k++)
		law.risks[k] = tail_risk(sorted, n, one_in[k]);
	return law;
}

struct estimate distribution_mean(const double *losses, uint64_t n)
{
	double mean = 0, squares = 0;

	for (uint64_t i = 0; i < n; i++)
		mean += losses[i] / (double)n;
	for (uint64_t i = 0; i < n; i++)
		squares += (losses[i] - mean) * (losses[i] - mean);
	return (struct estimate){mean, n > 1 ? sqrt(squares / ((double)n - 1) / (double)n) : INFINITY};
}

int distribution_law(const double *losses, uint64_t n, struct loss_law *out)
{
	double *sorted = malloc(n * sizeof(*sorted));

	if (!sorted)
		return -ENOMEM;
	*out = law_of(losses, n, sorted);
	free(sorted);
	return 0;
}

int distribution_of(const double *losses, uint64_t n, struct model_result *result)
{
	double *sorted = malloc(n * sizeof(*sorted));
	struct loss_law law;

	if (!sorted)
		return -ENOMEM;
	law = law_of(losses, n, sorted);
	result->distribution_paths = n;
	result->distribution_losses = law.losses;
	result->probability = law.probability;
	result->probability_upper95 = law.probability_upper95;
	memcpy(result->risks, law.risks, sizeof(result->risks));
	result->var95 = result->risks[0].var;
	result->var99 = result->risks[1].var;
	result->es99 = result->risks[1].es;
	memcpy(result->var95_ci95, result->risks[0].var_ci95, sizeof(result->var95_ci95));
	memcpy(result->var99_ci95, result->risks[1].var_ci95, sizeof(result->var99_ci95));
	for (int k = 0; k < MODEL_QUANTILES; k++) {
		result->quantile_level[k] = quantile_levels[k];
		result->quantile[k] = order_statistic(sorted, n, quantile_levels[k] * (double)n - 1e-9);
	}
	free(sorted);
	return 0;
}
