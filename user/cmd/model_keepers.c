// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `keepers:` of model.yaml. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "cmd/model_market.h"
#include "cmd/model_parts.h"

/* {cost_per_hour, review, most} */
static int read_entry(struct conf map, struct keepers *out, struct error *err)
{
	const struct model_entry entries[] = {{"cost_per_hour", &out->entry_cost, false}, {"review", &out->review_s, true}, {NULL, NULL, false}};
	struct conf cost, most = conf_get(map, "most");
	uint64_t number = 100;

	out->review_s = 3600;
	if (!conf_exists(map))
		return 0;
	if (conf_require(map, "cost_per_hour", "what a keeper has to earn to stay", &cost, err) ||
	    (conf_exists(most) && conf_read_uint(most, 1, 100, &number, err)) || model_read_entries(map, entries, "most", err))
		return -EINVAL;
	out->most = (unsigned)number;
	return out->entry_cost > 0 ? 0 : conf_error(cost, err, "should be above 0");
}

/* {name, count, capital, delay} */
static int read_class(struct conf map, struct model_measured *measured, enum delay_dependence dependence, const struct keepers *all,
		      struct keeper_class *out, struct error *err)
{
	const struct model_entry entries[] = {{"capital", &out->capital, false}, {NULL, NULL, false}};
	struct conf name, delay, count = conf_get(map, "count"), capital = conf_get(map, "capital");
	uint64_t number = 1;

	out->capital = all->capital;
	if (conf_require(map, "name", "what the class is called in the result", &name, err) ||
	    conf_read_text(name, out->name, sizeof(out->name), err) ||
	    conf_require(map, "delay", "their delay law: {type: lognormal, median: 80ms, sigma: 0.5}", &delay, err) ||
	    model_delay(delay, measured, dependence, &out->delay, err) ||
	    (conf_exists(count) && conf_read_uint(count, 1, KEEPERS_MAX, &number, err)) || model_read_entries(map, entries, "name, count, delay", err))
		return -EINVAL;
	out->count = (unsigned)number;
	if (!out->name[0])
		return conf_error(name, err, "is empty");
	for (unsigned kind = 0; kind + 1 < keepers_kinds(all); kind++)
		if (!strcmp(keepers_name(all, kind), out->name))
			return conf_error(name, err, kind < KEEPER_CLASSES ? "'%s' is what others are called in the result" : "'%s' stands here twice",
					  out->name);
	return out->capital > 0 ? 0 : conf_error(capital, err, "should be above 0");
}

static int read_classes(struct conf list, struct model_measured *measured, enum delay_dependence dependence, struct keepers *out, struct error *err)
{
	if (!conf_exists(list))
		return 0;
	if (!conf_is_list(list) || !conf_count(list) || conf_count(list) > KEEPER_CLASSES_MAX)
		return conf_error(list, err, "should be a list of 1 to %d {name, count, capital, delay}", KEEPER_CLASSES_MAX);
	for (size_t i = 0; i < conf_count(list); i++) {
		out->class_count = i + 1;
		if (read_class(conf_at(list, i), measured, dependence, out, &out->classes[i], err))
			return -EINVAL;
	}
	return 0;
}

int model_keepers(struct conf map, struct model_measured *measured, enum delay_dependence dependence, struct keepers *out, struct error *err)
{
	const struct model_entry entries[] = {{"capital", &out->capital, false}, {"min_profit", &out->min_profit, false}, {NULL, NULL, false}};
	struct conf count = conf_get(map, "count"), own = conf_get(map, "own"), classes = conf_get(map, "classes");
	uint64_t number = !conf_exists(classes);
	struct error why = {""};

	out->count = 1;
	out->capital = INFINITY;
	if (!conf_exists(map))
		return 0;
	if (conf_exists(count) && conf_read_uint(count, 0, 100, &number, err))
		return -EINVAL;
	out->count = (unsigned)number;
	out->has_own = conf_exists(own);
	if (out->has_own && model_delay(own, measured, dependence, &out->own, err))
		return -EINVAL;
	if (!out->count && !out->has_own && !conf_exists(classes))
		return conf_error(count, err, "nobody would liquidate: give a count of 1 or more, 'own' or 'classes'");
	if (read_entry(conf_get(map, "entry"), out, err))
		return -EINVAL;
	if (model_read_entries(map, entries, "count, own, classes, entry", err) || read_classes(classes, measured, dependence, out, err))
		return -EINVAL;
	return keepers_check(out, &why) ? conf_error(map, err, "%s", why.text) : 0;
}
