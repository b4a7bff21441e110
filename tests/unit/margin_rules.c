// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Liquidation rules, liquidity, waterfall and gas: every number worked out by hand beside it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "margin/gas.h"
#include "margin/liquidity.h"
#include "margin/rules.h"
#include "margin/waterfall.h"

static void near(double is, double wanted, double tolerance)
{
	if (!(fabs(is - wanted) <= tolerance))
		fail_msg("%.12g, should be %.12g", is, wanted);
}

static struct rules preset(const struct rules_type *type)
{
	struct rules rules;
	struct error err;

	rules_preset(&rules, type);
	if (rules_check(&rules, &err))
		fail_msg("%s: %s", type->name, err.text);
	return rules;
}

static struct plan plan_of(const struct rules *rules, const struct position *position, double oracle)
{
	struct plan plan;

	assert_true(rules_plan(rules, position, oracle, &plan));
	return plan;
}

/* C 100, D 8000, LT 0.8, bonus 5 %, protocol fee 10 % of it. */
static void aave_takes_half_then_all(void **state)
{
	struct rules rules = preset(&rules_aave_v3);
	struct position position = {.units = 100, .cash = -8000, .weight = 0.8}, after;
	struct plan plan;

	(void)state;
	/* 99: health 100·99·0.8/8000 = 0.99, above 0.95: half. Seized 4000·1.05 = 4200, fee 10 % of 200. */
	near(position_health(&position, 99), 0.99, 1e-12);
	plan = plan_of(&rules, &position, 99);
	near(plan.repay, 4000, 1e-9);
	near((plan.units + plan.fee_units) * 99, 4200, 1e-9);
	near(plan.fee_units * 99, 20, 1e-9);
	after = (struct position){.units = 100 - plan.units - plan.fee_units, .cash = -8000 + plan.repay, .weight = 0.8};
	near(position_health(&after, 99), 1.14, 1e-12); /* (9900 - 4200)·0.8/4000 */
	/* 94: health 0.94, at most 0.95: all. */
	near(plan_of(&rules, &position, 94).repay, 8000, 1e-9);
	/* 80: the collateral pays 8000/1.05 and is gone; 380.95 is left. */
	plan = plan_of(&rules, &position, 80);
	near(plan.repay, 8000 / 1.05, 1e-9);
	near(plan.units + plan.fee_units, 100, 1e-12);
	near(8000 - plan.repay, 380.952380952, 1e-8);
}

/* 2 % from a health of 1, 5 % from 0.96, 10 % from 0.9, of which the protocol has a tenth. */
static void a_bonus_in_tiers(void **state)
{
	struct rules rules = preset(&rules_aave_v3);
	struct position position = {.units = 100, .cash = -8000, .weight = 0.8};
	struct error err;
	struct plan plan;

	(void)state;
	rules.tiers[0] = (struct rules_tier){1, 0.02};
	rules.tiers[1] = (struct rules_tier){0.96, 0.05};
	rules.tiers[2] = (struct rules_tier){0.9, 0.1};
	rules.tier_count = 3;
	assert_int_equal(rules_check(&rules, &err), 0);
	/* 99: health 0.99. Half, 4000, for 4080, fee 10 % of 80 */
	plan = plan_of(&rules, &position, 99);
	near(plan.repay, 4000, 1e-9);
	near(plan.units * 99, 4072, 1e-9);
	near(plan.fee_units * 99, 8, 1e-9);
	/* 96: health 0.96 is the next tier's already. 4000 for 4200, fee 20 */
	near(plan_of(&rules, &position, 96).units * 96, 4180, 1e-9);
	/* 89: health 0.89, all: 8000 for 8800, fee 80 */
	plan = plan_of(&rules, &position, 89);
	near(plan.units * 89, 8720, 1e-9);
	near(plan.repay, 8000, 1e-9);
	/* before the first tier the plain bonus, 5 % */
	rules.tiers[0].from = 0.97;
	near(plan_of(&rules, &position, 98).units * 98, 4180, 1e-9);
	near(plan_of(&rules, &position, 97).units * 97, 4072, 1e-9);
	rules.tiers[1].from = 0.98;
	assert_int_equal(rules_check(&rules, &err), -22);
	assert_non_null(strstr(err.text, "tier 1 is from 0.98, after one from 0.97; they should fall"));
	rules.tiers[1] = (struct rules_tier){0.95, 1.5};
	assert_int_equal(rules_check(&rules, &err), -22);
	assert_non_null(strstr(err.text, "tier 1 has 1.5; allowed: 0 to 1"));
}

