// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A recorded price, replayed as it is: between two rows it stays where it was, at a row it jumps. `start` seconds into the
 * tape is time 0 of the path; after the last row nothing moves any more.
 */
#include "margin/process.h"

#include <errno.h>
#include <math.h>

enum { START };

static size_t first_row(const struct process *process)
{
	const struct series *series = &process->series;
	size_t row = 0;

	while (row + 1 < series->count && series->time_s[row + 1] - series->time_s[0] <= process->parameter[START])
		row++;
	return row;
}

static int prepare(struct process *process, struct error *err)
{
	const struct series *series = &process->series;
	double length = series->time_s[series->count - 1] - series->time_s[0];

	if (process->parameter[START] >= length)
		return error_set(err, -EINVAL, "start is %g s, the tape is %g s long", process->parameter[START], length);
	return 0;
}

static void start(const struct process *process, struct process_state *state, struct rng *rng)
{
	(void)rng;
	*state = (struct process_state){.row = first_row(process)};
}

static void next(const struct process *process, struct process_state *state, double normal, struct rng *rng,
		 struct stretch *out)
{
	const struct series *series = &process->series;
	size_t row = state->row;
	double begins = fmax(series->time_s[row] - series->time_s[0], process->parameter[START]);

	(void)normal;
	(void)rng;
	if (row + 1 == series->count) {
		*out = (struct stretch){.length_s = INFINITY};
		return;
	}
	*out = (struct stretch){.length_s = series->time_s[row + 1] - series->time_s[0] - begins,
				.jump = series->log_price[row + 1] - series->log_price[row]};
	state->row++;
}

double tape_length(const struct process *process)
{
	return process->series.time_s[process->series.count - 1] - process->series.time_s[0] - process->parameter[START];
}

double tape_price(const struct process *process)
{
	return exp(process->series.log_price[first_row(process)]);
}

const struct process_type process_tape = {
	.name = "tape",
	.parameters = {{"start", 0, 1e9, PARAMETER_DURATION | PARAMETER_OPTIONAL}},
	.needs_series = true,
	.prepare = prepare,
	.start = start,
	.next = next,
};
