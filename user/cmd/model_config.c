// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/model_config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/conf.h"
#include "cmd/model_book.h"
#include "cmd/model_market.h"
#include "cmd/model_parts.h"

int model_read_seconds(struct conf node, double *out, struct error *err)
{
	int64_t ns;

	if (conf_read_duration_ns(node, &ns, err))
		return -EINVAL;
	*out = (double)ns / 1e9;
	return 0;
}

int model_read_entries(struct conf map, const struct model_entry *entries, const char *more, struct error *err)
{
	char allowed[512];
	int used = snprintf(allowed, sizeof(allowed), "%s", more);

	if (!conf_is_map(map))
		return conf_error(map, err, "should be a map of settings");
	for (; entries->name; entries++) {
		struct conf value = conf_get(map, entries->name);

		used += snprintf(allowed + used, sizeof(allowed) - (size_t)used, "%s%s", used ? ", " : "", entries->name);
		if (conf_exists(value) && (entries->is_duration ? model_read_seconds(value, entries->out, err)
								: conf_read_double(value, entries->out, err)))
			return -EINVAL;
	}
	return conf_reject_unknown(map, allowed, err);
}

/* ---- engine ------------------------------------------------------------------------------------------------------- */

static int read_engine(struct conf map, struct engine *out, struct error *err)
{
	char names[256], allowed[512] = "type";
	struct error why = {""};
	struct conf type;

	MODEL_NAMES_OF(engine_types, names);
	if (conf_require(map, "type", names, &type, err))
		return -EINVAL;
	out->type = conf_text(type) ? engine_find(conf_text(type)) : NULL;
	if (!out->type)
		return conf_error(type, err, "'%s' is not known; allowed: %s", conf_text(type) ? conf_text(type) : "?", names);
	for (size_t i = 0; i < ENGINE_PARAMETERS_MAX && out->type->parameters[i].name; i++) {
		struct conf value = conf_get(map, out->type->parameters[i].name);

		snprintf(allowed + strlen(allowed), sizeof(allowed) - strlen(allowed), ", %s", out->type->parameters[i].name);
		out->parameter[i] = out->type->parameters[i].preset;
		if (conf_exists(value) && conf_read_double(value, &out->parameter[i], err))
			return -EINVAL;
	}
	if (conf_reject_unknown(map, allowed, err))
		return -EINVAL;
	return engine_check(out, &why) ? conf_error(map, err, "%s", why.text) : 0;
}

/* ------------------------------------------------------------------------------------------------------------------- */

/* {keep: mean | es99, below: AMOUNT} */
static int read_requirement(struct conf map, struct requirement *out, struct error *err)
{
	struct conf keep, below;
	int choice;

	if (conf_require(map, "keep", "mean or es99", &keep, err) || conf_read_choice(keep, requirement_names, &choice, err) ||
	    conf_require(map, "below", "an amount of bad debt", &below, err) || conf_read_double(below, &out->below, err))
		return -EINVAL;
	out->of = (enum requirement_of)choice;
	if (!(out->below > 0))
		return conf_error(below, err, "should be above 0");
	return conf_reject_unknown(map, "keep, below", err);
}

static int read_root(struct conf root, struct model_measured *measured, struct model *model, struct model_terms *terms, struct market *market,
		     struct requirement *requirement, struct error *err)
{
	struct conf seed = conf_get(root, "seed"), budget = conf_get(root, "budget"), required = conf_get(root, "requirement"), paths, horizon, step, assets, book, engine, delay;
	unsigned int kinds;

	model->seed = 1;
	if ((conf_exists(seed) && conf_read_uint(seed, 0, UINT64_MAX, &model->seed, err)) ||
	    conf_require(root, "paths", "how many price paths to draw, e.g. 200000", &paths, err) ||
	    conf_read_uint(paths, 2, 1000000000, &model->paths, err) ||
	    conf_require(root, "horizon", "how far to look, e.g. 24h", &horizon, err) ||
	    model_read_seconds(horizon, &model->horizon_s, err) ||
	    conf_require(root, "step", "the grid of what needs one, e.g. 1s", &step, err) ||
	    model_read_seconds(step, &model->step_s, err) ||
	    conf_require(root, "assets", "prices and how they move", &assets, err) || model_prices(root, assets, model, err) ||
	    model_terms_read(conf_get(root, "engine"), model, terms, err) ||
	    conf_require(root, "book", "the accounts", &book, err) || model_book(book, model, terms, &kinds, err) ||
	    conf_require(root, "engine", "how accounts are liquidated: {type: instant}", &engine, err) ||
	    conf_require(root, "delay", "the three stages oracle, keeper, inclusion", &delay, err) ||
	    model_delays(delay, measured, model, err))
		return -EINVAL;
	if (conf_exists(budget) && (conf_read_double(budget, &model->budget, err) || !(model->budget > 0)))
		return conf_error(budget, err, "should be above 0: the bad debt to stay below");
	if (!(model->horizon_s > 0) || model->horizon_s > 366 * 86400.0)
		return conf_error(horizon, err, "should be above 0 and at most 366d");
	if (!(model->step_s > 0) || model->step_s > model->horizon_s)
		return conf_error(step, err, "should be above 0 and at most the horizon");
	if (conf_exists(required) && read_requirement(required, requirement, err))
		return -EINVAL;
	if (model_market_wanted(root) ? model_market_read(root, measured, model, terms, kinds, market, err) : read_engine(engine, &model->engine, err))
		return -EINVAL;
	return conf_reject_unknown(root, "seed, paths, horizon, step, assets, correlation, common_jumps, book, engine, delay, budget, requirement, "
				   MODEL_MARKET_KEYS, err);
}

int model_config_load(struct model *model, struct market *market, struct requirement *requirement, const char *path,
		      struct model_measured *measured, struct error *err)
{
	struct model_terms terms = {0};
	struct conf_file *file;
	int status;

	memset(model, 0, sizeof(*model));
	memset(market, 0, sizeof(*market));
	memset(requirement, 0, sizeof(*requirement));
	status = conf_open(&file, path, err);
	if (status)
		return status;
	status = read_root(conf_root(file), measured, model, &terms, market, requirement, err);
	if (!status && market->rules.type && market_check(market, model, err)) /* what parts of the file are to each other */
		status = error_prefix(err, -EINVAL, "%s", path);
	model_terms_free(&terms);
	conf_close(file);
	if (status) {
		market_free(market, model->asset_count);
		model_free(model);
	}
	return status;
}
