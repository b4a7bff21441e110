// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What bad debt must and must not depend on, whatever its numbers are: how a book is cut into accounts, who else is in it, in
 * what order; and where a larger bonus stops helping.
 */
#include "market_world.h"

#include "margin/requirement.h"

static const struct account book[] = {{0, 10, 9200, 0.93}, {0, 3, 2700, 0.92}, {0, 25, 22000, 0.9}, {0, 7, 6500, 0.94},
				      {0, 1, 880, 0.9},	   {0, 40, 36500, 0.93}};
#define BOOK (sizeof(book) / sizeof(*book))

/* One volatile asset with jumps; half a minute from trigger to execution for everybody; Compound's rule, which knows no sizes. */
static void volatile_market(struct world *w, const struct account *accounts, size_t count)
{
	const double merton[] = {2, 0, 3000, -0.01, 0.03};
	struct error err;

	calm_fall(w, 1000, 0, accounts[0]);
	memcpy(w->accounts, accounts, count * sizeof(*accounts));
	w->model.account_count = count;
	w->asset.process = (struct process){.type = &process_merton};
	memcpy(w->asset.process.parameter, merton, sizeof(merton));
	assert_int_equal(process_prepare(&w->asset.process, &err), 0);
	w->model.delays[DELAY_KEEPER].parameter[0] = 36;
	w->model.paths = 400;
	w->model.horizon_s = 3 * 3600;
	rules_preset(&w->market.rules, &rules_compound_v2);
}

static void alike(double is, double wanted, double tolerance)
{
	assert_true(wanted != 0);
	near(is / wanted, 1, tolerance);
}

static void halves_lose_what_the_whole_loses(void **state)
{
	struct account halves[2 * BOOK];
	struct world whole, split;

	(void)state;
	for (size_t i = 0; i < BOOK; i++) {
		halves[2 * i] = book[i];
		halves[2 * i].collateral *= 0.3;
		halves[2 * i].debt *= 0.3;
		halves[2 * i + 1] = book[i];
		halves[2 * i + 1].collateral *= 0.7;
		halves[2 * i + 1].debt *= 0.7;
	}
	volatile_market(&whole, book, BOOK);
	run(&whole, 2);
	volatile_market(&split, halves, 2 * BOOK);
	run(&split, 2);
	alike(split.result.bad_debt.value, whole.result.bad_debt.value, 1e-9);
	alike(split.result.es99, whole.result.es99, 1e-9);
	alike(split.more.keeper_profit.value, whole.more.keeper_profit.value, 1e-9);
	alike(split.more.liquidations.value, 2 * whole.more.liquidations.value, 1e-12);
	/* Aave's rule is not linear: a part of less than 2,000 is closed whole, at any health */
	volatile_market(&whole, book, BOOK);
	rules_preset(&whole.market.rules, &rules_aave_v3);
	run(&whole, 2);
	volatile_market(&split, halves, 2 * BOOK);
	rules_preset(&split.market.rules, &rules_aave_v3);
	run(&split, 2);
	assert_true(fabs(split.result.outcome_mean.seized / whole.result.outcome_mean.seized - 1) > 1e-3);
}

static void the_healthy_change_nothing(void **state)
{
	struct account with[BOOK + 2];
	struct world w, more;

	(void)state;
	memcpy(with, book, sizeof(book));
	with[BOOK] = (struct account){0, 1000, 1, 0.8};
	with[BOOK + 1] = (struct account){0, 5, 0, 0.5};
	volatile_market(&w, book, BOOK);
	run(&w, 2);
	volatile_market(&more, with, BOOK + 2);
	run(&more, 2);
	assert_true(w.result.bad_debt.value > 0);
	assert_true(more.result.bad_debt.value == w.result.bad_debt.value && more.result.es99 == w.result.es99);
	assert_true(more.more.keeper_profit.value == w.more.keeper_profit.value);
}

