// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Aave's liquidations in integers: cases worked out by hand, what real contracts answered, and the market walk's rule in
 * floating point beside them. (tests/contracts holds them to the contracts themselves.)
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "margin/aave.h"
#include "margin/rng.h"
#include "margin/rules.h"

enum { HELD, OWED };

static struct u256 parsed(const char *text)
{
	struct u256 value;

	assert_true(u256_parse(text, &value));
	return value;
}

static void is(struct u256 value, const char *wanted)
{
	char text[WIDE_TEXT];

	assert_false(value.overflow);
	u256_text(value, text);
	assert_string_equal(text, wanted);
}

/* WETH against USDC, indices 1 */
static void open_account(struct aave_account *account, struct aave_reserve *reserves, enum aave_version version, const char *weth,
			 uint64_t price, const char *usdc)
{
	struct u256 one = u256_power_of_ten(27);
	struct error err;

	reserves[HELD] = (struct aave_reserve){.decimals = 18, .ltv = 7500, .liquidation_threshold = 8000, .liquidation_bonus = 10500,
					       .protocol_fee = 1000, .price = u256(price), .liquidity_index = one, .borrow_index = one,
					       .scaled_supply = parsed(weth), .as_collateral = true};
	reserves[OWED] = (struct aave_reserve){.decimals = 6, .ltv = 7500, .liquidation_threshold = 7800, .liquidation_bonus = 10450,
					       .protocol_fee = 1000, .price = u256(100000000), .liquidity_index = one,
					       .borrow_index = one, .scaled_debt = parsed(usdc)};
	*account = (struct aave_account){.version = version, .reserves = reserves, .count = 2};
	if (aave_check(account, &err))
		fail_msg("%s", err.text);
}

/* 100 WETH, 158,000 USDC, 2000 -> 1500: on the contracts of 3.0 the debt was 15142.857143 afterwards, the collateral 0. */
static void as_measured_on_chain(void **state)
{
	struct aave_reserve reserves[2];
	struct aave_account account;
	struct aave_liquidation done;
	struct aave_health health;

	(void)state;
	open_account(&account, reserves, AAVE_3_0, "100000000000000000000", 150000000000, "158000000000");
	reserves[HELD].liquidation_threshold = 8250;
	assert_int_equal(aave_liquidate(&account, HELD, OWED, u256_max(), &done), AAVE_LIQUIDATED);
	is(done.repaid, "142857142857");
	is(reserves[OWED].scaled_debt, "15142857143");
	is(reserves[HELD].scaled_supply, "0");
	assert_false(reserves[HELD].as_collateral);
	assert_true(aave_health(&account, &health));
	is(health.health, "0");
	is(reserves[OWED].deficit, "0"); /* 3.0 leaves it where it is */
	/* 3.6 rounds what is repaid up, and writes the rest off */
	open_account(&account, reserves, AAVE_3_6, "100000000000000000000", 150000000000, "158000000000");
	assert_int_equal(aave_liquidate(&account, HELD, OWED, u256_max(), &done), AAVE_LIQUIDATED);
	is(done.repaid, "142857142858");
	is(reserves[OWED].deficit, "15142857142");
	is(reserves[OWED].scaled_debt, "0");
	assert_true(aave_health(&account, &health));
	assert_int_equal(u256_compare(health.health, u256_max()), 0);
}

