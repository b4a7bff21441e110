// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `assets:`, `correlation:` and `common_jumps:` of model.yaml. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/model_parts.h"
#include "margin/price_csv.h"

/* The parameters of the type's table and, where it lives on one, the price series. */
static int read_parameters(struct conf map, struct process *out, struct error *err)
{
	char allowed[512] = "type";
	struct error why = {""};

	for (size_t i = 0; i < PROCESS_PARAMETERS_MAX && out->type->parameters[i].name; i++) {
		const struct process_parameter *parameter = &out->type->parameters[i];
		struct conf value = conf_get(map, parameter->name);

		snprintf(allowed + strlen(allowed), sizeof(allowed) - strlen(allowed), ", %s", parameter->name);
		if (!conf_exists(value) && parameter->flags & PARAMETER_OPTIONAL)
			continue;
		if (!conf_exists(value))
			return conf_error(map, err, "'%s' is missing; process %s needs it", parameter->name, out->type->name);
		if (parameter->flags & PARAMETER_DURATION ? model_read_seconds(value, &out->parameter[i], err) :
							    conf_read_double(value, &out->parameter[i], err))
			return -EINVAL;
	}
	if (out->type->needs_series) {
		char path[PATH_MAX];
		struct conf csv;

		strcat(allowed, ", csv");
		if (conf_require(map, "csv", "a file with the columns time_s and price", &csv, err))
			return -EINVAL;
		if (conf_read_path(csv, path, sizeof(path), err))
			return -EINVAL;
		if (price_csv_read(path, &out->series, &why))
			return conf_error(csv, err, "%s", why.text);
	}
	return conf_reject_unknown(map, allowed, err);
}

static int read_process(struct conf map, struct process *out, struct error *err)
{
	struct error why = {""};
	struct conf type;
	char names[256];

	MODEL_NAMES_OF(process_types, names);
	if (conf_require(map, "type", names, &type, err))
		return -EINVAL;
	out->type = conf_text(type) ? process_find(conf_text(type)) : NULL;
	if (!out->type)
		return conf_error(type, err, "'%s' is not known; allowed: %s", conf_text(type) ? conf_text(type) : "?", names);
	if (read_parameters(map, out, err))
		return -EINVAL;
	return process_prepare(out, &why) ? conf_error(map, err, "%s", why.text) : 0;
}

static int read_asset(struct conf node, struct model_asset *asset, struct error *err)
{
	struct conf price = conf_get(node, "price"), process;

	if (conf_require(node, "process", "how the price moves: {type: gbm, volatility: 0.8}", &process, err) ||
	    read_process(process, &asset->process, err))
		return -EINVAL;
	if (!conf_exists(price) && asset->process.type == &process_tape)
		asset->price = tape_price(&asset->process);
	else if (conf_require(node, "price", "the price at the start, in the numeraire", &price, err) ||
		 conf_read_double(price, &asset->price, err))
		return -EINVAL;
	if (conf_reject_unknown(node, "price, process", err))
		return -EINVAL;
	if (!(asset->price > 0 && asset->price <= MODEL_PRICE_MAX))
		return conf_error(conf_exists(price) ? price : process, err, "the price should be above 0, and at most %g", MODEL_PRICE_MAX);
	return 0;
}

static int read_assets(struct conf map, struct model *model, struct error *err)
{
	if (!conf_is_map(map) || !conf_count(map) || conf_count(map) > 1000)
		return conf_error(map, err, "should be a map of 1 to 1000 assets: {ETH: {price: 3000, process: {…}}}");
	model->assets = calloc(conf_count(map), sizeof(*model->assets));
	if (!model->assets)
		return conf_error(map, err, "out of memory");
	for (size_t i = 0; i < conf_count(map); i++) {
		struct model_asset *asset = &model->assets[i];

		model->asset_count = i + 1;
		if (strlen(conf_key(map, i)) >= sizeof(asset->name))
			return conf_error(conf_at(map, i), err, "the asset's name is too long");
		strcpy(asset->name, conf_key(map, i));
		if (read_asset(conf_at(map, i), asset, err))
			return -EINVAL;
	}
	return 0;
}

