// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Classes of keepers: who comes first, who can pay for it, and who has it where it does not pay for the first. */
#include <errno.h>

#include "market_world.h"

#define CENT 0.005
#define LOAN ((struct account){0, 100, 8000, 0.8}) /* to be liquidated below 100 */

static void add(struct world *w, const char *name, unsigned count, double capital, const struct delay_type *type, double delay_s)
{
	struct keeper_class *class = &w->market.keepers.classes[w->market.keepers.class_count++];

	*class = (struct keeper_class){.count = count, .capital = capital, .delay = {.type = type, .parameter = {delay_s}}};
	strcpy(class->name, name);
}

/* Three classes, and nobody else; at 99 from the second block on, where half of the loan brings 180. */
static void three(struct world *w, double fast, double middle, double slow)
{
	static const double prices[] = {100.5, 99, 99, 99, 99, 99};

	on_tape(w, &rules_aave_v3, prices, 6, LOAN);
	w->market.keepers.count = 0;
	add(w, "fast", 1, fast, &delay_constant, 1);
	add(w, "middle", 1, middle, &delay_constant, 5);
	add(w, "slow", 1, slow, &delay_constant, 15);
}

/* Who has it, with what profit, and after which time. */
static void won(struct world *w, unsigned number, double profit, double after_s)
{
	run(w, 1);
	for (unsigned i = 0; i < w->market.keepers.class_count; i++) {
		const struct market_keeper *came = &w->more.keepers[KEEPER_CLASSES + i];

		near(came->win_rate.value, i == number, 0);
		near(came->liquidations.value, i == number, 0);
		near(came->profit.value, i == number ? profit : 0, CENT);
	}
	near(w->more.time_to_liquidation_s, after_s, 1e-9);
}

static void the_first_one_has_it_if_it_pays(void **state)
{
	struct world w;

	(void)state;
	three(&w, INFINITY, INFINITY, INFINITY);
	won(&w, 0, 180, 12);
	/* a quarter of the 4,000: then health is 0.8·(9900 - 1050)/7000 = 1.011 */
	three(&w, 1000, INFINITY, INFINITY);
	won(&w, 0, 45, 12);
	/* which does not pay for gas of 50; the next one comes in the same block */
	w.market.gas = (struct gas){.units = 5e5, .base_fee_gwei = 100, .price = 1000};
	won(&w, 1, 180 - 50, 12);
	near(w.more.waits_mean, 0, 0);
	/* nor for the next one; who can pay for all of it comes a block later */
	three(&w, 1000, 900, INFINITY);
	w.market.gas = (struct gas){.units = 5e5, .base_fee_gwei = 100, .price = 1000};
	won(&w, 2, 180 - 50, 24);
	near(w.more.waits_mean, 1, 0);
	/* nor for anybody */
	three(&w, 1000, 900, 1000);
	w.market.gas = (struct gas){.units = 5e5, .base_fee_gwei = 100, .price = 1000};
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	near(w.more.waits_mean, 9, 0); /* from 24 s to twice the horizon, 120 s */
	assert_true(isnan(w.more.keepers[KEEPER_CLASSES].win_rate.value));
}

/* A millisecond more of the keeper stage is one more for a class; its own delay comes in place of delay.keeper. */
static void delays_belong_to_the_keeper_stage(void **state)
{
	static const double prices[] = {110, 99, 94, 90, 90, 90};
	struct world w;

	(void)state;
	on_tape(&w, &rules_aave_v3, prices, 6, LOAN);
	w.market.keepers.count = 0;
	add(&w, "only", 1, INFINITY, &delay_constant, 0);
	run(&w, 1);
	near(w.more.keeper_profit.value, 180, CENT);
	/* a block later, at 94, all is repaid: 360 */
	near(w.more.keeper_profit_per_ms[DELAY_KEEPER].value, 180 / 12e3, 1e-12);
	w.market.keepers.classes[0].delay.parameter[0] = 12;
	run(&w, 1);
	near(w.more.keeper_profit.value, 360, CENT);
	near(w.more.time_to_liquidation_s, 12, 1e-9);
}

/*
 * The vault's target of 6900·1.13 = 7797 sells at 1 % less each 90 s, at 990.87 below the market's 999.9 for the first time. Whoever is
 * first barks, for gas of 50, a tip of 45 and a thousandth of the target; with a capital of 100 buying does not pay, and who can pay
 * for all of it comes 30 s later.
 */