/* A fee of 0.2 % below 100,000 of value, 0.5 % from there on, beside GMX's 0.07 % for closing; the same for dYdX's fund. */
static void a_fee_in_tiers(void **state)
{
	struct rules gmx = preset(&rules_gmx_v2), dydx = preset(&rules_dydx_v4);
	struct position position = {.units = 10, .cash = -90000, .weight = 0.95};
	struct error err;

	(void)state;
	gmx.tiers[0] = dydx.tiers[0] = (struct rules_tier){100000, 0.005};
	gmx.tier_count = dydx.tier_count = 1;
	dydx.parameter[rules_penalty(dydx.type)] = 0.002;
	near(plan_of(&gmx, &position, 9999).penalty, 99990 * 0.0027, 1e-9);
	near(plan_of(&gmx, &position, 10000).penalty, 100000 * 0.0057, 1e-9);
	near(plan_of(&dydx, &position, 9999).penalty, 99990 * 0.002, 1e-9);
	near(plan_of(&dydx, &position, 10000).penalty, 500, 1e-9);
	gmx.tiers[1] = (struct rules_tier){100000, 0.006};
	gmx.tier_count = 2;
	assert_int_equal(rules_check(&gmx, &err), -22);
	assert_non_null(strstr(err.text, "they should rise"));
}

static void aave_leaves_no_dust(void **state)
{
	struct rules rules = preset(&rules_aave_v3);
	/* debt below 2000: all of it, though the health is above 0.95 */
	struct position small = {.units = 25, .cash = -1990, .weight = 0.8};
	/* 2350·0.8/1900... both above 2000, health 0.96: half, which leaves both above 1000 */
	struct position large = {.units = 30, .cash = -2450, .weight = 0.8};
	struct plan plan;

	(void)state;
	near(position_health(&small, 79), 25 * 79 * 0.8 / 1990, 1e-12);
	near(plan_of(&rules, &small, 79).repay, 25 * 79 / 1.05, 1e-9); /* all the collateral: 1975 < 1990·1.05 */
	near(position_health(&large, 99), 0.969795918367, 1e-9);
	plan = plan_of(&rules, &large, 99);
	near(plan.repay, 1225, 1e-9);
	near(30 * 99 - (plan.units + plan.fee_units) * 99, 2970 - 1286.25, 1e-9);
}

static void compound_v2_keeps_a_share_of_what_is_seized(void **state)
{
	struct rules rules = preset(&rules_compound_v2);
	struct position position = {.units = 10, .cash = -8000, .weight = 0.8};
	struct plan plan = plan_of(&rules, &position, 990);

	(void)state;
	near(plan.repay, 4000, 1e-9);			       /* close factor 50 % */
	near((plan.units + plan.fee_units) * 990, 4320, 1e-9); /* incentive 8 % */
	near(plan.fee_units * 990, 4320 * 0.028, 1e-9);
}

/* 10 units at 99 are worth 990 and owe 800: small, but Spark closes half of it all the same. */
static void spark_looks_at_no_size(void **state)
{
	struct rules rules = preset(&rules_spark), v3 = preset(&rules_aave_v3);
	struct position position = {.units = 10, .cash = -800, .weight = 0.8};
	struct plan plan = plan_of(&rules, &position, 99);

	(void)state;
	near(plan.repay, 400, 1e-9);
	near((plan.units + plan.fee_units) * 99, 420, 1e-9);
	near(plan.fee_units * 99, 2, 1e-9);
	near(plan_of(&v3, &position, 99).repay, 800, 1e-9);
	near(plan_of(&rules, &position, 94).repay, 800, 1e-9); /* health 0.94 */
}

