// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Perpetual positions against a pool or a liquidator at the oracle's price, with no order on a market: Drift hands as much
 * as covers the shortage to the liquidator, GMX and Synthetix close against those who provide the liquidity.
 */
#include <math.h>

#include "margin/rules.h"

static double value_of(const struct position *position, double oracle)
{
	return fabs(position->units) * oracle;
}

/* ---- Drift ---------------------------------------------------------------------------------------------------------- */

enum { DRIFT_LIQUIDATOR_FEE, DRIFT_FUND_FEE, DRIFT_BUFFER, DRIFT_WHOLE_BELOW };

/*
 * The requirement with its buffer is r per unit of value, the shortage is r·value - equity. Every unit that goes frees r and
 * costs both fees, so that shortage/(oracle·(r - fees)) units cover it. The fund's fee gives way to the shortage.
 */
static bool plan_drift(const struct rules *rules, const struct position *position, double oracle, struct plan *out)
{
	const double *p = rules->parameter;
	double size = fabs(position->units), value = value_of(position, oracle), fee = p[DRIFT_LIQUIDATOR_FEE], fund = 0, taken = size;
	double ratio = fabs(1 - position->weight) + p[DRIFT_BUFFER];
	double shortage = ratio * value - position->relief - (position->units * oracle + position->cash);

	*out = (struct plan){0};
	if (!(value > 0))
		return false;
	if (ratio > fee) {
		fund = fmin(p[DRIFT_FUND_FEE], fmax(0, ratio - fee - shortage / value));
		if (value > p[DRIFT_WHOLE_BELOW] && ratio - fee - fund > 0)
			taken = fmin(size, fmax(0, shortage) / (oracle * (ratio - fee - fund)));
	}
	out->units = copysign(taken, position->units);
	out->repay = out->units * oracle * (position->units > 0 ? 1 - fee : 1 + fee);
	out->penalty = fund * taken * oracle;
	return taken > 0;
}

const struct rules_type rules_drift = {
	.name = "drift",
	.source = "drift-labs/protocol-v2, controller/liquidation.rs at 006ba85c, math/liquidation.rs at 0fd8f61c, read 2026-11-25; the "
		  "buffer is the constant's 2 %, both fees are a market's own: the presets are an example",
	.perpetual = true,
	.tiers_by = TIERS_BY_NOTIONAL,
	.penalty = "liquidator_fee",
	.parameters = {{"liquidator_fee", 0, 0.5, 0.01}, {"fund_fee", 0, 0.5, 0.01}, {"margin_buffer", 0, 0.5, 0.02},
		       {"whole_below", 0, 1e12, 50}},
	.plan = plan_drift,
};

/* ---- GMX v2 --------------------------------------------------------------------------------------------------------- */

enum { GMX_POSITION_FEE, GMX_LIQUIDATION_FEE };

/* The pool is the other side: all of it is closed at the oracle's price, what is left after fees is the trader's. */
static bool plan_gmx(const struct rules *rules, const struct position *position, double oracle, struct plan *out)
{
	const double *p = rules->parameter;

	*out = (struct plan){.units = position->units, .repay = NAN, .takeover = true};
	out->penalty = (p[GMX_POSITION_FEE] + p[GMX_LIQUIDATION_FEE]) * value_of(position, oracle);
	return position->units != 0;
}

const struct rules_type rules_gmx_v2 = {
	.name = "gmx-v2",
	.source = "gmx-io/gmx-synthetics, contracts/position/PositionUtils.sol at 00fc6b2e, config/markets.ts at 00172c00 (fee of closing, "
		  "no price impact in liquidations), read 2026-11-25; liquidation_fee came later and is a market's own",
	.perpetual = true,
	.tiers_by = TIERS_BY_NOTIONAL,
	.penalty = "liquidation_fee",
	.parameters = {{"position_fee", 0, 0.5, 0.0007}, {"liquidation_fee", 0, 0.5, 0.002}},
	.plan = plan_gmx,
};

/* ---- Synthetix v3 --------------------------------------------------------------------------------------------------- */

enum { SYNTHETIX_REWARD, SYNTHETIX_REWARD_MIN, SYNTHETIX_REWARD_MAX };

/* Flagged: all margin is seized at once, and the pool bears the position from then on. */
static bool plan_synthetix(const struct rules *rules, const struct position *position, double oracle, struct plan *out)
{
	const double *p = rules->parameter;

	*out = (struct plan){.units = position->units, .repay = NAN, .takeover = true, .penalty = INFINITY};
	out->reward = fmin(p[SYNTHETIX_REWARD_MAX], fmax(p[SYNTHETIX_REWARD_MIN], p[SYNTHETIX_REWARD] * value_of(position, oracle)));
	return position->units != 0;
}

const struct rules_type rules_synthetix_v3 = {
	.name = "synthetix-v3",
	.source = "Synthetixio/synthetix-v3, perps-market/contracts/modules/LiquidationModule.sol at 02580980; presets of ETH on Base, "
		  "Synthetixio/synthetix-deployments, omnibus-base-mainnet-andromeda/perps/eth.toml at 03bf0fdd and global.toml at 006454a7, "
		  "read 2026-11-25",
	.perpetual = true,
	.penalty = "reward_ratio",
	.parameters = {{"reward_ratio", 0, 0.5, 0.0003}, {"min_reward", 0, 1e12, 1}, {"max_reward", 0, 1e12, 500}},
	.plan = plan_synthetix,
};
