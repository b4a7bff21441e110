// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Losses that positions bear, on tapes of a few prices: who is closed and who pays, each number worked out by hand, to the cent. run()
 * checks on every path that what is lost is what others gain.
 */
#include <errno.h>

#include "margin/rng.h"
#include "market_world.h"

#define CENT 5e-3

static const struct account bankrupt = {0, 10, 9650, 0.97}; /* worth nothing at 965; at 960 it owes 50 */

/* Three prices at most, the second is 960. */
static void positions(struct world *w, const struct rules_type *rules, const double *prices, size_t count, const struct account *others,
		      size_t other_count)
{
	on_tape(w, rules, prices, count, bankrupt);
	memcpy(&w->accounts[1], others, other_count * sizeof(*others));
	w->model.account_count = 1 + other_count;
}

static void deleveraging(struct world *w, enum deleveraging_rank rank, double fund)
{
	w->market.waterfall = (struct waterfall){.count = 2, .tiers = {{.name = "fund", .type = TIER_INSURANCE, .size = fund},
								      {.name = "others", .type = TIER_DELEVERAGING, .rank = rank}}};
}

static void dydx_closes_at_the_bankruptcy_price(void **state)
{
	const struct account shorts[] = {{0, -6, -6300, 0.97}, {0, -10, -10500, 0.97}};
	struct world w;

	(void)state;
	positions(&w, &rules_dydx_v4, (const double[]){1000, 960}, 2, shorts, 1);
	/* six of ten units at 965, 5 above the price; four are left to the vault, whose loss of 20 nobody takes */
	deleveraging(&w, RANK_DYDX, 0);
	run(&w, 1);
	near(w.result.bad_debt.value, 50, CENT);
	near(w.more.absorbed[1].value, 30, CENT);
	near(w.more.lenders.value, 20, CENT);
	near(w.more.deleveraged.value, 1, 0);
	near(w.more.deleveraged_value.value, 5760, CENT);
	near(w.more.exhausted[1], 1, 0);
	/* the fund pays 20 first: the other 30 are six units */
	deleveraging(&w, RANK_DYDX, 20);
	run(&w, 1);
	near(w.more.absorbed[0].value, 20, CENT);
	near(w.more.absorbed[1].value, 30, CENT);
	near(w.more.lenders.value, 0, CENT);
	near(w.more.deleveraged_value.value, 5760, CENT);
	near(w.more.exhausted[0], 1, 0);
	near(w.more.exhausted[1], 0, 0);
}

/* Two positions: from the larger on it alone is closed, from the smaller on both are. */
static void dydx_begins_anywhere(void **state)
{
	const struct account shorts[] = {{0, -6, -6300, 0.97}, {0, -10, -10500, 0.97}};
	struct world w;

	(void)state;
	positions(&w, &rules_dydx_v4, (const double[]){1000, 960}, 2, shorts, 2);
	deleveraging(&w, RANK_DYDX, 0);
	w.model.paths = 400;
	run(&w, 1);
	near(w.more.absorbed[1].value, 50, CENT);
	near(w.more.deleveraged_value.value, 9600, CENT);
	near(w.more.deleveraged.value, 1.5, 4 * 0.5 / sqrt(400));
}

/* Both sides are under water: whose own bankruptcy price is 972 cannot be closed at 975. */
static void bankruptcy_prices_have_to_overlap(void **state)
{
	struct world w;

	(void)state;
	on_tape(&w, &rules_dydx_v4, (const double[]){970, 970}, 2, (struct account){0, 10, 9750, 0.97});
	w.accounts[1] = (struct account){0, -10, -9720, 0.97};
	w.model.account_count = 2;
	deleveraging(&w, RANK_DYDX, 0);
	run(&w, 1);
	near(w.result.bad_debt.value, 50, CENT);
	near(w.more.absorbed[1].value, 0, 0);
	near(w.more.lenders.value, 50, CENT);
	near(w.more.exhausted[1], 1, 0);
}

