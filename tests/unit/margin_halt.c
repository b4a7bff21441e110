// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A circuit breaker that shuts the market: on tapes, worked out by hand, to the cent. run() checks conservation. */
#include "market_world.h"

#define CENT 5e-3

static const struct account loan = {0, 100, 8000, 0.8}; /* to be liquidated below 100 */

static void fall(struct world *w, const struct rules_type *rules, struct account account, const double prices[4], double move, bool hold)
{
	on_tape(w, rules, prices, 4, account);
	w->market.breaker = (struct breaker){.move = move, .window_s = 12, .pause_s = 24, .trading = true, .hold = hold};
}

/* 5.3 % in block 1 shuts the market until block 3. Who waits liquidates then, at 90: all of it, 8,400 of 9,000. */
static void keepers_wait(void **state)
{
	static const double prices[] = {100.5, 95.2, 92, 90};
	struct world w;

	(void)state;
	fall(&w, &rules_aave_v3, loan, prices, 0.05, false);
	run(&w, 1);
	near(w.more.liquidations.value, 1, 0);
	near(w.result.outcome_mean.seized, 8400, CENT);
	near(w.more.keeper_profit.value, 360, CENT);
	near(w.more.time_to_liquidation_s, 24, 1e-9);
	near(w.more.waits_mean, 2, 0);
	near(w.more.held_mean, 0, 0);
}

/*
 * Who holds liquidates in block 1: half, 4,000 for 4,180/95.2 = 43.9076 units (and 20/95.2 for the protocol), which are sold when the market
 * opens, at 90: 3,951.68. The account is at (100 - 44.1176)·0.8·92/4,000 = 1.028 then, and 1.006 at 90: it is let be.
 */
static void keepers_hold(void **state)
{
	static const double prices[] = {100.5, 95.2, 92, 90};
	double units = 4180 / 95.2;
	struct world w;

	(void)state;
	fall(&w, &rules_aave_v3, loan, prices, 0.05, true);
	run(&w, 1);
	near(w.more.liquidations.value, 1, 0);
	near(w.result.outcome_mean.seized, 4200, CENT);
	near(w.more.time_to_liquidation_s, 0, 0);
	near(w.more.keeper_profit.value, units * 90 - 4000, CENT);
	near(w.more.held_mean, units * (90 - 95.2), CENT);
	near(w.more.waits_mean, 0, 0);
	near(w.result.bad_debt.value, 0, 0);
	/* shut for longer than anybody waits: what is held counts at the last price */
	w.market.breaker.pause_s = 1e6;
	run(&w, 1);
	near(w.more.keeper_profit.value, units * 90 - 4000, CENT);
}

/* 86/95.2 in block 2 trips it again: shut until block 4, after the tape's end, at 84: for all of the collateral, 8,400, all of the debt. */
static void a_second_trip_keeps_it_shut(void **state)
{
	static const double prices[] = {100.5, 95.2, 86, 84};
	struct world w;

	(void)state;
	fall(&w, &rules_aave_v3, loan, prices, 0.05, false);
	run(&w, 1);
	near(w.more.time_to_liquidation_s, 36, 1e-9);
	near(w.result.outcome_mean.seized, 8400, CENT);
	near(w.result.bad_debt.value, 0, CENT);
}

/*
 * A perpetual position, long 10 with 350 of margin at 1,000: below 994.8 it is closed on the market, which cannot be done while it is shut:
 * 1 % in block 1 shuts it until block 3, at 980, whatever keepers do. Below its bankruptcy price, 965, nothing is sold: it is deleveraged
 * at once.
 */
static void positions_cannot_be_closed(void **state)
{
	static const double slowly[] = {1000, 990, 985, 980}, fast[] = {1000, 960, 955, 950};
	struct account position = {0, 10, 9650, 0.97};
	struct world w;

	(void)state;
	for (int hold = 0; hold < 2; hold++) {
		fall(&w, &rules_dydx_v4, position, slowly, 0.008, hold);
		run(&w, 1);
		near(w.more.liquidations.value, 1, 0);
		near(w.more.time_to_liquidation_s, 24, 1e-9);
		near(w.more.fees_mean, 49, CENT); /* 0.5 % of 9,800 */
		near(w.result.bad_debt.value, 0, 0);
	}
	fall(&w, &rules_dydx_v4, position, fast, 0.008, false);
	run(&w, 1);
	near(w.more.time_to_liquidation_s, 0, 0);
	near(w.result.bad_debt.value, 50, CENT); /* 9,650 - 9,600 */
}

/*
 * Compound v3 absorbs in block 1, at 900, whether the market is open or not, and offers the collateral at 0.975 of the price: 22.5 a
 * unit to earn at once; 22 for whoever waits until block 3, at 880; and 880 - 877.5 for whoever buys at once and holds.
 */
static void buyers_of_what_was_absorbed(void **state)
{
	static const double prices[] = {1001, 900, 890, 880};
	struct account account = {0, 10, 6900, 0.69}; /* below 1000 */
	double profits[3];
	struct world w;

	(void)state;
	for (int k = 0; k < 3; k++) {
		fall(&w, &rules_compound_v3, account, prices, 0.05, k == 2);
		if (!k)
			w.market.breaker = (struct breaker){0};
		run(&w, 1);
		near(w.more.time_to_liquidation_s, 0, 0);
		near(w.more.liquidations.value, 2, 0);
		profits[k] = w.more.keeper_profit.value;
	}
	near(profits[0], 10 * 22.5, CENT);
	near(profits[1], 10 * 22, CENT);
	near(profits[2], 10 * 2.5, CENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keepers_wait),
		cmocka_unit_test(keepers_hold),
		cmocka_unit_test(a_second_trip_keeps_it_shut),
		cmocka_unit_test(positions_cannot_be_closed),
		cmocka_unit_test(buyers_of_what_was_absorbed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
