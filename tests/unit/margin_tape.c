// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Every engine on a tape of a few prices, and every tier of the waterfall: each number worked out by hand beside it, to the
 * cent. run() checks on each of them that what is lost is what others gain.
 */
#include "market_world.h"

#define CENT 5e-3

struct answer {
	double seized, keepers, fees, bad_debt;
};

static void expect(struct world *w, double liquidations, struct answer wanted)
{
	run(w, 1);
	near(w->more.liquidations.value, liquidations, 0);
	near(w->result.outcome_mean.seized, wanted.seized, CENT);
	near(w->more.keeper_profit.value, wanted.keepers, CENT);
	near(w->more.fees_mean, wanted.fees, CENT);
	near(w->result.bad_debt.value, wanted.bad_debt, CENT);
}

/* Two prices: the second one makes the account liquidatable, and it is liquidated in that block. */
static void falls(struct world *w, const struct rules_type *rules, double from, double to, struct account account)
{
	on_tape(w, rules, (const double[]){from, to}, 2, account);
}

/* ---- fixed spread --------------------------------------------------------------------------------------------------- */

static void aave_v3(void **state)
{
	struct account loan = {0, 100, 8000, 0.8};
	struct world w;

	(void)state;
	/* health 0.99: 4000 repaid, 4200 taken, of whose bonus of 200 a tenth is the protocol's */
	falls(&w, &rules_aave_v3, 100.5, 99, loan);
	expect(&w, 1, (struct answer){4200, 180, 20, 0});
	/* all of it is worth 8000, which pays 7619.05; of the bonus of 380.95 a tenth is the protocol's */
	falls(&w, &rules_aave_v3, 100.5, 80, loan);
	expect(&w, 1, (struct answer){8000, 342.86, 38.10, 380.95});
	/* twice in two blocks: at 99 as above, then health (9900 - 4200)/99·86·0.8/4000 = 0.9903: half of 4000 for 2100 */
	on_tape(&w, &rules_aave_v3, (const double[]){100.5, 99, 86}, 3, loan);
	expect(&w, 2, (struct answer){6300, 270, 30, 0});
}

static void aave_v4_and_spark(void **state)
{
	struct world w;

	(void)state;
	/* as in margin_rules.c: 5005.06 repaid for 5257.84, 25.28 of the bonus of 252.78 to the protocol */
	falls(&w, &rules_aave_v4, 100.5, 99, (struct account){0, 100, 8000, 0.8});
	expect(&w, 1, (struct answer){5257.84, 227.50, 25.28, 0});
	/* all for 8000/1.0555 = 7579.35: bonus 420.65, of which 42.07 to the protocol */
	falls(&w, &rules_aave_v4, 100.5, 80, (struct account){0, 100, 8000, 0.8});
	expect(&w, 1, (struct answer){8000, 378.59, 42.07, 420.65});
	falls(&w, &rules_spark, 100.5, 99, (struct account){0, 10, 800, 0.8});
	expect(&w, 1, (struct answer){420, 18, 2, 0});
}

static void compound_v2_morpho_euler(void **state)
{
	struct world w;

	(void)state;
	/* 4000 repaid, 4320 taken, 2.8 % of them the protocol's */
	falls(&w, &rules_compound_v2, 100.5, 99, (struct account){0, 100, 8000, 0.8});
	expect(&w, 1, (struct answer){4320, 199.04, 120.96, 0});
	/* all of 860 at 1/(1 - 0.3·0.14) = 1.043841 */
	falls(&w, &rules_morpho, 1001, 999, (struct account){0, 1, 860, 0.86});
	expect(&w, 1, (struct answer){897.70, 37.70, 0, 0});
	/* LLTV 0.86 at 880: all collateral pays 880/1.043841 = 843.04 of 860, the rest is socialised at once */
	falls(&w, &rules_morpho, 1001, 880, (struct account){0, 1, 860, 0.86});
	expect(&w, 1, (struct answer){880, 36.96, 0, 16.96});
	/* health 0.99: 8000 for 8000/0.99 */
	falls(&w, &rules_euler_v2, 1001, 990, (struct account){0, 10, 8000, 0.8});
	expect(&w, 1, (struct answer){8080.81, 80.81, 0, 0});
	/* health 0.8, discount 15 %: 8000 of collateral for 6800 */
	falls(&w, &rules_euler_v2, 1001, 800, (struct account){0, 10, 8000, 0.8});
	expect(&w, 1, (struct answer){8000, 1200, 0, 1200});
}

/* ---- taken over, and sold ------------------------------------------------------------------------------------------- */