/* C 100, D 8000, LT 0.8, bonus 5 %, protocol fee 10 % of it */
static void half_then_all(void **state)
{
	struct aave_reserve reserves[2];
	struct aave_account account;
	struct aave_liquidation done;
	struct aave_health health;

	(void)state;
	open_account(&account, reserves, AAVE_3_6, "100000000000000000000", 9900000000, "8000000000");
	assert_true(aave_health(&account, &health));
	is(health.collateral, "990000000000");
	is(health.debt, "800000000000");
	is(health.health, "990000000000000000");
	is(health.available, "0");
	/* 4000/99·1.05 WETH; of its 1/21 that is bonus a tenth */
	assert_int_equal(aave_liquidate(&account, HELD, OWED, u256_max(), &done), AAVE_LIQUIDATED);
	is(done.repaid, "4000000000");
	is(u256_add(done.seized, done.fee), "42424242424242424242");
	is(done.fee, "202020202020202020");
	assert_true(aave_health(&account, &health));
	is(health.health, "1140000000000000000"); /* (9900 - 4200)·0.8/4000 */
	assert_int_equal(aave_liquidate(&account, HELD, OWED, u256_max(), &done), AAVE_HEALTHY);
	/* 94: health 0.94: all at once */
	open_account(&account, reserves, AAVE_3_6, "100000000000000000000", 9400000000, "8000000000");
	assert_int_equal(aave_liquidate(&account, HELD, OWED, u256_max(), &done), AAVE_LIQUIDATED);
	is(done.repaid, "8000000000");
	/* 0.95 itself counts as deep: 95·100·0.8/8000 */
	open_account(&account, reserves, AAVE_3_6, "100000000000000000000", 9500000000, "8000000000");
	assert_int_equal(aave_liquidate(&account, HELD, OWED, u256_max(), &done), AAVE_LIQUIDATED);
	is(done.repaid, "8000000000");
}

static void refusals(void **state)
{
	struct aave_reserve reserves[2], before[2];
	struct aave_account account;
	struct aave_liquidation done;

	(void)state;
	open_account(&account, reserves, AAVE_3_6, "100000000000000000000", 9900000000, "8000000000");
	memcpy(before, reserves, sizeof(before));
	assert_int_equal(aave_liquidate(&account, OWED, OWED, u256_max(), &done), AAVE_NOT_COLLATERAL);
	assert_int_equal(aave_liquidate(&account, HELD, HELD, u256_max(), &done), AAVE_NOT_BORROWED);
	assert_int_equal(aave_liquidate(&account, HELD, OWED, u256(0), &done), AAVE_NOTHING);
	/* health 0.9: 7500 of 8000 would leave 500 of debt, and 90·100 - 7875 = 1125 of collateral; 6990 leaves 1010 of debt */
	reserves[HELD].price = u256(9000000000);
	before[HELD].price = reserves[HELD].price;
	assert_int_equal(aave_liquidate(&account, HELD, OWED, u256(7500000000), &done), AAVE_LEAVES_DUST);
	assert_memory_equal(before, reserves, sizeof(before)); /* a refusal changes nothing */
	assert_int_equal(aave_liquidate(&account, HELD, OWED, u256(6990000000), &done), AAVE_LIQUIDATED);
	/* the version before had no such rule */
	open_account(&account, reserves, AAVE_3_0, "100000000000000000000", 9000000000, "8000000000");
	assert_int_equal(aave_liquidate(&account, HELD, OWED, u256(7500000000), &done), AAVE_LIQUIDATED);
	/* numbers that leave 256 bits */
	open_account(&account, reserves, AAVE_3_6, "100000000000000000000", 9900000000, "8000000000");
	reserves[HELD].scaled_supply = u256_max();
	assert_int_equal(aave_liquidate(&account, HELD, OWED, u256_max(), &done), AAVE_OVERFLOW);
}

