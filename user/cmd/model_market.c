// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/model_market.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/model_book.h"
#include "cmd/model_parts.h"
#include "margin/price_csv.h"

#define LEVELS_MAX 10000

static const char *const keys[] = {"oracle", "liquidity", "network", "keepers", "settlement", "waterfall", "controls", "maintenance_tiers", NULL};

bool model_market_wanted(struct conf root)
{
	const char *type = conf_text(conf_get(conf_get(root, "engine"), "type"));

	for (int i = 0; keys[i]; i++)
		if (conf_exists(conf_get(root, keys[i])))
			return true;
	return type && rules_find(type) != &rules_instant; /* an unknown one is named by read_rules() */
}

/* ---- engine ------------------------------------------------------------------------------------------------------- */

/* bonus_tiers: [{health, bonus}, …], or fee_tiers: [{notional, fee}, …] */
static int read_penalties(struct conf map, struct rules *out, struct error *err)
{
	static const struct {
		const char *key, *from, *penalty;
	} words[] = {[TIERS_BY_HEALTH] = {"bonus_tiers", "health", "bonus"}, [TIERS_BY_NOTIONAL] = {"fee_tiers", "notional", "fee"}};
	const char *reserves[] = {"reserves", "emodes"}, *from = words[out->type->tiers_by].from, *penalty = words[out->type->tiers_by].penalty;
	char allowed[64];
	struct conf list;

	if (!out->type->tiers_by)
		return 0;
	list = conf_get(map, words[out->type->tiers_by].key);
	if (!conf_exists(list))
		return 0;
	for (int i = 0; i < 2; i++)
		if (conf_exists(conf_get(map, reserves[i])))
			return conf_error(list, err, "goes without '%s': tiers hold for every collateral", reserves[i]);
	if (!conf_is_list(list) || !conf_count(list) || conf_count(list) > RULES_TIERS_MAX)
		return conf_error(list, err, "should be a list of 1 to %d tiers {%s, %s}", RULES_TIERS_MAX, from, penalty);
	snprintf(allowed, sizeof(allowed), "%s, %s", from, penalty);
	for (; out->tier_count < conf_count(list); out->tier_count++) {
		struct rules_tier *tier = &out->tiers[out->tier_count];
		struct conf entry = conf_at(list, out->tier_count), at, value;

		if (conf_require(entry, from, "where the tier begins", &at, err) || conf_read_double(at, &tier->from, err) ||
		    conf_require(entry, penalty, "a fraction such as 0.05", &value, err) || conf_read_double(value, &tier->penalty, err) ||
		    conf_reject_unknown(entry, allowed, err))
			return -EINVAL;
	}
	return 0;
}

