/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Price processes, one row in process_types per law, one small file each. Two kinds:
 *
 * Lévy processes (gbm, merton, kou): a diffusion with jumps at Poisson times. The path simulation needs volatility,
 * log-drift, jump rate and a draw of a jump; the conditional values need E[(k - S_t/S_0)+] and its derivative by t.
 *
 * Processes with a memory (garch, bootstrap, tape): one stretch of the path after another from a state. What they are
 * worth after a trigger depends on how they got there, so losses under them are sampled.
 *
 * Rates are per second inside; parameters are per year of 365 days.
 */
#ifndef PL_MARGIN_PROCESS_H
#define PL_MARGIN_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "margin/rng.h"

#define SECONDS_PER_YEAR (365.0 * 86400.0)
#define PROCESS_PARAMETERS_MAX 8

struct process;

struct process_parameter {
	const char *name; /* the key in model.yaml */
	double low, high; /* allowed values, both included */
	unsigned flags;
};
#define PARAMETER_DURATION 1u /* seconds here, written with a unit there */
#define PARAMETER_OPTIONAL 2u /* 0 where it is left out */

/* Prices of the past: at least two rows, times ascending. */
struct series {
	double *time_s, *log_price;
	size_t count;
};

/* ln S moves by `move` over `length_s` seconds as a Brownian bridge of total variance `variance`, and then jumps by `jump`. */
struct stretch {
	double length_s, move, variance, jump; /* length_s INFINITY: nothing moves any more (a tape has ended) */
};

/* Where a path with a memory stands. */
struct process_state {
	double variance; /* garch: of the bar to come */
	size_t row;	 /* bootstrap and tape: of the series, the next move starts here */
	size_t left;	 /* bootstrap: rows of this block still to come */
	bool triggered;	 /* set by whoever walks the path: accounts were triggered in the last stretch */
};

struct process_type {
	const char *name;
	struct process_parameter parameters[PROCESS_PARAMETERS_MAX]; /* ends at the first without a name */
	bool needs_series;
	/* Fills the per-second members from the parameters. 0, -EINVAL with the text, or -ENOMEM. */
	int (*prepare)(struct process *process, struct error *err);
	/* With a memory (NULL for Lévy): the state at time 0, and the next stretch. `normal` is N(0, 1) and what correlates assets. */
	void (*start)(const struct process *process, struct process_state *state, struct rng *rng);
	void (*next)(const struct process *process, struct process_state *state, double normal, struct rng *rng,
		     struct stretch *out);
	/* Lévy (put NULL otherwise). */
	double (*draw_jump)(const struct process *process, struct rng *rng); /* size of one jump of ln S; NULL: no jumps */
	double (*density)(const struct process *process, double x, double t); /* of ln(S_t/S_0) at x, t > 0: what fits are made of */
	/* E[(e^log_strike - S_t/S_0)+], t in seconds, t >= 0 */
	double (*put)(const struct process *process, double log_strike, double t);
	double (*put_by_time)(const struct process *process, double log_strike, double t); /* its derivative by t, per second */
	/* The same if the path begins below S_0 by what a jump over a level overshoots it (hit.h); NULL: no jumps, or no such law. */
	double (*put_overshot)(const struct process *process, double log_strike, double t);
	double (*put_overshot_by_time)(const struct process *process, double log_strike, double t);
};

struct process {
	const struct process_type *type;
	double parameter[PROCESS_PARAMETERS_MAX]; /* in the order of type->parameters */
	struct series series; /* owned */
	/* filled by prepare() */
	double variance;	/* of the diffusion of ln S, per second */
	double log_drift;	/* of ln S between jumps, per second */
	double total_drift;	/* E[S_t] = S_0 e^{total_drift t}, per second */
	double jump_rate;	/* per second */
	double jump_mean, jump_variance; /* of one jump of ln S */
	double jump_reach;	/* a fall of ln S by one jump that is hardly ever exceeded: the range of tables, >= 0 */
	double bar_s;		/* garch: length of a bar */
	size_t *restarts;	/* bootstrap, owned: rows after a trigger-like event of the past */
	double *restart_depths; /* owned: of ln S below the low before, of all of them up to each */
	size_t restart_count;
	double *row_variance;	/* bootstrap, owned: of the move that starts at a row */
};

extern const struct process_type *const process_types[]; /* NULL at the end */
extern const struct process_type process_gbm, process_merton, process_kou, process_garch, process_bootstrap,
	process_tape;

/* NULL if no process has that name. */
const struct process_type *process_find(const char *name);

/* Checks the parameters against their ranges and fills the rest; the error names the parameter. */
int process_prepare(struct process *process, struct error *err);
void process_free(struct process *process);

/* Of a tape: seconds from its start to its last row, and its price at the start. */
double tape_length(const struct process *process);
double tape_price(const struct process *process);

static inline bool process_is_levy(const struct process *process)
{
	return process->type->put;
}

#endif
