// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/process.h"

#include <errno.h>
#include <string.h>

const struct process_type *const process_types[] = {&process_gbm, &process_merton, &process_kou, NULL};

const struct process_type *process_find(const char *name)
{
	for (size_t i = 0; process_types[i]; i++)
		if (!strcmp(process_types[i]->name, name))
			return process_types[i];
	return NULL;
}

int process_prepare(struct process *process, struct error *err)
{
	for (size_t i = 0; i < PROCESS_PARAMETERS_MAX && process->type->parameters[i].name; i++) {
		const struct process_parameter *parameter = &process->type->parameters[i];

		if (!(process->parameter[i] >= parameter->low && process->parameter[i] <= parameter->high))
			return error_set(err, -EINVAL, "%s is %g; allowed: %g to %g", parameter->name,
					 process->parameter[i], parameter->low, parameter->high);
	}
	process->type->prepare(process);
	return 0;
}
