// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * GARCH(1,1) (Bollerslev 1986) over bars: the return of a bar is drift - h/2 + √h z, and the next variance
 * h' = ω + α (√h z)² + β h with ω = (1 - α - β)·(long-run variance of a bar), where a path begins. Inside a bar the price
 * is a Brownian bridge of variance h.
 */
#include "margin/process.h"

#include <errno.h>
#include <math.h>

enum { VOLATILITY, DRIFT, ALPHA, BETA, BAR };

static int prepare(struct process *process, struct error *err)
{
	const double *p = process->parameter;

	if (!(p[ALPHA] + p[BETA] < 1))
		return error_set(err, -EINVAL, "alpha + beta is %g; it should be below 1, or there is no long-run volatility",
				 p[ALPHA] + p[BETA]);
	process->bar_s = p[BAR];
	process->variance = p[VOLATILITY] * p[VOLATILITY] / SECONDS_PER_YEAR; /* long-run */
	process->total_drift = p[DRIFT] / SECONDS_PER_YEAR;
	process->log_drift = process->total_drift - 0.5 * process->variance;
	return 0;
}

static void start(const struct process *process, struct process_state *state, struct rng *rng)
{
	(void)rng;
	*state = (struct process_state){.variance = process->variance * process->bar_s};
}

static void next(const struct process *process, struct process_state *state, double normal, struct rng *rng,
		 struct stretch *out)
{
	const double *p = process->parameter;
	double h = state->variance, shock = sqrt(h) * normal;

	(void)rng;
	*out = (struct stretch){process->bar_s, process->total_drift * process->bar_s - 0.5 * h + shock, h, 0};
	state->variance = (1 - p[ALPHA] - p[BETA]) * process->variance * process->bar_s + p[ALPHA] * shock * shock + p[BETA] * h;
}

const struct process_type process_garch = {
	.name = "garch",
	.parameters = {{"volatility", 1e-6, 1000, 0}, {"drift", -1000, 1000, PARAMETER_OPTIONAL},
		       {"alpha", 0, 1, 0}, {"beta", 0, 1, 0}, {"bar", 0.001, 86400, PARAMETER_DURATION}},
	.prepare = prepare,
	.start = start,
	.next = next,
};