static int read_rules(struct conf map, struct rules *out, struct error *err)
{
	struct model_entry entries[RULES_PARAMETERS_MAX + 1] = {{NULL, NULL, false}};
	static const char *const more[] = {"type, reserves, emodes", "type, reserves, emodes, bonus_tiers", "type, reserves, emodes, fee_tiers"};
	const struct rules_type *found;
	struct error why = {""};
	char names[512] = "";
	struct conf type;

	for (size_t i = 0; rules_types[i]; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", i ? ", " : "", rules_types[i]->name);
	if (conf_require(map, "type", names, &type, err))
		return -EINVAL;
	found = conf_text(type) ? rules_find(conf_text(type)) : NULL;
	if (!found)
		return conf_error(type, err, "'%s' is not known; allowed: %s", conf_text(type) ? conf_text(type) : "?", names);
	rules_preset(out, found);
	for (size_t i = 0; i < RULES_PARAMETERS_MAX && found->parameters[i].name; i++)
		entries[i] = (struct model_entry){found->parameters[i].name, &out->parameter[i], false};
	if (read_penalties(map, out, err) || model_read_entries(map, entries, more[found->tiers_by], err))
		return -EINVAL;
	return rules_check(out, &why) ? conf_error(map, err, "%s", why.text) : 0;
}

/* ---- oracle ------------------------------------------------------------------------------------------------------- */

/* One delay for each source. */
static int read_source_delays(struct conf list, unsigned sources, double out[ORACLE_SOURCES_MAX], struct error *err)
{
	if (!conf_exists(list))
		return 0;
	if (!conf_is_list(list) || conf_count(list) != sources)
		return conf_error(list, err, "should be a list of as many delays as there are sources (%u)", sources);
	for (size_t i = 0; i < conf_count(list); i++)
		if (model_read_seconds(conf_at(list, i), &out[i], err))
			return -EINVAL;
	return 0;
}

static int read_oracle(struct conf map, const struct rules_type *rules, double step_s, struct oracle_policy *out, struct error *err)
{
	static const char *const policies[] = {"every-block", "deviation", "pull", NULL};
	const struct model_entry entries[] = {{"deviation", &out->deviation, false}, {"heartbeat", &out->heartbeat_s, true},
					{"twap", &out->twap_s, true}, {"hop", &out->hop_s, true}, {"source_sd", &out->source_sd, false},
					{"outlier_probability", &out->outlier_probability, false},
					{"outlier_sd", &out->outlier_sd, false}, {NULL, NULL, false}};
	struct conf policy = conf_get(map, "policy"), sources = conf_get(map, "sources");
	struct error why = {""};
	uint64_t count = 0;
	int choice = 0;

	out->hop_s = rules->oracle_hop_s;
	if (!conf_exists(map))
		return 0;
	if ((conf_exists(policy) && conf_read_choice(policy, policies, &choice, err)) ||
	    (conf_exists(sources) && conf_read_uint(sources, 1, ORACLE_SOURCES_MAX, &count, err)))
		return -EINVAL;
	out->on_deviation = choice == 1;
	for (int i = 0; !out->on_deviation && i < 2; i++)
		if (conf_exists(conf_get(map, entries[i].name)))
			return conf_error(map, err, "%s is for policy: deviation, and the policy is %s", entries[i].name, policies[choice]);
	out->pull = choice == 2;
	out->sources = (unsigned)count;
	if (read_source_delays(conf_get(map, "source_delays"), out->sources, out->source_delay_s, err) ||
	    model_read_entries(map, entries, "policy, sources, source_delays", err))
		return -EINVAL;
	return oracle_check(out, step_s, &why) ? conf_error(map, err, "%s", why.text) : 0;
}

/* ---- liquidity ---------------------------------------------------------------------------------------------------- */

static int read_levels(struct conf list, struct liquidity *out, struct error *err)
{
	if (!conf_is_list(list) || !conf_count(list) || conf_count(list) > LEVELS_MAX)
		return conf_error(list, err, "should be a list of {units, fraction}: cumulative units, and the price's fraction there");
	out->levels = calloc(conf_count(list), sizeof(*out->levels));
	if (!out->levels)
		return conf_error(list, err, "out of memory");
	for (size_t i = 0; i < conf_count(list); i++) {
		struct conf level = conf_at(list, i), units, fraction;

		if (conf_require(level, "units", "units sold down to this level", &units, err) ||
		    conf_read_double(units, &out->levels[i].units, err) ||
		    conf_require(level, "fraction", "of the price, 0 to 1", &fraction, err) ||
		    conf_read_double(fraction, &out->levels[i].fraction, err) ||
		    conf_reject_unknown(level, "units, fraction", err))
			return -EINVAL;
		out->level_count = i + 1;
	}
	return 0;
}

/* The same as a file with the columns units and fraction. */
static int read_levels_csv(struct conf node, struct liquidity *out, struct error *err)
{
	struct error why = {""};
	struct series depth;
	char path[PATH_MAX];

	if (conf_read_path(node, path, sizeof(path), err))
		return -EINVAL;
	if (price_csv_read_columns(path, "units", "fraction", &depth, &why))
		return conf_error(node, err, "%s", why.text);
	out->levels = depth.count <= LEVELS_MAX ? calloc(depth.count, sizeof(*out->levels)) : NULL;
	for (size_t i = 0; out->levels && i < depth.count; i++)
		out->levels[out->level_count++] = (struct depth_level){depth.time_s[i], exp(depth.log_price[i])};
	price_csv_free(&depth);
	return out->levels ? 0 : conf_error(node, err, "%s: more than %d levels", path, LEVELS_MAX);
}

static int read_depth(struct conf map, struct liquidity *out, struct error *err)
{
	struct conf levels = conf_get(map, "levels"), csv = conf_get(map, "csv");

	if (conf_exists(levels) == conf_exists(csv))
		return conf_error(map, err, "a book has its depth curve under 'levels' (a list of {units, fraction}) or in a 'csv' with these columns");
	return conf_exists(csv) ? read_levels_csv(csv, out, err) : read_levels(levels, out, err);
}

static int read_market_of_asset(struct conf map, struct liquidity *out, struct error *err)
{
	struct model_entry entries[3] = {{"recovery", &out->recovery_s, true}, {NULL, NULL, false}, {NULL, NULL, false}};
	bool depth;
	struct error why = {""};
	char names[128] = "";
	struct conf type;

	for (size_t i = 0; liquidity_types[i]; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", i ? ", " : "", liquidity_types[i]->name);
	if (conf_require(map, "type", names, &type, err))
		return -EINVAL;
	out->type = conf_text(type) ? liquidity_find(conf_text(type)) : NULL;
	if (!out->type)
		return conf_error(type, err, "'%s' is not known; allowed: %s", conf_text(type) ? conf_text(type) : "?", names);
	if (out->type->parameter)
		entries[1] = (struct model_entry){out->type->parameter, &out->parameter, false};
	depth = out->type == &liquidity_book;
	if (depth && read_depth(map, out, err))
		return -EINVAL;
	if (model_read_entries(map, entries, depth ? "type, levels, csv" : "type", err))
		return -EINVAL;
	return liquidity_check(out, &why) ? conf_error(map, err, "%s", why.text) : 0;
}

static int read_liquidity(struct conf map, const struct model *model, struct market *out, struct error *err)
{
	struct conf feedback = conf_get(map, "feedback");
	char allowed[1024] = "feedback";

	out->liquidity = calloc(model->asset_count, sizeof(*out->liquidity));
	if (!out->liquidity)
		return conf_error(map, err, "out of memory");
	for (size_t i = 0; i < model->asset_count; i++)
		out->liquidity[i] = (struct liquidity){.type = &liquidity_none, .recovery_s = INFINITY};
	if (!conf_exists(map))
		return 0;
	if (conf_exists(feedback) && conf_read_bool(feedback, &out->feedback, err))
		return -EINVAL;
	for (size_t i = 0; i < model->asset_count; i++) {
		struct conf of_asset = conf_get(map, model->assets[i].name);

		snprintf(allowed + strlen(allowed), sizeof(allowed) - strlen(allowed), ", %s", model->assets[i].name);
		if (conf_exists(of_asset) && read_market_of_asset(of_asset, &out->liquidity[i], err))
			return -EINVAL;
	}
	return conf_reject_unknown(map, allowed, err);
}

/* ---- margin by size ----------------------------------------------------------------------------------------------- */

static int read_tiers(struct conf list, struct margin_tiers *out, struct error *err)
{
	struct error why = {""};

	if (!conf_is_list(list) || !conf_count(list) || conf_count(list) > MARGIN_TIERS_MAX)
		return conf_error(list, err, "should be a list of 1 to %d {notional, margin}: what the part of a position's value above notional asks "
					     "for", MARGIN_TIERS_MAX);
	for (size_t i = 0; i < conf_count(list); i++) {
		struct margin_tier *tier = &out->tiers[i];
		const struct model_entry entries[] = {{"notional", &tier->notional, false}, {"margin", &tier->margin, false}, {NULL, NULL, false}};

		if (model_read_entries(conf_at(list, i), entries, "", err))
			return -EINVAL;
		out->count = i + 1;
	}
	return margin_tiers_check(out, &why) ? conf_error(list, err, "%s", why.text) : 0;
}

/* {BTC: [{notional, margin}, …]} */
static int read_maintenance_tiers(struct conf map, const struct model *model, struct market *out, struct error *err)
{
	char allowed[1024] = "";

	if (!conf_exists(map))
		return 0;
	if (!out->rules.type->perpetual)
		return conf_error(map, err, "are of perpetual positions, and %s holds loans", out->rules.type->name);
	out->tiers = calloc(model->asset_count, sizeof(*out->tiers));
	if (!out->tiers)
		return conf_error(map, err, "out of memory");
	for (size_t i = 0; i < model->asset_count; i++) {
		struct conf of_asset = conf_get(map, model->assets[i].name);

		snprintf(allowed + strlen(allowed), sizeof(allowed) - strlen(allowed), "%s%s", i ? ", " : "", model->assets[i].name);
		if (conf_exists(of_asset) && read_tiers(of_asset, &out->tiers[i], err))
			return -EINVAL;
	}
	return conf_reject_unknown(map, allowed, err);
}

/* ---- network ------------------------------------------------------------------------------------------------------ */

/* {hazard, congested} */
static int read_inclusion(struct conf map, struct gas *out, struct error *err)
{
	const struct model_entry entries[] = {{"hazard", &out->hazard, false}, {"congested", &out->congested, false}, {NULL, NULL, false}};
	struct conf hazard;

	if (!conf_exists(map))
		return 0;
	if (conf_require(map, "hazard", "the probability with which a block includes a transaction that has come", &hazard, err) ||
	    model_read_entries(map, entries, "", err))
		return -EINVAL;
	if (!conf_exists(conf_get(map, "congested")))
		out->congested = out->hazard;
	return out->hazard > 0 ? 0 : conf_error(hazard, err, "should be above 0 and at most 1");
}

static int read_network(struct conf map, const struct model *model, struct gas *out, struct error *err)
{
	const struct model_entry entries[] = {{"gas", &out->units, false}, {"base_fee_gwei", &out->base_fee_gwei, false},
					{"priority_gwei", &out->priority_gwei, false}, {"congestion", &out->congestion, false},
					{"bid_share", &out->bid_share, false},
					{NULL, NULL, false}};
	struct conf coin = conf_get(map, "coin");
	struct error why = {""};

	out->price = 0;
	if (!conf_exists(map))
		return 0;
	if (conf_require(map, "coin", "what gas is paid in: an asset of this file, or its price in the numeraire", &coin, err))
		return -EINVAL;
	for (size_t i = 0; conf_text(coin) && i < model->asset_count; i++)
		if (!strcmp(conf_text(coin), model->assets[i].name)) {
			out->asset = (uint32_t)i;
			out->price = NAN;
		}
	if (!isnan(out->price) && conf_read_double(coin, &out->price, err))
		return conf_error(coin, err, "'%s' is neither an asset of this file nor a price", conf_text(coin) ? conf_text(coin) : "?");
	if (read_inclusion(conf_get(map, "inclusion"), out, err) || model_read_entries(map, entries, "coin, inclusion", err))
		return -EINVAL;
	return gas_check(out, model->asset_count, &why) ? conf_error(map, err, "%s", why.text) : 0;
}

/* In struct account a loan and a position look alike. */
static int check_kinds(struct conf engine, const struct rules_type *rules, unsigned int kinds, struct error *err)
{
	if (rules->perpetual && kinds & BOOK_LOANS)
		return conf_error(engine, err, "%s holds perpetual positions ({asset, size, entry, margin, maintenance_margin}), and the book has "
					       "loans", rules->name);
	if (!rules->perpetual && rules != &rules_instant && kinds & BOOK_POSITIONS)
		return conf_error(engine, err, "%s holds loans ({collateral, debt, liquidation_threshold}), and the book has perpetual positions",
				  rules->name);
	return 0;
}

int model_market_read(struct conf root, struct model_measured *measured, const struct model *model, const struct model_terms *terms,
		      unsigned int kinds, struct market *out, struct error *err)
{
	struct conf engine;

	*out = (struct market){0};
	if (conf_require(root, "engine", "how accounts are liquidated: {type: aave-v3}", &engine, err) ||
	    read_rules(engine, &out->rules, err) || model_terms_apply(terms, engine, out, err) || check_kinds(engine, out->rules.type, kinds, err) ||
	    read_oracle(conf_get(root, "oracle"), out->rules.type, model->step_s, &out->oracle, err) ||
	    read_liquidity(conf_get(root, "liquidity"), model, out, err) ||
	    read_maintenance_tiers(conf_get(root, "maintenance_tiers"), model, out, err) ||
	    read_network(conf_get(root, "network"), model, &out->gas, err) ||
	    model_keepers(conf_get(root, "keepers"), measured, model->dependent_delays, &out->keepers, err) ||
	    model_controls(root, measured, model->step_s, out, err))
		return -EINVAL;
	return 0;
}
