// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/process.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct process_type *const process_types[] = {&process_gbm, &process_merton, &process_kou, &process_garch,
							&process_bootstrap, &process_tape, NULL};

const struct process_type *process_find(const char *name)
{
	for (size_t i = 0; process_types[i]; i++)
		if (!strcmp(process_types[i]->name, name))
			return process_types[i];
	return NULL;
}

static int check_series(const struct series *series, struct error *err)
{
	if (series->count < 2)
		return error_set(err, -EINVAL, "%zu prices in the series; at least two are needed", series->count);
	for (size_t i = 0; i < series->count; i++) {
		if (!isfinite(series->log_price[i]))
			return error_set(err, -EINVAL, "price %zu of the series is not above 0", i + 1);
		if (i && !(series->time_s[i] > series->time_s[i - 1]))
			return error_set(err, -EINVAL, "time %zu of the series, %.10g s, is not after the one before", i + 1,
					 series->time_s[i]);
	}
	return 0;
}

int process_prepare(struct process *process, struct error *err)
{
	for (size_t i = 0; i < PROCESS_PARAMETERS_MAX && process->type->parameters[i].name; i++) {
		const struct process_parameter *parameter = &process->type->parameters[i];

		if (!(process->parameter[i] >= parameter->low && process->parameter[i] <= parameter->high))
			return error_set(err, -EINVAL, "%s is %g; allowed: %g to %g", parameter->name,
					 process->parameter[i], parameter->low, parameter->high);
	}
	if (process->type->needs_series && check_series(&process->series, err))
		return -EINVAL;
	return process->type->prepare(process, err);
}

void process_free(struct process *process)
{
	free(process->series.time_s);
	free(process->series.log_price);
	free(process->restarts);
	free(process->restart_depths);
	free(process->row_variance);
	*process = (struct process){0};
}
