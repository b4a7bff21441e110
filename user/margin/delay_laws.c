// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The named laws. Quadratures are trapezoidal rules after a change of variable that makes the integrand decay on both
 * sides (Takahasi and Mori 1974): they converge exponentially, also where the integrand has a root at t = 0.
 */
#include <math.h>
#include <stdlib.h>

#include "margin/delay.h"
#include "margin/pareto.h"

#define STEP (1.0 / 16) /* of the trapezoidal rules */
#define PARAMETER_MAX_S 1e8

/* N^-1(u): Acklam's rational start, then two Halley steps on erfc, which leave rounding only. */
static double normal_quantile(double u)
{
	static const double a[] = {-3.969683028665376e+01, 2.209460984245205e+02, -2.759285104469687e+02,
				   1.383577518672690e+02, -3.066479806614716e+01, 2.506628277459239e+00};
	static const double b[] = {-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02,
				   6.680131188771972e+01, -1.328068155288572e+01};
	static const double c[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
				   -2.549732539343734e+00, 4.374664141464968e+00, 2.938163982698783e+00};
	static const double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
				   3.754408661907416e+00};
	double p = fmin(u, 1 - u), x, q, r;

	if (p < 0.02425) {
		q = sqrt(-2 * log(p));
		x = (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
		    ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
	} else {
		q = p - 0.5;
		r = q * q;
		x = (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
		    (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
	}
	for (int i = 0; i < 2; i++) {
		double step = (0.5 * erfc(-x * M_SQRT1_2) - p) * 2.5066282746310002 * exp(0.5 * x * x);

		x -= step / (1 + 0.5 * x * step);
	}
	return u > 0.5 ? -x : x;
}

static double constant_mean(const struct delay_law *law)
{
	return law->parameter[0];
}

static double constant_quantile(const struct delay_law *law, double u)
{
	(void)u;
	return law->parameter[0];
}

static int constant_nodes(const struct delay_law *law, double mass, struct quadrature *out)
{
	return quadrature_add(out, law->parameter[0], mass);
}

const struct delay_type delay_constant = {
	"constant", {{"value", true, 0, PARAMETER_MAX_S}}, constant_mean, constant_quantile, constant_nodes};

static double uniform_mean(const struct delay_law *law)
{
	return 0.5 * (law->parameter[0] + law->parameter[1]);
}

static double uniform_quantile(const struct delay_law *law, double u)
{
	return law->parameter[0] + u * (law->parameter[1] - law->parameter[0]);
}

/* tanh-sinh: t = low + (high - low)/(1 + e^{-π sinh x}) */
static int uniform_nodes(const struct delay_law *law, double mass, struct quadrature *out)
{
	double low = law->parameter[0], width = law->parameter[1] - low;
	int rc = 0;

	if (width <= 0)
		return quadrature_add(out, low, mass);
	for (int i = -64; !rc && i <= 64; i++) {
		double x = i * STEP, e = exp(-M_PI * sinh(x));

		rc = quadrature_add(out, low + width / (1 + e), mass * STEP * M_PI * cosh(x) * e / ((1 + e) * (1 + e)));
	}
	return rc;
}

const struct delay_type delay_uniform = {"uniform",
					 {{"low", true, 0, PARAMETER_MAX_S}, {"high", true, 0, PARAMETER_MAX_S}},
					 uniform_mean, uniform_quantile, uniform_nodes};

/* The trapezoidal rule of an exponential law of mean 1: its nodes, what they become, and how often. */
static int add_exponential(double mass, double step, double (*becomes)(const void *law, double e), const void *law, struct quadrature *out)
{
	int rc = 0;

	for (int i = (int)(-35 / step); !rc && i * step <= 6.6; i++) {
		double growth = exp(i * step);

		rc = quadrature_add(out, becomes(law, growth), mass * step * growth * exp(-growth));
	}
	return rc;
}

static double exponential_quantile(const struct delay_law *law, double u)
{
	return -law->parameter[0] * log1p(-u);
}

/* t = mean·e^x; both tails end where less than 1e-15 of the law is left below, and 1e-300 above */
static double of_mean(const void *law, double e)
{
	return ((const struct delay_law *)law)->parameter[0] * e;
}

static int exponential_nodes(const struct delay_law *law, double mass, struct quadrature *out)
{
	if (law->parameter[0] <= 0)
		return quadrature_add(out, 0, mass);
	return add_exponential(mass, STEP, of_mean, law, out);
}

const struct delay_type delay_exponential = {
	"exponential", {{"mean", true, 0, PARAMETER_MAX_S}}, constant_mean, exponential_quantile, exponential_nodes};

static double lognormal_mean(const struct delay_law *law)
{
	return law->parameter[0] * exp(0.5 * law->parameter[1] * law->parameter[1]);
}

static double lognormal_quantile(const struct delay_law *law, double u)
{
	return law->parameter[0] * exp(law->parameter[1] * normal_quantile(u));
}

/* t = median·e^{sigma z}: the normal density is its own decay; a step of 1/16 in z and in ln t at most */
static int lognormal_nodes(const struct delay_law *law, double mass, struct quadrature *out)
{
	double sigma = law->parameter[1], step = STEP / fmax(1, sigma);
	int rc = 0, reach = (int)(37 / step);

	if (sigma <= 0)
		return quadrature_add(out, law->parameter[0], mass);
	for (int i = -reach; !rc && i <= reach; i++) {
		double z = i * step;

		rc = quadrature_add(out, law->parameter[0] * exp(sigma * z),
				    mass * step * 0.3989422804014327 * exp(-0.5 * z * z));
	}
	return rc;
}

const struct delay_type delay_lognormal = {"lognormal",
					   {{"median", true, 0, PARAMETER_MAX_S}, {"sigma", false, 0, 10}},
					   lognormal_mean, lognormal_quantile, lognormal_nodes};

static double of_tail(const void *tail, double e)
{
	const struct delay_tail *t = tail;

	return fmin(t->threshold_s + pareto_excess(t->shape, t->scale_s, e), DELAY_MAX_S);
}

int delay_tail_nodes(const struct delay_tail *tail, double mass, double step, struct quadrature *out)
{
	return add_exponential(mass, step, of_tail, tail, out);
}

static double empirical_mean(const struct delay_law *law)
{
	const struct delay_tail *tail = &law->tail;
	double sum = 0;

	for (size_t i = 0; i < law->sample_count - tail->count; i++)
		sum += law->samples[i];
	return sum / (double)law->sample_count + (tail->count ? tail->share * (tail->threshold_s + tail->scale_s / (1 - tail->shape)) : 0);
}

static double empirical_quantile(const struct delay_law *law, double u)
{
	size_t i = (size_t)(u * (double)law->sample_count);

	if (law->tail.count && 1 - u < law->tail.share)
		return of_tail(&law->tail, -log((1 - u) / law->tail.share));
	return law->samples[i < law->sample_count ? i : law->sample_count - 1];
}

static int empirical_nodes(const struct delay_law *law, double mass, struct quadrature *out)
{
	double each = mass / (double)law->sample_count;
	size_t count = law->sample_count - law->tail.count;
	int rc = 0;

	for (size_t i = 0, run; !rc && i < count; i += run) { /* equal samples make one node */
		for (run = 1; i + run < count && law->samples[i + run] == law->samples[i];)
			run++;
		rc = quadrature_add(out, law->samples[i], each * (double)run);
	}
	if (!rc && law->tail.count)
		rc = delay_tail_nodes(&law->tail, mass * law->tail.share, STEP, out);
	return rc;
}

const struct delay_type delay_empirical = {"empirical", {{0}}, empirical_mean, empirical_quantile, empirical_nodes};

static double mixture_mean(const struct delay_law *law)
{
	double sum = 0;

	for (size_t i = 0; i < law->part_count; i++)
		sum += law->shares[i] * delay_mean(&law->parts[i]);
	return sum;
}

/* One uniform number chooses the part and, stretched to (0, 1) again, the delay within it. */
static double mixture_quantile(const struct delay_law *law, double u)
{
	size_t i = 0;

	while (i + 1 < law->part_count && u >= law->shares[i])
		u -= law->shares[i++];
	return delay_quantile(&law->parts[i], fmin(fmax(u / law->shares[i], 0x1p-53), 1 - 0x1p-53));
}

static int mixture_nodes(const struct delay_law *law, double mass, struct quadrature *out)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < law->part_count; i++)
		rc = law->parts[i].type->nodes(&law->parts[i], mass * law->shares[i], out);
	return rc;
}

const struct delay_type delay_mixture = {"mixture", {{0}}, mixture_mean, mixture_quantile, mixture_nodes};
