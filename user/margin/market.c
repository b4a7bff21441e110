// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/market.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/groups.h"

#define PATHS_MAX 50000000u /* each keeps its result: 250 bytes, twice */
#define STEPS_MAX 1e9

/* An account of several rows, from one up to below another. */
static int check_rows(const struct rules_type *rules, const struct model *model, size_t first, size_t end, struct error *err)
{
	size_t collaterals = 0, debts = model->accounts[first].debt > 0;

	if (rules->shared_margin) /* a short position whose threshold is 1 is no debt there */
		return 0;
	for (size_t i = first; i < end; i++)
		*(account_is_debt(&model->accounts[i]) ? &debts : &collaterals) += 1;
	if (end - first > collaterals && !rules_lend(rules))
		return error_set(err, -EINVAL, "account %zu: owes an asset with a price of its own, which %s does not take", first, rules->name);
	if (rules->perpetual)
		return error_set(err, -EINVAL, "account %zu: has %zu positions that share a margin, and %s takes one an account: split it", first,
				 end - first, rules->name);
	if (!collaterals)
		return error_set(err, -EINVAL, "account %zu: owes, and has no collateral", first);
	if (collaterals > 1 && !rules->cross_collateral)
		return error_set(err, -EINVAL, "account %zu: has %zu collaterals, and %s takes one an account: split it", first, collaterals,
				 rules->name);
	if (debts > 1 && !rules->cross_debt)
		return error_set(err, -EINVAL, "account %zu: has %zu debts, and %s takes one an account: split it", first, debts, rules->name);
	return 0;
}

static int check_accounts(const struct market *market, const struct model *model, struct error *err)
{
	bool perpetual = market->rules.type->perpetual || market->rules.type == &rules_instant;

	for (size_t i = 0; i < model->account_count; i++) {
		const struct account *a = &model->accounts[i];

		if (!(isfinite(a->collateral) && isfinite(a->debt) && a->asset < model->asset_count) || a->collateral == 0)
			return error_set(err, -EINVAL, "account %zu: a size or a debt is no number, or nothing", i);
		if (!(a->liquidation_threshold > 0 && a->liquidation_threshold <= 1))
			return error_set(err, -EINVAL, "account %zu: liquidation threshold %g (above 0, to 1)", i, a->liquidation_threshold);
		if (model->terms && model->terms[i] > market->variant_count)
			return error_set(err, -EINVAL, "account %zu: its terms are number %u of %zu", i, model->terms[i], market->variant_count);
		if (model_joined(model, i) && !i)
			return error_set(err, -EINVAL, "account %zu: there is none before it to be joined to", i);
		if (model_joined(model, i) && a->debt != 0)
			return error_set(err, -EINVAL, "account %zu: the debt of several collaterals is with the first of them", i);
		if (!perpetual && ((a->collateral < 0 && !account_is_debt(a)) || a->debt < 0))
			return error_set(err, -EINVAL, "account %zu: %s holds loans: collateral above 0, debt 0 or more", i,
					 market->rules.type->name);
	}
	for (size_t i = 0, end; i < model->account_count; i = end) {
		for (end = i + 1; end < model->account_count && model_joined(model, end);)
			end++;
		if ((end > i + 1 || (!perpetual && account_is_debt(&model->accounts[i]))) && check_rows(market->rules.type, model, i, end, err))
			return -EINVAL;
	}
	return 0;
}

int settlement_check(const struct settlement *settlement, struct error *err)
{
	if (settlement->fail_probability >= 0 && settlement->fail_probability <= 0.99)
		return 0;
	return error_set(err, -EINVAL, "fail_probability is %g; allowed: 0 to 0.99", settlement->fail_probability);
}

static bool entries_known(const struct model *model)
{
	for (size_t i = 0; i < model->account_count; i++)
		if (!model->entries || !(model->entries[i] > 0))
			return false;
	return true;
}

