// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The margin that a budget asks for, against the formula of one loan and against itself. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "margin/requirement.h"

struct one {
	struct model_asset asset;
	struct account account;
	struct model model;
};

static struct one *setup(struct one *one, double threshold)
{
	struct error err;

	memset(one, 0, sizeof(*one));
	one->asset = (struct model_asset){"ETH", 3000, {.type = &process_gbm, .parameter = {0.8, 0}}};
	one->account = (struct account){0, 10, 29000, threshold};
	one->model = (struct model){.seed = 7, .paths = 20000, .horizon_s = 86400, .step_s = 60, .assets = &one->asset, .asset_count = 1,
				    .accounts = &one->account, .account_count = 1, .engine = {.type = &engine_instant}};
	for (int i = 0; i < DELAY_STAGES; i++)
		one->model.delays[i].type = &delay_constant;
	one->model.delays[0].parameter[0] = 3600;
	assert_int_equal(process_prepare(&one->asset.process, &err), 0);
	return one;
}

static struct requirement_answer ask(const struct one *one, enum requirement_of of, double below)
{
	struct requirement requirement = {of, below};
	struct model_control control = {.threads = 2};
	struct requirement_answer answer;
	struct error err;

	if (model_requirement(&one->model, NULL, &requirement, &control, &answer, &err))
		fail_msg("%s", err.text);
	return answer;
}

/* With the threshold that it finds the bad debt is the budget: 0.99 loses 8.4539221733, so that budget finds 0.99 again. */
static void finds_the_threshold_again(void **state)
{
	struct requirement_answer answer;
	struct one one;

	(void)state;
	answer = ask(setup(&one, 0.97), REQUIREMENT_MEAN, 8.4539221733);
	assert_true(fabs(answer.threshold_scale * 0.97 - 0.99) < 2e-4);
	assert_true(answer.value <= 8.4539221733 && !answer.unlimited);
}

static void keeps_the_tail_below(void **state)
{
	struct model_control control = {.threads = 2};
	struct requirement_answer answer;
	struct model_result result;
	struct error err;
	struct one one;

	(void)state;
	answer = ask(setup(&one, 0.99), REQUIREMENT_ES99, 100);
	assert_true(answer.threshold_scale > 0.9 && answer.threshold_scale < 1 && answer.value <= 100);
	one.account.liquidation_threshold *= answer.threshold_scale;
	assert_int_equal(model_run(&one.model, &control, &result, &err), 0);
	assert_true(result.es99 == answer.value);
	one.account.liquidation_threshold *= 1.002;
	assert_int_equal(model_run(&one.model, &control, &result, &err), 0);
	assert_true(result.es99 > 100);
}

static void says_where_there_is_nothing_to_find(void **state)
{
	struct requirement_answer answer;
	struct one one;

	(void)state;
	answer = ask(setup(&one, 0.97), REQUIREMENT_MEAN, 1e6);
	assert_true(answer.unlimited && fabs(answer.threshold_scale - 1 / 0.97) < 1e-12);
	one.asset.price = 2000; /* under water: whatever the threshold, 9000 are lost */
	answer = ask(&one, REQUIREMENT_MEAN, 1);
	assert_true(isnan(answer.threshold_scale) && !answer.unlimited);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_threshold_again),
		cmocka_unit_test(keeps_the_tail_below),
		cmocka_unit_test(says_where_there_is_nothing_to_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
