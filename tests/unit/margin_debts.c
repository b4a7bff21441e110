// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Debts in assets with a price of their own: worked out by hand, beside a book in another numeraire, and every account in every block. */
#include "market_two.h"
#include "margin/market_walk.h"

#define DEBT 1.0 /* the threshold of a row that is owed */

/* 10 ETH against 0.7 BTC: 8,000 count for 7,000 at the start. */
static const struct account short_btc[] = {{ETH, 10, 0, 0.8}, {BTC, -0.7, 0, DEBT}};

/* BTC at 11,600: 8,000/8,120. Half: 0.35 BTC for 4,060, 4,263 of ETH, a tenth of the bonus of 203 to the protocol. */
static void what_is_owed_rises(void **state)
{
	const double eth[] = {1000, 1000, 1000, 1000}, btc[] = {10000, 10500, 11600, 11600};
	struct two t;

	(void)state;
	on_two_tapes(&t, short_btc, 2, eth, btc, 4);
	run(&t.w, 1);
	near(t.w.more.liquidations.value, 1, 0); /* afterwards 5,737·0.8/4,060 = 1.13 */
	near(t.w.result.outcome_mean.seized, 4263, 1e-9);
	near(t.w.more.fees_mean, 20.3, 1e-9);
	near(t.w.more.keeper_profit.value, 182.7, 1e-9);
	near(t.w.more.time_to_liquidation_s, 0, 0);
	/* both rise by as much: nothing happens */
	on_two_tapes(&t, short_btc, 2, (const double[]){1000, 1050, 1160, 1160}, btc, 4);
	run(&t.w, 1);
	near(t.w.more.liquidations.value, 0, 0);
	/* a keeper has to buy 0.35 BTC of a pool of 7 that sells them: the first tenth of its depth is a twentieth dearer */
	on_two_tapes(&t, short_btc, 2, eth, btc, 4);
	t.liquidity[BTC] = (struct liquidity){.type = &liquidity_pool, .parameter = 35, .recovery_s = INFINITY};
	run(&t.w, 1);
	near(t.w.more.slippage_mean, 4060 * (1 - 35 / 35.35), 1e-9);
	near(t.w.more.keeper_profit.value, 182.7 - 4060 * (1 - 35 / 35.35), 1e-9);
	/* where that costs more than the bonus he waits, and the account goes on owing */
	t.liquidity[BTC].parameter = 5;
	run(&t.w, 1);
	near(t.w.more.liquidations.value, 0, 0);
	assert_true(t.w.more.waits_mean > 0);
	near(t.w.result.bad_debt.value, 0, 0);
}

/* A keeper with 2,030 repays 0.175 BTC of the 0.35 that he might. */
static void capital_is_what_is_repaid(void **state)
{
	const double eth[] = {1000, 1000, 1000}, btc[] = {10000, 11600, 11600};
	struct two t;

	(void)state;
	on_two_tapes(&t, short_btc, 2, eth, btc, 3);
	t.w.market.keepers.capital = 2030;
	run(&t.w, 1);
	near(t.w.result.outcome_mean.seized, 2131.5, 1e-9); /* (10,000 - 2,131.5)·0.8/(8,120 - 2,030) = 1.034 */
	near(t.w.more.liquidations.value, 1, 0);
}

