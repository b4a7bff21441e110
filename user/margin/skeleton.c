// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/skeleton.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static int append(struct skeleton *skeleton, double time, double before, double jump)
{
	if (skeleton->count == skeleton->capacity) {
		size_t capacity = skeleton->capacity ? 2 * skeleton->capacity : 16;
		struct skeleton_point *points = realloc(skeleton->points, capacity * sizeof(*points));

		if (!points)
			return -ENOMEM;
		skeleton->points = points;
		skeleton->capacity = capacity;
	}
	skeleton->points[skeleton->count++] = (struct skeleton_point){time, before, before + jump};
	return 0;
}

int skeleton_draw(struct skeleton *skeleton, const struct process *process, double start, double horizon,
		  const struct tilt *tilt, struct rng *rng)
{
	double time = 0, x = start, jump_rate = tilt ? tilt->jump_rate : process->jump_rate;
	double log_drift = process->log_drift + (tilt ? tilt->extra_drift : 0);

	skeleton->count = skeleton->jumps = 0;
	skeleton->diffusion = 0;
	for (;;) {
		double wait = jump_rate > 0 ? rng_exponential(rng) / jump_rate : INFINITY;
		bool jumps = wait < horizon - time;
		double length = jumps ? wait : horizon - time, move, jump;

		move = log_drift * length + sqrt(process->variance * length) * rng_normal(rng);
		jump = jumps ? process->type->draw_jump(process, rng) : 0;
		skeleton->diffusion += move;
		x += move;
		time = jumps ? time + length : horizon;
		if (append(skeleton, time, x, jump))
			return -ENOMEM;
		if (!jumps)
			return 0;
		x += jump;
		skeleton->jumps++;
	}
}

void skeleton_free(struct skeleton *skeleton)
{
	free(skeleton->points);
	*skeleton = (struct skeleton){0};
}

double bridge_minimum(double a, double b, double variance, double u)
{
	return 0.5 * (a + b - sqrt((a - b) * (a - b) - 2 * variance * log(u)));
}

double bridge_crossing_probability(double a, double b, double level, double variance)
{
	if (b <= level)
		return 1;
	return variance > 0 ? exp(-2 * (a - level) * (b - level) / variance) : 0;
}

double bridge_crossing_share(double a, double b, double level, double variance, struct rng *rng)
{
	double normal = rng_normal(rng), choice = rng_uniform(rng), square = normal * normal;
	double fall = a - level, rest = fabs(b - level), shape = fall * fall / variance, u;

	if (rest <= 0) { /* mean infinite: the Lévy law */
		u = shape / square;
	} else {
		double mean = fall / rest, ratio = mean * square / shape;
		double small = mean / (1 + 0.5 * ratio + sqrt(ratio + 0.25 * ratio * ratio));

		u = choice * (mean + small) <= mean ? small : mean * (mean / small);
	}
	return isfinite(u) ? u / (1 + u) : 1;
}

double bridge_value(double a, double b, double share, double variance, struct rng *rng)
{
	return a + (b - a) * share + sqrt(variance * share * (1 - share)) * rng_normal(rng);
}