/* 10 units at 965.20 sell for 963.27 each: 17.30 less than is owed. */
static void no_sale_below_what_the_fund_covers(void **state)
{
	const struct account shorts[] = {{0, -20, -21000, 0.97}};
	struct world w;

	(void)state;
	positions(&w, &rules_dydx_v4, (const double[]){1000, 965.2, 960}, 3, shorts, 1);
	w.liquidity = (struct liquidity){.type = &liquidity_sqrt, .parameter = 2.5e6, .recovery_s = INFINITY};
	deleveraging(&w, RANK_DYDX, 20);
	run(&w, 1);
	near(w.result.bad_debt.value, 17.30, CENT);
	near(w.more.absorbed[0].value, 17.30, CENT);
	near(w.more.waits_mean, 0, 0);
	/* 10 do not cover it: it waits, until at 960 its equity is -50 */
	deleveraging(&w, RANK_DYDX, 10);
	run(&w, 1);
	near(w.more.waits_mean, 1, 0);
	near(w.result.bad_debt.value, 50, CENT);
	near(w.more.absorbed[0].value, 10, CENT);
	near(w.more.absorbed[1].value, 40, CENT);
	near(w.more.deleveraged_value.value, 8 * 960, CENT);
}

/*
 * Short 5 each, at 960: opened at 1000 with 200 of equity 400, index 1000/960·4800/400 = 12.5; at 1100, equity 1700: 3.24; at 950, a
 * loss; at 1200, equity 1200: 5. The first and the last are closed, the others are bankrupt at 1400, with nobody on the other side.
 */
static void hyperliquid_ranks_by_profit_and_leverage(void **state)
{
	const struct account shorts[] = {{0, -5, -5200, 0.97}, {0, -5, -6500, 0.97}, {0, -5, -6750, 0.97}, {0, -5, -6000, 0.97}};
	double entries[] = {1000, 1000, 1100, 950, 1200};
	struct world w;

	(void)state;
	positions(&w, &rules_hyperliquid, (const double[]){1000, 960, 1400}, 3, shorts, 4);
	w.model.entries = entries;
	deleveraging(&w, RANK_HYPERLIQUID, 0);
	run(&w, 1);
	near(w.more.absorbed[1].value, 50, CENT);
	near(w.more.deleveraged.value, 2, 0);
	near(w.more.deleveraged_value.value, 9600, CENT);
	near(w.more.lenders.value, 500 + 250, CENT);
	near(w.result.bad_debt.value, 800, CENT);
	near(w.more.exhausted[1], 1, 0);
	/* in the other order of the book too */
	for (int i = 0; i < 4; i++)
		w.accounts[1 + i] = shorts[3 - i];
	memcpy(entries, (const double[]){1000, 1200, 950, 1100, 1000}, sizeof(entries));
	run(&w, 1);
	near(w.more.lenders.value, 750, CENT);
	/* nobody in profit: nobody is closed */
	memcpy(entries, (const double[]){1000, 960, 950, 955, 900}, sizeof(entries));
	w.model.horizon_s = 12;
	run(&w, 1);
	near(w.more.lenders.value, 50, CENT);
}

/*
 * Of a bankrupt 8 units the first takes 5, the last 3 of its 5: -2 units and 6000 - 3·965 = 3105 are left, below 1 from
 * 3105/(2·1.03) = 1507.28 on, where it was from 1165.05 on before.
 */
