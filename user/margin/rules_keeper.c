// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Fixed spread: a keeper repays debt and takes collateral worth the same and a bonus, at the oracle's price. The protocols
 * differ in how much may be repaid at once, in the bonus, and in who gets which part of it.
 */
#include <math.h>

#include "margin/rules.h"

/* What the family shares; each protocol fills it from its parameters. */
struct terms {
	double close_factor;	   /* share of the debt that may be repaid at once … */
	bool of_all;		   /* (of all of the account's debts, though only one of them is repaid) */
	double full_close_health;  /* … unless the health is at or below this, */
	double full_close_size;	   /* or collateral or debt is worth less than this */
	double leave_at_least;	   /* what is left of either must be worth this, or nothing */
	double bonus;
	double fee_of_bonus, fee_of_seized; /* shares for the protocol */
};

static bool plan_keeper(const struct terms *terms, const struct position *position, double oracle, struct plan *out)
{
	double debt = -position->cash, value = position->units * oracle, repay = debt, seized, units;
	bool small = value < terms->full_close_size || debt < terms->full_close_size;

	*out = (struct plan){0};
	if (!(debt > 0) || !(value > 0))
		return false;
	if (!small && position_health(position, oracle) > terms->full_close_health)
		repay = fmin(debt, terms->close_factor * (debt + (terms->of_all ? position->others_owe : 0)));
	if (repay < debt && debt - repay < terms->leave_at_least && repay * (1 + terms->bonus) < value)
		repay = fmax(0, debt - terms->leave_at_least);
	seized = repay * (1 + terms->bonus);
	if (repay < debt && seized < value && value - seized < terms->leave_at_least)
		seized = fmax(0, value - terms->leave_at_least);
	if (seized >= value)
		seized = value;
	repay = fmin(repay, seized / (1 + terms->bonus));
	units = seized >= value ? position->units : seized / oracle;
	out->fee_units = units * (terms->fee_of_bonus * terms->bonus / (1 + terms->bonus) + terms->fee_of_seized);
	out->units = units - out->fee_units;
	out->repay = repay;
	return repay > 0;
}

/* ---- Aave v3 -------------------------------------------------------------------------------------------------------- */

enum { AAVE_CLOSE_FACTOR, AAVE_FULL_CLOSE_HEALTH, AAVE_FULL_CLOSE_SIZE, AAVE_LEAVE, AAVE_BONUS, AAVE_FEE };

static bool plan_aave(const struct rules *rules, const struct position *position, double oracle, struct plan *out)
{
	const double *p = rules->parameter;
	struct terms terms = {p[AAVE_CLOSE_FACTOR], true, p[AAVE_FULL_CLOSE_HEALTH], p[AAVE_FULL_CLOSE_SIZE], p[AAVE_LEAVE],
			      p[AAVE_BONUS], p[AAVE_FEE], 0};

	return plan_keeper(&terms, position, oracle, out);
}

const struct rules_type rules_aave_v3 = {
	.name = "aave-v3",
	.source = "aave-dao/aave-v3-origin, LiquidationLogic.sol at 027aaed7, read 2026-11-25; bonus and protocol fee are a "
		  "reserve's own: the presets are those of WETH",
	.tiers_by = TIERS_BY_HEALTH,
	.penalty = "bonus",
	.parameters = {{"close_factor", 0.01, 1, 0.5}, {"full_close_health", 0, 1, 0.95},
		       {"full_close_size", 0, 1e12, 2000}, {"leave_at_least", 0, 1e12, 1000},
		       {"bonus", 0, 1, 0.05}, {"protocol_fee", 0, 1, 0.1}},
	.cross_collateral = true,
	.cross_debt = true,
	.of_reserve = 1u << AAVE_BONUS | 1u << AAVE_FEE,
	.of_emode = 1u << AAVE_BONUS,
	.plan = plan_aave,
};

/* ---- Spark ---------------------------------------------------------------------------------------------------------- */

enum { SPARK_CLOSE_FACTOR, SPARK_FULL_CLOSE_HEALTH, SPARK_BONUS, SPARK_FEE };

/* Aave as it was before v3.3: no rule looks at sizes. */
static bool plan_spark(const struct rules *rules, const struct position *position, double oracle, struct plan *out)
{
	const double *p = rules->parameter;
	struct terms terms = {p[SPARK_CLOSE_FACTOR], false, p[SPARK_FULL_CLOSE_HEALTH], 0, 0, p[SPARK_BONUS], p[SPARK_FEE], 0};

	return plan_keeper(&terms, position, oracle, out);
}

