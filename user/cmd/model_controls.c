// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `settlement:`, `waterfall:` and `controls:` of model.yaml. */
#include <errno.h>
#include <math.h>

#include "cmd/model_market.h"
#include "cmd/model_parts.h"

static int read_settlement(struct conf map, struct model_measured *measured, struct settlement *out, struct error *err)
{
	const struct model_entry entries[] = {{"fail_probability", &out->fail_probability, false}, {NULL, NULL, false}};
	struct error why = {""};
	struct conf delay;

	if (!conf_exists(map))
		return 0;
	if (conf_require(map, "delay", "how long a message takes: {type: lognormal, median: 15m, sigma: 0.5}", &delay, err) ||
	    model_delay(delay, measured, DELAYS_INDEPENDENT, &out->delay, err))
		return -EINVAL;
	if (model_read_entries(map, entries, "delay", err))
		return -EINVAL;
	return settlement_check(out, &why) ? conf_error(map, err, "%s", why.text) : 0;
}

/* Of positions: whose, in which order. */
static int read_positions_tier(struct conf map, struct tier *out, struct error *err)
{
	struct conf rank, over = conf_get(map, "over");
	int choice = 0;

	if (out->type == TIER_DELEVERAGING) {
		if (conf_require(map, "rank", "who is closed first: hyperliquid or dydx-v4", &rank, err) ||
		    conf_read_choice(rank, deleveraging_rank_names, &choice, err))
			return -EINVAL;
		out->rank = (enum deleveraging_rank)choice;
		return conf_reject_unknown(map, "type, name, rank", err);
	}
	if (conf_exists(over) && conf_read_choice(over, socialised_over_names, &choice, err))
		return -EINVAL;
	out->over = (enum socialised_over)choice;
	return conf_reject_unknown(map, "type, name, over", err);
}

static int read_waterfall(struct conf list, struct waterfall *out, struct error *err)
{
	struct error why = {""};

	if (!conf_exists(list))
		return 0;
	if (!conf_is_list(list) || conf_count(list) > WATERFALL_TIERS_MAX)
		return conf_error(list, err, "should be a list of at most %d tiers, the first to pay first", WATERFALL_TIERS_MAX);
	for (size_t i = 0; i < conf_count(list); i++) {
		struct tier *tier = &out->tiers[i];
		const struct model_entry entries[] = {{"size", &tier->size, false}, {"fed_share", &tier->fed_share, false},
						{"impact", &tier->impact, false}, {NULL, NULL, false}};
		struct conf map = conf_at(list, i), type, name = conf_get(map, "name");
		int choice;

		if (conf_require(map, "type", "insurance-fund, backstop, capital, deleveraging or socialised", &type, err) ||
		    conf_read_choice(type, tier_type_names, &choice, err) ||
		    conf_read_text(conf_exists(name) ? name : type, tier->name, sizeof(tier->name), err))
			return -EINVAL;
		tier->type = (enum tier_type)choice;
		out->count = i + 1;
		if (tier_of_positions(tier) ? read_positions_tier(map, tier, err) : model_read_entries(map, entries, "type, name", err))
			return -EINVAL;
	}
	return waterfall_check(out, &why) ? conf_error(list, err, "%s", why.text) : 0;
}

/* Each: 0 where it is not there. */
static int read_breaker(struct conf map, double step_s, struct breaker *out, struct error *err)
{
	const struct model_entry entries[] = {{"move", &out->move, false}, {"volatility", &out->volatility, false},
					      {"window", &out->window_s, true}, {"pause", &out->pause_s, true}, {NULL, NULL, false}};
	static const char *const halts[] = {"liquidations", "trading", NULL}, *const does[] = {"wait", "hold", NULL};
	struct conf halt = conf_get(map, "halts"), keepers = conf_get(map, "keepers");
	struct error why = {""};
	int trading = 0, hold = 0;

	if (!conf_exists(map))
		return 0;
	if ((conf_exists(halt) && conf_read_choice(halt, halts, &trading, err)) || (conf_exists(keepers) && conf_read_choice(keepers, does, &hold, err)) ||
	    model_read_entries(map, entries, "halts, keepers", err))
		return -EINVAL;
	if (conf_exists(keepers) && !trading)
		return conf_error(keepers, err, "is for halts: trading: nobody liquidates while liquidations pause");
	out->trading = trading;
	out->hold = hold;
	if (!out->move && !out->volatility)
		return conf_error(map, err, "nothing trips it: give a move of the price, a volatility, or both");
	if (!out->pause_s)
		return conf_error(map, err, "pause is 0: give how long nothing is liquidated, e.g. 15m");
	return breaker_check(out, step_s, &why) ? conf_error(map, err, "%s", why.text) : 0;
}