static void a_lot_waits_for_who_can_pay(void **state)
{
	struct account vault = {0, 10, 6900, 0.69}; /* below 1000 */
	double offer = 1299.87 * pow(0.99, 27);
	struct world w;

	(void)state;
	calm_fall(&w, 1000.5, -1e-9, vault);
	w.asset.price = 999.9;
	rules_preset(&w.market.rules, &rules_maker);
	w.market.rules.parameter[6] = 45; /* tip */
	w.model.horizon_s = 7200;
	w.market.gas = (struct gas){.units = 5e5, .base_fee_gwei = 100, .price = 1000};
	w.market.keepers.count = 0;
	add(&w, "small", 2, 100, &delay_constant, 1);
	add(&w, "large", 1, INFINITY, &delay_constant, 30);
	run(&w, 1);
	near(w.more.keepers[KEEPER_CLASSES].profit.value, 45 + 7.797 - 50, CENT);
	near(w.more.keepers[KEEPER_CLASSES].liquidations.value, 1, 0);
	near(w.more.keepers[KEEPER_CLASSES + 1].profit.value, 7797 / offer * (999.9 - offer) - 50, CENT);
	near(w.more.keepers[KEEPER_CLASSES + 1].liquidations.value, 1, 0);
}

static double spread(double share, double n)
{
	return 4 * sqrt(share * (1 - share) / n);
}

/* Exponential delays: each kind is first with the probability rate/Σ rate. */
static void exponential_delays_win_by_their_rates(void **state)
{
	/* own, competing, and classes: so many, with such means */
	static const double count[] = {1, 2, 2, 10, 1}, mean_s[] = {8, 20, 4, 100, 2};
	double all = 0;
	struct world w;

	(void)state;
	three(&w, INFINITY, INFINITY, INFINITY);
	w.model.paths = 4000;
	w.market.keepers = (struct keepers){.count = 2, .has_own = true, .capital = INFINITY, .own = {.type = &delay_exponential, .parameter = {mean_s[0]}}};
	w.model.delays[DELAY_KEEPER] = (struct delay_law){.type = &delay_exponential, .parameter = {mean_s[1]}};
	add(&w, "bots", 2, INFINITY, &delay_exponential, mean_s[2]);
	add(&w, "crowd", 10, INFINITY, &delay_exponential, mean_s[3]);
	add(&w, "builder", 1, INFINITY, &delay_exponential, mean_s[4]);
	run(&w, 2);
	for (int i = 0; i < 5; i++)
		all += count[i] / mean_s[i];
	for (int i = 0; i < 5; i++) {
		double share = count[i] / mean_s[i] / all;

		near(w.more.keepers[i].win_rate.value, share, spread(share, 4000));
		near(w.more.keepers[i].win_rate.stderr_, sqrt(share * (1 - share) / 4000), 0.1 * sqrt(share / 4000));
		near(w.more.keepers[i].profit.value, 180 * w.more.keepers[i].win_rate.value, CENT);
	}
	near(w.more.keepers[KEEPER_OWN].win_rate.value, w.more.win_rate, 0);
}

/* By chance: of those who come at the same moment, and by auction of those who come in the same block. */
static void chance_decides_between_equals(void **state)
{
	struct world w;

	(void)state;
	three(&w, INFINITY, INFINITY, INFINITY);
	w.model.paths = 2000;
	w.market.keepers.classes[0].count = 3;
	w.market.keepers.classes[1].delay.parameter[0] = 1;
	run(&w, 1);
	near(w.more.keepers[KEEPER_CLASSES].win_rate.value, 0.75, spread(0.75, 2000));
	near(w.more.keepers[KEEPER_CLASSES + 2].win_rate.value, 0, 0);
	near(w.more.gas_mean, 0, 0);
	/* one second or five: of the same block */
	w.market.keepers.classes[1].delay.parameter[0] = 5;
	run(&w, 1);
	near(w.more.keepers[KEEPER_CLASSES].win_rate.value, 1, 0);
	w.market.gas.bid_share = 0.9;
	run(&w, 1);
	near(w.more.keepers[KEEPER_CLASSES].win_rate.value, 0.75, spread(0.75, 2000));
	near(w.more.keepers[KEEPER_CLASSES].profit.value, 18 * w.more.keepers[KEEPER_CLASSES].win_rate.value, CENT);
	near(w.more.gas_mean, 162, CENT);
}

/* Only those without a class come and go, for what they earn themselves: nothing here, so that of three the last one stays. */
static void classes_stay(void **state)
{
	struct world w;

	(void)state;
	three(&w, INFINITY, INFINITY, INFINITY);
	w.model.delays[DELAY_KEEPER].parameter[0] = 20;
	w.market.keepers.count = 3;
	w.market.keepers.entry_cost = 300;
	w.market.keepers.review_s = 12;
	w.market.keepers.most = 5;
	won(&w, 0, 180, 12);
	near(w.more.keepers_mean, 1, 0);
}

