// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Maintenance margin by size: Hyperliquid's published formula, triggers, and liquidations on a tape, by hand. */
#include <errno.h>

#include "margin/rng.h"
#include "market_world.h"

#define CENT 5e-3

/* BTC: 40 times to 150 million, 20 times above, and half of the initial margin: 2.5 % of 240 million less 150 million·(2.5 - 1.25) %. */
static void as_published(void **state)
{
	const struct margin_tiers btc = {{{150e6, 0.025}}, 1};
	struct position position = {.units = 4000, .weight = 1 - 0.0125};
	struct error err;

	(void)state;
	assert_int_equal(margin_tiers_check(&btc, &err), 0);
	margin_tiers_apply(&btc, &position, 60000);
	near(position.relief, 1.875e6, 1e-6);
	near(240e6 * (1 - position.weight) - position.relief, 4.125e6, 1e-6);
	position = (struct position){.units = -2000, .weight = 1.0125};
	margin_tiers_apply(&btc, &position, 60000); /* 120 million */
	near(position.relief, 0, 0);
	near(position.weight, 1.0125, 0);
}

/* At its trigger the health is 1, above it on one side and below it on the other, whatever the tier. */
static void triggers(void **state)
{
	const struct margin_tiers tiers = {{{1e4, 0.02}, {5e4, 0.05}, {2e5, 0.1}}, 3};
	struct rng rng;

	(void)state;
	rng_open(&rng, 3, 0, 0, RNG_BOOK);
	for (int i = 0; i < 5000; i++) {
		double units = (i & 1 ? -1 : 1) * exp(6 * rng_uniform(&rng)), own = 0.01 + 0.03 * rng_uniform(&rng);
		struct position position = {.units = units, .cash = -units * 1000 * (1 - (i & 1 ? -1 : 1) * (0.12 + 0.3 * rng_uniform(&rng))),
					    .weight = units > 0 ? 1 - own : 1 + own};
		double trigger = margin_tiers_trigger(&tiers, &position), health[3];

		for (int k = 0; k < 3; k++) {
			struct position at = position;
			double price = trigger * (1 + (k - 1) * 1e-6);

			margin_tiers_apply(&tiers, &at, price);
			health[k] = position_health(&at, price);
		}
		near(health[1], 1, 1e-9);
		assert_true(units > 0 ? health[0] < 1 && health[2] > 1 : health[0] > 1 && health[2] < 1);
	}
}

static void tiered(struct world *w, double price, struct account account, struct margin_tiers *tiers)
{
	on_tape(w, &rules_hyperliquid, (const double[]){1010, price, price, price, price, price}, 6, account);
	w->market.tiers = tiers;
}

/* 3 %, and 5 % of what is above 5000: ten units ask for 0.5·P - 100, and are below it from 9550/9.5 = 1005.26 on; else from 994.85 on. */
static void liquidations(void **state)
{
	struct margin_tiers tiers = {{{5000, 0.05}}, 1}, large = {{{100000, 0.05}}, 1}, low = {{{5000, 0.02}}, 1};
	const struct account position = {0, 10, 9650, 0.97}, big = {0, 200, 193400, 0.97};
	struct world w;

	(void)state;
	tiered(&w, 1006, position, &tiers);
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	tiered(&w, 1005, position, &tiers);
	run(&w, 1);
	near(w.more.liquidations.value, 1, 0);
	near(w.result.outcome_mean.seized, 10050, CENT);
	near(w.more.fees_mean, 0, CENT);
	/* equity 200 is below two thirds of 392.50: the vault takes it; without tiers above two thirds of 295.50: sold */
	tiered(&w, 985, position, &tiers);
	run(&w, 1);
	near(w.more.fees_mean, 200, CENT);
	tiered(&w, 985, position, NULL);
	run(&w, 1);
	near(w.more.fees_mean, 0, CENT);
	/*
	 * 200 units at 996 ask for 0.05·199200 - 2000 = 7960. Equity is 5800: a fifth is sold, and 160 units still ask for 5968, so that
	 * 30 s later the rest is. Without tiers they would ask for 4781.
	 */
	tiered(&w, 996, big, &large);
	run(&w, 1);
	near(w.more.liquidations.value, 2, 0);
	near(w.result.outcome_mean.seized, 199200, CENT);
	tiered(&w, 996, big, NULL);
	run(&w, 1);
	near(w.more.liquidations.value, 1, 0);
	/* a tier below the position's own margin changes nothing */
	tiered(&w, 995, position, &low);
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	/* a short one: 10450 of cash, 10.5·P - 100 from 1004.76 on */
	for (int below = 0; below < 2; below++) {
		on_tape(&w, &rules_hyperliquid, (const double[]){990, below ? 1005 : 1004}, 2, (struct account){0, -10, -10450, 0.97});
		w.market.tiers = &tiers;
		run(&w, 1);
		near(w.more.liquidations.value, below, 0);
	}
}

static void what_cannot_be(void **state)
{
	struct margin_tiers tiers = {{{5000, 0.05}}, 1};
	struct world w;
	struct error err;

	(void)state;
	on_tape(&w, &rules_aave_v3, (const double[]){1000, 960}, 2, (struct account){0, 10, 8000, 0.9});
	w.market.tiers = &tiers;
	assert_int_equal(market_check(&w.market, &w.model, &err), -EINVAL);
	assert_non_null(strstr(err.text, "holds loans"));
	assert_int_equal(margin_tiers_check(&(struct margin_tiers){{{5000, 0.05}, {5000, 0.06}}, 2}, &err), -EINVAL);
	assert_int_equal(margin_tiers_check(&(struct margin_tiers){{{5000, 0.05}, {6000, 0.04}}, 2}, &err), -EINVAL);
	assert_int_equal(margin_tiers_check(&(struct margin_tiers){{{5000, 1}}, 1}, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_published),
		cmocka_unit_test(triggers),
		cmocka_unit_test(liquidations),
		cmocka_unit_test(what_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