static int read_dynamic(struct conf map, struct dynamic_margin *out, struct error *err)
{
	const struct model_entry entries[] = {{"gain", &out->gain, false}, {"calm_volatility", &out->calm_volatility, false},
					      {"half_life", &out->half_life_s, true}, {"alpha", &out->alpha, false}, {"beta", &out->beta, false},
					      {"horizon", &out->horizon_s, true},
					      {"floor", &out->floor, false}, {"step_per_hour", &out->step_per_hour, false},
					      {NULL, NULL, false}};
	struct error why = {""};

	if (!conf_exists(map))
		return 0;
	if (model_read_entries(map, entries, "", err))
		return -EINVAL;
	if (!out->gain)
		return conf_error(map, err, "gain is 0: give how much of the expected move above the calm one the requirement follows, e.g. 1");
	return dynamic_margin_check(out, &why) ? conf_error(map, err, "%s", why.text) : 0;
}

static int read_preemptive(struct conf map, struct preemptive_margin *out, struct error *err)
{
	const struct model_entry entries[] = {{"factor", &out->factor, false}, {"ratio", &out->ratio, false}, {"fast", &out->fast_s, true},
					      {"slow", &out->slow_s, true}, {"latency", &out->latency_s, true},
					      {"hold", &out->hold_s, true}, {NULL, NULL, false}};
	struct error why = {""};
	struct conf factor;

	if (!conf_exists(map))
		return 0;
	*out = (struct preemptive_margin){.ratio = INFINITY, .fast_s = 300, .slow_s = 86400, .latency_s = INFINITY, .hold_s = 1800};
	if (conf_require(map, "factor", "what weights are multiplied by, e.g. 0.97", &factor, err) ||
	    model_read_entries(map, entries, "", err))
		return -EINVAL;
	return preemptive_margin_check(out, &why) ? conf_error(map, err, "%s", why.text) : 0;
}

static int read_governance(struct conf map, double step_s, struct governance *out, struct error *err)
{
	const struct model_entry entries[] = {{"move", &out->move, false}, {"window", &out->window_s, true}, {"delay", &out->delay_s, true},
					      {"factor", &out->factor, false}, {NULL, NULL, false}};
	struct error why = {""};

	if (!conf_exists(map))
		return 0;
	if (model_read_entries(map, entries, "", err))
		return -EINVAL;
	if (!out->move)
		return conf_error(map, err, "move is 0: give the change of the price within the window that leads to a decision, e.g. 0.15");
	return governance_check(out, step_s, &why) ? conf_error(map, err, "%s", why.text) : 0;
}

static int read_controls(struct conf map, double step_s, struct market *out, struct error *err)
{
	if (!conf_exists(map))
		return 0;
	if (read_breaker(conf_get(map, "circuit_breaker"), step_s, &out->breaker, err) ||
	    read_dynamic(conf_get(map, "dynamic_margin"), &out->dynamic_margin, err) ||
	    read_preemptive(conf_get(map, "preemptive_margin"), &out->preemptive_margin, err) ||
	    read_governance(conf_get(map, "governance"), step_s, &out->governance, err))
		return -EINVAL;
	return conf_reject_unknown(map, "circuit_breaker, dynamic_margin, preemptive_margin, governance", err);
}

int model_controls(struct conf root, struct model_measured *measured, double step_s, struct market *out, struct error *err)
{
	if (read_settlement(conf_get(root, "settlement"), measured, &out->settlement, err) ||
	    read_waterfall(conf_get(root, "waterfall"), &out->waterfall, err))
		return -EINVAL;
	return read_controls(conf_get(root, "controls"), step_s, out, err);
}