/* ETH at 300: 3,000 against 0.6 BTC and 1,500 in cash. All of it goes for 2,857.14 of the larger debt; what is left is lost. */
static void what_is_left_is_lost_at_the_price_of_the_market(void **state)
{
	const struct account both[] = {{ETH, 10, 1500, 0.8}, {BTC, -0.6, 0, DEBT}};
	const double eth[] = {1000, 300, 300}, btc[] = {10000, 10000, 11000};
	struct two t;

	(void)state;
	on_two_tapes(&t, both, 2, eth, btc, 3);
	run(&t.w, 1);
	near(t.w.more.liquidations.value, 1, 0);
	near(t.w.result.bad_debt.value, 1500 + 6000 - 3000 / 1.05, 1e-8);
	t.w.model.delays[DELAY_ORACLE].parameter[0] = 12;
	run(&t.w, 1);
	/* the oracle still says 10,000 when BTC is at 11,000: he takes 1,575 for the cash, and 1,425 for BTC a block later */
	near(t.w.more.liquidations.value, 2, 0);
	near(t.w.result.bad_debt.value, 6600 - 1425 / 1.05, 1e-8);
	near(t.w.more.keeper_profit.value, 0.9 * (3000 - 3000 / 1.05), 1e-8);
	/* one who acts at a loss takes that at once: 0.1357 BTC, bought at 11,000; the rest of the 0.6 is lost at that price too */
	t.w.market.keepers.min_profit = -1e9;
	run(&t.w, 1);
	near(t.w.more.liquidations.value, 2, 0);
	near(t.w.result.bad_debt.value, 1.1 * (6000 - 1425 / 1.05), 1e-8);
	near(t.w.more.keeper_profit.value, 0.9 * (3000 - 3000 / 1.05) - 0.1 * 1425 / 1.05, 1e-8);
}

/* Of two debts and two collaterals the pair that brings most: half of all the debts at most, and no more than that one. */
static void the_pair_that_brings_most(void **state)
{
	const struct account rows[] = {{ETH, 10, 9000, 0.8}, {BTC, 1, 0, 0.75}, {ETH, -6.1, 0, DEBT}};
	const double eth[] = {1000, 1000, 1000}, btc[] = {10000, 9300, 9300};
	struct two t;

	(void)state;
	/* 8,000 + 6,975 for 15,100 at BTC 9,300: 0.9917. Half of all is 7,550: of the cash that, of the 6,100 all */
	on_two_tapes(&t, rows, 3, eth, btc, 3);
	run(&t.w, 1);
	near(t.w.result.outcome_mean.seized, 7550 * 1.05, 1e-9);
	/* what is sold and bought back there is the dearer way: cash for BTC */
	t.liquidity[ETH] = (struct liquidity){.type = &liquidity_pool, .parameter = 200, .recovery_s = INFINITY};
	run(&t.w, 1);
	near(t.w.result.outcome_mean.seized, 7550 * 1.05, 1e-9);
	near(t.w.more.slippage_mean, 0, 0);
	/* cash has to be raised at … nobody's breaker: BTC's stops what takes of it, ETH's what takes of ETH or repays it */
	t.w.market.breaker = (struct breaker){.move = 0.05, .window_s = 60, .pause_s = 1200};
	run(&t.w, 1);
	assert_true(t.w.more.slippage_mean > 0);
}

/* Each collateral with a bonus of its own: 10 ETH and 1 BTC for 15,200, ETH at 950; half is 7,600 (margin_basket.c). */
static void each_collateral_has_its_bonus(void **state)
{
	const struct account rows[] = {{ETH, 10, 15200, 0.8}, {BTC, 1, 0, 0.75}};
	const double eth[] = {1000, 950, 950}, btc[] = {10000, 10000, 10000};
	uint32_t terms[] = {1, 2};
	struct rules variants[2];
	struct error err;
	struct two t;

	(void)state;
	on_two_tapes(&t, rows, 2, eth, btc, 3);
	t.w.market.variants = variants;
	t.w.market.variant_count = 2;
	t.w.model.terms = terms;
	variants[0] = variants[1] = t.w.market.rules;
	variants[1].parameter[4] = 0.08; /* of BTC, and a fifth of it to the protocol */
	variants[1].parameter[5] = 0.2;
	run(&t.w, 1);
	near(t.w.result.outcome_mean.seized, 7600 * 1.08, 1e-9);
	near(t.w.more.fees_mean, 7600 * 0.016, 1e-9);
	/* for what he keeps, not for what it says */
	variants[1].parameter[5] = 0.5;
	run(&t.w, 1);
	near(t.w.result.outcome_mean.seized, 7600 * 1.05, 1e-9);
	terms[1] = 3;
	assert_true(market_check(&t.w.market, &t.w.model, &err) < 0);
	terms[1] = 2;
	variants[1].parameter[4] = 2;
	assert_true(market_check(&t.w.market, &t.w.model, &err) < 0);
}

