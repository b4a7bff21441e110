/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One path of ln S over the horizon, known only where it must be: before and after each jump, and at the end. Between
 * two points it is a Brownian bridge, whose minimum, crossing time and intermediate values are drawn exactly; so a
 * crossing is neither missed nor late, whatever the distance of the points.
 */
#ifndef PL_MARGIN_SKELETON_H
#define PL_MARGIN_SKELETON_H

#include <stdbool.h>
#include <stddef.h>

#include "margin/process.h"
#include "margin/rng.h"

/* A change of law towards what is rare. */
struct tilt {
	double extra_drift; /* added to the log-drift, per second, <= 0 */
	double jump_rate;   /* in place of the process's, per second */
};

struct skeleton_point {
	double time;	      /* s from the start */
	double before, after; /* ln S; equal at the horizon */
};

struct skeleton {
	struct skeleton_point *points; /* ascending; the last one at the horizon */
	size_t count, capacity;
	size_t jumps;
	double diffusion; /* sum of the Brownian parts, drift included: what a change of drift is weighted by */
};

/* What an asset shares with others (dependence.h). */
struct drive {
	const double *normals; /* its shock of step k at normals[k · stride]; NULL: none, and no grid */
	size_t stride;
	double step_s;
	double common_rate; /* of the jumps that are not its own alone, per second; the tilt multiplies both kinds */
	uint64_t seed, path;
};

/* Draws a path of a Lévy process from ln S = start. `tilt` NULL: as the process has it; `drive` NULL: alone. 0 or -ENOMEM. */
int skeleton_draw(struct skeleton *skeleton, const struct process *process, double start, double horizon,
		  const struct tilt *tilt, const struct drive *drive, struct rng *rng);

/* ln q/p of a path, p its density as the process has it and q under the tilt: of the Brownian part and of the number of jumps. */
double skeleton_log_ratio(const struct skeleton *skeleton, const struct process *process, double horizon, const struct tilt *tilt);
void skeleton_free(struct skeleton *skeleton);

/* Minimum of a bridge from a to b with variance `variance` over the interval: (a + b - √((a - b)² - 2 v ln u))/2. */
double bridge_minimum(double a, double b, double variance, double u);

/* Probability that a bridge from a > level to b touches level: exp(-2 (a - level)(b - level)/variance), 1 if b <= level. */
double bridge_crossing_probability(double a, double b, double level, double variance);

/*
 * The share of the interval at which a bridge from a > level to b first touches level, given that it does: u/(1 + u) with
 * u inverse Gaussian of mean (a - level)/|b - level| and shape (a - level)²/variance. (The density of the first passage
 * of a bridge, written in u = t/(1 - t), is that of the inverse Gaussian; drawn after Michael, Schucany and Haas 1976.)
 */
double bridge_crossing_share(double a, double b, double level, double variance, struct rng *rng);

/* Value of a bridge from a to b at `share` of an interval with variance `variance`. */
double bridge_value(double a, double b, double share, double variance, struct rng *rng);

#endif
