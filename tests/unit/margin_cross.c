// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Perpetual positions that share a margin, on tapes of two prices: dYdX's and Hyperliquid's ways, by hand, to the cent. */
#include <errno.h>

#include "market_two.h"

#include "margin/requirement.h"

#define CENT 5e-3

/* Long 10 ETH from 1000, short 1 BTC from 10000, 1500 of margin, 3 % of each: net collateral 1500 + 10·(ETH - 1000) at a BTC of 10000. */
static void falls(struct two *t, const struct rules_type *rules, double eth, size_t blocks)
{
	const struct account rows[] = {{ETH, 10, -1500, 0.97}, {BTC, -1, 0, 0.97}};
	const double eths[] = {1000, eth, eth, eth}, btcs[] = {10000, 10000, 10000, 10000};

	on_two_tapes(t, rows, 2, eths, btcs, 1 + blocks);
	t->joined[1] = true;
	rules_preset(&t->w.market.rules, rules);
}

/* The others' margin counts for the rating: 1 - 100/2000, of a spread of 0.1·1428. */
static void fillable_price(void **state)
{
	const struct position position = {.units = 1, .cash = 100 - 47600, .weight = 0.97, .others_require = 572};
	const struct position alone = {.units = 1, .cash = 100 - 47600, .weight = 0.97};

	(void)state;
	near(perp_fillable_price(&position, 47600, 1, 0.1), 47600 - 0.95 * 142.8, 1e-9);
	near(perp_fillable_price(&alone, 47600, 1, 1.5), 45608, 1e-6);
}

static void dydx_sells_any_of_them(void **state)
{
	struct two t;

	(void)state;
	/* 580 of 572.40 */
	falls(&t, &rules_dydx_v4, 908, 1);
	run(&t.w, 1);
	near(t.w.more.liquidations.value, 0, 0);
	/* 500 of 570: with either of them gone it is enough. The fee is 0.5 % of 9000 or of 10000 */
	falls(&t, &rules_dydx_v4, 900, 3);
	t.w.model.paths = 400;
	run(&t.w, 1);
	near(t.w.more.liquidations.value, 1, 0);
	near(t.w.more.fees_mean, 47.5, 4 * 2.5 / sqrt(400));
	near(t.w.result.bad_debt.value, 0, 0);
}

/* -100: in one block the one is taken over with 252/552 or 300/552 of it, in the next the other with the rest. */
static void dydx_deleverages_by_share(void **state)
{
	const double eths[] = {1000, 840, 1000}, btcs[] = {10000, 10000, 10000};
	struct two t;

	(void)state;
	/* where ETH is back at 1000 by then: with BTC gone for 54.35 the other recovers, with ETH gone for 45.65 the rest is lost as well */
	falls(&t, &rules_dydx_v4, 840, 2);
	on_two_tapes(&t, (const struct account[]){{ETH, 10, -1500, 0.97}, {BTC, -1, 0, 0.97}}, 2, eths, btcs, 3);
	t.joined[1] = true;
	rules_preset(&t.w.market.rules, &rules_dydx_v4);
	t.w.model.paths = 400;
	run(&t.w, 1);
	near(t.w.result.bad_debt.value, (54.348 + 100) / 2, 4 * 22.83 / sqrt(400));
	near(t.w.result.quantile[0], 54.348, CENT);
	near(t.w.result.quantile[MODEL_QUANTILES - 1], 100, CENT);
	falls(&t, &rules_dydx_v4, 840, 3);
	t.w.market.waterfall = (struct waterfall){.count = 1, .tiers = {{.name = "fund", .type = TIER_INSURANCE, .size = 60}}};
	run(&t.w, 1);
	near(t.w.more.liquidations.value, 2, 0);
	near(t.w.result.bad_debt.value, 100, CENT);
	near(t.w.more.open.value, 0, CENT);
	near(t.w.more.absorbed[0].value, 60, CENT);
	near(t.w.result.outcome_mean.seized, 18400, CENT);
}