/*
 * The module delays by a hop of two blocks: what it is told in block 2 is the price in block 4. From 990·1.3 by 1 % each
 * 90 s: at the 27th step it is 1287·0.99^27 = 981.14, the first below 990. 6900·1.13 = 7797 buy 7.9468 units.
 */
static void maker(void **state)
{
	struct world w;

	(void)state;
	falls(&w, &rules_maker, 1001, 990, (struct account){0, 10, 6900, 0.69});
	w.market.oracle.hop_s = 24;
	w.model.horizon_s = 36;
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	w.model.horizon_s = 2400;
	expect(&w, 2, (struct answer){9900, 70.45 + 7.80, 897 - 7.80, 0}); /* the penalty of 13 %, and a thousandth of 7797 to whoever barked */
	near(w.more.time_to_liquidation_s, 0, 0);
	/* without the module it begins three blocks earlier */
	w.market.oracle.hop_s = 0;
	w.model.horizon_s = 12;
	run(&w, 1);
	near(w.more.liquidations.value, 1, 0);
}

#define TIP 6
#define CUSP 5
#define HOLE 9
#define DUST 10

/* The same vault, without the module, and a transaction costs so much. */
static void vault(struct world *w, double gas, double tip)
{
	falls(w, &rules_maker, 1001, 990, (struct account){0, 10, 6900, 0.69});
	w->market.gas = (struct gas){.units = 1e6, .base_fee_gwei = gas, .price = 1000};
	w->market.rules.parameter[TIP] = tip;
	w->model.horizon_s = 2400;
}

/* Starting an auction brings a thousandth of 7797 and the tip: if that is less than its gas and what he wants to earn, nobody does. */
static void maker_pays_whoever_barks(void **state)
{
	static const double falls_on[] = {1001, 990, 600};
	struct world w;

	(void)state;
	vault(&w, 8, 0.3);
	expect(&w, 2, (struct answer){9900, 70.449 - 8 + 8.097 - 8, 897 - 8.097, 0});
	near(w.more.waits_mean, 0, 0);
	w.market.keepers.min_profit = 0.1;
	expect(&w, 0, (struct answer){0, 0, 0, 0});
	vault(&w, 8, 0.2);
	w.model.horizon_s = 12;
	expect(&w, 0, (struct answer){0, 0, 0, 0});
	near(w.more.waits_mean, 2, 0); /* to the end of one more horizon */
	/* and goes under: 6900 owed, 6000 left */
	on_tape(&w, &rules_maker, falls_on, 3, (struct account){0, 10, 6900, 0.69});
	w.market.gas = (struct gas){.units = 1e6, .base_fee_gwei = 8, .price = 1000};
	expect(&w, 0, (struct answer){0, 0, 0, 900});
}

/* 0.99^11 is below a cusp of 0.9: from 1008 s on it has to be started anew. Until then nothing is sold: the vow has 9900 for 6900. */
static void maker_pays_whoever_starts_anew(void **state)
{
	struct world w;

	(void)state;
	vault(&w, 8, 0.3);
	w.market.rules.parameter[CUSP] = 0.9;
	w.model.horizon_s = 600;
	expect(&w, 1, (struct answer){9900, 2 * 0.097, 3000 - 2 * 8.097, 0});
	near(w.more.waits_mean, 0, 0);
	/* but not for dust: it waits from 1008 s to 1200 s */
	w.market.rules.parameter[DUST] = 8000;
	expect(&w, 1, (struct answer){9900, 0.097, 3000 - 8.097, 0});
	near(w.more.waits_mean, 17, 0);
}

/* Two vaults, and a hole for one: the second one's auction begins a block after the first one's end, at 2448 s. */
static void maker_limits(void **state)
{
	struct world w;

	(void)state;
	vault(&w, 0, 0);
	w.accounts[1] = w.accounts[0];
	w.model.account_count = 2;
	w.model.horizon_s = 2700;
	w.market.rules.parameter[HOLE] = 7797;
	expect(&w, 4, (struct answer){19800, 2 * 78.2458, 2 * (897 - 7.797), 0});
	near(w.more.waits_mean, 204, 0);
	/* a hole for a half: one half after the other, both within 5400 s */
	vault(&w, 0, 0);
	w.model.horizon_s = 2700;
	w.market.rules.parameter[HOLE] = 7797 / 2.0;
	expect(&w, 4, (struct answer){9900, 78.2458, 897 - 7.797, 0});
	/* but a rest of 3450 is dust, and goes with it … */
	w.market.rules.parameter[DUST] = 4000;
	expect(&w, 2, (struct answer){9900, 78.2458, 897 - 7.797, 0});
	/* … and an auction for 2654.87 is dust too, and leaves 4245.13 that are not */
	w.market.rules.parameter[HOLE] = 3000;
	w.market.rules.parameter[DUST] = 3000;
	expect(&w, 0, (struct answer){0, 0, 0, 0});
}

