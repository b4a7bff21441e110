// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Stationary block bootstrap of a price series (Politis and Romano 1994): blocks of consecutive moves whose lengths are
 * geometric with mean `block`. What follows a trigger is not what follows any minute: so when accounts are triggered, the
 * next block begins after an event of the past that would have triggered some, a new low over `lookback`; one that was twice as far
 * below the last one would have triggered twice as many, and is taken twice as often.
 *
 * Between two rows the price is a Brownian bridge whose variance is that of the moves around them.
 */
#include "margin/process.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum { BLOCK, LOOKBACK };

#define AROUND 15 /* rows to each side whose squared moves make the variance of one */

static int local_variances(struct process *process)
{
	const struct series *series = &process->series;
	size_t moves = series->count - 1;

	process->row_variance = calloc(moves, sizeof(double));
	if (!process->row_variance)
		return -ENOMEM;
	for (size_t i = 0; i < moves; i++) {
		size_t first = i < AROUND ? 0 : i - AROUND, last = i + AROUND < moves ? i + AROUND : moves - 1;
		double squares = 0;

		for (size_t j = first; j <= last; j++)
			squares += pow(series->log_price[j + 1] - series->log_price[j], 2);
		process->row_variance[i] = squares / (series->time_s[last + 1] - series->time_s[first]) *
					   (series->time_s[i + 1] - series->time_s[i]);
	}
	return 0;
}

/* Rows at which the price is below all of the `lookback` before, and by how much. A deque of rows with rising prices holds its minimum. */
static int find_restarts(struct process *process)
{
	const struct series *series = &process->series;
	size_t *queue = calloc(series->count, sizeof(*queue)), head = 0, tail = 0;
	double depth = 0;

	process->restarts = calloc(series->count, sizeof(*process->restarts));
	process->restart_depths = calloc(series->count, sizeof(*process->restart_depths));
	if (!queue || !process->restarts || !process->restart_depths) {
		free(queue);
		return -ENOMEM;
	}
	for (size_t i = 0; i + 1 < series->count; i++) {
		while (head < tail && series->time_s[queue[head]] < series->time_s[i] - process->parameter[LOOKBACK])
			head++;
		if (series->time_s[i] - series->time_s[0] >= process->parameter[LOOKBACK] && head < tail &&
		    series->log_price[i] < series->log_price[queue[head]]) {
			depth += series->log_price[queue[head]] - series->log_price[i];
			process->restart_depths[process->restart_count] = depth;
			process->restarts[process->restart_count++] = i;
		}
		while (head < tail && series->log_price[queue[tail - 1]] >= series->log_price[i])
			tail--;
		queue[tail++] = i;
	}
	free(queue);
	return 0;
}

static int prepare(struct process *process, struct error *err)
{
	process->restart_count = 0;
	if (local_variances(process) || (process->parameter[LOOKBACK] > 0 && find_restarts(process)))
		return error_set(err, -ENOMEM, "out of memory");
	if (process->parameter[LOOKBACK] > 0 && !process->restart_count)
		return error_set(err, -EINVAL, "the series has no new low over lookback (%g s): shorten it, or give 0 to go on as if "
					       "nothing had been triggered", process->parameter[LOOKBACK]);
	return 0;
}

static size_t pick(struct rng *rng, size_t count)
{
	size_t i = (size_t)(rng_uniform(rng) * (double)count);

	return i < count ? i : count - 1;
}

/* A low of the past, as often as it is deep. */
static size_t pick_restart(const struct process *process, struct rng *rng)
{
	double place = rng_uniform(rng) * process->restart_depths[process->restart_count - 1];
	size_t first = 0, last = process->restart_count - 1;

	while (first < last) {
		size_t middle = (first + last) / 2;

		if (process->restart_depths[middle] < place)
			first = middle + 1;
		else
			last = middle;
	}
	return process->restarts[first];
}

/* Rows in a block: geometric, with the mean that `block` is in rows. */
static size_t block_length(const struct process *process, struct rng *rng)
{
	const struct series *series = &process->series;
	double row_s = (series->time_s[series->count - 1] - series->time_s[0]) / (double)(series->count - 1);
	double rows = process->parameter[BLOCK] / row_s;

	return rows > 1 ? 1 + (size_t)fmin(1e9, log(rng_uniform(rng)) / log1p(-1 / rows)) : 1;
}

static void start(const struct process *process, struct process_state *state, struct rng *rng)
{
	(void)process;
	(void)rng;
	*state = (struct process_state){.left = 0};
}

static void next(const struct process *process, struct process_state *state, double normal, struct rng *rng,
		 struct stretch *out)
{
	const struct series *series = &process->series;
	size_t moves = series->count - 1, row;

	(void)normal;
	if (state->triggered && process->restart_count) {
		state->row = pick_restart(process, rng);
		state->left = block_length(process, rng);
	} else if (!state->left) {
		state->row = pick(rng, moves);
		state->left = block_length(process, rng);
	}
	state->triggered = false;
	row = state->row % moves; /* a block goes on at the beginning of the series when it meets the end */
	*out = (struct stretch){series->time_s[row + 1] - series->time_s[row],
				series->log_price[row + 1] - series->log_price[row], process->row_variance[row], 0};
	state->row++;
	state->left--;
}

const struct process_type process_bootstrap = {
	.name = "bootstrap",
	.parameters = {{"block", 0, 1e9, PARAMETER_DURATION}, {"lookback", 0, 1e9, PARAMETER_DURATION | PARAMETER_OPTIONAL}},
	.needs_series = true,
	.prepare = prepare,
	.start = start,
	.next = next,
};
