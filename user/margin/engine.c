// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/engine.h"

#include <errno.h>
#include <string.h>

const struct engine_type *const engine_types[] = {&engine_instant, NULL};

const struct engine_type *engine_find(const char *name)
{
	for (size_t i = 0; engine_types[i]; i++)
		if (!strcmp(engine_types[i]->name, name))
			return engine_types[i];
	return NULL;
}

int engine_check(const struct engine *engine, struct error *err)
{
	for (size_t i = 0; i < ENGINE_PARAMETERS_MAX && engine->type->parameters[i].name; i++) {
		const struct engine_parameter *parameter = &engine->type->parameters[i];

		if (!(engine->parameter[i] >= parameter->low && engine->parameter[i] <= parameter->high))
			return error_set(err, -EINVAL, "%s is %g; allowed: %g to %g", parameter->name,
					 engine->parameter[i], parameter->low, parameter->high);
	}
	return 0;
}