/* Of two collaterals and debts a pair: all of the debt is healed by it, and its own threshold says how much that takes. */
static void aave_v4_in_an_account_of_several(void **state)
{
	struct rules rules = preset(&rules_aave_v4);
	/* 130·60·0.7 = 5,460 and 4,040 of others, for 4,000 and 6,000 of others: health 0.95 */
	struct position position = {.units = 130, .cash = -4000, .weight = 0.7, .others_count = 4040, .others_owe = 6000}, after;
	struct plan plan = plan_of(&rules, &position, 60);

	(void)state;
	near(position_health(&position, 60), 0.95, 1e-12);
	/* bonus 4.995 % + 0.5·0.555 % = 5.2725 %: 10,000·0.29/(1.24 - 0.7·1.052725) = 5,765: no more than this debt */
	near(plan.repay, 4000, 1e-9);
	near((plan.units + plan.fee_units) * 60, 4210.9, 1e-9);
	/* of a larger one as much, and the account is at the target; of 7,800 more than 1,000 stay */
	position.cash = -9000;
	position.others_owe = 1000;
	plan = plan_of(&rules, &position, 60);
	near(plan.repay, 2900 / (1.24 - 0.7 * 1.052725), 1e-9);
	after = (struct position){.units = 130 - plan.units - plan.fee_units, .cash = -9000 + plan.repay, .weight = 0.7, .others_count = 4040, .others_owe = 1000};
	near(position_health(&after, 60), 1.24, 1e-12);
}

/* C 100, D 8000, LT 0.8, target 1.24, bonus from 4.995 % at a health of 1 to 5.55 % at 0.9. */
static void aave_v4_repays_up_to_a_target(void **state)
{
	struct rules rules = preset(&rules_aave_v4);
	struct position position = {.units = 100, .cash = -8000, .weight = 0.8}, after;
	struct plan plan = plan_of(&rules, &position, 99);

	(void)state;
	/* health 0.99: bonus 4.995 % + 0.1·0.555 % = 5.0505 %; repaid 8000·0.25/(1.24 - 0.8·1.050505) = 2000/0.399596 */
	near(plan.repay, 5005.06, 5e-3);
	near((plan.units + plan.fee_units) * 99, 5257.84, 5e-3);
	near(plan.fee_units * 99, 25.28, 5e-3); /* a tenth of the bonus, 252.78 */
	after = (struct position){.units = 100 - plan.units - plan.fee_units, .cash = -8000 + plan.repay, .weight = 0.8};
	near(position_health(&after, 99), 1.24, 1e-12);
	/* health 0.9: 8000·0.34/(1.24 - 0.8·1.0555) = 2720/0.3956; 1124.37 of debt and 1742.77 of collateral may stay */
	plan = plan_of(&rules, &position, 90);
	near(plan.repay, 6875.63, 5e-3);
	near((plan.units + plan.fee_units) * 90, 7257.23, 5e-3);
	/* health 0.88: 8000·0.36/0.3956 would leave 719.92 of debt, below 1000: all of it, and 8444 of 8800 are taken */
	plan = plan_of(&rules, &position, 88);
	near(plan.repay, 8000, 1e-9);
	near((plan.units + plan.fee_units) * 88, 8444, 5e-3);
	/* 80: the collateral pays 8000/1.0555 and is gone; 420.65 is left */
	plan = plan_of(&rules, &position, 80);
	near(plan.units + plan.fee_units, 100, 1e-12);
	near(8000 - plan.repay, 420.65, 5e-3);
}

