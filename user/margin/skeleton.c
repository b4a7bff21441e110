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

/* The Brownian part between two grid points, if there is a grid: what is left of its move, and of the step. */
struct step {
	double end, move, length;
};

static void next_step(struct step *step, const struct drive *drive, size_t k, double horizon, double log_drift, double variance)
{
	double begin = step->end;

	step->end = fmin(horizon, (double)(k + 1) * drive->step_s);
	step->length = step->end - begin;
	step->move = log_drift * step->length + sqrt(variance * step->length) * drive->normals[k * drive->stride];
}

/* The move over the next `length`: free, or as much of the step's as a bridge gives. */
static double move_on(struct step *step, double length, double log_drift, double variance, struct rng *rng)
{
	double move;

	if (!step->length)
		return log_drift * length + sqrt(variance * length) * rng_normal(rng);
	if (length >= step->length)
		move = step->move;
	else
		move = bridge_value(0, step->move, length / step->length, variance * step->length, rng);
	step->move -= move;
	step->length -= fmin(length, step->length);
	return move;
}

static double next_time(double time, double rate, struct rng *rng)
{
	return rate > 0 ? time + rng_exponential(rng) / rate : INFINITY;
}

/* The n-th common jump at the same quantile for every asset. */
static double common_jump(const struct process *process, const struct drive *drive, uint32_t n)
{
	struct rng rng;

	rng_open(&rng, drive->seed, drive->path, n + 1, RNG_COMMON);
	return process->type->draw_jump(process, &rng);
}

int skeleton_draw(struct skeleton *skeleton, const struct process *process, double start, double horizon,
		  const struct tilt *tilt, const struct drive *drive, struct rng *rng)
{
	double time = 0, x = start, log_drift = process->log_drift + (tilt ? tilt->extra_drift : 0), own, common = INFINITY;
	double rate = tilt ? tilt->jump_rate : process->jump_rate, common_rate = 0;
	bool grid = drive && drive->normals;
	struct step step = {.end = grid ? 0 : horizon};
	uint32_t commons = 0;
	struct rng times;

	if (drive && drive->common_rate > 0) {
		common_rate = rate * drive->common_rate / process->jump_rate;
		rng_open(&times, drive->seed, drive->path, 0, RNG_COMMON);
		common = next_time(0, common_rate, &times);
	}
	own = next_time(0, rate - common_rate, rng);
	skeleton->count = skeleton->jumps = 0;
	skeleton->diffusion = 0;
	for (size_t k = 0;;) {
		double until, move, jump = 0;

		if (grid && !step.length)
			next_step(&step, drive, k++, horizon, log_drift, process->variance);
		until = fmin(fmin(own, common), step.end);
		move = move_on(&step, until - time, log_drift, process->variance, rng);
		if (until == own)
			jump = process->type->draw_jump(process, rng);
		else if (until == common)
			jump = common_jump(process, drive, commons++);
		skeleton->jumps += until == own || until == common;
		if (until == own)
			own = next_time(until, rate - common_rate, rng);
		else if (until == common)
			common = next_time(until, common_rate, &times);
		skeleton->diffusion += move;
		x += move;
		time = until;
		if (grid && time >= step.end)
			step.length = 0;
		if (append(skeleton, time, x, time < horizon ? jump : 0))
			return -ENOMEM;
		if (time >= horizon)
			return 0;
		x += jump;
	}
}

double skeleton_log_ratio(const struct skeleton *skeleton, const struct process *process, double horizon, const struct tilt *tilt)
{
	double noise = skeleton->diffusion - process->log_drift * horizon, drift = tilt->extra_drift;
	double log_ratio = drift * (noise - 0.5 * drift * horizon) / process->variance;

	if (tilt->jump_rate > process->jump_rate)
		log_ratio += (double)skeleton->jumps * log(tilt->jump_rate / process->jump_rate) -
			     (tilt->jump_rate - process->jump_rate) * horizon;
	return log_ratio;
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
