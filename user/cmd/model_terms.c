// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/model_terms.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/model_parts.h"

static void clear(struct model_term *term)
{
	term->threshold = NAN;
	for (size_t i = 0; i < RULES_PARAMETERS_MAX; i++)
		term->parameter[i] = NAN;
}

/* `own`: bits of the parameters that may be there. */
static int read_term(struct conf map, const struct rules_type *type, unsigned int own, const char *more, struct model_term *out, struct error *err)
{
	struct model_entry entries[RULES_PARAMETERS_MAX + 2] = {{"liquidation_threshold", &out->threshold, false}};
	size_t count = 1;

	for (size_t i = 0; i < RULES_PARAMETERS_MAX && type->parameters[i].name; i++)
		if (own >> i & 1)
			entries[count++] = (struct model_entry){type->parameters[i].name, &out->parameter[i], false};
	if (model_read_entries(map, entries, more, err))
		return -EINVAL;
	if (!isnan(out->threshold) && !(out->threshold > 0 && out->threshold <= 1))
		return conf_error(map, err, "liquidation_threshold should be above 0, and 1 at most");
	for (size_t i = 0; i < RULES_PARAMETERS_MAX && type->parameters[i].name; i++)
		if (out->parameter[i] < type->parameters[i].low || out->parameter[i] > type->parameters[i].high)
			return conf_error(map, err, "%s is %g; allowed: %g to %g", type->parameters[i].name, out->parameter[i],
					  type->parameters[i].low, type->parameters[i].high);
	return 0;
}

static int read_reserves(struct conf map, const struct rules_type *type, const struct model *model, struct model_terms *out, struct error *err)
{
	if (!conf_exists(map))
		return 0;
	if (type->perpetual || type == &rules_instant)
		return conf_error(map, err, "%s has no settings of a collateral's own", type->name);
	if (!conf_is_map(map))
		return conf_error(map, err, "should be a map of assets, e.g. {ETH: {liquidation_threshold: 0.83}}");
	for (size_t i = 0; i < conf_count(map); i++) {
		const char *name = conf_key(map, i);
		size_t asset = 0;

		while (asset < model->asset_count && strcmp(model->assets[asset].name, name))
			asset++;
		if (asset == model->asset_count)
			return conf_error(map, err, "'%s' is not among the assets of this file", name);
		if (read_term(conf_at(map, i), type, type->of_reserve, "", &out->reserves[asset], err))
			return -EINVAL;
	}
	return 0;
}

/* A list of assets; where `cash` is asked for, one name that is none is the numeraire's. */
static int read_assets(struct conf list, const struct model *model, bool *out, const char **cash, struct error *err)
{
	if (!conf_is_list(list) || !conf_count(list))
		return conf_error(list, err, "should be a list of assets, e.g. [ETH]");
	for (size_t i = 0; i < conf_count(list); i++) {
		struct conf item = conf_at(list, i);
		size_t asset = 0;

		if (!conf_text(item))
			return conf_error(item, err, "should be the name of an asset");
		while (asset < model->asset_count && strcmp(model->assets[asset].name, conf_text(item)))
			asset++;
		if (asset < model->asset_count)
			out[asset] = true;
		else if (!cash)
			return conf_error(item, err, "'%s' is not among the assets of this file", conf_text(item));
		else if (*cash)
			return conf_error(item, err, "'%s' is not among the assets of this file, and the numeraire is '%s' already", conf_text(item), *cash);
		else
			*cash = conf_text(item);
	}
	return 0;
}

static int read_emode(struct conf map, const struct rules_type *type, const struct model *model, struct model_emode *out, struct error *err)
{
	struct conf holds, lends, threshold;

	clear(&out->term);
	out->holds = calloc(2 * model->asset_count, sizeof(*out->holds));
	if (!out->holds)
		return conf_error(map, err, "out of memory");
	out->lends = out->holds + model->asset_count;
	if (conf_require(map, "collateral", "the assets that have these terms, e.g. [wstETH]", &holds, err) ||
	    read_assets(holds, model, out->holds, NULL, err) ||
	    conf_require(map, "debt", "what may be owed, e.g. [WETH]", &lends, err) || read_assets(lends, model, out->lends, &out->cash, err) ||
	    conf_require(map, "liquidation_threshold", "share of the collateral's value that counts, e.g. 0.95", &threshold, err))
		return -EINVAL;
	return read_term(map, type, type->of_emode, "collateral, debt", &out->term, err);
}

