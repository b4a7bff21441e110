// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Large books in lots: nothing of the book is lost, and means are what they are account by account. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "margin/lots.h"

struct world {
	struct model model;
	struct model_asset asset;
	struct account *accounts;
};

/* `count` accounts at 1.01 to 1.3 of their trigger, of twenty thresholds; each is split into `parts` equal ones. */
static void open_world(struct world *w, const struct process_type *process, const double *parameters, size_t count, size_t parts)
{
	struct error err;

	memset(w, 0, sizeof(*w));
	strcpy(w->asset.name, "ETH");
	w->asset.price = 3000;
	w->asset.process.type = process;
	memcpy(w->asset.process.parameter, parameters, PROCESS_PARAMETERS_MAX * sizeof(double));
	assert_int_equal(process_prepare(&w->asset.process, &err), 0);
	w->accounts = calloc(count * parts, sizeof(*w->accounts));
	for (size_t i = 0; i < count * parts; i++) {
		size_t k = i / parts;
		double threshold = 0.80 + 0.01 * (double)(k * 7919 % 20), health = 1.01 + 0.29 * (double)k / (double)count;

		w->accounts[i] = (struct account){0, 10.0 / (double)parts, 30000 / (double)parts * threshold / health, threshold};
	}
	w->model = (struct model){.seed = 5, .paths = 3200, .horizon_s = 86400, .step_s = 1, .assets = &w->asset, .asset_count = 1,
				  .accounts = w->accounts, .account_count = count * parts, .engine = {.type = &engine_instant}};
	for (int i = 0; i < DELAY_STAGES; i++)
		w->model.delays[i].type = &delay_constant;
	w->model.delays[DELAY_ORACLE] = (struct delay_law){.type = &delay_lognormal, .parameter = {300, 1}};
	w->model.delays[DELAY_INCLUSION] = (struct delay_law){.type = &delay_uniform, .parameter = {0, 12}};
}

static struct model_result run(const struct world *w, unsigned threads)
{
	struct model_control control = {.threads = threads};
	struct model_result result;
	struct error err;

	if (model_run(&w->model, &control, &result, &err))
		fail_msg("%s", err.text);
	return result;
}

static void close_to(const char *what, double is, double wanted, double tolerance)
{
	printf("%s: %.6g, account by account %.6g (%.1f %% apart, allowed %.1f %%)\n", what, is, wanted, 100 * (is / wanted - 1),
	       100 * tolerance / wanted);
	if (!(fabs(is - wanted) <= tolerance))
		fail_msg("%s: %.6g, should be %.6g", what, is, wanted);
}

static const double gbm[PROCESS_PARAMETERS_MAX] = {0.8, 0};
static const double merton[PROCESS_PARAMETERS_MAX] = {0.6, 0, 200, -0.02, 0.03};
static const double garch[PROCESS_PARAMETERS_MAX] = {0.8, 0, 0.1, 0.85, 60};

/* Samples are of the whole book together; an account as large as many is in each as it is. */
static void nothing_is_lost(void **state)
{
	double collateral = 0, debt = 0, in_lots = 0, owed_in_lots = 0;
	size_t members = 0;
	struct ladder ladder;
	struct lots lots;
	struct world w;

	(void)state;
	open_world(&w, &process_garch, garch, 50000, 1);
	w.accounts[100].collateral *= 1000;
	w.accounts[100].debt *= 1000;
	assert_int_equal(ladder_build(&ladder, w.accounts, 50000, 0, 3000, &w.model.engine, &w.asset.process, NULL), 0);
	assert_int_equal(lots_build(&lots, &ladder, NULL, 0, &w.model), 0);
	for (int i = 0; i < 50000; i++) {
		collateral += w.accounts[i].collateral;
		debt += w.accounts[i].debt;
	}
	for (int turn = 0; turn < LOTS_TURNS; turn++) {
		const struct ladder *sample = &lots.samples[turn];
		bool whale = false;

		assert_true(sample->count >= LOTS_LEAST && sample->count <= 2 * LOTS_LIKE);
		for (size_t i = 0; i < sample->count; i++) {
			const struct account *account = &sample->accounts[sample->rungs[i].account];

			in_lots += account->collateral / LOTS_TURNS;
			owed_in_lots += account->debt / LOTS_TURNS;
			members += sample->rungs[i].members;
			whale = whale || (account->collateral == w.accounts[100].collateral && sample->rungs[i].members == 1);
			assert_true(!i || sample->rungs[i].trigger <= sample->rungs[i - 1].trigger);
		}
		assert_true(whale);
	}
	assert_true(fabs(in_lots / collateral - 1) < 1e-9);
	assert_true(fabs(owed_in_lots / debt - 1) < 1e-9);
	assert_int_equal(members, 50000 * LOTS_TURNS);
	lots_free(&lots);
	ladder_free(&ladder);
	free(w.accounts);
}

