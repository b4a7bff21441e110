// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stats/tail.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "margin/pareto.h"
#include "margin/rng.h"

#define SAMPLES_MAX 1000
#define SHARE_MAX 0.25
#define REJECTED 0.1
#define REPLICATES 199
#define NORMAL_975 1.959963984540054
#define SEED 20090901

/* ---- the test ---- */

static double distribution(double x, double shape, double scale)
{
	if (fabs(shape) < 1e-9)
		return -expm1(-x / scale);
	return x * shape / scale <= -1 ? 1 : -expm1(-log1p(shape * x / scale) / shape);
}

/* Anderson and Darling's distance; x ascending. */
static double distance(const double *x, size_t count, double shape, double scale)
{
	double n = (double)count, sum = 0;

	for (size_t i = 0; i < count; i++) {
		double below = distribution(x[i], shape, scale), above = distribution(x[count - 1 - i], shape, scale);

		below = fmin(fmax(below, 1e-300), 1 - 1e-16);
		above = fmin(fmax(above, 1e-300), 1 - 1e-16);
		sum += (2 * (double)i + 1) * (log(below) + log1p(-above));
	}
	return -n - sum / n;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* p-value of the fit and the estimates' spread, by samples of the fitted law. */
static int resample(const struct excesses *x, struct tail *out)
{
	double *drawn = malloc(x->ended_count * sizeof(*drawn)), shapes[2] = {0}, scales[2] = {0};
	double found = distance(x->ended, x->ended_count, out->shape, out->scale_ns);
	int beyond = 0;

	if (!drawn)
		return -ENOMEM;
	for (uint64_t r = 0; r < REPLICATES; r++) {
		const struct excesses again = {.ended = drawn, .ended_count = x->ended_count};
		double shape, scale;
		struct rng rng;

		rng_open(&rng, SEED, r, 0, RNG_RESAMPLE);
		for (size_t i = 0; i < x->ended_count; i++)
			drawn[i] = pareto_excess(out->shape, out->scale_ns, rng_exponential(&rng));
		qsort(drawn, x->ended_count, sizeof(*drawn), by_value);
		pareto_fit(&again, &shape, &scale);
		beyond += distance(drawn, x->ended_count, shape, scale) >= found;
		shapes[0] += shape / REPLICATES;
		shapes[1] += shape * shape / REPLICATES;
		scales[0] += scale / REPLICATES;
		scales[1] += scale * scale / REPLICATES;
	}
	free(drawn);
	out->p_value = (1. + beyond) / (REPLICATES + 1);
	out->shape_se = sqrt(fmax(shapes[1] - shapes[0] * shapes[0], 0));
	out->scale_se_ns = sqrt(fmax(scales[1] - scales[0] * scales[0], 0));
	return 0;
}

/* ---- one threshold ---- */

/* Of sorted durations those beyond `at`, less `at`: returns their number. */
static size_t beyond(const int64_t *sorted, size_t count, int64_t at, double *out)
{
	size_t first = count, kept = 0;

	while (first && sorted[first - 1] > at)
		first--;
	for (size_t i = first; i < count; i++)
		out[kept++] = (double)sorted[i] - (double)at;
	return kept;
}

/* P(X > at) by Kaplan-Meier. */
static double share_beyond(const struct survival *s, int64_t at)
{
	double surviving = 1;
	size_t opened = 0;

	for (size_t i = 0; i < s->end_count && s->ends[i] <= at; i++) {
		while (opened < s->open_count && s->opens[opened] < s->ends[i])
			opened++;
		surviving *= 1 - 1 / ((double)(s->end_count - i) + s->open_weight * (double)(s->open_count - opened));
	}
	return surviving;
}

/* q(p) = u + σ/ξ ((ζ/(1-p))^ξ - 1), and its interval by the delta method on ln(q - u), so that it stays beyond u. */
static void fill_quantile(struct tail *tail, double effect)
{
	double y = log(tail->share / 1e-4), shape = tail->shape, n = (double)tail->count, grown, by_shape, variance, margin;
	double beyond;

	if (!(y > 0))
		return;
	grown = fabs(shape) < 1e-6 ? y : expm1(shape * y) / shape;
	beyond = tail->scale_ns * grown;
	/* d ln(q - u) / dξ; by σ it is 1 / σ. Smith: var ξ = (1+ξ)²/n, var ln σ = 2(1+ξ)/n, cov = -(1+ξ)/n */
	by_shape = fabs(shape) < 1e-6 ? y / 2 : (y * exp(shape * y) - grown) / shape / grown;
	variance = effect * (1 + shape) / n * (by_shape * by_shape * (1 + shape) + 2 - 2 * by_shape);
	margin = exp(NORMAL_975 * sqrt(variance));
	if (!(beyond < 4e18))
		return;
	tail->p9999_ns = tail->threshold_ns + (int64_t)beyond;
	if (!(beyond * margin < 4e18)) /* nor where ξ < -1 */
		return;
	tail->p9999_ci95_ns[0] = tail->threshold_ns + (int64_t)(beyond / margin);
	tail->p9999_ci95_ns[1] = tail->threshold_ns + (int64_t)(beyond * margin);
}

static void fill_mean_excess(const struct excesses *x, struct tail *out)
{
	double sum = 0;

	for (size_t i = 0; i < x->ended_count; i++)
		sum += x->ended[i];
	out->mean_excess_ns = x->open_count ? NAN : sum / (double)x->ended_count;
	out->mean_excess_fit_ns = out->shape < 1 ? out->scale_ns / (1 - out->shape) : INFINITY;
}

/* The `wanted` largest ends lie beyond the threshold, fewer where some equal it. `room`: for all ends and opens. */
static int fit_at(const struct survival *s, size_t wanted, double effect, double *room, struct tail *out)
{
	int64_t threshold_ns = s->ends[s->end_count - wanted - 1];
	struct excesses x = {.ended = room, .open = room + s->end_count, .open_weight = s->open_weight};
	double covariance[3];
	int status = 0;

	*out = (struct tail){.p_value = NAN, .shape_above = NAN, .threshold_ns = threshold_ns, .p9999_ns = TIME_UNKNOWN,
			     .p9999_ci95_ns = {TIME_UNKNOWN, TIME_UNKNOWN}};
	x.ended_count = beyond(s->ends, s->end_count, threshold_ns, x.ended);
	if (s->open_weight > 0)
		x.open_count = beyond(s->opens, s->open_count, threshold_ns, x.open);
	if (x.ended_count < TAIL_SAMPLES_MIN)
		return 0;
	out->count = x.ended_count;
	out->share = share_beyond(s, threshold_ns);
	pareto_fit(&x, &out->shape, &out->scale_ns);
	pareto_covariance(out->shape, out->scale_ns, (double)x.ended_count, covariance);
	out->shape_se = sqrt(covariance[0]);
	out->scale_se_ns = sqrt(covariance[2]);
	fill_mean_excess(&x, out);
	fill_quantile(out, effect);
	if (!x.open_count)
		status = resample(&x, out);
	out->shape_se *= sqrt(effect);
	out->scale_se_ns *= sqrt(effect);
	return status;
}

int tail_fit(const struct survival *s, double effect, struct tail *out)
{
	double *room = malloc((s->end_count + s->open_count + 1) * sizeof(*room));
	size_t wanted = (size_t)(SHARE_MAX * (double)s->end_count);
	int status = room ? 0 : -ENOMEM;

	memset(out, 0, sizeof(*out));
	for (wanted = wanted > SAMPLES_MAX ? SAMPLES_MAX : wanted; !status && wanted >= TAIL_SAMPLES_MIN; wanted /= 2) {
		struct tail found;

		status = fit_at(s, wanted, effect, room, &found);
		if (status || !found.count)
			continue;
		if (out->count) { /* the threshold is found: this is the one above it */
			out->shape_above = found.shape;
			if (isnan(out->p_value) || out->p_value >= REJECTED)
				break;
		}
		*out = found;
	}
	free(room);
	return status;
}