static void hyperliquid_sells_the_largest_or_hands_all_over(void **state)
{
	struct two t;

	(void)state;
	/* 500, above two thirds of 570: the short position is bought back, and 500 are enough for 270 */
	falls(&t, &rules_hyperliquid, 900, 3);
	run(&t.w, 1);
	near(t.w.more.liquidations.value, 1, 0);
	near(t.w.result.outcome_mean.seized, 10000, CENT);
	near(t.w.more.fees_mean, 0, 0);
	/* 300, below two thirds of 564 */
	falls(&t, &rules_hyperliquid, 880, 3);
	run(&t.w, 1);
	near(t.w.more.liquidations.value, 1, 0);
	near(t.w.result.outcome_mean.seized, 18800, CENT);
	near(t.w.more.fees_mean, 300, CENT);
	falls(&t, &rules_hyperliquid, 840, 3);
	run(&t.w, 1);
	near(t.w.more.liquidations.value, 1, 0);
	near(t.w.result.bad_debt.value, 100, CENT);
	near(t.w.more.lenders.value, 100, CENT);
}

/* Of the 100 that the account owes, each position's part is taken from the other side of its own asset, at its own bankruptcy price. */
static void others_are_closed_against_each_part(void **state)
{
	const struct account rows[] = {{ETH, 10, -1500, 0.97}, {BTC, -1, 0, 0.97}, {ETH, -10, -12000, 0.97}, {BTC, 1, 8000, 0.97}};
	const double eths[] = {1000, 840, 840, 840}, btcs[] = {10000, 10000, 10000, 10000};
	const struct rules_type *const both[] = {&rules_dydx_v4, &rules_hyperliquid};
	double entries[] = {1000, 10000, 1000, 9000};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct two t;

		on_two_tapes(&t, rows, 4, eths, btcs, 4);
		t.joined[1] = true;
		t.joined[2] = false;
		t.w.model.entries = entries;
		rules_preset(&t.w.market.rules, both[i]);
		t.w.market.waterfall = (struct waterfall){.count = 1, .tiers = {{.name = "others", .type = TIER_DELEVERAGING,
										.rank = i ? RANK_HYPERLIQUID : RANK_DYDX}}};
		run(&t.w, 1);
		near(t.w.result.bad_debt.value, 100, CENT);
		near(t.w.more.absorbed[0].value, 100, CENT);
		near(t.w.more.deleveraged.value, 2, 0);
		near(t.w.more.deleveraged_value.value, 18400, CENT);
		/* the same where nobody comes before the end */
		t.w.model.delays[DELAY_INCLUSION].parameter[0] = 1e5;
		run(&t.w, 1);
		near(t.w.more.open.value, 100, CENT);
		near(t.w.more.absorbed[0].value, 100, CENT);
		near(t.w.more.deleveraged_value.value, 18400, CENT);
	}
}

/*
 * Short 10 ETH and long 1 BTC on a margin of 1500: against a long position that owes 50 at 960 the short one is closed at 965. Cash
 * is 1500 - 9650, and the BTC that is left is below 1 under 8150/0.97 = 8402.06.
 */
static void what_is_left_has_a_trigger_of_its_own(void **state)
{
	const struct account rows[] = {{ETH, 10, 9650, 0.97}, {ETH, -10, -1500, 0.97}, {BTC, 1, 0, 0.97}};
	double entries[] = {1000, 1000, 10000};

	(void)state;
	for (int below = 0; below < 2; below++) {
		const double eths[] = {1000, 960, 960, 960}, btcs[] = {10000, 10000, below ? 8402 : 8403, below ? 8402 : 8403};
		struct two t;

		on_two_tapes(&t, rows, 3, eths, btcs, 4);
		t.joined[1] = false;
		t.joined[2] = true;
		t.w.model.entries = entries;
		rules_preset(&t.w.market.rules, &rules_hyperliquid);
		t.w.market.waterfall = (struct waterfall){.count = 1, .tiers = {{.name = "others", .type = TIER_DELEVERAGING}}};
		run(&t.w, 1);
		near(t.w.more.absorbed[0].value, 50, CENT);
		near(t.w.more.deleveraged.value, 1, 0);
		near(t.w.more.liquidations.value, 1 + below, 0);
	}
}