static void what_is_left_has_a_trigger_of_its_own(void **state)
{
	const struct account shorts[] = {{0, -5, -5200, 0.97}, {0, -5, -6500, 0.97}, {0, -5, -6750, 0.97}, {0, -5, -6000, 0.97}};
	double entries[] = {1000, 1000, 1100, 950, 1200};
	struct world w;

	(void)state;
	for (int passed = 0; passed < 2; passed++) {
		positions(&w, &rules_hyperliquid, (const double[]){1000, 960, 1400, passed ? 1508 : 1507, passed ? 1508 : 1507}, 5, shorts, 4);
		w.accounts[0] = (struct account){0, 8, 7720, 0.97};
		w.model.entries = entries;
		deleveraging(&w, RANK_HYPERLIQUID, 0);
		run(&w, 1);
		near(w.more.absorbed[1].value, 40, CENT);
		near(w.more.deleveraged.value, 2, 0);
		near(w.more.deleveraged_value.value, 7680, CENT);
		near(w.more.lenders.value, 750, CENT);
		near(w.more.liquidations.value, 3 + passed, 0);
	}
	positions(&w, &rules_hyperliquid, (const double[]){1000, 960, 1600}, 3, shorts, 4);
	w.accounts[0] = (struct account){0, 8, 7720, 0.97};
	w.model.entries = entries;
	deleveraging(&w, RANK_HYPERLIQUID, 0);
	run(&w, 1);
	near(w.more.lenders.value, 1500 + 1250 + 95, CENT); /* 3105 - 2·1600 */
}

/* What is not liquidated when the time is over is taken from the other side as well. */
static void at_the_end_too(void **state)
{
	const struct account shorts[] = {{0, -20, -21000, 0.97}};
	struct world w;

	(void)state;
	positions(&w, &rules_dydx_v4, (const double[]){1000, 960}, 2, shorts, 1);
	w.model.delays[DELAY_INCLUSION].parameter[0] = 1e5;
	deleveraging(&w, RANK_DYDX, 20);
	run(&w, 1);
	near(w.more.open.value, 50, CENT);
	near(w.more.absorbed[0].value, 20, CENT);
	near(w.more.absorbed[1].value, 30, CENT);
	near(w.more.deleveraged_value.value, 5760, CENT);
}

/* ---- spread over all ------------------------------------------------------------------------------------------------ */

/* Drift's bankrupt long position at 950: sold at 940.50, 14.50 a unit are missing. */
static void drift(struct world *w, double units, const struct account others[2], enum socialised_over over, double *entries)
{
	on_tape(w, &rules_drift, (const double[]){1010, 950, 950}, 3, (struct account){0, units, 955 * units, 0.95});
	memcpy(&w->accounts[1], others, 2 * sizeof(*others));
	w->model.account_count = 3;
	w->model.entries = entries;
	w->market.waterfall = (struct waterfall){.count = 1, .tiers = {{.name = "all", .type = TIER_SOCIALISED, .over = over}}};
}

static void socialised_over_open_interest(void **state)
{
	struct world w;

	(void)state;
	/* 48.33 of 4500 and 96.67 of 11000: both go on */
	drift(&w, 10, (const struct account[]){{0, 10, 5000, 0.95}, {0, -20, -30000, 0.95}}, OVER_OPEN_INTEREST, NULL);
	run(&w, 1);
	near(w.more.absorbed[0].value, 145, CENT);
	near(w.more.lenders.value, 0, CENT);
	near(w.more.liquidations.value, 1, 0);
	near(w.more.exhausted[0], 0, 0);
	/*
	 * 7250 each of 14500, of which the first has 500 and the second pays the rest. In the next block there is nothing left of the
	 * first: its ten units are taken at 940.50, and the second pays the 95 that are missing.
	 */
	drift(&w, 1000, (const struct account[]){{0, 10, 9000, 0.95}, {0, -10, -30000, 0.95}}, OVER_OPEN_INTEREST, NULL);
	run(&w, 1);
	near(w.result.bad_debt.value, 14500 + 95, CENT);
	near(w.more.absorbed[0].value, 14595, CENT);
	near(w.more.lenders.value, 0, CENT);
	near(w.more.liquidations.value, 2, 0);
	/* 500 and 1500 are all there is */
	drift(&w, 1000, (const struct account[]){{0, 10, 9000, 0.95}, {0, -10, -11000, 0.95}}, OVER_OPEN_INTEREST, NULL);
	w.model.horizon_s = 12;
	run(&w, 1);
	near(w.more.absorbed[0].value, 2000, CENT);
	near(w.more.lenders.value, 14500 - 2000 + w.more.open.value, CENT);
	near(w.more.exhausted[0], 1, 0);
}