static void morpho_incentive_follows_the_lltv(void **state)
{
	struct rules rules = preset(&rules_morpho);
	struct position position = {.units = 1, .cash = -900, .weight = 0.86}, cheap = {.units = 1, .cash = -300, .weight = 0.3};
	struct plan plan = plan_of(&rules, &position, 1000);

	(void)state;
	near((plan.units + plan.fee_units) * 1000 / plan.repay, 1 / (1 - 0.3 * 0.14), 1e-12);
	near(plan.repay, 900, 1e-9);
	plan = plan_of(&rules, &cheap, 990);
	near(plan.units * 990 / plan.repay, 1.15, 1e-12); /* 1/(1 - 0.21) = 1.27 is capped */
}

static void euler_discount_grows_with_the_violation(void **state)
{
	struct rules rules = preset(&rules_euler_v2);
	struct position position = {.units = 10, .cash = -8000, .weight = 0.8};
	struct plan plan = plan_of(&rules, &position, 990); /* health 0.99: a discount of 1 % */

	(void)state;
	near(plan.repay, 8000, 1e-9);
	near(plan.units * 990, 8000 / 0.99, 1e-8);
	plan = plan_of(&rules, &position, 800); /* health 0.8, at most 15 %; 8000/0.85 is more than there is */
	near(plan.repay, 8000 * 0.85, 1e-8);
	near(plan.units, 10, 1e-12);
}

static void maker_sells_in_steps_from_above(void **state)
{
	struct rules rules = preset(&rules_maker);
	struct position position = {.units = 10, .cash = -8000, .weight = 0.69};
	struct lot lot;

	(void)state;
	assert_true(rules.type->take(&rules, &position, 1000, 60, 0, &lot));
	near(position.units, 0, 0);
	near(position.cash, 0, 0);
	near(lot.claim, 8000, 0);
	near(lot.target, 8000 * 1.13, 1e-9);
	near(lot.reward, 9.04, 1e-9); /* a thousandth */
	near(rules.type->offer(&rules, &lot, 1000, 60), 1300, 1e-9);
	near(rules.type->offer(&rules, &lot, 1000, 60 + 89), 1300, 1e-9);
	near(rules.type->offer(&rules, &lot, 1000, 60 + 90), 1287, 1e-9);
	near(rules.type->offer(&rules, &lot, 1000, 60 + 900), 1300 * pow(0.99, 10), 1e-9);
	/* 0.99^91 = 0.4007 is above the cusp, 0.99^92 below it: a new auction at the price of now */
	near(rules.type->offer(&rules, &lot, 700, 60 + 91 * 90), 1300 * pow(0.99, 91), 1e-9);
	assert_true(isnan(rules.type->offer(&rules, &lot, 700, 60 + 92 * 90)));
	lot.raised = 5040;
	rules.type->renew(&rules, &lot, 700, 60 + 92 * 90);
	near(rules.type->offer(&rules, &lot, 700, 60 + 92 * 90), 910, 1e-9);
	near(lot.start_s, 60 + 92 * 90, 0);
	near(lot.reward, 4, 1e-9); /* of the 4000 that are still wanted */
}

static void maker_sells_along_a_line(void **state)
{
	struct rules rules = preset(&rules_maker);
	struct lot lot = {.units = 10, .target = 9040, .top = 1300, .start_s = 60};

	(void)state;
	rules.parameter[8] = 1000; /* tau_s */
	near(rules.type->offer(&rules, &lot, 1000, 60), 1300, 1e-9);
	near(rules.type->offer(&rules, &lot, 1000, 60 + 250), 975, 1e-9);
	/* the cusp, 0.4 of the top, is reached after 600 s */
	near(rules.type->offer(&rules, &lot, 1000, 60 + 599), 1300 * 0.401, 1e-9);
	assert_true(isnan(rules.type->offer(&rules, &lot, 1000, 60 + 601)));
	/* without one it ends at nothing, and the tail ends it there */
	rules.parameter[5] = 0;
	near(rules.type->offer(&rules, &lot, 1000, 60 + 1500), 0, 0);
	assert_true(isnan(rules.type->offer(&rules, &lot, 1000, 60 + 8401)));
}

