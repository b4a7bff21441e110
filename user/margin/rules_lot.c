// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The protocol takes the collateral over and sells it itself: Maker in a Dutch auction from above the market, Compound v3
 * at a discount on the oracle's price.
 */
#include <math.h>

#include "margin/rules.h"

/* ---- Maker ---------------------------------------------------------------------------------------------------------- */

enum { MAKER_CHOP, MAKER_BUF, MAKER_CUT, MAKER_STEP, MAKER_TAIL, MAKER_CUSP };

static void maker_start(const struct rules *rules, struct lot *lot, double oracle, double now_s)
{
	lot->top = oracle * rules->parameter[MAKER_BUF];
	lot->start_s = now_s;
}

static void maker_take(const struct rules *rules, struct position *position, double oracle, double now_s, struct lot *out)
{
	double debt = -position->cash;

	*out = (struct lot){.units = position->units, .claim = debt, .target = debt * (1 + rules->parameter[MAKER_CHOP])};
	maker_start(rules, out, oracle, now_s);
	position->units = position->cash = 0;
}

static double maker_offer(const struct rules *rules, struct lot *lot, double oracle, double now_s)
{
	const double *p = rules->parameter;
	double elapsed = now_s - lot->start_s, price = lot->top * pow(p[MAKER_CUT], floor(elapsed / p[MAKER_STEP]));

	if (elapsed <= p[MAKER_TAIL] && price >= lot->top * p[MAKER_CUSP])
		return price;
	maker_start(rules, lot, oracle, now_s);
	return lot->top;
}

const struct rules_type rules_maker = {
	.name = "maker",
	.source = "makerdao/dss, dog.sol, clip.sol, abaci.sol at fa4f663; makerdao/osm, osm.sol at 0091d3b4 (a hop of one hour), read 2026-11-25; "
		  "every number is an ilk's own setting: the presets are an example",
	.oracle_hop_s = 3600,
	.penalty = "chop",
	.parameters = {{"chop", 0, 1, 0.13}, {"buf", 1, 10, 1.3}, {"cut", 0.5, 1, 0.99}, {"step_s", 1, 86400, 90},
		       {"tail_s", 1, 864000, 8400}, {"cusp", 0, 1, 0.4}},
	.of_reserve = 1u << MAKER_CHOP | 1u << MAKER_BUF | 1u << MAKER_CUT | 1u << MAKER_STEP | 1u << MAKER_TAIL | 1u << MAKER_CUSP,
	.take = maker_take,
	.offer = maker_offer,
};

/* ---- Compound v3 ---------------------------------------------------------------------------------------------------- */

enum { COMET_LIQUIDATION_FACTOR, COMET_STORE_FRONT };

/* What the account is credited for its collateral beyond its debt stays with it; a debt beyond that falls on the reserves. */
static void comet_take(const struct rules *rules, struct position *position, double oracle, double now_s, struct lot *out)
{
	double credit = position->units * oracle * rules->parameter[COMET_LIQUIDATION_FACTOR] + position->cash;

	*out = (struct lot){.units = position->units, .claim = -position->cash + fmax(0, credit), .target = INFINITY,
			    .start_s = now_s};
	position->units = 0;
	position->cash = fmax(0, credit);
}

static double comet_offer(const struct rules *rules, struct lot *lot, double oracle, double now_s)
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