static void socialised_over_profit_and_equity(void **state)
{
	double entries[] = {1000, 900, 1000};
	struct world w;

	(void)state;
	/* both have a profit of 500, of equities of 4500 and 5500 */
	drift(&w, 1000, (const struct account[]){{0, 10, 5000, 0.95}, {0, -10, -15000, 0.95}}, OVER_PROFIT, entries);
	run(&w, 1);
	near(w.more.absorbed[0].value, 1000, CENT);
	near(w.more.lenders.value, 13500, CENT);
	near(w.more.exhausted[0], 1, 0);
	/* 14500 of 10000 */
	drift(&w, 1000, (const struct account[]){{0, 10, 5000, 0.95}, {0, -10, -15000, 0.95}}, OVER_EQUITY, entries);
	w.model.horizon_s = 12;
	run(&w, 1);
	near(w.more.absorbed[0].value, 10000, CENT);
	near(w.more.exhausted[0], 1, 0);
	/* 145 by equity: the first, whose equity is 490, pays 13.36 and is below its 475 + nothing: 476.64 is enough */
	drift(&w, 10, (const struct account[]){{0, 10, 9010, 0.95}, {0, -10, -14327, 0.95}}, OVER_EQUITY, entries);
	run(&w, 1);
	near(w.more.absorbed[0].value, 145, CENT);
	near(w.more.liquidations.value, 1, 0);
	/* by open interest it would pay 72.50, and be liquidated */
	w.market.waterfall.tiers[0].over = OVER_OPEN_INTEREST;
	run(&w, 1);
	near(w.more.liquidations.value, 2, 0);
}

/* ---- books ---------------------------------------------------------------------------------------------------------- */

static void random_book(struct world *w, const struct rules_type *rules, double *entries)
{
	struct rng rng;

	calm_fall(w, 1000, 0, bankrupt);
	process_free(&w->asset.process);
	w->asset.process = (struct process){.type = &process_merton, .parameter = {1.5, 0, 3000, -0.01, 0.03}};
	assert_int_equal(process_prepare(&w->asset.process, &(struct error){""}), 0);
	rng_open(&rng, 5, 0, 0, RNG_BOOK);
	for (uint32_t i = 0; i < ACCOUNTS_MAX; i++) {
		double units = (rng_uniform(&rng) < 0.5 ? -1 : 1) * (1 + 20 * rng_uniform(&rng)), margin = fabs(units) * 1000 * (0.04 + 0.2 * rng_uniform(&rng));

		entries[i] = 1000 * (0.97 + 0.06 * rng_uniform(&rng));
		w->accounts[i] = (struct account){0, units, units * 1000 - margin, 0.97};
	}
	w->model.account_count = ACCOUNTS_MAX;
	w->model.entries = entries;
	w->model.paths = 200;
	w->model.horizon_s = 6 * 3600;
	w->model.delays[DELAY_INCLUSION].parameter[0] = 20;
	w->market.rules.type = NULL;
	rules_preset(&w->market.rules, rules);
	w->liquidity = (struct liquidity){.type = &liquidity_sqrt, .parameter = 1e6, .recovery_s = 600};
}