/* dog.sol's bark: what there is room for, no rest below dust, no auction below dust. */
static void maker_limits_what_is_on_auction(void **state)
{
	static const struct {
		double wanted;
		bool taken;
		double claim;
	} cases[] = {
		{0, true, 8000},     /* 9040 in a hole of 10000 */
		{960, true, 8000},   /* just so */
		{5480, true, 4000},  /* room for 4520 */
		{1638, true, 7400},  /* room for 8362 = 7400·1.13: 600 are left */
		{1468.5, true, 8000}, /* 7550: 450 would be left, below 500 */
		{9322, true, 600},   /* 678 = 600·1.13 */
		{9491.5, false, 0},  /* 450 are too few for an auction */
		{10000, false, 0},
		{10300, false, 0},
	};
	struct rules rules = preset(&rules_maker);

	(void)state;
	rules.parameter[6] = 300; /* tip */
	rules.parameter[9] = 10000; /* hole */
	rules.parameter[10] = 500;  /* dust */
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct position position = {.units = 10, .cash = -8000, .weight = 0.69};
		struct lot lot = {0};

		assert_int_equal(rules.type->take(&rules, &position, 1000, 0, cases[i].wanted, &lot), cases[i].taken);
		near(lot.claim, cases[i].claim, 1e-6);
		near(lot.units, cases[i].claim / 800, 1e-9);
		near(lot.reward, cases[i].taken ? 300 + cases[i].claim * 1.13e-3 : 0, 1e-8);
		near(position.cash, cases[i].claim - 8000, 1e-6);
		near(position.units, 10 - cases[i].claim / 800, 1e-9);
	}
}

/* Whoever starts one anew that is hardly worth it is not paid: less than dust to be raised, or collateral worth less. */
static void maker_pays_nothing_for_dust(void **state)
{
	struct rules rules = preset(&rules_maker);
	struct lot lot = {.units = 10, .target = 9040, .raised = 8000};

	(void)state;
	rules.parameter[6] = 300;
	rules.parameter[10] = 1000;
	rules.type->renew(&rules, &lot, 150, 0);
	near(lot.reward, 301.04, 1e-9);
	rules.type->renew(&rules, &lot, 99, 0);
	near(lot.reward, 0, 0);
	lot.raised = 8050;
	rules.type->renew(&rules, &lot, 150, 0);
	near(lot.reward, 0, 0);
}

static void compound_v3_absorbs_and_sells_at_a_discount(void **state)
{
	struct rules rules = preset(&rules_compound_v3);
	struct position position = {.units = 10, .cash = -9100, .weight = 0.9}, under = {.units = 10, .cash = -9700, .weight = 0.9};
	struct lot lot;

	(void)state;
	/* credited 10·1000·0.95 = 9500: 400 beyond its debt stay with the account */
	assert_true(rules.type->take(&rules, &position, 1000, 0, 0, &lot));
	near(position.cash, 400, 1e-9);
	near(lot.claim, 9500, 1e-9);
	/* half of the 5 % */
	near(rules.type->offer(&rules, &lot, 1000, 0), 975, 1e-9);
	/* 9500 do not cover 9700: the account owes nothing, the reserves are owed all */
	assert_true(rules.type->take(&rules, &under, 1000, 0, 0, &lot));
	near(under.cash, 0, 0);
	near(lot.claim, 9700, 1e-9);
}

/* Long 1 BTC at a price of 47,600 with a net collateral of 100 and a maintenance requirement of 1,428 (3 %). */
static void dydx_prices(void **state)
{
	struct position position = {.units = 1, .cash = 100 - 47600, .weight = 0.97};
	struct rules rules = preset(&rules_dydx_v4);
	struct plan plan;

	(void)state;
	near(perp_bankruptcy_price(&position), 47500, 1e-9);
	near(perp_fillable_price(&position, 47600, 1, 1.5), 45608, 1e-9);
	near(perp_initial_margin(0.05, 25, 20, 50), 0.208333333, 1e-9);
	near(perp_initial_margin(0.05, 45, 20, 50), 0.841666667, 1e-9);
	near(perp_initial_margin(0.05, 10, 20, 50), 0.05, 0);
	near(perp_initial_margin(0.05, 90, 20, 50), 1, 0);
	plan = plan_of(&rules, &position, 47600);
	assert_false(plan.takeover);
	near(plan.limit, 47600 - (1 - 100 / 1428.0) * 0.1 * 1428, 1e-9);
	near(plan.penalty, 238, 1e-9);
	assert_true(plan_of(&rules, &position, 47400).takeover); /* under its bankruptcy price */
}