static void same(const struct world *a, const struct world *b)
{
	assert_memory_equal(&a->result.bad_debt, &b->result.bad_debt, sizeof(a->result.bad_debt));
	assert_memory_equal(a->result.quantile, b->result.quantile, sizeof(a->result.quantile));
	assert_memory_equal(&a->more.parts, &b->more.parts, sizeof(a->more.parts));
	assert_memory_equal(&a->more.keeper_profit, &b->more.keeper_profit, sizeof(a->more.keeper_profit));
	assert_memory_equal(&a->more.own_profit, &b->more.own_profit, sizeof(a->more.own_profit));
	assert_memory_equal(&a->more.keeper_profit_per_ms, &b->more.keeper_profit_per_ms, sizeof(a->more.keeper_profit_per_ms));
	assert_memory_equal(&a->more.win_rate, &b->more.win_rate, sizeof(a->more.win_rate));
	near(a->more.waits_mean, b->more.waits_mean, 0);
}

/*
 * A class of three is what a count of three is, and so are two classes of two and one: on every path, under all rules; by auction, or
 * with prices that keepers bring, too.
 */
static void a_class_is_a_count(void **state)
{
	double liquidations = 0;

	(void)state;
	for (size_t i = 0; rules_types[i]; i++) {
		struct world count, class, classes, *const all[] = {&count, &class, &classes};

		for (int k = 0; k < 3; k++) {
			wild(all[k], rules_types[i], 20);
			all[k]->model.horizon_s = 600;
			all[k]->market.gas.bid_share = i % 3 == 1 ? 0.8 : 0;
			all[k]->market.oracle.pull = i % 3 == 2;
			all[k]->market.keepers.count = k ? 0 : 3;
		}
		add(&class, "all", 3, 3000, &delay_exponential, 20);
		add(&classes, "two", 2, 3000, &delay_exponential, 20);
		add(&classes, "one", 1, 3000, &delay_exponential, 20);
		for (int k = 0; k < 3; k++)
			run(all[k], 1);
		liquidations += count.more.liquidations.value;
		same(&count, &class);
		same(&count, &classes);
	}
	assert_true(liquidations > 10);
}

/* Nothing is lost between keepers of different means, and two threads do what one does. */
static void books_balance(void **state)
{
	(void)state;
	for (size_t i = 0; rules_types[i]; i++) {
		struct world one, two, *const both[] = {&one, &two};

		for (int k = 0; k < 2; k++) {
			wild(both[k], rules_types[i], 20);
			both[k]->model.horizon_s = 600;
			add(both[k], "small", 2, 300, &delay_exponential, 5);
			add(both[k], "large", 1, INFINITY, &delay_exponential, 60);
			run(both[k], 1 + (unsigned)k);
		}
		assert_memory_equal(&one.more, &two.more, sizeof(one.more));
	}
}

static void refused(struct world *w, const char *text)
{
	struct error err = {""};

	assert_int_equal(keepers_check(&w->market.keepers, &err), -EINVAL);
	if (!strstr(err.text, text))
		fail_msg("'%s' says nothing of '%s'", err.text, text);
}

static void mistakes(void **state)
{
	struct world w;

	(void)state;
	three(&w, INFINITY, INFINITY, -1);
	refused(&w, "class slow: capital is -1");
	three(&w, INFINITY, INFINITY, INFINITY);
	strcpy(w.market.keepers.classes[2].name, "fast");
	refused(&w, "class fast: the name is taken");
	strcpy(w.market.keepers.classes[2].name, "own");
	refused(&w, "class own: the name is taken");
	w.market.keepers.classes[2].name[0] = '\0';
	refused(&w, "class 3: it has no name");
	three(&w, INFINITY, INFINITY, INFINITY);
	w.market.keepers.classes[1].count = 0;
	refused(&w, "class middle: count is 0; allowed: 1 to 100");
	w.market.keepers.classes[1].count = 99;
	refused(&w, "there are 101 keepers with those of all classes; allowed: 1 to 100");
	w.market.keepers.classes[1].count = UINT32_MAX;
	refused(&w, "class middle: count is 4294967295");
	w.market.keepers.classes[1].count = 90;
	w.market.keepers.count = 2;
	w.market.keepers.entry_cost = w.market.keepers.review_s = 1;
	w.market.keepers.most = 9;
	refused(&w, "entry: most is 9; allowed: from count, which is 1 or more, to 8");
	w.market.keepers.class_count = KEEPER_CLASSES_MAX + 1;
	refused(&w, "there are 9 classes; allowed: to 8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_one_has_it_if_it_pays),
		cmocka_unit_test(delays_belong_to_the_keeper_stage),
		cmocka_unit_test(a_lot_waits_for_who_can_pay),
		cmocka_unit_test(exponential_delays_win_by_their_rates),
		cmocka_unit_test(chance_decides_between_equals),
		cmocka_unit_test(classes_stay),
		cmocka_unit_test(a_class_is_a_count),
		cmocka_unit_test(books_balance),
		cmocka_unit_test(mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
