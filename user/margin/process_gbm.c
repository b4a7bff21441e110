// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Geometric Brownian motion: d ln S = (drift - volatility²/2) dt + volatility dW. */
#include "margin/process.h"

#include <math.h>

#include "margin/lognormal.h"

enum { VOLATILITY, DRIFT };

static int prepare(struct process *process, struct error *err)
{
	(void)err;
	process->variance = process->parameter[VOLATILITY] * process->parameter[VOLATILITY] / SECONDS_PER_YEAR;
	process->total_drift = process->parameter[DRIFT] / SECONDS_PER_YEAR;
	process->log_drift = process->total_drift - 0.5 * process->variance;
	process->jump_rate = process->jump_mean = process->jump_variance = 0;
	process->jump_reach = 0;
	return 0;
}

static double density(const struct process *process, double x, double t)
{
	double sd = sqrt(process->variance * t);

	return normal_density((x - process->log_drift * t) / sd) / sd;
}

static double put(const struct process *process, double log_strike, double t)
{
	return lognormal_put(log_strike, process->total_drift * t, sqrt(process->variance * t));
}

static double put_by_time(const struct process *process, double log_strike, double t)
{
	double sd = sqrt(process->variance * t), by_sd, by_forward;

	lognormal_put_gradient(log_strike, process->total_drift * t, sd, &by_sd, &by_forward);
	return (sd > 0 ? by_sd * 0.5 * process->variance / sd : 0) + by_forward * process->total_drift;
}

const struct process_type process_gbm = {
	.name = "gbm",
	.parameters = {{"volatility", 1e-6, 1000, 0}, {"drift", -1000, 1000, PARAMETER_OPTIONAL}},
	.prepare = prepare,
	.density = density,
	.put = put,
	.put_by_time = put_by_time,
};
