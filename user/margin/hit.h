/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * First passage of ln S below a level, in closed form: what makes the expected bad debt of a book a sum without paths.
 * gbm: the reflection principle with drift. kou: by the memorylessness of the jumps a level is either touched by the
 * diffusion, or jumped over by an exponential of the same rate; both probabilities have Laplace transforms in the four
 * roots of ψ(β) = α (Kou and Wang 2003), inverted by the Euler algorithm (Abate and Whitt 1995).
 */
#ifndef PL_MARGIN_HIT_H
#define PL_MARGIN_HIT_H

#include <stdbool.h>

#include "margin/process.h"

struct hit {
	double touched; /* probability that the level is reached by the diffusion, within the time */
	double jumped;	/* that it is jumped over; by how much (ln) is then exponential with rate eta_down */
};

/* Rounding and inversion, absolute. */
#define HIT_ERROR_GBM 1e-15
#define HIT_ERROR_KOU 1e-9

/* Whether the process has a first passage in closed form. */
bool hit_known(const struct process *process);

/* `distance`: ln(level/price) <= 0; within `seconds` >= 0. */
struct hit hit_probability(const struct process *process, double distance, double seconds);

/*
 * The level that, watched all the time, is hit as often as one that is looked at every `step_s` seconds: lower by
 * 0.5826 σ √Δt (Broadie, Glasserman and Kou 1997, -ζ(1/2)/√(2π)), which is also how far the price is below it on average.
 */
double hit_monitoring_shift(const struct process *process, double step_s);

#endif