static void hyperliquid_closes_large_positions_in_parts(void **state)
{
	struct rules rules = preset(&rules_hyperliquid);
	struct position small = {.units = 1, .cash = 1450 - 50000, .weight = 0.97}, large = {.units = 10, .cash = 14500 - 500000, .weight = 0.97};
	struct position shorted = {.units = -1, .cash = 1450 + 50000, .weight = 1.03};

	(void)state;
	near(plan_of(&rules, &small, 50000).units, 1, 0);
	near(plan_of(&rules, &large, 50000).units, 2, 1e-12);
	near(plan_of(&rules, &large, 50000).pause_s, 30, 0);
	large.taken = 1; /* and then the rest of it */
	near(plan_of(&rules, &large, 50000).units, 10, 0);
	near(plan_of(&rules, &shorted, 50000).units, -1, 0);
	/* maintenance margin 3 % of 49,500 is 1485, two thirds of it 990: equity of 950 is the vault's */
	assert_true(plan_of(&rules, &small, 49500).takeover);
	assert_false(plan_of(&rules, &small, 49800).takeover);
}

/* 10 units at 100, maintenance 5 % and a buffer of 2 %: 70 are required, 1 % goes to the liquidator and 1 % to the fund. */
static void drift_hands_over_what_covers_the_shortage(void **state)
{
	struct rules rules = preset(&rules_drift);
	struct position position = {.units = 10, .cash = -955, .weight = 0.95}, deep = {.units = 10, .cash = -985, .weight = 0.95}, under = {.units = 10, .cash = -1010, .weight = 0.95}, shorted = {.units = -10, .cash = 1045, .weight = 1.05};
	struct plan plan = plan_of(&rules, &position, 100);

	(void)state;
	/* equity 45, short of 25; a unit frees 7 and costs 2: five of them, at 99 */
	near(plan.units, 5, 1e-9);
	near(plan.repay, 495, 1e-9);
	near(plan.penalty, 5, 1e-9);
	near(5 * 100 - 955 + 495 - 5, 0.07 * 500, 1e-9); /* the equity that is left is what is required */
	/* equity 15, short of 55: the fund gets 7 % - 1 % - 5.5 % = 0.5 %, so that all ten units just cover it */
	plan = plan_of(&rules, &deep, 100);
	near(plan.units, 10, 1e-9);
	near(plan.repay, 990, 1e-9);
	near(plan.penalty, 5, 1e-9);
	/* equity -10: everything, nothing for the fund */
	plan = plan_of(&rules, &under, 100);
	near(plan.units, 10, 1e-9);
	near(plan.penalty, 0, 0);
	/* a short position is taken over at 101 a unit */
	plan = plan_of(&rules, &shorted, 100);
	near(plan.units, -5, 1e-9);
	near(plan.repay, -505, 1e-9);
	near(plan.penalty, 5, 1e-9);
}

static void pools_take_positions_at_the_oracle_price(void **state)
{
	struct rules gmx = preset(&rules_gmx_v2), synthetix = preset(&rules_synthetix_v3);
	struct position position = {.units = 1, .cash = -49600, .weight = 0.99}, small = {.units = 0.02, .cash = -999, .weight = 0.99}, large = {.units = 50, .cash = -2490000, .weight = 0.99};
	struct plan plan = plan_of(&gmx, &position, 50000);

	(void)state;
	assert_true(plan.takeover);
	near(plan.penalty, 135, 1e-9); /* 0.07 % and 0.2 % of 50,000 */
	near(plan.reward, 0, 0);
	plan = plan_of(&synthetix, &position, 50000);
	assert_true(plan.takeover && isinf(plan.penalty));
	near(plan.reward, 15, 1e-9);					/* 0.03 % */
	near(plan_of(&synthetix, &small, 50000).reward, 1, 0);		/* at least */
	near(plan_of(&synthetix, &large, 50000).reward, 500, 0);	/* at most: 750 */
}