/* Purchases for 900 at a time of 7797: the ninth would pay the rest. With dust the eighth leaves 1000, of which 900 may not be bought. */
static void maker_leaves_no_dust_on_auction(void **state)
{
	struct world w;

	(void)state;
	vault(&w, 0, 0);
	w.market.keepers.capital = 900;
	run(&w, 1);
	near(w.more.liquidations.value, 1 + 9, 0);
	w.market.rules.parameter[DUST] = 1000;
	run(&w, 1);
	near(w.more.liquidations.value, 1 + 8, 0);
	w.market.keepers.capital = 1001;
	run(&w, 1);
	near(w.more.liquidations.value, 1 + 8, 0); /* six of 1001, one of 791, and 1000 */
}

static void compound_v3(void **state)
{
	struct world w;

	(void)state;
	/* credited 9500: 400 to the owner. Sold at 975: 9750 raised, 250 to the reserves and 250 to the buyer */
	falls(&w, &rules_compound_v3, 1012, 1000, (struct account){0, 10, 9100, 0.9});
	expect(&w, 2, (struct answer){10000, 250, 250, 0});
	/* 9800 owed, 9750 raised */
	falls(&w, &rules_compound_v3, 1100, 1000, (struct account){0, 10, 9800, 0.9});
	expect(&w, 2, (struct answer){10000, 250, 0, 50});
	/* a block each from below 1 to absorbed, at 1000, and to bought, at 980·0.975 = 955.50: 9555 raised for 9500 */
	on_tape(&w, &rules_compound_v3, (const double[]){1012, 1000, 1000, 980}, 4, (struct account){0, 10, 9100, 0.9});
	w.model.delays[DELAY_INCLUSION].parameter[0] = 12;
	expect(&w, 2, (struct answer){10000, 245, 55, 0});
}

/* Who absorbs is paid nothing: he does if the discount on what will be for sale, 250, is worth the gas of both. */
static void compound_v3_is_absorbed_if_buying_pays(void **state)
{
	static const double falls_on[] = {1012, 1000, 900}, falls_fast[] = {1012, 1000, 970};
	struct account account = {0, 10, 9100, 0.9};
	struct world w;

	(void)state;
	on_tape(&w, &rules_compound_v3, falls_on, 3, account);
	w.market.gas = (struct gas){.units = 1e6, .base_fee_gwei = 120, .price = 1000};
	w.market.keepers.min_profit = 9;
	expect(&w, 2, (struct answer){10000, 10, 250, 0});
	near(w.more.waits_mean, 0, 0);
	/* at 900 it is 225: 9100 owed, 9000 left */
	w.market.keepers.min_profit = 11;
	expect(&w, 0, (struct answer){0, 0, 0, 100});
	w.market.keepers.min_profit = 0;
	w.market.gas.base_fee_gwei = 126;
	expect(&w, 0, (struct answer){0, 0, 0, 100});
	/*
	 * On chain a block late: at 1000 it would be sold at 975, and the market pays 970. A block later at 945.75: credited 9215, 9457.50
	 * raised.
	 */
	on_tape(&w, &rules_compound_v3, falls_fast, 3, account);
	w.model.delays[DELAY_ORACLE].parameter[0] = 12;
	w.market.gas = (struct gas){.units = 1e6, .base_fee_gwei = 1, .price = 1000};
	expect(&w, 2, (struct answer){9700, 240.5, 242.5, 0});
	near(w.more.waits_mean, 1, 0);
}

/* ---- perpetuals ----------------------------------------------------------------------------------------------------- */

static void dydx_v4(void **state)
{
	struct account position = {0, 10, 9650, 0.97}; /* below 994.85 */
	struct world w;

	(void)state;
	/* sold at 990: equity 250, of which 0.5 % of 9900 are the fee */
	falls(&w, &rules_dydx_v4, 1000, 990, position);
	expect(&w, 1, (struct answer){9900, 0, 49.50, 0});
	/* equity 9600 - 9650: deleveraged at the bankruptcy price */
	falls(&w, &rules_dydx_v4, 1000, 960, position);
	expect(&w, 1, (struct answer){9600, 0, 0, 50});
	/* equity 9655 - 9650 = 5 does not pay a fee of 48.28: it takes what there is */
	falls(&w, &rules_dydx_v4, 1000, 965.5, position);
	expect(&w, 1, (struct answer){9655, 0, 5, 0});
}