/* The sorted book is the sum of its accounts, each in a book of its own, and does not know the order in which they were given. */
static void the_sorted_book_is_its_accounts(void **state)
{
	struct account turned[BOOK];
	struct world all, one;
	double bad_debt = 0, profit = 0, liquidations = 0;

	(void)state;
	volatile_market(&all, book, BOOK);
	run(&all, 2);
	for (size_t i = 0; i < BOOK; i++) {
		volatile_market(&one, &book[i], 1);
		run(&one, 2);
		bad_debt += one.result.bad_debt.value;
		profit += one.more.keeper_profit.value;
		liquidations += one.more.liquidations.value;
		turned[BOOK - 1 - i] = book[i];
	}
	alike(all.result.bad_debt.value, bad_debt, 1e-9);
	alike(all.more.keeper_profit.value, profit, 1e-9);
	alike(all.more.liquidations.value, liquidations, 1e-12);
	volatile_market(&one, turned, BOOK);
	run(&one, 2);
	alike(one.result.bad_debt.value, bad_debt, 1e-9);
	alike(one.result.es99, all.result.es99, 1e-9);
}

/* The same of the expectation by closed form, which looks accounts up on a curve. */
static void the_expected_book_is_its_accounts(void **state)
{
	const double kou[] = {2, 0, 3000, 0.4, 60, 40};
	struct model_control control = {0};
	double sum = 0, whole = 0;
	struct error err;

	(void)state;
	for (size_t i = 0; i <= BOOK; i++) {
		struct model_result result;
		struct world w;

		volatile_market(&w, i < BOOK ? &book[i] : book, i < BOOK ? 1 : BOOK);
		w.asset.process = (struct process){.type = &process_kou};
		memcpy(w.asset.process.parameter, kou, sizeof(kou));
		assert_int_equal(process_prepare(&w.asset.process, &err), 0);
		w.model.engine.type = &engine_instant;
		if (model_expect(&w.model, &control, &result, &err))
			fail_msg("%s", err.text);
		*(i < BOOK ? &sum : &whole) += result.bad_debt.value;
	}
	alike(whole, sum, 1e-6);
}

/*
 * Bad debt against the bonus, on the same paths. Too small, and it does not pay a keeper for what selling into the market costs:
 * accounts wait, and go under. From there on every point more is taken from the collateral that should pay the debt.
 */
static void a_bonus_helps_until_it_does_not(void **state)
{
	static const double bonuses[] = {0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.3};
	enum { COUNT = sizeof(bonuses) / sizeof(*bonuses) };
	double bad_debt[COUNT];
	size_t best = 0;

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		struct world w;

		volatile_market(&w, book, BOOK);
		w.market.rules.parameter[1] = bonuses[i];
		w.market.rules.parameter[2] = 0;
		w.liquidity = (struct liquidity){.type = &liquidity_pool, .parameter = 2000, .recovery_s = 600};
		run(&w, 2);
		bad_debt[i] = w.result.bad_debt.value;
		print_message("bonus %4.1f %%: bad debt %.2f\n", 100 * bonuses[i], bad_debt[i]);
		best = bad_debt[i] < bad_debt[best] ? i : best;
	}
	assert_true(best > 0 && best < COUNT - 1);
	for (size_t i = 0; i + 1 < COUNT; i++)
		assert_true(i < best ? bad_debt[i] > bad_debt[i + 1] : bad_debt[i] < bad_debt[i + 1]);
	assert_true(bad_debt[0] > 1.2 * bad_debt[best] && bad_debt[COUNT - 1] > 1.2 * bad_debt[best]);
}

