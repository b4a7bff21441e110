// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/keepers.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static unsigned in_classes(const struct keepers *keepers)
{
	unsigned count = 0;

	for (size_t i = 0; i < keepers->class_count; i++)
		count += keepers->classes[i].count;
	return count;
}

static int check_class(const struct keepers *keepers, size_t number, struct error *err)
{
	const struct keeper_class *class = &keepers->classes[number];

	if (!class->name[0])
		return error_set(err, -EINVAL, "class %zu: it has no name", number + 1);
	for (unsigned kind = 0; kind < KEEPER_CLASSES + number; kind++)
		if (!strcmp(keepers_name(keepers, kind), class->name))
			return error_set(err, -EINVAL, "class %s: the name is taken", class->name);
	if (class->count < 1 || class->count > KEEPERS_MAX)
		return error_set(err, -EINVAL, "class %s: count is %u; allowed: 1 to %d", class->name, class->count, KEEPERS_MAX);
	if (!(class->capital > 0))
		return error_set(err, -EINVAL, "class %s: capital is %g; it should be above 0", class->name, class->capital);
	return 0;
}

int keepers_check(const struct keepers *keepers, struct error *err)
{
	unsigned others;

	if (keepers->class_count > KEEPER_CLASSES_MAX)
		return error_set(err, -EINVAL, "there are %zu classes; allowed: to %d", keepers->class_count, KEEPER_CLASSES_MAX);
	for (size_t i = 0; i < keepers->class_count; i++)
		if (check_class(keepers, i, err))
			return -EINVAL;
	others = in_classes(keepers);
	if (keepers->count > KEEPERS_MAX || keepers->count + others + keepers->has_own < 1)
		return error_set(err, -EINVAL, "count is %u; allowed: 1 to %d", keepers->count, KEEPERS_MAX);
	if (keepers->count + others > KEEPERS_MAX)
		return error_set(err, -EINVAL, "there are %u keepers with those of all classes; allowed: 1 to %d", keepers->count + others, KEEPERS_MAX);
	if (!(keepers->capital > 0))
		return error_set(err, -EINVAL, "capital is %g; it should be above 0", keepers->capital);
	if (!isfinite(keepers->min_profit))
		return error_set(err, -EINVAL, "min_profit is no number");
	if (!keepers->entry_cost)
		return 0;
	if (!(keepers->entry_cost > 0 && isfinite(keepers->entry_cost)) || !(keepers->review_s > 0))
		return error_set(err, -EINVAL, "entry: cost_per_hour is %g and review %g s; they should be above 0",
				 keepers->entry_cost, keepers->review_s);
	if (keepers->count < 1 || keepers->most < keepers->count || keepers->most + others > KEEPERS_MAX)
		return error_set(err, -EINVAL, "entry: most is %u; allowed: from count, which is 1 or more, to %u", keepers->most,
				 KEEPERS_MAX - others);
	return 0;
}

unsigned keepers_kinds(const struct keepers *keepers)
{
	return KEEPER_CLASSES + (unsigned)keepers->class_count;
}

unsigned keepers_count(const struct keepers *keepers, unsigned kind)
{
	if (kind >= KEEPER_CLASSES)
		return keepers->classes[kind - KEEPER_CLASSES].count;
	return kind == KEEPER_OWN ? keepers->has_own : keepers->count;
}

double keepers_capital(const struct keepers *keepers, unsigned kind)
{
	return kind >= KEEPER_CLASSES ? keepers->classes[kind - KEEPER_CLASSES].capital : keepers->capital;
}

const char *keepers_name(const struct keepers *keepers, unsigned kind)
{
	if (kind >= KEEPER_CLASSES)
		return keepers->classes[kind - KEEPER_CLASSES].name;
	return kind == KEEPER_OWN ? "own" : "competing";
}

const struct delay_law *keepers_delay(const struct keepers *keepers, const struct delay_law *stage, unsigned kind)
{
	if (kind >= KEEPER_CLASSES)
		return &keepers->classes[kind - KEEPER_CLASSES].delay;
	return kind == KEEPER_OWN ? &keepers->own : stage;
}