/* 3.6 takes half of all debts, though only one of them is repaid; 3.0 half of each. */
static void several_debts(void **state)
{
	struct aave_reserve reserves[3];
	struct aave_account account;
	struct aave_liquidation done;

	(void)state;
	for (int version = AAVE_3_0; version <= AAVE_3_6; version++)
		for (int debt = OWED; debt <= 2; debt++) {
			static const char *const wanted[2][2] = {{"1750000000", "3250000000"}, {"3500000000", "5000000000"}};

			open_account(&account, reserves, version, "100000000000000000000", 12300000000, "3500000000");
			reserves[2] = reserves[OWED];
			reserves[2].scaled_debt = u256(6500000000);
			account.count = 3;
			assert_int_equal(aave_liquidate(&account, HELD, (size_t)debt, u256_max(), &done), AAVE_LIQUIDATED);
			is(done.repaid, wanted[version][debt - OWED]);
		}
	/* the last collateral goes: both debts are written off */
	open_account(&account, reserves, AAVE_3_6, "100000000000000000000", 5000000000, "3900000000");
	reserves[2] = reserves[OWED];
	reserves[2].scaled_debt = u256(4100000000);
	account.count = 3;
	assert_int_equal(aave_liquidate(&account, HELD, 2, u256_max(), &done), AAVE_LIQUIDATED);
	is(done.repaid, "4100000000"); /* of the 5000/1.05 that the collateral is worth: some is left */
	is(reserves[2].deficit, "0");
	assert_int_equal(aave_liquidate(&account, HELD, OWED, u256_max(), &done), AAVE_LIQUIDATED);
	is(done.repaid, "661904762"); /* (5000 - 4305)/1.05, up */
	is(reserves[OWED].deficit, "3238095238");
}

/* A collateral of the e-mode has its threshold and bonus, another one its own. */
static void emode(void **state)
{
	struct aave_reserve reserves[2];
	struct aave_account account;
	struct aave_liquidation done;
	struct aave_health health;

	(void)state;
	open_account(&account, reserves, AAVE_3_6, "100000000000000000000", 8500000000, "8000000000");
	account.has_emode = true;
	account.emode = (struct aave_emode){9000, 9300, 10100};
	assert_true(aave_health(&account, &health));
	is(health.health, "850000000000000000");
	reserves[HELD].in_emode = true;
	assert_true(aave_health(&account, &health));
	is(health.liquidation_threshold, "9300");
	is(health.ltv, "9000");
	is(health.health, "988125000000000000"); /* 8500·0.93/8000 */
	assert_int_equal(aave_liquidate(&account, HELD, OWED, u256_max(), &done), AAVE_LIQUIDATED);
	is(u256_add(done.seized, done.fee), "47529411764705882352"); /* 4000/85·1.01, cut before the bonus */
}

/* Interest: scaled balances times an index, rounded against the account since 3.5 and to the nearest before. */
static void indices_round(void **state)
{
	struct aave_reserve reserves[2];
	struct aave_account account;

	(void)state;
	open_account(&account, reserves, AAVE_3_0, "3", 9900000000, "3");
	reserves[HELD].liquidity_index = reserves[OWED].borrow_index = parsed("1500000000000000000000000000"); /* 4.5 */
	is(aave_supply(&account, &reserves[HELD]), "5");
	is(aave_debt(&account, &reserves[OWED]), "5");
	account.version = AAVE_3_6;
	is(aave_supply(&account, &reserves[HELD]), "4");
	is(aave_debt(&account, &reserves[OWED]), "5");
}

static void configurations(void **state)
{
	struct aave_reserve reserves[2];
	struct aave_account account;
	struct error err;

	(void)state;
	open_account(&account, reserves, AAVE_3_6, "1", 1, "1");
	reserves[OWED].liquidation_bonus = 500; /* 5 %, as no pool says it */
	assert_true(aave_check(&account, &err) < 0);
	assert_non_null(strstr(err.text, "reserve 1"));
	open_account(&account, reserves, AAVE_3_6, "1", 1, "1");
	reserves[HELD].price = u256(0);
	assert_true(aave_check(&account, &err) < 0);
	open_account(&account, reserves, AAVE_3_6, "1", 1, "1");
	reserves[HELD].liquidity_index = u256(1);
	assert_true(aave_check(&account, &err) < 0);
	account.count = 0;
	assert_true(aave_check(&account, &err) < 0);
}

