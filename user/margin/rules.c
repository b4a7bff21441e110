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
	*rules = (struct rules){.type = type};
	for (size_t i = 0; i < RULES_PARAMETERS_MAX && type->parameters[i].name; i++)
		rules->parameter[i] = type->parameters[i].preset;
}

int rules_penalty(const struct rules_type *type)
{
	for (int i = 0; type->penalty && i < RULES_PARAMETERS_MAX && type->parameters[i].name; i++)
		if (!strcmp(type->parameters[i].name, type->penalty))
			return i;
	return -1;
}

bool rules_plan(const struct rules *rules, const struct position *position, double oracle, struct plan *out)
{
	bool by_health = rules->type->tiers_by == TIERS_BY_HEALTH;
	struct rules tiered;
	double at;

	if (!rules->tier_count)
		return rules->type->plan(rules, position, oracle, out);
	tiered = *rules;
	at = by_health ? position_health(position, oracle) : fabs(position->units) * oracle;
	for (size_t i = 0; i < rules->tier_count && (by_health ? at <= rules->tiers[i].from : at >= rules->tiers[i].from); i++)
		tiered.parameter[rules_penalty(rules->type)] = rules->tiers[i].penalty;
	return rules->type->plan(&tiered, position, oracle, out);
}

static int check_tiers(const struct rules *rules, struct error *err)
{
	bool by_health = rules->type->tiers_by == TIERS_BY_HEALTH;
	const struct rules_parameter *parameter;

	if (!rules->type->tiers_by)
		return error_set(err, -EINVAL, "%s takes no tiers", rules->type->name);
	parameter = &rules->type->parameters[rules_penalty(rules->type)];
	for (size_t i = 0; i < rules->tier_count; i++) {
		const struct rules_tier *tier = &rules->tiers[i];
		double before = i ? tier[-1].from : by_health ? 1 : 0;

		if (!(by_health ? tier->from > 0 && tier->from <= 1 : tier->from >= 0))
			return error_set(err, -EINVAL, "tier %zu is from %g; allowed: %s", i, tier->from, by_health ? "a health above 0, to 1" : "0 or more");
		if (i && !(by_health ? tier->from < before : tier->from > before))
			return error_set(err, -EINVAL, "tier %zu is from %g, after one from %g; they should %s", i, tier->from, before,
					 by_health ? "fall" : "rise");
		if (!(tier->penalty >= parameter->low && tier->penalty <= parameter->high))
			return error_set(err, -EINVAL, "tier %zu has %g; allowed: %g to %g", i, tier->penalty, parameter->low, parameter->high);
	}
	return 0;
}

int rules_check(const struct rules *rules, struct error *err)
{
	for (size_t i = 0; i < RULES_PARAMETERS_MAX && rules->type->parameters[i].name; i++) {
		const struct rules_parameter *parameter = &rules->type->parameters[i];

		if (!(rules->parameter[i] >= parameter->low && rules->parameter[i] <= parameter->high))
			return error_set(err, -EINVAL, "%s is %g; allowed: %g to %g", parameter->name, rules->parameter[i],
					 parameter->low, parameter->high);
	}
	return rules->tier_count ? check_tiers(rules, err) : 0;
}