/* ---- another numeraire ---------------------------------------------------------------------------------------------- */

/* What is owed in BTC, counted in BTC, is a loan of ETH at a price in BTC: the same block, and the same share of everything. */
static void a_debt_in_an_asset_is_one_in_that_numeraire(void **state)
{
	static const struct rules_type *const types[] = {&rules_aave_v3, &rules_spark, &rules_compound_v2, &rules_euler_v2, &rules_morpho};
	int liquidated = 0, lost = 0;
	struct rng rng;

	(void)state;
	rng_open(&rng, 20261125, 0, 0, RNG_SKELETON);
	for (int i = 0; i < 400; i++) {
		const struct rules_type *type = types[i % 5];
		struct account rows[] = {{ETH, 10, 0, 0.6 + 0.35 * rng_uniform(&rng)}, {BTC, 0, 0, DEBT}}, alone = rows[0];
		double eth[TAPE_MAX], btc[TAPE_MAX], ratio[TAPE_MAX], worth = NAN;
		struct world one;
		struct two t;

		for (int k = 0; k < TAPE_MAX; k++) {
			btc[k] = k ? btc[k - 1] * exp(0.05 * rng_normal(&rng)) : 10000;
			ratio[k] = k ? ratio[k - 1] * exp(0.06 * rng_normal(&rng) - 0.01) : 0.1;
			eth[k] = btc[k] * ratio[k];
		}
		alone.debt = 10 * ratio[0] * alone.liquidation_threshold * 0.9;
		rows[1].collateral = -alone.debt;
		on_two_tapes(&t, rows, 2, eth, btc, TAPE_MAX);
		on_tape(&one, type, ratio, TAPE_MAX, alone);
		rules_preset(&t.w.market.rules, type);
		if (type == &rules_aave_v3) /* its sizes are in the numeraire */
			t.w.market.rules.parameter[2] = t.w.market.rules.parameter[3] = one.market.rules.parameter[2] = one.market.rules.parameter[3] = 0;
		run(&t.w, 1);
		run(&one, 1);
		near(t.w.more.liquidations.value, one.more.liquidations.value, 0);
		near(t.w.more.recovered_mean, one.more.recovered_mean, 0);
		if (one.more.liquidations.value != 1)
			continue;
		for (int k = TAPE_MAX - 1; k >= 0; k--)
			if (10 * ratio[k] * alone.liquidation_threshold < alone.debt)
				worth = btc[k]; /* in the first such block */
		near(t.w.result.outcome_mean.seized, worth * one.result.outcome_mean.seized, 1e-9 * worth);
		near(t.w.more.keeper_profit.value, worth * one.more.keeper_profit.value, 1e-9 * worth);
		near(t.w.more.fees_mean, worth * one.more.fees_mean, 1e-9 * worth);
		liquidated++;
		if (one.more.open.value > 0 || !(one.result.bad_debt.value > 0))
			continue;
		near(t.w.result.bad_debt.value, worth * one.result.bad_debt.value, 1e-8 * worth);
		lost++;
	}
	assert_true(liquidated > 150 && lost > 10);
}

/* ---- every account in every block ----------------------------------------------------------------------------------- */

#define ASSETS 3
#define HEADS 60
#define ROWS_MAX 5

struct every {
	struct model model;
	struct model_asset assets[ASSETS];
	struct account accounts[HEADS * ROWS_MAX];
	bool joined[HEADS * ROWS_MAX];
	struct market market;
	struct liquidity liquidity[ASSETS];
	struct market_book book;
	struct market_walk *walk;
	bool fired[HEADS * ROWS_MAX];
};