static void small_books_stay_as_they_are(void **state)
{
	struct ladder ladder;
	struct lots lots;
	struct world w;

	(void)state;
	open_world(&w, &process_garch, garch, LOTS_FROM - 1, 1);
	assert_int_equal(ladder_build(&ladder, w.accounts, LOTS_FROM - 1, 0, 3000, &w.model.engine, &w.asset.process, NULL), 0);
	assert_int_equal(lots_build(&lots, &ladder, NULL, 0, &w.model), 0);
	for (int turn = 0; turn < LOTS_TURNS; turn++)
		assert_int_equal(lots.samples[turn].count, 0);
	lots_free(&lots);
	ladder_free(&ladder);
	free(w.accounts);
}

/* The same book, whole (below LOTS_FROM) and split into twenty parts each, on the same prices. */
static void means_are_those_of_accounts(void **state)
{
	const struct process_type *const types[] = {&process_gbm, &process_merton, &process_garch};
	const double *const parameters[] = {gbm, merton, garch};

	(void)state;
	for (int k = 0; k < 3; k++) {
		struct world few, many;
		struct model_result a, b;

		open_world(&few, types[k], parameters[k], 300, 1);
		open_world(&many, types[k], parameters[k], 300, 20);
		if (types[k] == &process_merton) /* its curves take long under wide laws */
			few.model.delays[DELAY_ORACLE] = many.model.delays[DELAY_ORACLE] = few.model.delays[DELAY_KEEPER];
		a = run(&few, 2);
		b = run(&many, 2);
		printf("%s\n", types[k]->name);
		close_to("bad debt by paths", b.conditional.value, a.conditional.value, 3 * hypot(a.conditional.stderr_, b.conditional.stderr_));
		close_to("bad debt sampled", b.sampled.value, a.sampled.value, 3 * hypot(a.sampled.stderr_, b.sampled.stderr_));
		close_to("seized", b.outcome_mean.seized, a.outcome_mean.seized, 0.03 * a.outcome_mean.seized);
		close_to("repaid", b.outcome_mean.repaid, a.outcome_mean.repaid, 0.03 * a.outcome_mean.repaid);
		close_to("triggers", b.triggers.value / 20, a.triggers.value, 0.03 * a.triggers.value);
		assert_true(fabs(b.outcome_mean.seized - b.outcome_mean.repaid - b.outcome_mean.returned - b.outcome_mean.slippage) < 1e-3);
		free(few.accounts);
		free(many.accounts);
	}
}

/* By formula what it is, within the error that the run states. */
static void sampled_agrees_with_the_closed_form(void **state)
{
	struct model_result result;
	struct world w;

	(void)state;
	open_world(&w, &process_gbm, gbm, 100000, 1);
	result = run(&w, 2);
	assert_true(result.closed_form);
	close_to("by paths", result.conditional.value, result.bad_debt.value, 4 * result.conditional.stderr_);
	close_to("sampled", result.sampled.value, result.bad_debt.value, 4 * result.sampled.stderr_);
	free(w.accounts);
}

static void the_same_for_any_number_of_threads(void **state)
{
	struct model_result one, three;
	struct world w;

	(void)state;
	open_world(&w, &process_garch, garch, 5000, 1);
	one = run(&w, 1);
	three = run(&w, 3);
	one.seconds = three.seconds = 0;
	assert_memory_equal(&one.conditional, &three.conditional, sizeof(one.conditional));
	assert_memory_equal(&one.outcome_mean, &three.outcome_mean, sizeof(one.outcome_mean));
	assert_memory_equal(one.quantile, three.quantile, sizeof(one.quantile));
	free(w.accounts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_lost),
		cmocka_unit_test(small_books_stay_as_they_are),
		cmocka_unit_test(means_are_those_of_accounts),
		cmocka_unit_test(sampled_agrees_with_the_closed_form),
		cmocka_unit_test(the_same_for_any_number_of_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
