// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/hit.h"

#include <complex.h>
#include <math.h>

#include "margin/lognormal.h"

enum { VOLATILITY, DRIFT, JUMPS_PER_YEAR, UP_PROBABILITY, ETA_UP, ETA_DOWN }; /* parameters of kou */

/* Euler algorithm: the series is cut after TERMS and the last AVERAGED partial sums are averaged binomially. */
#define TERMS 30
#define AVERAGED 14
#define DISCRETISATION 25.0 /* e^-25 of error; the rounding grows with e^(25/2) */
#define ROOT_ITERATIONS 60

static double hit_gbm(const struct process *process, double b, double seconds)
{
	double sd = sqrt(process->variance * seconds), move = process->log_drift * seconds;

	return fmin(1, normal_cdf((b - move) / sd) +
			       exp(2 * process->log_drift * b / process->variance + log(normal_cdf((b + move) / sd))));
}

/* ψ(β) = α times (η₁ - β)(η₂ + β), in a time unit in which the horizon is 1; coefficients from the constant up. */
static void quartic(const struct process *process, double seconds, double complex alpha, double complex c[5])
{
	const double *p = process->parameter;
	double mu = process->log_drift * seconds, half = 0.5 * process->variance * seconds, rate = process->jump_rate * seconds;
	double up = p[ETA_UP], down = p[ETA_DOWN], ups = p[UP_PROBABILITY];
	double complex lost = rate + alpha;
	double product = up * down, difference = up - down; /* (η₁ - β)(η₂ + β) = product + difference β - β² */

	c[0] = -lost * product + rate * product;
	c[1] = mu * product - lost * difference + rate * (ups * up - (1 - ups) * down);
	c[2] = half * product + mu * difference + lost;
	c[3] = half * difference - mu;
	c[4] = -half;
}

/* All four roots at once (Durand and Kerner), from the last ones. */
static void roots(const double complex c[5], double complex z[4])
{
	for (int iteration = 0; iteration < ROOT_ITERATIONS; iteration++) {
		double change = 0;

		for (int i = 0; i < 4; i++) {
			double complex value = c[4], others = c[4], step;

			for (int k = 3; k >= 0; k--)
				value = value * z[i] + c[k];
			for (int j = 0; j < 4; j++)
				others *= j == i ? 1 : z[i] - z[j];
			step = value / others;
			z[i] -= step;
			change = fmax(change, cabs(step) / cabs(z[i]));
		}
		if (change < 1e-15)
			return;
	}
}

/* Starts apart and of the roots' size: a diffusion's own two, and the jumps' two. */
static void guess(const struct process *process, double seconds, double complex alpha, double complex z[4])
{
	double complex size = csqrt(2 * alpha / (process->variance * seconds));

	z[0] = size * (1 + 0.01 * I) + process->parameter[ETA_UP];
	z[1] = 0.7 * process->parameter[ETA_UP] + 0.1 * I;
	z[2] = -0.7 * process->parameter[ETA_DOWN] - 0.1 * I;
	z[3] = -size * (1 - 0.02 * I) - process->parameter[ETA_DOWN];
}

/* Laplace transforms by time of the probabilities to have touched, or jumped over, the level b < 0. */
static void transform(const struct process *process, double b, double seconds, double complex alpha, double complex z[4],
		      double complex *touched, double complex *jumped)
{
	double eta = process->parameter[ETA_DOWN];
	double complex c[5], near, far, decay_near, decay_far;
	int left[4], count = 0;

	quartic(process, seconds, alpha, c);
	roots(c, z);
	for (int i = 0; i < 4; i++) /* the two to the left, by size */
		if (creal(z[i]) < 0 && count < 2)
			left[count++] = i;
	if (count < 2) {
		*touched = *jumped = NAN;
		return;
	}
	near = -z[left[0]];
	far = -z[left[1]];
	if (cabs(near) > cabs(far)) {
		near = -z[left[1]];
		far = -z[left[0]];
	}
	decay_near = cexp(b * near);
	decay_far = cexp(b * far);
	*touched = ((eta - near) * decay_near + (far - eta) * decay_far) / (far - near) / alpha;
	*jumped = (eta - near) * (far - eta) / (eta * (far - near)) * (decay_near - decay_far) / alpha;
}

static struct hit hit_kou(const struct process *process, double b, double seconds)
{
	double complex z[4], touched, jumped;
	double sum[2] = {0}, average[2] = {0}, binomial = 1, scale = exp(0.5 * DISCRETISATION);

	guess(process, seconds, 0.5 * DISCRETISATION, z);
	for (int k = 0; k <= TERMS + AVERAGED; k++) {
		double sign = k % 2 ? -1 : 1, half = k ? 1 : 0.5;

		transform(process, b, seconds, 0.5 * (DISCRETISATION + 2 * M_PI * k * I), z, &touched, &jumped);
		sum[0] += sign * half * scale * creal(touched);
		sum[1] += sign * half * scale * creal(jumped);
		if (k >= TERMS) {
			average[0] += ldexp(binomial, -AVERAGED) * sum[0];
			average[1] += ldexp(binomial, -AVERAGED) * sum[1];
			binomial *= (double)(AVERAGED - (k - TERMS)) / (k - TERMS + 1);
		}
	}
	return (struct hit){fmin(1, fmax(0, average[0])), fmin(1, fmax(0, average[1]))};
}

bool hit_known(const struct process *process)
{
	return process->type == &process_gbm || (process_is_levy(process) && process->jump_rate == 0) ||
	       process->type == &process_kou;
}

struct hit hit_probability(const struct process *process, double distance, double seconds)
{
	if (distance >= 0)
		return (struct hit){1, 0};
	if (!(seconds > 0))
		return (struct hit){0, 0};
	if (process->jump_rate == 0)
		return (struct hit){hit_gbm(process, distance, seconds), 0};
	return hit_kou(process, distance, seconds);
}

double hit_monitoring_shift(const struct process *process, double step_s)
{
	return 0.5825971579390107 * sqrt(process->variance * step_s);
}