static void hyperliquid(void **state)
{
	struct account position = {0, 200, 193400, 0.97}; /* below 996.91 */
	struct world w;

	(void)state;
	/* equity 5800 is above two thirds of 5976: a fifth of it to the market, and 5800 is enough for 160 units */
	falls(&w, &rules_hyperliquid, 1000, 996, position);
	expect(&w, 1, (struct answer){39840, 0, 0, 0});
	/* 30 s later all the rest, at 989: below 160·0.97·989.43 = 153560, above two thirds of 4747 */
	on_tape(&w, &rules_hyperliquid, (const double[]){1000, 996, 989, 989, 989}, 5, position);
	w.model.horizon_s = 24;
	expect(&w, 2, (struct answer){198080, 0, 0, 0});
	w.market.rules.parameter[3] = 0; /* at once: in the block of 989 */
	expect(&w, 2, (struct answer){198080, 0, 0, 0});
	/* equity 3600, two thirds of 5910 are 3940: the vault takes the position and its margin */
	falls(&w, &rules_hyperliquid, 1000, 985, position);
	expect(&w, 1, (struct answer){197000, 0, 3600, 0});
	falls(&w, &rules_hyperliquid, 1000, 960, position);
	expect(&w, 1, (struct answer){192000, 0, 0, 1400});
}

static void drift(void **state)
{
	struct account position = {0, 10, 9550, 0.95}; /* below 1005.26 */
	struct world w;

	(void)state;
	/* equity 450, required with buffer 700: short of 250, a unit frees 70 and costs 20: five units at 990 */
	falls(&w, &rules_drift, 1010, 1000, position);
	expect(&w, 1, (struct answer){5000, 50, 50, 0});
	/* equity -50: ten units at 940.5 leave 145 of debt, of which the liquidator has 95 */
	falls(&w, &rules_drift, 1010, 950, position);
	expect(&w, 1, (struct answer){9500, 95, 0, 145});
	/* short 10, 10450 of cash, above 995.24: the same at 1000 from the other side, five units at 1010 */
	falls(&w, &rules_drift, 990, 1000, (struct account){0, -10, -10450, 0.95});
	expect(&w, 1, (struct answer){5000, 50, 50, 0});
}

static void gmx_and_synthetix(void **state)
{
	struct world w;

	(void)state;
	/* equity 50, fees 0.27 % of 9950 */
	falls(&w, &rules_gmx_v2, 1005, 995, (struct account){0, 10, 9900, 0.99});
	expect(&w, 1, (struct answer){9950, 0, 26.87, 0});
	falls(&w, &rules_gmx_v2, 1005, 985, (struct account){0, 10, 9900, 0.99});
	expect(&w, 1, (struct answer){9850, 0, 0, 50});
	/* equity 100 to the pool, 0.03 % of 10000 from it to the keeper; who does not come where gas costs more */
	falls(&w, &rules_synthetix_v3, 1010, 1000, (struct account){0, 10, 9900, 0.985});
	expect(&w, 1, (struct answer){10000, 3, 97, 0});
	w.market.gas = (struct gas){.units = 1e6, .base_fee_gwei = 4, .price = 1000};
	expect(&w, 0, (struct answer){0, 0, 0, 0});
	w.market.gas.base_fee_gwei = 2;
	expect(&w, 1, (struct answer){10000, 1, 97, 0});
}

/* ---- the waterfall -------------------------------------------------------------------------------------------------- */

/* Drift's loss of 145 as above, tier by tier. */
static void tiers_pay_in_their_order(void **state)
{
	struct world w;

	(void)state;
	falls(&w, &rules_drift, 1010, 950, (struct account){0, 10, 9550, 0.95});
	/* the keeper who takes it at 940.5 has his 95 whoever pays; nobody there: all is the other side's */
	expect(&w, 1, (struct answer){9500, 95, 0, 145});
	near(w.more.lenders.value, 145, CENT);
	/* each tier alone */
	w.market.waterfall = (struct waterfall){.count = 1, .tiers = {{"fund", TIER_INSURANCE, 200, 0, 0, 0, 0}}};
	run(&w, 1);
	near(w.more.absorbed[0].value, 145, CENT);
	near(w.more.exhausted[0], 0, 0);
	near(w.more.lenders.value, 0, CENT);
	w.market.waterfall = (struct waterfall){.count = 1, .tiers = {{"token", TIER_BACKSTOP, 50, 0, 1, 0, 0}}};
	run(&w, 1);
	near(w.more.absorbed[0].value, 30.90, CENT); /* x(1 + x/50) = 50: x = 25(√5 - 1) */
	near(w.more.exhausted[0], 1, 0);
	near(w.more.lenders.value, 114.10, CENT);
	w.market.waterfall = (struct waterfall){.count = 1, .tiers = {{"treasury", TIER_CAPITAL, 20, 0, 0, 0, 0}}};
	run(&w, 1);
	near(w.more.absorbed[0].value, 20, CENT);
	near(w.more.lenders.value, 125, CENT);
	/* and one after the other */
	w.market.waterfall = (struct waterfall){.count = 3, .tiers = {{"fund", TIER_INSURANCE, 60, 0, 0, 0, 0}, {"token", TIER_BACKSTOP, 50, 0, 1, 0, 0},
								     {"treasury", TIER_CAPITAL, 20, 0, 0, 0, 0}}};
	run(&w, 1);
	near(w.more.absorbed[0].value, 60, CENT);
	near(w.more.absorbed[1].value, 30.90, CENT);
	near(w.more.absorbed[2].value, 20, CENT);
	near(w.more.lenders.value, 34.10, CENT);
}

