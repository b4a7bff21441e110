// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/rules.h"

#include <errno.h>
#include <math.h>
#include <string.h>

const struct rules_type *const rules_types[] = {
	&rules_instant,	    &rules_aave_v3, &rules_aave_v4,	&rules_spark, &rules_compound_v2, &rules_morpho,  &rules_euler_v2,
	&rules_maker,	    &rules_compound_v3, &rules_dydx_v4, &rules_hyperliquid, &rules_drift, &rules_gmx_v2, &rules_synthetix_v3, NULL};

double position_health(const struct position *position, double oracle)
{
	double weighted = position->units * oracle * position->weight, cash = position->cash + position->relief;

	if (position->units < 0)
		return fmax(0, cash) / -weighted;
	if (position->others_owe > 0 || cash < 0)
		return (weighted + position->others_count) / (position->others_owe - cash);
	return INFINITY;
}

double position_trigger(const struct position *position)
{
	return -(position->cash + position->relief) / (position->units * position->weight);
}

const struct rules_type *rules_find(const char *name)
{
	for (size_t i = 0; rules_types[i]; i++)
		if (!strcmp(rules_types[i]->name, name))
			return rules_types[i];
	return NULL;
}

bool rules_lend(const struct rules_type *type)
{
	return type->plan && !type->perpetual && !type->commits;
}

void rules_preset(struct rules *rules, const struct rules_type *type)
{
	rules->type = type;
	for (size_t i = 0; i < RULES_PARAMETERS_MAX && type->parameters[i].name; i++)
		rules->parameter[i] = type->parameters[i].preset;
}

int rules_check(const struct rules *rules, struct error *err)
{
	for (size_t i = 0; i < RULES_PARAMETERS_MAX && rules->type->parameters[i].name; i++) {
		const struct rules_parameter *parameter = &rules->type->parameters[i];

		if (!(rules->parameter[i] >= parameter->low && rules->parameter[i] <= parameter->high))
			return error_set(err, -EINVAL, "%s is %g; allowed: %g to %g", parameter->name, rules->parameter[i],
					 parameter->low, parameter->high);
	}
	return 0;
}