/* The same market: what the smallest bonus is that keeps bad debt under an amount, and what is said where none does. */
static void the_smallest_bonus_is_found(void **state)
{
	struct requirement requirement = {REQUIREMENT_MEAN, 45};
	struct model_control control = {.threads = 2};
	struct requirement_answer answer;
	uint32_t terms[BOOK];
	struct rules own;
	struct error err;
	struct world w;

	(void)state;
	volatile_market(&w, book, BOOK);
	w.market.rules.parameter[2] = 0;
	w.liquidity = (struct liquidity){.type = &liquidity_pool, .parameter = 2000, .recovery_s = 600};
	if (model_requirement(&w.model, &w.market, &requirement, &control, &answer, &err))
		fail_msg("%s", err.text);
	print_message("45: bonus %.4f (%.4f to %.4f), %.2f\n", answer.penalty.least, answer.penalty.ci95[0], answer.penalty.ci95[1],
		      answer.penalty.value);
	assert_string_equal(answer.penalty.parameter, "bonus");
	assert_true(answer.penalty.least > 0.01 && answer.penalty.least < 0.02 && answer.penalty.value <= 45 && isnan(answer.penalty.best));
	assert_true(!(answer.penalty.ci95[0] > answer.penalty.least) && !(answer.penalty.ci95[1] < answer.penalty.least));
	w.market.rules.parameter[1] = answer.penalty.least;
	run(&w, 2);
	assert_true(w.result.bad_debt.value == answer.penalty.value);
	w.market.rules.parameter[1] = answer.penalty.least - 2e-4;
	run(&w, 2);
	assert_true(w.result.bad_debt.value > 45);
	requirement.below = 5; /* the least is about 20 */
	assert_int_equal(model_requirement(&w.model, &w.market, &requirement, &control, &answer, &err), 0);
	print_message("5: none; %.2f with %.4f\n", answer.penalty.value, answer.penalty.best);
	assert_true(isnan(answer.penalty.least) && answer.penalty.best > 0.01 && answer.penalty.best < 0.03);
	assert_true(answer.penalty.value > 5 && answer.penalty.value <= 21.5);
	requirement.below = 1000;
	assert_int_equal(model_requirement(&w.model, &w.market, &requirement, &control, &answer, &err), 0);
	assert_true(answer.penalty.least == 0 && isnan(answer.penalty.ci95[0]));
	/* of all collaterals: also of those whose own bonus loses more than that */
	own = w.market.rules;
	own.parameter[1] = 0.12;
	w.market.variants = &own;
	w.market.variant_count = 1;
	for (size_t i = 0; i < BOOK; i++)
		terms[i] = 1;
	w.model.terms = terms;
	run(&w, 2);
	assert_true(w.result.bad_debt.value > 1000);
	assert_int_equal(model_requirement(&w.model, &w.market, &requirement, &control, &answer, &err), 0);
	assert_true(answer.penalty.least == 0 && own.parameter[1] == 0.12);
	w.market.variant_count = 0;
	w.model.terms = NULL;
	rules_preset(&w.market.rules, &rules_hyperliquid); /* no number of its own */
	assert_null(w.market.rules.type->penalty);
}

/* Each rule's penalty is one of its numbers. */
static void penalties_are_parameters(void **state)
{
	(void)state;
	for (size_t i = 0; rules_types[i]; i++) {
		assert_true(!rules_types[i]->penalty == (rules_penalty(rules_types[i]) < 0));
		assert_true(!rules_types[i]->tiers_by || rules_types[i]->penalty);
	}
}

/* Tiers that are all the same are no tiers, to the last bit; and one that begins where no account gets changes nothing. */
static void equal_tiers_are_none(void **state)
{
	struct world plain, tiered;

	(void)state;
	volatile_market(&plain, book, BOOK);
	run(&plain, 2);
	volatile_market(&tiered, book, BOOK);
	tiered.market.rules.parameter[1] = 0.5; /* not looked at below a health of 1 */
	tiered.market.rules.tier_count = 3;
	for (size_t i = 0; i < 3; i++)
		tiered.market.rules.tiers[i] = (struct rules_tier){1 - 0.04 * (double)i, 0.08};
	run(&tiered, 2);
	assert_true(tiered.result.bad_debt.value == plain.result.bad_debt.value && tiered.more.keeper_profit.value == plain.more.keeper_profit.value);
	volatile_market(&tiered, book, BOOK);
	tiered.market.rules.tier_count = 1;
	tiered.market.rules.tiers[0] = (struct rules_tier){1e-9, 0.5}; /* what a half leaves may be worth little */
	run(&tiered, 2);
	assert_true(tiered.result.bad_debt.value == plain.result.bad_debt.value);
	tiered.market.rules.tiers[0] = (struct rules_tier){0.97, 0.1}; /* more where it is deep: more is missing */
	run(&tiered, 2);
	assert_true(tiered.result.bad_debt.value > plain.result.bad_debt.value && tiered.result.bad_debt.value < INFINITY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(halves_lose_what_the_whole_loses),
		cmocka_unit_test(the_healthy_change_nothing),
		cmocka_unit_test(the_sorted_book_is_its_accounts),
		cmocka_unit_test(the_expected_book_is_its_accounts),
		cmocka_unit_test(a_bonus_helps_until_it_does_not),
		cmocka_unit_test(the_smallest_bonus_is_found),
		cmocka_unit_test(penalties_are_parameters),
		cmocka_unit_test(equal_tiers_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