int model_asset_index(struct conf node, const struct model *model, size_t *out, struct error *err)
{
	const char *name = conf_text(node);

	for (size_t i = 0; name && i < model->asset_count; i++)
		if (!strcmp(model->assets[i].name, name)) {
			*out = i;
			return 0;
		}
	return conf_error(node, err, "'%s' is not among the assets of this file", name ? name : "?");
}

/* [{assets: [ETH, BTC], value: 0.8}, …]: what is not said is 0. */
static int read_correlation(struct conf list, struct model *model, struct error *err)
{
	size_t n = model->asset_count;
	double *c;

	if (!conf_is_list(list) || !conf_count(list))
		return conf_error(list, err, "should be a list of pairs: [{assets: [ETH, BTC], value: 0.8}]");
	c = model->dependence.correlation = calloc(n * n, sizeof(double));
	if (!c)
		return conf_error(list, err, "out of memory");
	for (size_t i = 0; i < n; i++)
		c[i * n + i] = 1;
	for (size_t i = 0; i < conf_count(list); i++) {
		struct conf node = conf_at(list, i), assets, value;
		size_t a, b;

		if (conf_require(node, "assets", "two assets: [ETH, BTC]", &assets, err) ||
		    conf_require(node, "value", "their correlation, -1 to 1", &value, err))
			return -EINVAL;
		if (!conf_is_list(assets) || conf_count(assets) != 2)
			return conf_error(assets, err, "should be a list of two assets");
		if (model_asset_index(conf_at(assets, 0), model, &a, err) || model_asset_index(conf_at(assets, 1), model, &b, err))
			return -EINVAL;
		if (a == b || c[a * n + b] != 0)
			return conf_error(assets, err, "%s and %s: %s", model->assets[a].name, model->assets[b].name,
					  a == b ? "an asset has no correlation with itself" : "stands here twice");
		if (conf_read_double(value, &c[a * n + b], err) || conf_reject_unknown(node, "assets, value", err))
			return -EINVAL;
		c[b * n + a] = c[a * n + b];
	}
	return 0;
}

/* {assets: [ETH, BTC], share: 0.5} */
static int read_common_jumps(struct conf map, struct model *model, struct error *err)
{
	struct conf assets, share;

	if (conf_require(map, "assets", "which jump together: [ETH, BTC]", &assets, err) ||
	    conf_require(map, "share", "of the jumps of the one that jumps least, 0 to 1", &share, err) ||
	    conf_read_double(share, &model->dependence.common_share, err))
		return -EINVAL;
	if (!(model->dependence.common_share >= 0 && model->dependence.common_share <= 1))
		return conf_error(share, err, "should be 0 to 1");
	if (!conf_is_list(assets) || conf_count(assets) < 2)
		return conf_error(assets, err, "should be a list of two assets or more");
	model->dependence.jumps_together = calloc(model->asset_count, sizeof(bool));
	if (!model->dependence.jumps_together)
		return conf_error(map, err, "out of memory");
	for (size_t i = 0; i < conf_count(assets); i++) {
		size_t asset;

		if (model_asset_index(conf_at(assets, i), model, &asset, err))
			return -EINVAL;
		model->dependence.jumps_together[asset] = true;
	}
	return conf_reject_unknown(map, "assets, share", err);
}

#define SHOCKS_MAX 1e8 /* numbers held for one path, in each thread */

int model_prices(struct conf root, struct conf assets, struct model *model, struct error *err)
{
	struct conf correlation = conf_get(root, "correlation"), jumps = conf_get(root, "common_jumps");
	struct error why = {""};

	if (read_assets(assets, model, err) || (conf_exists(correlation) && read_correlation(correlation, model, err)) ||
	    (conf_exists(jumps) && read_common_jumps(jumps, model, err)))
		return -EINVAL;
	if (conf_exists(correlation) && model->horizon_s / model->step_s * (double)model->asset_count > SHOCKS_MAX)
		return conf_error(correlation, err, "%zu assets over %g steps are too many; take a longer 'step'", model->asset_count,
				  ceil(model->horizon_s / model->step_s));
	if (dependence_prepare(&model->dependence, model, &why))
		return conf_error(conf_exists(correlation) ? correlation : jumps, err, "%s", why.text);
	return 0;
}