/* ---- in floating point ---------------------------------------------------------------------------------------------- */

static struct u256 wei(double amount)
{
	return u256_mul(u256((uint64_t)(amount * 1e9)), u256_power_of_ten(9));
}

static void near(double is, double wanted, const char *what, int number)
{
	if (!(fabs(is - wanted) <= 1e-9 * fabs(wanted) + 1e-12))
		fail_msg("case %d: %s is %.15g, in integers %.15g", number, what, is, wanted);
}

/* A random loan of up to three collaterals, and then up to three debts, on a pool. */
struct loan {
	struct aave_reserve reserves[6];
	struct aave_account account;
	size_t collaterals;
	double prices[6], units[6]; /* of debts: above 0 too */
	double debt;		    /* all of them, in the base currency */
};

static void random_loan(struct loan *loan, struct rng *rng, enum aave_version version, size_t collaterals, size_t debts)
{
	double size = exp(6 + 8 * rng_uniform(rng)), counted = 0, owed;
	struct aave_account *account = &loan->account;

	open_account(account, loan->reserves, version, "0", 1, "0");
	loan->reserves[collaterals] = loan->reserves[OWED];
	account->count = collaterals + debts;
	loan->collaterals = collaterals;
	for (size_t i = 0; i < collaterals; i++) {
		struct aave_reserve *held = &loan->reserves[i];
		double share = (0.2 + rng_uniform(rng)) / (double)collaterals;

		if (i)
			*held = loan->reserves[HELD];
		loan->prices[i] = floor(1e8 * exp(1 + 8 * rng_uniform(rng))) / 1e8;
		held->price = u256((uint64_t)llround(1e8 * loan->prices[i]));
		held->scaled_supply = wei(size * share / loan->prices[i]);
		held->liquidation_threshold = 5000 + (unsigned)(4500 * rng_uniform(rng));
		held->liquidation_bonus = 10100 + (unsigned)(1000 * rng_uniform(rng));
		held->protocol_fee = (unsigned)(3000 * rng_uniform(rng));
		held->ltv = 0;
		loan->units[i] = 1e-18 * u256_double(held->scaled_supply);
		counted += loan->units[i] * loan->prices[i] * held->liquidation_threshold / 10000;
	}
	owed = counted / (0.4 + 0.65 * rng_uniform(rng));
	loan->debt = 0;
	for (size_t i = collaterals; i < account->count; i++) {
		struct aave_reserve *debt = &loan->reserves[i];

		*debt = loan->reserves[collaterals];
		debt->decimals = 18;
		loan->prices[i] = debts > 1 ? floor(1e8 * exp(1 + 8 * rng_uniform(rng))) / 1e8 : 1;
		debt->price = u256((uint64_t)llround(1e8 * loan->prices[i]));
		debt->scaled_debt = wei(owed / (double)debts * (debts > 1 ? 0.5 + rng_uniform(rng) : 1) / loan->prices[i]);
		loan->units[i] = 1e-18 * u256_double(debt->scaled_debt);
		loan->debt += loan->units[i] * loan->prices[i];
	}
}

/* One collateral and one debt as the market walk shows them to its rules. */
static struct position position_of(const struct loan *loan, size_t held, size_t owed)
{
	double counted = 0, debt = loan->units[owed] * loan->prices[owed];

	for (size_t i = 0; i < loan->collaterals; i++)
		if (i != held)
			counted += loan->units[i] * loan->prices[i] * loan->reserves[i].liquidation_threshold / 10000;
	return (struct position){.units = loan->units[held], .cash = -debt, .weight = loan->reserves[held].liquidation_threshold / 10000.0,
				 .others_count = counted, .others_owe = loan->debt - debt};
}

/* Of all debts, in the base currency. */
static double deficit_of(const struct loan *loan)
{
	double sum = 0;

	for (size_t i = loan->collaterals; i < loan->account.count; i++)
		sum += 1e-18 * u256_double(loan->reserves[i].deficit) * loan->prices[i];
	return sum;
}