static int check_waterfall(const struct market *market, const struct model *model, struct error *err)
{
	const struct tier *deleveraging = waterfall_find(&market->waterfall, TIER_DELEVERAGING);
	const struct tier *socialised = waterfall_find(&market->waterfall, TIER_SOCIALISED);
	const struct rules_type *type = market->rules.type;

	if (deleveraging && !type->deleverages)
		return error_set(err, -EINVAL, "tier %s: %s leaves no bankrupt position to close others against; dydx-v4 and hyperliquid do",
				 deleveraging->name, type->name);
	if (socialised && !type->perpetual)
		return error_set(err, -EINVAL, "tier %s: %s holds loans; losses are spread over perpetual positions", socialised->name, type->name);
	if (deleveraging && deleveraging->rank == RANK_HYPERLIQUID && !entries_known(model))
		return error_set(err, -EINVAL, "tier %s: rank hyperliquid needs the price at which each position was opened", deleveraging->name);
	if (socialised && socialised->over == OVER_PROFIT && !entries_known(model))
		return error_set(err, -EINVAL, "tier %s: over profit needs the price at which each position was opened", socialised->name);
	return waterfall_check(&market->waterfall, err);
}

static int check_tiers(const struct market *market, const struct model *model, struct error *err)
{
	int rc = 0;

	if (market->tiers && !market->rules.type->perpetual)
		return error_set(err, -EINVAL, "%s holds loans, and tiers of maintenance margin are of perpetual positions", market->rules.type->name);
	if (market->tiers && model->joined)
		return error_set(err, -EINVAL, "they are of positions that stand each for itself, and there are some that share a margin");
	for (size_t i = 0; !rc && market->tiers && i < model->asset_count; i++)
		rc = margin_tiers_check(&market->tiers[i], err);
	return rc;
}

static int prefixed(const char *part, int rc, struct error *err)
{
	return rc ? error_prefix(err, rc, "%s", part) : 0;
}

int market_check(const struct market *market, const struct model *model, struct error *err)
{
	int rc = rules_check(&market->rules, err);

	for (size_t i = 0; !rc && i < market->variant_count; i++)
		rc = market->variants[i].type == market->rules.type ? rules_check(&market->variants[i], err)
								    : error_set(err, -EINVAL, "variant %zu of the rules is of another type", i + 1);
	if (!model->paths || model->paths > PATHS_MAX)
		return error_set(err, -EINVAL, "paths is %llu; the market walk takes 1 to %u", (unsigned long long)model->paths, PATHS_MAX);
	if (!(model->step_s > 0 && model->horizon_s >= model->step_s && model->horizon_s / model->step_s <= STEPS_MAX))
		return error_set(err, -EINVAL, "step is %g s, horizon %g s: a block's time, and one or more of them", model->step_s,
				 model->horizon_s);
	if (!rc)
		rc = delay_dependence_check(model->delays, model->dependent_delays, model->volatility_window_s, err);
	if (!rc)
		rc = oracle_check(&market->oracle, model->step_s, err);
	if (!rc && market->oracle.pull && model->joined)
		rc = error_set(err, -EINVAL, "policy is pull, and there are accounts with several collaterals, or debts in assets with a price of their own: each keeper "
					       "brings one price");
	for (size_t i = 0; !rc && i < model->asset_count; i++)
		rc = liquidity_check(&market->liquidity[i], err);
	if (!rc)
		rc = prefixed("network", gas_check(&market->gas, model->asset_count, err), err);
	if (!rc)
		rc = prefixed("keepers", keepers_check(&market->keepers, err), err);
	if (!rc)
		rc = prefixed("settlement", settlement_check(&market->settlement, err), err);
	if (!rc)
		rc = check_waterfall(market, model, err);
	if (!rc)
		rc = prefixed("maintenance_tiers", check_tiers(market, model, err), err);
	if (!rc)
		rc = breaker_check(&market->breaker, model->step_s, err);
	if (!rc)
		rc = dynamic_margin_check(&market->dynamic_margin, err);
	if (!rc)
		rc = preemptive_margin_check(&market->preemptive_margin, err);
	if (!rc)
		rc = governance_check(&market->governance, model->step_s, err);
	if (!rc)
		rc = model_groups_check(model, err);
	return rc ? rc : check_accounts(market, model, err);
}

const struct rules *market_rules(const struct market *market, const struct model *model, size_t row)
{
	return model->terms && model->terms[row] ? &market->variants[model->terms[row] - 1] : &market->rules;
}

void market_free(struct market *market, size_t asset_count)
{
	for (size_t i = 0; market->liquidity && i < asset_count; i++)
		free(market->liquidity[i].levels);
	free(market->liquidity);
	free(market->tiers);
	free(market->variants);
	delay_free(&market->keepers.own);
	for (size_t i = 0; i < market->keepers.class_count; i++)
		delay_free(&market->keepers.classes[i].delay);
	delay_free(&market->settlement.delay);
	*market = (struct market){0};
}
