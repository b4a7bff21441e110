// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Perpetual positions: closed on the market, and where that does not pay the debt, taken over by the protocol. */
#include <math.h>

#include "margin/rules.h"

static double maintenance(const struct position *position, double oracle)
{
	return fabs(position->units) * oracle * fabs(1 - position->weight) - position->relief;
}

static double equity(const struct position *position, double oracle)
{
	return position->units * oracle + position->cash;
}

double perp_bankruptcy_price(const struct position *position)
{
	return -position->cash / position->units;
}

double perp_fillable_price(const struct position *position, double oracle, double adjustment, double spread)
{
	double margin = maintenance(position, oracle);
	double rating = fmin(1, fmax(0, adjustment * (1 - equity(position, oracle) / (margin + position->others_require))));

	return (position->units * oracle - rating * spread * margin) / position->units;
}

double perp_initial_margin(double base, double open_interest, double lower, double upper)
{
	return fmin(1, base + fmax(0, (open_interest - lower) / (upper - lower)) * (1 - base));
}

/* ---- dYdX v4 -------------------------------------------------------------------------------------------------------- */

enum { DYDX_ADJUSTMENT, DYDX_SPREAD, DYDX_FEE };

/* Sold down to the fillable price; an account without equity is deleveraged at the bankruptcy price, and the loss is the fund's. */
static bool plan_dydx(const struct rules *rules, const struct position *position, double oracle, struct plan *out)
{
	const double *p = rules->parameter;

	*out = (struct plan){.units = position->units, .repay = NAN, .takeover = equity(position, oracle) < 0};
	if (out->takeover)
		return true;
	out->limit = perp_fillable_price(position, oracle, p[DYDX_ADJUSTMENT], p[DYDX_SPREAD]);
	out->penalty = p[DYDX_FEE] * fabs(position->units) * oracle;
	return position->units != 0;
}

const struct rules_type rules_dydx_v4 = {
	.name = "dydx-v4",
	.source = "dydxprotocol/v4-chain, x/clob/keeper/liquidations.go at 84d4664ba; defaults of types/liquidations_config_keeper.go at "
		  "2f99004e, read 2026-11-25",
	.perpetual = true,
	.shared_margin = true,
	.any_first = true,
	.deleverages = true,
	.tiers_by = TIERS_BY_NOTIONAL,
	.penalty = "liquidation_fee",
	.parameters = {{"bankruptcy_adjustment", 1, 100, 1}, {"spread_to_maintenance", 0, 10, 0.1},
		       {"liquidation_fee", 0, 0.1, 0.005}},
	.plan = plan_dydx,
};

/* ---- Hyperliquid ---------------------------------------------------------------------------------------------------- */

enum { HYPERLIQUID_LARGE, HYPERLIQUID_SHARE, HYPERLIQUID_BACKSTOP, HYPERLIQUID_COOLDOWN };

/* Of a large position a part first; after a pause the whole rest. */

static bool plan_hyperliquid(const struct rules *rules, const struct position *position, double oracle, struct plan *out)
{
	const double *p = rules->parameter;
	bool large = fabs(position->units) * oracle > p[HYPERLIQUID_LARGE];

	*out = (struct plan){.units = position->units, .repay = NAN};
	out->takeover = equity(position, oracle) < p[HYPERLIQUID_BACKSTOP] * (maintenance(position, oracle) + position->others_require);
	if (out->takeover) {
		out->whole = true;
		out->penalty = INFINITY; /* its margin goes with it */
	} else if (large && !position->taken) {
		out->units *= p[HYPERLIQUID_SHARE];
		out->pause_s = p[HYPERLIQUID_COOLDOWN];
	}
	return position->units != 0;
}

const struct rules_type rules_hyperliquid = {
	.name = "hyperliquid",
	.source = "hyperliquid-co.gitbook.io, Liquidations, read 2026-11-25: the first order of a position above 100,000 USDC is for 20 % of "
		  "it, 30 s later all of it; backstop below two thirds of the maintenance margin",
	.perpetual = true,
	.shared_margin = true,
	.deleverages = true,
	.parameters = {{"large_position", 0, 1e12, 100000}, {"partial_share", 0.01, 1, 0.2},
		       {"backstop_share", 0, 1, 0.66666666666666667}, {"cooldown_s", 0, 1e6, 30}},
	.plan = plan_hyperliquid,
};