/* Whoever bets on a preset can look it up: where its numbers were read, and when. */
static void presets_say_where_they_come_from(void **state)
{
	(void)state;
	for (size_t i = 0; rules_types[i]; i++)
		if (rules_types[i] != &rules_instant && !strstr(rules_types[i]->source, ", read 20"))
			fail_msg("%s: '%s' has no date", rules_types[i]->name, rules_types[i]->source);
}

static void health_of_both_sides(void **state)
{
	struct position lent = {.units = 10, .cash = -8000, .weight = 0.8}, shorted = {.units = -2, .cash = 2200, .weight = 1.05}, owes_nothing = {.units = 10, .cash = 5, .weight = 0.8};

	(void)state;
	near(position_trigger(&lent), 1000, 1e-12);
	near(position_health(&lent, 1000), 1, 1e-12);
	near(position_trigger(&shorted), 2200 / 2.1, 1e-9);
	near(position_health(&shorted, 2200 / 2.1), 1, 1e-12);
	assert_true(position_health(&shorted, 1100) < 1);
	assert_true(isinf(position_health(&owes_nothing, 1)));
}

static void selling_moves_the_price_and_the_market_recovers(void **state)
{
	struct depth_level levels[] = {{100, 0.98}, {300, 0.9}};
	struct liquidity pool = {&liquidity_pool, 1000, 60, NULL, 0}, book = {&liquidity_book, 0, INFINITY, levels, 2};
	struct liquidity root = {&liquidity_sqrt, 10000, 60, NULL, 0};
	struct error err;

	(void)state;
	near(liquidity_average(&pool, 0, 250), 1000.0 / 1250, 1e-12); /* X/(X + q) */
	/* sold in two halves it brings the same as at once */
	near(125 * liquidity_average(&pool, 0, 125) + 125 * liquidity_average(&pool, 125, 125), 200, 1e-9);
	near(liquidity_marginal(&pool, 250), 0.64, 1e-5); /* (X/(X + x))² */
	near(liquidity_recover(&pool, 250, 60), 125, 1e-9);
	near(liquidity_recover(&book, 250, 1e9), 250, 0);
	near(liquidity_average(&root, 0, 100), 0.9, 1e-12); /* 1 - √(100/10000) */
	near(liquidity_average(&book, 0, 100), 0.99, 1e-12);
	near(liquidity_average(&book, 100, 100), 0.96, 1e-12); /* from 0.98 to 0.94 */
	near(liquidity_average(&book, 300, 100), 0, 0);	       /* nobody is there */
	assert_int_equal(liquidity_check(&book, &err), 0);
	levels[1].fraction = 0.99;
	assert_int_equal(liquidity_check(&book, &err), -22);
}