/* On random paths too nothing is lost on the way (run()), and a path is the same whoever walks it. */
static void on_random_paths(void **state)
{
	static const struct {
		const struct rules_type *rules;
		struct tier tier;
	} cases[] = {
		{&rules_dydx_v4, {.name = "others", .type = TIER_DELEVERAGING, .rank = RANK_DYDX}},
		{&rules_hyperliquid, {.name = "others", .type = TIER_DELEVERAGING, .rank = RANK_HYPERLIQUID}},
		{&rules_drift, {.name = "all", .type = TIER_SOCIALISED, .over = OVER_OPEN_INTEREST}},
		{&rules_gmx_v2, {.name = "all", .type = TIER_SOCIALISED, .over = OVER_PROFIT}},
		{&rules_dydx_v4, {.name = "all", .type = TIER_SOCIALISED, .over = OVER_EQUITY}},
	};
	double entries[ACCOUNTS_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world w;
		struct market_result alone;

		random_book(&w, cases[i].rules, entries);
		w.market.waterfall = (struct waterfall){.count = 1, .tiers = {cases[i].tier}};
		run(&w, 1);
		alone = w.more;
		run(&w, 3);
		print_message("%s, %s: bad debt %.2f, %.2f taken by %.2f positions, %.3f of the paths run out\n", cases[i].rules->name,
			      tier_type_names[cases[i].tier.type], w.result.bad_debt.value, w.more.absorbed[0].value, w.more.deleveraged.value,
			      w.more.exhausted[0]);
		assert_true(w.more.absorbed[0].value > 0);
		assert_memory_equal(&alone.absorbed, &w.more.absorbed, sizeof(alone.absorbed));
		assert_memory_equal(&alone.deleveraged, &w.more.deleveraged, sizeof(alone.deleveraged));
		process_free(&w.asset.process);
	}
}

/*
 * A loss over open interest goes by an index, unless two rows share a margin: then every position is asked. The first two hold a millionth
 * of a unit and so much that they are never liquidated, so that it is all the same whether they do. Here losses leave many with nothing,
 * of few and of many positions, and there are long positions without a debt. Every third has its margin from a tier that all sizes
 * are in.
 */
static void by_index_as_one_by_one(void **state)
{
	struct margin_tiers of_any_size = {{{1e-9, 0.05}}, 1};
	double entries[ACCOUNTS_MAX];

	(void)state;
	for (int i = 0; i < 8; i++) {
		bool joined[ACCOUNTS_MAX] = {false, true};
		struct market_result by_index;
		struct model_result bad_debt;
		struct world w;

		random_book(&w, i % 2 ? &rules_dydx_v4 : &rules_hyperliquid, entries);
		process_free(&w.asset.process);
		w.asset.process = (struct process){.type = &process_merton, .parameter = {2, 0, 3000, i % 3 ? -0.02 : 0.03, i < 4 ? 0.05 : 0.15}};
		assert_int_equal(process_prepare(&w.asset.process, &(struct error){""}), 0);
		w.model.seed = 100 + (uint64_t)i;
		w.model.account_count = i % 4 ? ACCOUNTS_MAX : 6;
		w.model.paths = 50;
		for (int row = 0; row < 2; row++)
			w.accounts[row] = (struct account){0, 1e-6, row ? 0 : -1, 0.97};
		for (int row = 2; row < ACCOUNTS_MAX; row += 5)
			w.accounts[row] = (struct account){0, 3, row * 10.0 - 100, 0.9}; /* some have cash over */
		w.market.tiers = i % 3 == 1 ? &of_any_size : NULL;
		w.market.waterfall = (struct waterfall){.count = 2, .tiers = {{.name = "fund", .type = TIER_INSURANCE, .size = 20},
									      {.name = "all", .type = TIER_SOCIALISED, .over = OVER_OPEN_INTEREST}}};
		run(&w, 1);
		by_index = w.more;
		bad_debt = w.result;
		run(&w, 3);
		assert_memory_equal(&by_index.absorbed, &w.more.absorbed, sizeof(by_index.absorbed));
		assert_memory_equal(&by_index.lenders, &w.more.lenders, sizeof(by_index.lenders));
		for (int row = 0; w.market.tiers && row < ACCOUNTS_MAX; row++)
			w.accounts[row].liquidation_threshold = fmin(0.95, w.accounts[row].liquidation_threshold);
		w.market.tiers = NULL;
		w.model.joined = joined;
		w.model.group_count = 0; /* run() deals them out anew */
		run(&w, 1);
		print_message("bad debt %.2f, of it %.2f by all, %.3f of the paths run out; %.2f liquidations\n", bad_debt.bad_debt.value,
			      by_index.absorbed[1].value, by_index.exhausted[1], by_index.liquidations.value);
		assert_true(by_index.absorbed[1].value > 0);
		near(w.result.bad_debt.value, bad_debt.bad_debt.value, 1e-9 * bad_debt.bad_debt.value);
		near(w.more.open.value, by_index.open.value, 1e-9 * bad_debt.bad_debt.value);
		near(w.more.absorbed[1].value, by_index.absorbed[1].value, 1e-9 * bad_debt.bad_debt.value);
		near(w.more.lenders.value, by_index.lenders.value, 1e-9 * bad_debt.bad_debt.value);
		near(w.more.exhausted[1], by_index.exhausted[1], 0);
		/* whom everything is taken from is liquidated, once or twice */
		near(w.more.liquidations.value, by_index.liquidations.value, by_index.exhausted[1] + 1e-12 * by_index.liquidations.value);
		near(w.more.fees_mean, by_index.fees_mean, 1e-9 * by_index.fees_mean);
		process_free(&w.asset.process);
	}
}