/* Two halves that share a margin are what the whole is, on every path, where the vault takes all at once. */
static void halves(struct waterfall waterfall, struct breaker breaker)
{
	double whole[3] = {0}, entries[ACCOUNTS_MAX];

	for (int halves = 0; halves < 2; halves++) {
		bool joined[ACCOUNTS_MAX] = {false};
		struct world w;

		calm_fall(&w, 1000, 0, (struct account){0, 10, 9300, 0.97});
		process_free(&w.asset.process);
		w.asset.process = (struct process){.type = &process_merton, .parameter = {1.5, 0, 3000, -0.01, 0.03}};
		assert_int_equal(process_prepare(&w.asset.process, &(struct error){""}), 0);
		rules_preset(&w.market.rules, &rules_hyperliquid);
		w.market.rules.parameter[2] = 1; /* the vault's share of the requirement */
		w.market.waterfall = waterfall;
		w.market.breaker = breaker;
		w.model.paths = 300;
		w.model.horizon_s = 6 * 3600;
		w.model.delays[DELAY_INCLUSION].parameter[0] = 30;
		for (int i = 0; i < ACCOUNTS_MAX; i++)
			entries[i] = 1000;
		for (int i = 0; i < 20; i++) {
			double units = (i & 1 ? -1 : 1) * (5 + i), margin = fabs(units) * 1000 * (0.05 + 0.01 * i);

			w.accounts[(1 + halves) * i] = (struct account){0, units / (1 + halves), units * 1000 - margin, 0.97};
			w.accounts[(1 + halves) * i + halves] = (struct account){0, units / (1 + halves), halves ? 0 : units * 1000 - margin, 0.97};
			joined[(1 + halves) * i + halves] = halves;
		}
		w.model.account_count = 20 * (size_t)(1 + halves);
		w.model.joined = halves ? joined : NULL;
		w.model.entries = entries;
		run(&w, 1);
		if (!halves)
			memcpy(whole, (const double[]){w.result.bad_debt.value, w.more.fees_mean, w.result.outcome_mean.seized}, sizeof(whole));
		print_message("bad debt %.4f, to the vault %.4f, of %.2f\n", w.result.bad_debt.value, w.more.fees_mean, w.result.outcome_mean.seized);
		near(w.result.bad_debt.value, whole[0], 1e-9 * whole[0]);
		near(w.more.fees_mean, whole[1], 1e-9 * whole[1]);
		near(w.result.outcome_mean.seized, whole[2], 1e-9 * whole[2]);
		assert_true(w.result.bad_debt.value > 0 && w.more.fees_mean > 0);
		assert_true(!waterfall.count || w.more.absorbed[0].value > 0);
		process_free(&w.asset.process);
	}
}

static void halves_are_the_whole(void **state)
{
	(void)state;
	halves((struct waterfall){.count = 0}, (struct breaker){0});
	for (int over = 0; over < OVERS; over++)
		halves((struct waterfall){.count = 1, .tiers = {{.name = "all", .type = TIER_SOCIALISED, 
								    .over = (enum socialised_over)over}}}, (struct breaker){0});
	/* the vault takes positions over while their market is shut */
	halves((struct waterfall){.count = 0}, (struct breaker){.move = 0.02, .window_s = 600, .pause_s = 1800, .trading = true});
}

/* The search for the largest thresholds looks at some of 1: a short position with one is a position, and no debt. */
static void thresholds_may_grow_to_one(void **state)
{
	const struct requirement requirement = {REQUIREMENT_MEAN, 1e6};
	const struct model_control control = {.threads = 1};
	struct requirement_answer answer;
	struct error err = {""};
	struct two t;

	(void)state;
	falls(&t, &rules_dydx_v4, 900, 3);
	assert_int_equal(model_requirement(&t.w.model, &t.w.market, &requirement, &control, &answer, &err), 0);
	assert_true(answer.unlimited);
	near(answer.threshold_scale, 1 / 0.97, 1e-12);
}

static void what_cannot_be(void **state)
{
	struct margin_tiers tiers[2] = {{{{5000, 0.05}}, 1}, {.count = 0}};
	struct error err;
	struct two t;

	(void)state;
	falls(&t, &rules_drift, 900, 1);
	assert_int_equal(market_check(&t.w.market, &t.w.model, &err), -EINVAL);
	assert_non_null(strstr(err.text, "share a margin, and drift takes one"));
	falls(&t, &rules_dydx_v4, 900, 1);
	t.w.market.tiers = tiers;
	assert_int_equal(market_check(&t.w.market, &t.w.model, &err), -EINVAL);
	assert_non_null(strstr(err.text, "share a margin"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fillable_price),
		cmocka_unit_test(dydx_sells_any_of_them),
		cmocka_unit_test(dydx_deleverages_by_share),
		cmocka_unit_test(hyperliquid_sells_the_largest_or_hands_all_over),
		cmocka_unit_test(others_are_closed_against_each_part),
		cmocka_unit_test(what_is_left_has_a_trigger_of_its_own),
		cmocka_unit_test(halves_are_the_whole),
		cmocka_unit_test(thresholds_may_grow_to_one),
		cmocka_unit_test(what_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
