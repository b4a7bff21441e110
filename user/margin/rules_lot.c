// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The protocol takes the collateral over and sells it itself: Maker in a Dutch auction from above the market, Compound v3
 * at a discount on the oracle's price.
 */
#include <math.h>

#include "margin/rules.h"

/* ---- Maker ---------------------------------------------------------------------------------------------------------- */

enum { MAKER_CHOP, MAKER_BUF, MAKER_CUT, MAKER_STEP, MAKER_TAIL, MAKER_CUSP, MAKER_TIP, MAKER_CHIP, MAKER_TAU, MAKER_HOLE, MAKER_DUST };

#define ROUNDING 1e-9 /* of a debt: what sums and differences of other auctions may make of it */

static void maker_start(const struct rules *rules, struct lot *lot, double oracle, double now_s)
{
	const double *p = rules->parameter;

	lot->top = oracle * p[MAKER_BUF];
	lot->start_s = now_s;
	lot->reward = p[MAKER_TIP] + p[MAKER_CHIP] * (lot->target - lot->raised);
}

/* As much of the debt as there is room for in the hole; all of it where less than dust would be left, none where that is less than dust. */
static bool maker_take(const struct rules *rules, struct position *position, double oracle, double now_s, double wanted, struct lot *out)
{
	const double *p = rules->parameter;
	double debt = -position->cash, part = fmin(debt, (p[MAKER_HOLE] - wanted) / (1 + p[MAKER_CHOP])), least = fmax(p[MAKER_DUST], ROUNDING * debt);

	if (!(part > ROUNDING * debt))
		return false;
	if (debt - part < least)
		part = debt;
	else if (part < least)
		return false;
	*out = (struct lot){.units = position->units * (part / debt), .claim = part, .target = part * (1 + p[MAKER_CHOP]), .least = p[MAKER_DUST]};
	maker_start(rules, out, oracle, now_s);
	position->units = part < debt ? position->units - out->units : 0;
	position->cash = part - debt;
	return true;
}

static double maker_offer(const struct rules *rules, const struct lot *lot, double oracle, double now_s)
{
	const double *p = rules->parameter;
	double elapsed = now_s - lot->start_s;
	double share = p[MAKER_TAU] > 0 ? fmax(0, 1 - elapsed / p[MAKER_TAU]) : pow(p[MAKER_CUT], floor(elapsed / p[MAKER_STEP]));

	(void)oracle;
	return elapsed <= p[MAKER_TAIL] && share >= p[MAKER_CUSP] ? lot->top * share : NAN;
}

/* Nobody is paid for starting what is hardly worth it. */
static void maker_renew(const struct rules *rules, struct lot *lot, double oracle, double now_s)
{
	double dust = rules->parameter[MAKER_DUST];

	maker_start(rules, lot, oracle, now_s);
	if (lot->target - lot->raised < dust || lot->units * oracle < dust)
		lot->reward = 0;
}

const struct rules_type rules_maker = {
	.name = "maker",
	.source = "makerdao/dss, dog.sol, clip.sol, abaci.sol at fa4f663; makerdao/osm, osm.sol at 0091d3b4 (a hop of one hour); tip and chip as put "
		  "to the vote in makerdao/community, governance/polls/Add ETH-A to Liquidations 2.0 Framework - April 26, 2021 at abe203d9, read 2026-11-25; "
		  "every number is an ilk's own setting: the presets are an example, without limits",
	.oracle_hop_s = 3600,
	.penalty = "chop",
	.parameters = {{"chop", 0, 1, 0.13}, {"buf", 1, 10, 1.3}, {"cut", 0.5, 1, 0.99}, {"step_s", 1, 86400, 90},
		       {"tail_s", 1, 864000, 8400}, {"cusp", 0, 1, 0.4}, {"tip", 0, 1e6, 0}, {"chip", 0, 1, 0.001},
		       {"tau_s", 0, 864000, 0}, {"hole", 0, INFINITY, INFINITY}, {"dust", 0, 1e9, 0}},
	.of_reserve = (1u << (MAKER_DUST + 1)) - 1,
	.take = maker_take,
	.offer = maker_offer,
	.renew = maker_renew,
};

/* ---- Compound v3 ---------------------------------------------------------------------------------------------------- */

enum { COMET_LIQUIDATION_FACTOR, COMET_STORE_FRONT };

/* What the account is credited for its collateral beyond its debt stays with it; a debt beyond that falls on the reserves. */
static bool comet_take(const struct rules *rules, struct position *position, double oracle, double now_s, double wanted, struct lot *out)
{
	double credit = position->units * oracle * rules->parameter[COMET_LIQUIDATION_FACTOR] + position->cash;

	(void)wanted;
	*out = (struct lot){.units = position->units, .claim = -position->cash + fmax(0, credit), .target = INFINITY,
			    .start_s = now_s};
	position->units = 0;
	position->cash = fmax(0, credit);
	return true;
}

static double comet_offer(const struct rules *rules, const struct lot *lot, double oracle, double now_s)
{
	const double *p = rules->parameter;

	(void)lot;
	(void)now_s;
	return oracle * (1 - p[COMET_STORE_FRONT] * (1 - p[COMET_LIQUIDATION_FACTOR]));
}

const struct rules_type rules_compound_v3 = {
	.name = "compound-v3",
	.source = "compound-finance/comet, Comet.sol at d5a30b0a; the factors are an asset's own, the presets those of WETH in "
		  "deployments/mainnet/usdc/configuration.json at 3daf2050, read 2026-11-25",
	.parameters = {{"liquidation_factor", 0.01, 1, 0.95}, {"store_front_factor", 0, 1, 0.5}},
	.cross_collateral = true,
	.of_reserve = 1u << COMET_LIQUIDATION_FACTOR,
	.take = comet_take,
	.offer = comet_offer,
};