static void random_book(struct every *e, struct rng *rng)
{
	memset(e, 0, sizeof(*e));
	e->model = (struct model){.seed = 1, .paths = 1, .horizon_s = 12, .step_s = 12, .assets = e->assets, .asset_count = ASSETS,
				  .accounts = e->accounts, .joined = e->joined};
	for (int i = 0; i < ASSETS; i++) {
		struct error err;

		e->assets[i] = (struct model_asset){"A", pow(10, i), {.type = &process_gbm, .parameter = {1}}};
		assert_int_equal(process_prepare(&e->assets[i].process, &err), 0);
		e->liquidity[i] = (struct liquidity){.type = &liquidity_none, .recovery_s = INFINITY};
	}
	for (int head = 0; head < HEADS; head++) {
		size_t first = e->model.account_count, count = 1 + (size_t)(ROWS_MAX * rng_uniform(rng));
		double held = 0;

		for (size_t i = 0; i < count; i++) {
			bool owed = i && rng_uniform(rng) < 0.4;
			struct account *row = &e->accounts[e->model.account_count];

			e->joined[e->model.account_count++] = i > 0;
			*row = (struct account){.asset = (uint32_t)(ASSETS * rng_uniform(rng)), .liquidation_threshold = owed ? 1 : 0.5 + 0.5 * rng_uniform(rng)};
			/* what is owed is at most two thirds of what is held before it, so that there is room for cash */
			row->collateral = (owed ? -0.6 * held * rng_uniform(rng) : 100 * (0.1 + rng_uniform(rng))) / e->assets[row->asset].price;
			held += row->collateral * e->assets[row->asset].price * row->liquidation_threshold;
		}
		e->accounts[first].debt = rng_uniform(rng) < 0.3 && count > 1 ? 0 : held / (1 + 0.2 * rng_uniform(rng));
	}
	e->market = (struct market){.liquidity = e->liquidity, .keepers = {.count = 1, .capital = INFINITY}};
	rules_preset(&e->market.rules, &rules_aave_v3);
	assert_int_equal(market_book_init(&e->book, &e->market, &e->model), 0);
	assert_int_equal(market_walk_new(&e->walk, &e->book), 0);
	for (int i = 0; i < ASSETS; i++) {
		e->walk->assets[i].oracle.price = e->assets[i].price;
		e->walk->assets[i].controls.m = 1;
		for (int side = 0; side < 2; side++)
			front_start(&e->walk->assets[i].fronts[side]);
	}
}

/* From the book's own rows, as docs/market.md says it. */
static double health_of(const struct every *e, uint32_t head)
{
	double held = 0, owed = fmax(0, -e->walk->positions[head].cash);

	for (uint32_t row = head; row == head || (row < e->model.account_count && e->joined[row]); row++) {
		const struct asset_state *asset = &e->walk->assets[e->accounts[row].asset];
		double worth = e->walk->positions[row].units * asset->oracle.price;

		if (worth > 0)
			held += worth * e->accounts[row].liquidation_threshold * asset->controls.m;
		else
			owed -= worth;
	}
	return owed > 0 ? held / owed : INFINITY;
}

/* As a block does it (market_path.c). */
static void fire_all(struct every *e)
{
	for (int i = 0; i < ASSETS; i++)
		for (int side = 0; side < 2; side++) {
			struct asset_state *asset = &e->walk->assets[i];
			double level = market_level(e->walk, asset, side);
			int64_t row;

			while ((row = front_fire(&asset->fronts[side], level)) >= 0) {
				uint32_t head = basket_head(&e->book, (uint32_t)row);
				int looked = basket_is(&e->book, head) ? basket_look(e->walk, (uint32_t)row, level) : BASKET_BELOW;

				assert_true(looked >= 0);
				if (looked == BASKET_BELOW) {
					assert_false(e->fired[head]);
					e->fired[head] = e->walk->states[head].under_way = true;
				}
			}
		}
}

/* A liquidation, a repayment, or for a negative share a new loan: a part of every debt goes. */
static void repay(struct every *e, uint32_t head, double share)
{
	for (uint32_t row = head; row < basket_end(&e->book, head); row++)
		if (e->walk->positions[row].units < 0)
			e->walk->positions[row].units *= 1 - share;
	e->walk->positions[head].cash *= 1 - share;
}