static void compare(const struct rules_type *type, int bonus_at, enum aave_version version, size_t collaterals, size_t debts)
{
	struct rng rng;
	int liquidated = 0, written_off = 0, deep = 0, small = 0;

	rng_open(&rng, 20261125, collaterals + 8 * debts, (uint32_t)version, RNG_SKELETON);
	for (int i = 0; i < 5000; i++) {
		struct loan loan;
		struct aave_liquidation done;
		struct aave_health exact;
		struct rules rules;
		struct position position;
		struct plan plan;
		enum aave_answer answer;
		size_t held = (size_t)((double)collaterals * rng_uniform(&rng)), owed = collaterals + (size_t)((double)debts * rng_uniform(&rng));
		double health;

		random_loan(&loan, &rng, version, collaterals, debts);
		position = position_of(&loan, held, owed);
		rules_preset(&rules, type);
		rules.parameter[bonus_at] = loan.reserves[held].liquidation_bonus / 10000.0 - 1;
		rules.parameter[bonus_at + 1] = loan.reserves[held].protocol_fee / 10000.0;
		health = position_health(&position, loan.prices[held]);
		assert_true(aave_health(&loan.account, &exact));
		near(health, 1e-18 * u256_double(exact.health), "health", i);
		if (health >= 1) {
			assert_int_equal(aave_liquidate(&loan.account, held, owed, u256_max(), &done), AAVE_HEALTHY);
			continue;
		}
		assert_true(type->plan(&rules, &position, loan.prices[held], &plan));
		answer = aave_liquidate(&loan.account, held, owed, u256_max(), &done);
		if (answer == AAVE_LEAVES_DUST) /* the walk's keeper asks for less, so that just enough is left */
			answer = aave_liquidate(&loan.account, held, owed, wei(plan.repay / loan.prices[owed]), &done);
		if (answer != AAVE_LIQUIDATED)
			fail_msg("case %d: %s", i, aave_answer_names[answer]);
		near(plan.repay / loan.prices[owed], 1e-18 * u256_double(done.repaid), "repaid", i);
		near(plan.units, 1e-18 * u256_double(done.seized), "seized", i);
		near(plan.fee_units, 1e-18 * u256_double(done.fee), "fee", i);
		if (version == AAVE_3_6 && collaterals == 1 && plan.units + plan.fee_units >= position.units)
			near(loan.debt - plan.repay, deficit_of(&loan), "deficit", i);
		liquidated++;
		written_off += plan.units + plan.fee_units >= position.units && plan.repay < loan.debt;
		deep += health <= 0.95;
		small += -position.cash < 2000;
	}
	assert_true(liquidated > 3000 && written_off > (debts > 2 ? 10 : 300) && deep > 2000 && deep < liquidated - 100 && small > 300);
}

/* Random loans in a book of the market walk and on a pool, up to three collaterals and debts: what is repaid, seized, kept and lost is the same. */
static void the_market_walk_agrees(void **state)
{
	(void)state;
	compare(&rules_aave_v3, 4, AAVE_3_6, 1, 1);
	compare(&rules_aave_v3, 4, AAVE_3_6, 3, 1);
	compare(&rules_aave_v3, 4, AAVE_3_6, 3, 3);
	compare(&rules_aave_v3, 4, AAVE_3_6, 1, 2);
	compare(&rules_spark, 2, AAVE_3_0, 1, 1);
	compare(&rules_spark, 2, AAVE_3_0, 1, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_measured_on_chain),
		cmocka_unit_test(half_then_all),
		cmocka_unit_test(refusals),
		cmocka_unit_test(several_debts),
		cmocka_unit_test(emode),
		cmocka_unit_test(indices_round),
		cmocka_unit_test(configurations),
		cmocka_unit_test(the_market_walk_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
