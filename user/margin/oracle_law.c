// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/oracle_law.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define YEAR_S 31536000.0

/* ---- the law ------------------------------------------------------------------------------------------------------ */

/* Rate of decay of the k-th term, per second. */
static double decay(double deviation, double volatility, int k)
{
	double a = log1p(deviation), odd = 2 * k + 1;

	return odd * odd * M_PI * M_PI * volatility * volatility / (8 * a * a * YEAR_S);
}

/* Alternating terms that shrink: what is left out is smaller than the next. Those of small t shrink slowly, but there the sum is 1. */
#define TERMS_MAX 4096

/* No deviation by then: it would be more than ten standard deviations away. */
static bool is_soon(double deviation, double volatility, double t_s)
{
	return decay(deviation, volatility, 0) * t_s < 0.01;
}

double oracle_law_quiet(double deviation, double volatility, double t_s)
{
	double sum = 0;

	if (is_soon(deviation, volatility, t_s))
		return 1;
	for (int k = 0; k < TERMS_MAX; k++) {
		double term = 4 / M_PI / (2 * k + 1) * exp(-decay(deviation, volatility, k) * t_s);

		sum += k % 2 ? -term : term;
		if (term < 1e-17)
			break;
	}
	return sum;
}

double oracle_law_mean_gap(double deviation, double volatility, double heartbeat_s)
{
	double sum = 0;

	if (is_soon(deviation, volatility, heartbeat_s))
		return heartbeat_s;
	for (int k = 0; k < TERMS_MAX; k++) {
		double rate = decay(deviation, volatility, k);
		double term = 4 / M_PI / (2 * k + 1) * -expm1(-rate * heartbeat_s) / rate;

		sum += k % 2 ? -term : term;
	}
	return sum;
}

/* ---- a series of reports ------------------------------------------------------------------------------------------ */

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile_of(const double *sorted, size_t count, double p)
{
	return sorted[(size_t)(p * (double)(count - 1) + 0.5)];
}

/* The largest divisor that all gaps but one in 200 have in common. */
static double lattice_of(const double *gaps, size_t count)
{
	for (int step = 60; step > 1; step--) {
		size_t off = 0;

		for (size_t i = 0; i < count && off <= count / 200; i++)
			off += fmod(gaps[i], step) != 0;
		if (off <= count / 200)
			return step;
	}
	return 1;
}

static double commonest(const double *sorted, size_t count)
{
	size_t best = 0, run = 0;
	double value = sorted[0];

	for (size_t i = 0; i < count; i++) {
		run = i && sorted[i] == sorted[i - 1] ? run + 1 : 1;
		if (run > best) {
			best = run;
			value = sorted[i];
		}
	}
	return value;
}

/* Half-sample mode (Bickel and Frühwirth 2006): the narrowest half, again and again. */
static double half_sample_mode(const double *sorted, size_t count)
{
	while (count > 3) {
		size_t half = (count + 1) / 2, best = 0;

		for (size_t i = 1; i + half <= count; i++)
			if (sorted[i + half - 1] - sorted[i] < sorted[best + half - 1] - sorted[best])
				best = i;
		sorted += best;
		count = half;
	}
	if (count == 3)
		return sorted[1] - sorted[0] < sorted[2] - sorted[1] ? (sorted[0] + sorted[1]) / 2 : (sorted[1] + sorted[2]) / 2;
	return count == 2 ? (sorted[0] + sorted[1]) / 2 : sorted[0];
}

/* moves: room for a number per gap. */
static void fit_deviation(const struct series *reports, double *moves, struct oracle_fit *out)
{
	size_t reached = 0;

	out->moved = 0;
	for (size_t i = 1; i < reports->count; i++)
		if (reports->time_s[i] - reports->time_s[i - 1] < 0.9 * out->heartbeat_s)
			moves[out->moved++] = fabs(expm1(reports->log_price[i] - reports->log_price[i - 1]));
	out->deviation = out->deviation_share = out->law_share = out->law_gap_s = NAN;
	if (out->moved < ORACLE_FIT_MOVED_MIN)
		return;
	qsort(moves, out->moved, sizeof(*moves), ascending);
	out->deviation = half_sample_mode(moves, out->moved);
	for (size_t i = 0; i < out->moved; i++)
		reached += moves[i] >= 0.9 * out->deviation;
	out->deviation_share = (double)reached / (double)out->moved;
	out->law_share = oracle_law_quiet(out->deviation, out->volatility, out->heartbeat_s);
	out->law_gap_s = oracle_law_mean_gap(out->deviation, out->volatility, out->heartbeat_s);
}

int oracle_fit(const struct series *reports, struct oracle_fit *out, struct error *err)
{
	size_t count = reports->count ? reports->count - 1 : 0, at;
	double *numbers, variation = 0, span;

	memset(out, 0, sizeof(*out));
	if (count < ORACLE_FIT_GAPS_MIN)
		return error_set(err, -EINVAL, "%zu reports: at least %d are needed to tell a heartbeat", reports->count,
				 ORACLE_FIT_GAPS_MIN + 1);
	for (size_t i = 1; i < reports->count; i++)
		variation += pow(reports->log_price[i] - reports->log_price[i - 1], 2);
	if (!(variation > 0))
		return error_set(err, -EINVAL, "the reports never move: nothing can be said of an oracle like that");
	numbers = malloc(count * sizeof(*numbers));
	if (!numbers)
		return error_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++)
		numbers[i] = reports->time_s[i + 1] - reports->time_s[i];
	qsort(numbers, count, sizeof(*numbers), ascending);
	span = reports->time_s[reports->count - 1] - reports->time_s[0];
	out->gaps = count;
	out->gap_s = span / (double)count;
	out->volatility = sqrt(variation / span * YEAR_S);
	out->lattice_s = lattice_of(numbers, count);
	out->heartbeat_s = commonest(numbers, count);
	for (at = 0; numbers[at] < out->heartbeat_s; at++)
		;
	out->heartbeat_share = (double)(count - at) / (double)count;
	out->late_p50_s = quantile_of(numbers + at, count - at, 0.5) - out->heartbeat_s;
	out->late_p99_s = quantile_of(numbers + at, count - at, 0.99) - out->heartbeat_s;
	fit_deviation(reports, numbers, out);
	free(numbers);
	return 0;
}