const struct rules_type rules_spark = {
	.name = "spark",
	.source = "sparkdotfi/sparklend-v1-core, LiquidationLogic.sol at 077cc8c2, read 2026-11-25; bonus and protocol fee are a "
		  "reserve's own: the presets are an example",
	.tiers_by = TIERS_BY_HEALTH,
	.penalty = "bonus",
	.parameters = {{"close_factor", 0.01, 1, 0.5}, {"full_close_health", 0, 1, 0.95}, {"bonus", 0, 1, 0.05},
		       {"protocol_fee", 0, 1, 0.1}},
	.cross_collateral = true,
	.cross_debt = true,
	.of_reserve = 1u << SPARK_BONUS | 1u << SPARK_FEE,
	.of_emode = 1u << SPARK_BONUS,
	.plan = plan_spark,
};

/* ---- Compound v2 ---------------------------------------------------------------------------------------------------- */

enum { COMPOUND_CLOSE_FACTOR, COMPOUND_BONUS, COMPOUND_SEIZE_SHARE };

static bool plan_compound(const struct rules *rules, const struct position *position, double oracle, struct plan *out)
{
	const double *p = rules->parameter;
	struct terms terms = {p[COMPOUND_CLOSE_FACTOR], false, 0, 0, 0, p[COMPOUND_BONUS], 0, p[COMPOUND_SEIZE_SHARE]};

	return plan_keeper(&terms, position, oracle, out);
}

const struct rules_type rules_compound_v2 = {
	.name = "compound-v2",
	.source = "compound-finance/compound-protocol, CTokenInterfaces.sol (protocolSeizeShareMantissa 2.8 %) at 1245e5d8, read 2026-11-25; close "
		  "factor and bonus are governance's settings",
	.tiers_by = TIERS_BY_HEALTH,
	.penalty = "bonus",
	.parameters = {{"close_factor", 0.01, 1, 0.5}, {"bonus", 0, 1, 0.08}, {"seize_share", 0, 1, 0.028}},
	.cross_collateral = true,
	.cross_debt = true,
	.plan = plan_compound,
};

/* ---- Morpho Blue ---------------------------------------------------------------------------------------------------- */

enum { MORPHO_MAX_INCENTIVE, MORPHO_CURSOR };

static bool plan_morpho(const struct rules *rules, const struct position *position, double oracle, struct plan *out)
{
	const double *p = rules->parameter;
	double incentive = fmin(p[MORPHO_MAX_INCENTIVE], 1 / (1 - p[MORPHO_CURSOR] * (1 - position->weight)));
	struct terms terms = {1, false, 0, 0, 0, incentive - 1, 0, 0};

	return plan_keeper(&terms, position, oracle, out);
}

const struct rules_type rules_morpho = {
	.name = "morpho",
	.source = "morpho-org/morpho-blue, Morpho.sol at 3085651, ConstantsLib.sol at 04d77eea, read 2026-11-25: LIF = min(1.15, 1/(1 - 0.3·(1 - LLTV)))",
	.penalty = "cursor",
	.parameters = {{"max_incentive", 1, 2, 1.15}, {"cursor", 0, 1, 0.3}},
	.plan = plan_morpho,
};

/* ---- Euler v2 ------------------------------------------------------------------------------------------------------- */

enum { EULER_MAX_DISCOUNT };

/* The deeper the violation the larger the bonus: a reverse Dutch auction by health. */
static bool plan_euler(const struct rules *rules, const struct position *position, double oracle, struct plan *out)
{
	double factor = fmax(position_health(position, oracle), 1 - rules->parameter[EULER_MAX_DISCOUNT]);
	struct terms terms = {1, false, 0, 0, 0, 1 / factor - 1, 0, 0};

	return plan_keeper(&terms, position, oracle, out);
}

const struct rules_type rules_euler_v2 = {
	.name = "euler-v2",
	.source = "euler-xyz/euler-vault-kit, Liquidation.sol at 5b98b420; the largest discount is 0.2 at 0118010f, read 2026-11-25, and a "
		  "vault's own setting since",
	.penalty = "max_discount",
	.parameters = {{"max_discount", 0, 0.99, 0.15}},
	.cross_collateral = true,
	.plan = plan_euler,
};

/* ---- the reference -------------------------------------------------------------------------------------------------- */

static bool plan_instant(const struct rules *rules, const struct position *position, double oracle, struct plan *out)
{
	(void)rules;
	(void)oracle;
	*out = (struct plan){.units = position->units, .repay = NAN};
	return position->units != 0;
}

const struct rules_type rules_instant = {
	.name = "instant",
	.commits = true,
	.source = "the reference of docs/model.md: all is sold at the market's price, a shortfall is bad debt",
	.plan = plan_instant,
};