static void come_back(struct every *e, uint32_t head)
{
	struct position *position = &e->walk->positions[head];

	e->walk->states[head].under_way = e->fired[head] = false;
	if (basket_is(&e->book, head))
		assert_int_equal(basket_wait(e->walk, head), 0);
	else if (position->cash < 0)
		assert_int_equal(front_return(&e->walk->assets[e->accounts[head].asset].fronts[0], position_trigger(position), head), 0);
}

static void the_bounds_find_the_very_block(void **state)
{
	size_t below = 0, returned = 0, borrowed = 0, looked = 0;
	struct rng rng;

	(void)state;
	rng_open(&rng, 7, 0, 0, RNG_SKELETON);
	for (int book = 0; book < 10; book++) {
		static struct every e;

		random_book(&e, &rng);
		for (int block = 0; block < 600; block++) {
			fire_all(&e);
			for (uint32_t head = 0; head < e.model.account_count; head = basket_end(&e.book, head)) {
				double health = health_of(&e, head);

				looked++;
				if (fabs(health - 1) < 1e-11)
					continue;
				if (health < 1 && !e.fired[head])
					fail_msg("book %d, block %d, row %u: health is %.17g, and nobody looked", book, block, head, health);
				below += health < 1;
				if (!e.fired[head] && health > 1.1 && isfinite(health) && basket_is(&e.book, head)) {
					repay(&e, head, -(health / 1.03 - 1));
					come_back(&e, head);
					borrowed++;
				}
				if (!e.fired[head] || rng_uniform(&rng) < 0.5)
					continue;
				repay(&e, head, 0.05);
				if (health_of(&e, head) < 1)
					continue; /* once more in the next block */
				come_back(&e, head);
				returned++;
			}
			for (int i = 0; i < ASSETS; i++) {
				e.walk->assets[i].oracle.price *= exp(0.02 * rng_normal(&rng));
				e.walk->assets[i].controls.m = 0.8 + 0.2 * (rng_uniform(&rng) < 0.5 ? 1 : rng_uniform(&rng));
			}
		}
		market_walk_free(e.walk);
		market_book_free(&e.book);
	}
	assert_true(looked > 300000 && below > 50000 && returned > 30000 && borrowed > 20000);
}

/* ---- everything at once --------------------------------------------------------------------------------------------- */

/*
 * Debts of every kind, thin markets that recover, gas, little capital, a second chain, an oracle that sees the sales, a breaker, funds: run()
 * holds every path of every scenario to what is lost being what others gain; and the result is the same for any number of threads.
 */
static void nothing_is_lost_on_the_way(void **state)
{
	static const struct rules_type *const types[] = {&rules_aave_v3, &rules_aave_v4, &rules_spark, &rules_compound_v2};
	const struct account rows[] = {{ETH, 10, 1, 0.93}, {BTC, -0.9, 0, DEBT}, {BTC, 2, 9000, 0.9}, {ETH, -9.5, 0, DEBT},
				       {ETH, 5, 4000, 0.85}, {BTC, 0.5, 0, 0.9}, {BTC, -0.45, 0, DEBT}, {ETH, 3, 2700, 0.95}};
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		double bad_debt, profit;
		struct two t;

		with_two(&t, rows, 8);
		for (int asset = 0; asset < 2; asset++) {
			t.assets[asset].process = (struct process){.type = &process_gbm, .parameter = {asset ? 3 : 4}};
			assert_int_equal(process_prepare(&t.assets[asset].process, &err), 0);
			t.liquidity[asset] = (struct liquidity){.type = &liquidity_pool, .parameter = asset ? 20 : 150, .recovery_s = 600};
		}
		rules_preset(&t.w.market.rules, types[i]);
		t.w.model.paths = 200;
		t.w.model.step_s = 60;
		t.w.model.horizon_s = 3 * 3600;
		t.w.model.delays[DELAY_ORACLE].parameter[0] = 90;
		t.w.model.delays[DELAY_INCLUSION].parameter[0] = 300;
		t.w.market.keepers.capital = 3000;
		t.w.market.gas = (struct gas){.units = 450000, .base_fee_gwei = 5, .asset = ETH, .price = NAN, .bid_share = 0.5};
		t.w.market.feedback = true;
		t.w.market.breaker = (struct breaker){.move = 0.1, .window_s = 600, .pause_s = 600};
		t.w.market.settlement = (struct settlement){.delay = {.type = &delay_constant, .parameter = {180}}, .fail_probability = 0.1};
		t.w.market.dynamic_margin = (struct dynamic_margin){.gain = 0.5, .calm_volatility = 2, .half_life_s = 600, .horizon_s = 3600, .floor = 0.8, .step_per_hour = 0.2};
		t.w.market.waterfall = (struct waterfall){.count = 1, .tiers = {{.type = TIER_INSURANCE, .size = 500, .fed_share = 0.5}}};
		run(&t.w, 1);
		bad_debt = t.w.result.bad_debt.value;
		profit = t.w.more.keeper_profit.value;
		assert_true(bad_debt > 0 && t.w.more.liquidations.value > 1 && t.w.more.slippage_mean > 0 && t.w.more.open.value < bad_debt);
		run(&t.w, 3);
		assert_true(t.w.result.bad_debt.value == bad_debt && t.w.more.keeper_profit.value == profit);
	}
}