static void what_cannot_be(void **state)
{
	static const struct {
		const struct rules_type *rules;
		struct tier tier;
		const char *says;
	} cases[] = {
		{&rules_aave_v3, {.name = "x", .type = TIER_DELEVERAGING, .rank = RANK_DYDX}, "no bankrupt position"},
		{&rules_drift, {.name = "x", .type = TIER_DELEVERAGING, .rank = RANK_DYDX}, "no bankrupt position"},
		{&rules_aave_v3, {.name = "x", .type = TIER_SOCIALISED}, "holds loans"},
		{&rules_hyperliquid, {.name = "x", .type = TIER_DELEVERAGING}, "at which each position was opened"},
		{&rules_drift, {.name = "x", .type = TIER_SOCIALISED, .over = OVER_PROFIT}, "at which each position was opened"},
		{&rules_drift, {.name = "x", .type = TIER_SOCIALISED, .size = 5}, "leave it out"},
	};

	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world w;

		on_tape(&w, cases[i].rules, (const double[]){1000, 960}, 2, bankrupt);
		w.market.waterfall = (struct waterfall){.count = 1, .tiers = {cases[i].tier}};
		assert_int_equal(market_check(&w.market, &w.model, &err), -EINVAL);
		if (!strstr(err.text, cases[i].says))
			fail_msg("%s", err.text);
	}
	assert_int_equal(waterfall_check(&(struct waterfall){.count = 2, .tiers = {{.name = "a", .type = TIER_SOCIALISED},
										    {.name = "b", .type = TIER_DELEVERAGING}}}, &err), -EINVAL);
	assert_int_equal(waterfall_check(&(struct waterfall){.count = 2, .tiers = {{.name = "a", .type = TIER_SOCIALISED},
										    {.name = "b", .type = TIER_SOCIALISED}}}, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dydx_closes_at_the_bankruptcy_price),
		cmocka_unit_test(dydx_begins_anywhere),
		cmocka_unit_test(bankruptcy_prices_have_to_overlap),
		cmocka_unit_test(no_sale_below_what_the_fund_covers),
		cmocka_unit_test(hyperliquid_ranks_by_profit_and_leverage),
		cmocka_unit_test(what_is_left_has_a_trigger_of_its_own),
		cmocka_unit_test(at_the_end_too),
		cmocka_unit_test(socialised_over_open_interest),
		cmocka_unit_test(socialised_over_profit_and_equity),
		cmocka_unit_test(on_random_paths),
		cmocka_unit_test(by_index_as_one_by_one),
		cmocka_unit_test(what_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