static int read_emodes(struct conf map, const struct rules_type *type, const struct model *model, struct model_terms *out, struct error *err)
{
	if (!conf_exists(map))
		return 0;
	if (!type->of_emode)
		return conf_error(map, err, "%s has no e-modes", type->name);
	if (!conf_is_map(map) || !conf_count(map) || conf_count(map) > MODEL_EMODES_MAX)
		return conf_error(map, err, "should be a map of 1 to %d names, each with {collateral, debt, liquidation_threshold}", MODEL_EMODES_MAX);
	out->emodes = calloc(conf_count(map), sizeof(*out->emodes));
	if (!out->emodes)
		return conf_error(map, err, "out of memory");
	for (size_t i = 0; i < conf_count(map); i++) {
		struct model_emode *emode = &out->emodes[out->emode_count++];

		emode->name = conf_key(map, i);
		if (read_emode(conf_at(map, i), type, model, emode, err))
			return -EINVAL;
	}
	return 0;
}

int model_terms_read(struct conf engine, const struct model *model, struct model_terms *out, struct error *err)
{
	const char *name = conf_text(conf_get(engine, "type"));
	const struct rules_type *type = name ? rules_find(name) : NULL;
	struct conf reserves = conf_get(engine, "reserves"), emodes = conf_get(engine, "emodes");

	*out = (struct model_terms){.asset_count = model->asset_count};
	if (!type || (!conf_exists(reserves) && !conf_exists(emodes)))
		return 0;
	out->reserves = calloc(model->asset_count, sizeof(*out->reserves));
	if (!out->reserves)
		return conf_error(engine, err, "out of memory");
	for (size_t i = 0; i < model->asset_count; i++)
		clear(&out->reserves[i]);
	return read_reserves(reserves, type, model, out, err) || read_emodes(emodes, type, model, out, err) ? -EINVAL : 0;
}

void model_terms_free(struct model_terms *terms)
{
	for (size_t i = 0; i < terms->emode_count; i++)
		free(terms->emodes[i].holds);
	free(terms->emodes);
	free(terms->reserves);
	*terms = (struct model_terms){0};
}

int model_terms_find(const struct model_terms *terms, const char *name)
{
	for (size_t i = 0; i < terms->emode_count; i++)
		if (!strcmp(terms->emodes[i].name, name))
			return (int)i;
	return -ENOENT;
}

int model_terms_emode(const struct model_terms *terms, struct conf node, int *out, struct error *err)
{
	*out = MODEL_NO_EMODE;
	if (!conf_exists(node))
		return 0;
	*out = conf_text(node) ? model_terms_find(terms, conf_text(node)) : -ENOENT;
	return *out >= 0 ? 0 : conf_error(node, err, "'%s' is not among the engine's emodes", conf_text(node) ? conf_text(node) : "?");
}

const char *model_terms_threshold(const struct model_terms *terms, int emode, uint32_t asset, double given, double *out)
{
	if (emode >= 0 && terms->emodes[emode].holds[asset]) {
		*out = terms->emodes[emode].term.threshold;
		return isnan(given) ? NULL : "liquidation_threshold is the e-mode's: leave it out";
	}
	*out = isnan(given) && terms->reserves ? terms->reserves[asset].threshold : given;
	return isnan(*out) ? "liquidation_threshold is missing: here, or under engine.reserves" : NULL;
}

bool model_terms_lend(const struct model_terms *terms, int emode, uint32_t asset, const char *name)
{
	const struct model_emode *in = emode >= 0 ? &terms->emodes[emode] : NULL;

	if (!in)
		return true;
	if (asset < terms->asset_count)
		return in->lends[asset];
	return in->cash && (!name || !strcmp(in->cash, name));
}

uint32_t model_terms_of(const struct model_terms *terms, int emode, uint32_t asset)
{
	if (!terms->reserves)
		return 0;
	if (emode >= 0 && terms->emodes[emode].holds[asset])
		return (uint32_t)(1 + terms->asset_count * (size_t)(1 + emode)) + asset;
	return 1 + asset;
}

static void change(struct rules *rules, const struct model_term *term)
{
	for (size_t i = 0; i < RULES_PARAMETERS_MAX; i++)
		if (!isnan(term->parameter[i]))
			rules->parameter[i] = term->parameter[i];
}

int model_terms_apply(const struct model_terms *terms, struct conf engine, struct market *market, struct error *err)
{
	if (!terms->reserves)
		return 0;
	market->variants = calloc(terms->asset_count * (1 + terms->emode_count), sizeof(*market->variants));
	if (!market->variants)
		return conf_error(engine, err, "out of memory");
	for (size_t emode = 0; emode <= terms->emode_count; emode++)
		for (size_t asset = 0; asset < terms->asset_count; asset++) {
			struct rules *variant = &market->variants[market->variant_count++];

			*variant = market->rules;
			change(variant, &terms->reserves[asset]);
			if (emode)
				change(variant, &terms->emodes[emode - 1].term);
		}
	return 0;
}