/* ---- what is refused ------------------------------------------------------------------------------------------------ */

static void books_that_make_no_sense(void **state)
{
	static const struct {
		const struct rules_type *type;
		const char *wanted;
		struct account rows[3];
		size_t count;
	} cases[] = {
		{&rules_aave_v3, "owes, and has no collateral", {{BTC, -1, 0, DEBT}}, 1},
		{&rules_aave_v3, "owes, and has no collateral", {{BTC, -1, 5, DEBT}, {ETH, -1, 0, DEBT}}, 2},
		{&rules_aave_v3, "holds loans", {{ETH, 1, 0, 0.8}, {BTC, -1, 0, 0.9}}, 2}, /* a short position */
		{&rules_euler_v2, "2 debts", {{ETH, 10, 5, 0.8}, {BTC, -0.1, 0, DEBT}}, 2},
		{&rules_morpho, "2 collaterals", {{ETH, 10, 0, 0.8}, {BTC, 1, 0, 0.8}, {BTC, -0.1, 0, DEBT}}, 3},
		{&rules_maker, "does not take", {{ETH, 10, 0, 0.8}, {BTC, -0.1, 0, DEBT}}, 2},
		{&rules_compound_v3, "does not take", {{ETH, 10, 0, 0.8}, {BTC, -0.1, 0, DEBT}}, 2},
		{&rules_instant, "does not take", {{ETH, 10, 0, 0.8}, {BTC, -0.1, 0, DEBT}}, 2},
		{&rules_drift, "does not take", {{ETH, 10, 0, 0.8}, {BTC, -0.1, 0, DEBT}}, 2},
		{&rules_aave_v3, "no number", {{ETH, 10, 0, 0.8}, {BTC, -INFINITY, 0, DEBT}}, 2},
		{&rules_aave_v3, "no number", {{ETH, 10, 0, 0.8}, {BTC, 0, 0, DEBT}}, 2},
	};
	struct error err;
	struct two t;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		with_two(&t, cases[i].rows, cases[i].count);
		rules_preset(&t.w.market.rules, cases[i].type);
		err.text[0] = '\0';
		assert_true(market_check(&t.w.market, &t.w.model, &err) < 0);
		if (!strstr(err.text, cases[i].wanted))
			fail_msg("case %zu: '%s' does not say '%s'", i, err.text, cases[i].wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_owed_rises),
		cmocka_unit_test(capital_is_what_is_repaid),
		cmocka_unit_test(what_is_left_is_lost_at_the_price_of_the_market),
		cmocka_unit_test(the_pair_that_brings_most),
		cmocka_unit_test(each_collateral_has_its_bonus),
		cmocka_unit_test(a_debt_in_an_asset_is_one_in_that_numeraire),
		cmocka_unit_test(the_bounds_find_the_very_block),
		cmocka_unit_test(nothing_is_lost_on_the_way),
		cmocka_unit_test(books_that_make_no_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
