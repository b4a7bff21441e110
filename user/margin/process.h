/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Price processes: a diffusion with jumps at Poisson times (Lévy). One row in process_types per law, one small file each.
 * The path simulation needs volatility, log-drift, jump rate and a draw of a jump; the conditional values need
 * E[(k - S_t/S_0)+] and its derivative by t. Rates are per second inside; parameters are per year of 365 days.
 */
#ifndef PL_MARGIN_PROCESS_H
#define PL_MARGIN_PROCESS_H

#include <stddef.h>

#include "base/error.h"
#include "margin/rng.h"

#define SECONDS_PER_YEAR (365.0 * 86400.0)
#define PROCESS_PARAMETERS_MAX 8

struct process;

struct process_parameter {
	const char *name; /* the key in model.yaml */
	double low, high; /* allowed values, both included */
};

struct process_type {
	const char *name;
	struct process_parameter parameters[PROCESS_PARAMETERS_MAX]; /* ends at the first without a name */
	void (*prepare)(struct process *process); /* fills the per-second members from the parameters */
	double (*draw_jump)(const struct process *process, struct rng *rng); /* size of one jump of ln S; NULL: no jumps */
	/* E[(e^log_strike - S_t/S_0)+], t in seconds, t >= 0 */
	double (*put)(const struct process *process, double log_strike, double t);
	double (*put_by_time)(const struct process *process, double log_strike, double t); /* its derivative by t, per second */
};

struct process {
	const struct process_type *type;
	double parameter[PROCESS_PARAMETERS_MAX]; /* in the order of type->parameters */
	/* filled by prepare() */
	double variance;	/* of the diffusion of ln S, per second */
	double log_drift;	/* of ln S between jumps, per second */
	double total_drift;	/* E[S_t] = S_0 e^{total_drift t}, per second */
	double jump_rate;	/* per second */
	double jump_mean, jump_variance; /* of one jump of ln S */
	double jump_reach;	/* a fall of ln S by one jump that is hardly ever exceeded: the range of tables, >= 0 */
};

extern const struct process_type *const process_types[]; /* NULL at the end */
extern const struct process_type process_gbm, process_merton, process_kou;

/* NULL if no process has that name. */
const struct process_type *process_find(const char *name);

/* Checks the parameters against their ranges and fills the rest; the error names the parameter. */
int process_prepare(struct process *process, struct error *err);

#endif
