// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Aave v4: a keeper may repay no more than what brings the health back to a target, at a bonus that grows as the health
 * falls, so that a small violation costs the borrower little.
 */
#include <math.h>

#include "margin/rules.h"

enum { V4_TARGET, V4_HEALTH_FOR_MAX, V4_BONUS_FACTOR, V4_MAX_BONUS, V4_FEE, V4_LEAVE };

/* From bonus_factor·max at a health of 1 linearly to the maximum at health_for_max_bonus. */
static double bonus_at(const double *p, double health)
{
	double least = p[V4_BONUS_FACTOR] * p[V4_MAX_BONUS];

	if (health <= p[V4_HEALTH_FOR_MAX])
		return p[V4_MAX_BONUS];
	return least + (p[V4_MAX_BONUS] - least) * (1 - health) / (1 - p[V4_HEALTH_FOR_MAX]);
}

/* Repaying r at bonus b takes r(1 + b) of collateral: (all that counts - r(1 + b)w)/(all debt - r) = target. */
static double to_target(const double *p, const struct position *position, double health, double bonus)
{
	double debt = -position->cash, all = debt + position->others_owe, penalty = (1 + bonus) * position->weight;

	return penalty < p[V4_TARGET] ? fmin(debt, all * (p[V4_TARGET] - health) / (p[V4_TARGET] - penalty)) : debt;
}

static bool plan_v4(const struct rules *rules, const struct position *position, double oracle, struct plan *out)
{
	const double *p = rules->parameter;
	double debt = -position->cash, value = position->units * oracle, health, bonus, repay, seized, units;

	*out = (struct plan){0};
	if (!(debt > 0) || !(value > 0))
		return false;
	health = position_health(position, oracle);
	bonus = bonus_at(p, health);
	repay = to_target(p, position, health, bonus);
	if (debt - repay < p[V4_LEAVE])
		repay = debt;
	seized = repay * (1 + bonus);
	if (seized > value || (repay < debt && value - seized < p[V4_LEAVE])) {
		seized = value;
		repay = fmin(debt, seized / (1 + bonus));
	}
	units = seized >= value ? position->units : seized / oracle;
	out->fee_units = units * p[V4_FEE] * bonus / (1 + bonus);
	out->units = units - out->fee_units;
	out->repay = repay;
	return true;
}

const struct rules_type rules_aave_v4 = {
	.name = "aave-v4",
	.source = "aave/aave-v4, src/spoke/libraries/LiquidationLogic.sol at 0051c6e1, read 2026-11-25; the presets are WETH's on the main "
		  "spoke of governance.aave.com/t/25170 (LlamaRisk, 19 June 2026)",
	.penalty = "max_bonus",
	.parameters = {{"target_health", 1, 10, 1.24}, {"health_for_max_bonus", 0, 0.9999, 0.9}, {"bonus_factor", 0, 1, 0.9},
		       {"max_bonus", 0, 1, 0.0555}, {"liquidation_fee", 0, 1, 0.1}, {"leave_at_least", 0, 1e12, 1000}},
	.cross_collateral = true,
	.cross_debt = true,
	.of_reserve = 1u << V4_MAX_BONUS | 1u << V4_FEE,
	.plan = plan_v4,
};