/* dYdX's fee of 49.50 at 990 feeds the fund by half before another account loses 50 at 960. */
static void fees_feed_the_fund(void **state)
{
	struct world w;

	(void)state;
	on_tape(&w, &rules_dydx_v4, (const double[]){1000, 990, 960}, 3, (struct account){0, 10, 9650, 0.97});
	w.accounts[1] = (struct account){0, 10, 9602, 0.97}; /* below 989.90; at 960 its equity is -2 */
	w.model.account_count = 2;
	w.market.waterfall = (struct waterfall){.count = 1, .tiers = {{"fund", TIER_INSURANCE, 1, 0.5, 0, 0, 0}}};
	expect(&w, 2, (struct answer){19500, 0, 49.50, 2});
	near(w.more.absorbed[0].value, 2, CENT); /* of 1 + 24.75 */
	near(w.more.exhausted[0], 0, 0);
	w.market.waterfall.tiers[0].fed_share = 0;
	run(&w, 1);
	near(w.more.absorbed[0].value, 1, CENT);
	near(w.more.lenders.value, 1, CENT);
	/* a fund that began with nothing was emptied once it was fed; one that is not fed either never had anything */
	w.market.waterfall.tiers[0] = (struct tier){"fund", TIER_INSURANCE, 0, 0.02, 0, 0, 0};
	run(&w, 2);
	near(w.more.absorbed[0].value, 0.99, CENT);
	near(w.more.exhausted[0], 1, 0);
	w.market.waterfall.tiers[0].fed_share = 0;
	run(&w, 2);
	near(w.more.exhausted[0], 0, 0);
	near(w.more.lenders.value, 2, CENT);
}

/*
 * A bonus of 2 %, and of 5 % from a health of 0.96. At 99 (0.99) half, 4,000 for 4,080, fee 8: the keeper has 72. Left are 58.79 for 4,000,
 * at 80 a health of 0.94: all, for 4,200, fee 20: 180. Both of the fee's amounts are worth that at the time.
 */
static void a_bonus_in_tiers(void **state)
{
	static const double prices[] = {110, 99, 99, 80, 80};
	struct world w;

	(void)state;
	on_tape(&w, &rules_aave_v3, prices, 5, (struct account){0, 100, 8000, 0.8});
	w.market.rules.tiers[0] = (struct rules_tier){1, 0.02};
	w.market.rules.tiers[1] = (struct rules_tier){0.96, 0.05};
	w.market.rules.tier_count = 2;
	run(&w, 1);
	near(w.more.liquidations.value, 2, 0);
	near(w.more.keeper_profit.value, 72 + 180, 1e-9);
	near(w.more.fees_mean, 8 + 20, 1e-9);
	near(w.result.bad_debt.value, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aave_v3),
		cmocka_unit_test(aave_v4_and_spark),
		cmocka_unit_test(compound_v2_morpho_euler),
		cmocka_unit_test(maker),
		cmocka_unit_test(maker_pays_whoever_barks),
		cmocka_unit_test(maker_pays_whoever_starts_anew),
		cmocka_unit_test(maker_limits),
		cmocka_unit_test(maker_leaves_no_dust_on_auction),
		cmocka_unit_test(compound_v3),
		cmocka_unit_test(compound_v3_is_absorbed_if_buying_pays),
		cmocka_unit_test(dydx_v4),
		cmocka_unit_test(hyperliquid),
		cmocka_unit_test(drift),
		cmocka_unit_test(gmx_and_synthetix),
		cmocka_unit_test(tiers_pay_in_their_order),
		cmocka_unit_test(fees_feed_the_fund),
		cmocka_unit_test(a_bonus_in_tiers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
