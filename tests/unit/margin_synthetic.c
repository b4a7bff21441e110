// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Books by distribution: the distributions are those that were asked for, and nobody can be liquidated at the start. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "margin/rules.h"
#include "margin/synthetic.h"

#define COUNT 20000
#define PRICE 3000.0

static struct account accounts[COUNT], others[COUNT];

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values)
{
	qsort(values, COUNT, sizeof(*values), ascending);
	return (values[COUNT / 2 - 1] + values[COUNT / 2]) / 2;
}

static void loans(void **state)
{
	static double leverage[COUNT], log_size[COUNT];
	struct synthetic loans = {0, COUNT, 5e7, 1.5, 2, 0.5, 0.83, 1, 0};
	double value = 0, mean = 0, squares = 0;
	struct error err;

	(void)state;
	assert_int_equal(synthetic_check(&loans, &err), 0);
	synthetic_draw(&loans, PRICE, 7, 0, accounts);
	for (int i = 0; i < COUNT; i++) {
		double held = accounts[i].collateral * PRICE;

		assert_true(accounts[i].collateral > 0 && accounts[i].debt > 0 && 0.83 * held / accounts[i].debt >= 1.0000999);
		leverage[i] = held / (held - accounts[i].debt);
		log_size[i] = log(held);
		value += held;
		mean += log_size[i] / COUNT;
	}
	for (int i = 0; i < COUNT; i++)
		squares += (log_size[i] - mean) * (log_size[i] - mean) / (COUNT - 1);
	assert_true(fabs(value / 5e7 - 1) < 1e-9);
	assert_true(fabs(sqrt(squares) - 1.5) < 4 * 1.5 / sqrt(2.0 * COUNT));
	/* cut at 5.88, z 3.17 and above, once in 1,300: the median of what is left is hardly lower. Its error: 1.2533·0.5/√n */
	assert_true(fabs(median(leverage) - 2) < 0.02);
	synthetic_draw(&loans, PRICE, 7, 0, others);
	assert_memory_equal(accounts, others, sizeof(accounts));
	synthetic_draw(&loans, PRICE, 7, 1, others);
	assert_memory_not_equal(accounts, others, sizeof(accounts));
}

static void positions_on_both_sides(void **state)
{
	struct synthetic book = {0, COUNT, 1e8, 1, 8, 0.8, 0.97, 0.6, 0};
	double both = 0, longs = 0;
	struct error err;

	(void)state;
	assert_int_equal(synthetic_check(&book, &err), 0);
	synthetic_draw(&book, PRICE, 7, 0, accounts);
	for (int i = 0; i < COUNT; i++) {
		double units = accounts[i].collateral, margin = units * PRICE - accounts[i].debt; /* its equity: the entry is the price */
		struct position position = {.units = units, .cash = -accounts[i].debt, .weight = units > 0 ? 0.97 : 2 - 0.97};

		assert_true(margin > 0 && margin < fabs(units) * PRICE);
		assert_true(position_health(&position, PRICE) > 1);
		both += fabs(units) * PRICE;
		longs += units > 0;
	}
	assert_true(fabs(both / 1e8 - 1) < 1e-9);
	assert_true(fabs(longs / COUNT - 0.6) < 4 * sqrt(0.24 / COUNT));
}

/* dYdX: at an open interest of 25 million between caps of 20 and 50 a base of 5 % is 20.83 %, and nobody has more leverage than 4.8. */
static void open_interest_caps_leverage(void **state)
{
	struct synthetic book = {0, COUNT, 1e8, 1, 4, 0.8, 0.97, 0.5, perp_initial_margin(0.05, 25e6, 20e6, 50e6)};
	double most = 0;
	struct error err;

	(void)state;
	assert_int_equal(synthetic_check(&book, &err), 0);
	synthetic_draw(&book, PRICE, 7, 0, accounts);
	for (int i = 0; i < COUNT; i++) {
		double units = accounts[i].collateral;

		most = fmax(most, fabs(units) * PRICE / (units * PRICE - accounts[i].debt));
	}
	print_message("the highest leverage is %.3f\n", most);
	assert_true(most <= 4.8 * (1 + 1e-9) && most > 4.79);
	book.leverage = 5;
	assert_int_equal(synthetic_check(&book, &err), -EINVAL);
	book.initial_margin = 1; /* at 50 million and more */
	assert_int_equal(synthetic_check(&book, &err), -EINVAL);
}

static void refuses_what_no_book_can_be(void **state)
{
	struct synthetic book = {0, 10, 1e6, 1, 6, 0.5, 0.83, 1, 0}; /* 1/(1 - 0.83) is 5.88 */
	struct error err;

	(void)state;
	assert_int_equal(synthetic_check(&book, &err), -EINVAL);
	assert_non_null(strstr(err.text, "leverage is 6; it should be above 1 and below 5.879"));
	book.leverage = 5;
	assert_int_equal(synthetic_check(&book, &err), 0);
	book.value = NAN;
	assert_int_equal(synthetic_check(&book, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loans),
		cmocka_unit_test(positions_on_both_sides),
		cmocka_unit_test(open_interest_caps_leverage),
		cmocka_unit_test(refuses_what_no_book_can_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
