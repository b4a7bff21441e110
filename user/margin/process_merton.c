// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Merton (1976): a diffusion with lognormal jumps. `drift` is the total drift: E[S_t] = S_0 e^{drift t}; the diffusion
 * carries drift - rate·kappa, kappa = E[e^jump] - 1. Given n jumps by t the price is lognormal, so a put is a Poisson
 * mixture of lognormal puts, and its derivative by t is that of the weights and of the puts.
 */
#include "margin/process.h"

#include <math.h>

#include "margin/lognormal.h"

enum { VOLATILITY, DRIFT, JUMPS_PER_YEAR, JUMP_MEAN, JUMP_SD };

static int prepare(struct process *process, struct error *err)
{
	const double *p = process->parameter;
	double kappa = expm1(p[JUMP_MEAN] + 0.5 * p[JUMP_SD] * p[JUMP_SD]);

	(void)err;
	process->variance = p[VOLATILITY] * p[VOLATILITY] / SECONDS_PER_YEAR;
	process->total_drift = p[DRIFT] / SECONDS_PER_YEAR;
	process->jump_rate = p[JUMPS_PER_YEAR] / SECONDS_PER_YEAR;
	process->log_drift = process->total_drift - process->jump_rate * kappa - 0.5 * process->variance;
	process->jump_mean = p[JUMP_MEAN];
	process->jump_variance = p[JUMP_SD] * p[JUMP_SD];
	process->jump_reach = fmax(0, -p[JUMP_MEAN]) + 6 * p[JUMP_SD];
	return 0;
}

static double draw_jump(const struct process *process, struct rng *rng)
{
	return process->parameter[JUMP_MEAN] + process->parameter[JUMP_SD] * rng_normal(rng);
}

/* The lognormal law of S_t/S_0 given n jumps. */
static double log_forward(const struct process *process, double t, double n)
{
	const double *p = process->parameter;

	return (process->log_drift + 0.5 * process->variance) * t + n * (p[JUMP_MEAN] + 0.5 * p[JUMP_SD] * p[JUMP_SD]);
}

static double log_sd(const struct process *process, double t, double n)
{
	return sqrt(process->variance * t + n * process->parameter[JUMP_SD] * process->parameter[JUMP_SD]);
}

/* First count that matters: below it all Poisson weights together are under 1e-31. */
static double first_count(double mean)
{
	return mean < 200 ? 0 : floor(mean - 12 * sqrt(mean));
}

/* Beyond this many expected jumps their sum is taken as normal (central limit), with its exact mean and variance. */
#define MANY_JUMPS 2000

static double many_jumps_sd(const struct process *process, double t)
{
	double mean = process->jump_mean;

	return sqrt((process->variance + process->jump_rate * (mean * mean + process->jump_variance)) * t);
}

static double poisson_weight(double mean, double n)
{
	return mean > 0 ? exp(n * log(mean) - mean - lgamma(n + 1)) : n == 0;
}

/* Past the mode the weights fall faster than geometrically with ratio mean/(n + 1): what is left of the series is below weight/(1 - ratio). */
static int series_ends(double mean, double n, double weight, double bound, double sum)
{
	double ratio = mean / (n + 1);

	return ratio < 0.9 && weight * ratio / (1 - ratio) * bound <= 1e-17 * fabs(sum) + 1e-305;
}

static double density(const struct process *process, double x, double t)
{
	double mean = process->jump_rate * t, n = first_count(mean), weight = poisson_weight(mean, n), sum = 0;

	if (mean > MANY_JUMPS) {
		double sd = many_jumps_sd(process, t);

		return normal_density((x - (process->total_drift * t - 0.5 * sd * sd)) / sd) / sd;
	}
	for (;; n++, weight *= mean / n) {
		double sd = log_sd(process, t, n), move = process->log_drift * t + n * process->jump_mean;

		sum += weight * normal_density((x - move) / sd) / sd;
		if (n > mean && weight <= 1e-16 * sum + 1e-300)
			return sum;
	}
}

static double put(const struct process *process, double log_strike, double t)
{
	double mean = process->jump_rate * t, n = first_count(mean), weight = poisson_weight(mean, n), sum = 0;

	if (mean > MANY_JUMPS)
		return lognormal_put(log_strike, process->total_drift * t, many_jumps_sd(process, t));
	for (;; n++, weight *= mean / n) {
		if (weight > 0)
			sum += weight * lognormal_put(log_strike, log_forward(process, t, n), log_sd(process, t, n));
		if (series_ends(mean, n, weight, exp(log_strike), sum))
			return sum;
	}
}

static double put_by_time(const struct process *process, double log_strike, double t)
{
	double mean = process->jump_rate * t, n = first_count(mean), weight = poisson_weight(mean, n), sum = 0;
	double forward_by_time = process->log_drift + 0.5 * process->variance;
	double here = lognormal_put(log_strike, log_forward(process, t, n), log_sd(process, t, n)), next;

	if (mean > MANY_JUMPS) {
		double sd = many_jumps_sd(process, t), by_sd, by_forward;

		lognormal_put_gradient(log_strike, process->total_drift * t, sd, &by_sd, &by_forward);
		return by_sd * 0.5 * sd / t + by_forward * process->total_drift;
	}
	for (;; n++, weight *= mean / n, here = next) {
		double sd = log_sd(process, t, n), by_sd, by_forward;

		next = lognormal_put(log_strike, log_forward(process, t, n + 1), log_sd(process, t, n + 1));
		lognormal_put_gradient(log_strike, log_forward(process, t, n), sd, &by_sd, &by_forward);
		sum += weight * (process->jump_rate * (next - here) + by_forward * forward_by_time +
				 (sd > 0 ? by_sd * 0.5 * process->variance / sd : 0));
		if (n > mean && series_ends(mean, n, weight, exp(log_strike) * (process->jump_rate + process->variance), sum))
			return sum;
	}
}

const struct process_type process_merton = {
	.name = "merton",
	.parameters = {{"volatility", 1e-6, 1000, 0}, {"drift", -1000, 1000, PARAMETER_OPTIONAL},
		       {"jumps_per_year", 0, 1e7, 0}, {"jump_mean", -10, 10, 0}, {"jump_sd", 0, 10, 0}},
	.prepare = prepare,
	.draw_jump = draw_jump,
	.density = density,
	.put = put,
	.put_by_time = put_by_time,
};