static void losses_go_down_the_waterfall(void **state)
{
	struct waterfall waterfall = {.count = 3, .tiers = {{"fund", TIER_INSURANCE, 100, 0.5, 0, 0, 0},
							     {"token", TIER_BACKSTOP, 120, 0, 1, 0, 0},
							     {"treasury", TIER_CAPITAL, 50, 0, 0, 0, 0}}};
	struct waterfall_state left;
	struct error err;

	(void)state;
	assert_int_equal(waterfall_check(&waterfall, &err), 0);
	waterfall_start(&waterfall, &left);
	near(waterfall_feed(&waterfall, &left, 40), 20, 1e-12); /* the fund holds 120 */
	waterfall_absorb(&waterfall, &left, 90);
	near(left.absorbed[0], 90, 1e-12);
	/* 30 from the fund; 60 by the token: issuing costs 60(1 + 60/120) = 90 of 120 */
	waterfall_absorb(&waterfall, &left, 90);
	near(left.absorbed[0], 120, 1e-12);
	near(left.absorbed[1], 60, 1e-12);
	near(left.left[1], 30, 1e-12);
	/* the token's last 30 raise x(1 + x/120) = 30: x = 60(√2 - 1) = 24.853; the treasury has 50; the rest is the lenders' */
	waterfall_absorb(&waterfall, &left, 100);
	near(left.absorbed[1], 60 + 60 * (sqrt(2) - 1), 1e-9);
	near(left.absorbed[2], 50, 1e-12);
	near(left.lenders, 100 - 60 * (sqrt(2) - 1) - 50, 1e-9);
	near(left.absorbed[0] + left.absorbed[1] + left.absorbed[2] + left.lenders, 280, 1e-9);
	waterfall.tiers[2].fed_share = 0.1;
	assert_int_equal(waterfall_check(&waterfall, &err), -22);
}

static void base_fee_by_the_integer_rule(void **state)
{
	uint64_t fee = 1000000000;
	struct gas gas = {.units = 500000, .base_fee_gwei = 20, .priority_gwei = 2, .congestion = 0.3};

	(void)state;
	assert_int_equal(gas_next_base_fee(1000000000, 10000000, 20000000), 1000000000);
	assert_int_equal(gas_next_base_fee(1000000000, 9000000, 20000000), 987500000);
	assert_int_equal(gas_next_base_fee(1000000000, 20000000, 20000000), 1125000000);
	assert_int_equal(gas_next_base_fee(1000000000, 0, 20000000), 875000000);
	for (int i = 0; i < 10; i++)
		fee = gas_next_base_fee(fee, 20000000, 20000000);
	assert_int_equal(fee, 3247321023);
	assert_int_equal(gas_next_base_fee(1, 20000000, 20000000), 2); /* it rises by one at least */
	near(gas_block_usage(&gas, 1), 0.5, 0);
	near(gas_block_usage(&gas, 2), 0.8, 1e-12);
	near(gas_block_usage(&gas, 5), 1, 0);
	near(gas_block_usage(&gas, 0), 0.35, 1e-12);
	near(gas_cost(&gas, 20e9, 3000), 33, 1e-9); /* 500,000 · 22 gwei · 3000 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aave_takes_half_then_all),
		cmocka_unit_test(a_bonus_in_tiers),
		cmocka_unit_test(a_fee_in_tiers),
		cmocka_unit_test(aave_leaves_no_dust),
		cmocka_unit_test(compound_v2_keeps_a_share_of_what_is_seized),
		cmocka_unit_test(spark_looks_at_no_size),
		cmocka_unit_test(aave_v4_repays_up_to_a_target),
		cmocka_unit_test(aave_v4_in_an_account_of_several),
		cmocka_unit_test(morpho_incentive_follows_the_lltv),
		cmocka_unit_test(euler_discount_grows_with_the_violation),
		cmocka_unit_test(maker_sells_in_steps_from_above),
		cmocka_unit_test(maker_sells_along_a_line),
		cmocka_unit_test(maker_limits_what_is_on_auction),
		cmocka_unit_test(maker_pays_nothing_for_dust),
		cmocka_unit_test(compound_v3_absorbs_and_sells_at_a_discount),
		cmocka_unit_test(dydx_prices),
		cmocka_unit_test(hyperliquid_closes_large_positions_in_parts),
		cmocka_unit_test(drift_hands_over_what_covers_the_shortage),
		cmocka_unit_test(pools_take_positions_at_the_oracle_price),
		cmocka_unit_test(presets_say_where_they_come_from),
		cmocka_unit_test(health_of_both_sides),
		cmocka_unit_test(selling_moves_the_price_and_the_market_recovers),
		cmocka_unit_test(losses_go_down_the_waterfall),
		cmocka_unit_test(base_fee_by_the_integer_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
