// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Two sites: what one gains against the other, by formula, by paths and by the walk; and how sure that is. */
#include "laws.h"
#include "market_world.h"

#include "margin/gain.h"
#include "margin/interval.h"
#include "margin/rng.h"

static struct model_control two_threads = {.threads = 2};

/* A loan just above its trigger, and the same seen from two sites. */
struct pair {
	struct world world;
	struct model models[2];
	struct market markets[2];
	struct gain_site sites[2];
};

static struct pair *setup(struct pair *pair, const struct process *process, bool walked)
{
	struct error err;

	calm_fall(&pair->world, 3000, 0, (struct account){0, 10, 29000, 0.99});
	pair->world.asset.process = *process;
	if (process_prepare(&pair->world.asset.process, &err))
		fail_msg("%s", err.text);
	pair->world.market.rules.type = &rules_instant;
	pair->world.model.engine.type = &engine_instant;
	pair->world.model.paths = 20000;
	pair->world.model.horizon_s = 86400;
	pair->world.model.step_s = 60;
	for (int site = 0; site < 2; site++) {
		pair->models[site] = pair->world.model;
		pair->markets[site] = pair->world.market;
		pair->sites[site] = (struct gain_site){&pair->models[site], walked ? &pair->markets[site] : NULL};
		for (int i = 0; i < DELAY_STAGES; i++)
			pair->models[site].delays[i] = (struct delay_law){.type = &delay_constant};
	}
	return pair;
}

static const struct process gbm = {.type = &process_gbm, .parameter = {0.8, 0}};
static const struct process merton = {.type = &process_merton, .parameter = {0.8, 0, 300, -0.02, 0.05}};
static const struct process garch = {.type = &process_garch, .parameter = {2, 0, 0.1, 0.85, 60}};

static void constant(struct pair *pair, double a_s, double b_s)
{
	pair->models[0].delays[DELAY_INCLUSION].parameter[0] = a_s;
	pair->models[1].delays[DELAY_INCLUSION].parameter[0] = b_s;
}

static struct gain_answer ask(const struct gain_site sites[2])
{
	struct gain_answer answer;
	struct error err;

	if (model_gain(sites, &two_threads, &answer, &err))
		fail_msg("%s", err.text);
	return answer;
}

/* MARGIN's closed form: 3600 s cost 8.4539221733 and 600 s 0.03395386643. */
static void knows_the_formula(void **state)
{
	struct pair pair;
	struct gain_answer answer;

	(void)state;
	constant(setup(&pair, &gbm, false), 3600, 600);
	answer = ask(pair.sites);
	near(answer.less_bad_debt.mean.value, 8.4539221733 - 0.03395386643, 1e-6);
	near(answer.bad_debt.value, 0.03395386643, 1e-8);
	assert_true(answer.less_bad_debt.ci95[0] <= 8.41996830687 && answer.less_bad_debt.ci95[1] >= 8.41996830687);
	assert_true(isnan(answer.less_bad_debt.measurement_stderr) && isnan(answer.keeper_profit.value));
}

/* Against itself a site gains nothing at all; the other way round it gains as much as the other loses. */
static void is_a_difference(void **state)
{
	const struct process *const processes[] = {&gbm, &merton, &garch};

	(void)state;
	for (int walked = 0; walked < 2; walked++)
		for (size_t k = 0; k < 3; k++) {
			struct pair pair;
			struct gain_answer there, back, none;
			struct gain_site swapped[2], same[2];

			setup(&pair, processes[k], walked);
			pair.models[0].paths = pair.models[1].paths = walked ? 600 : 2000;
			pair.models[0].delays[DELAY_KEEPER] = measured_delays(400, 3600, 1);
			pair.models[1].delays[DELAY_KEEPER] = measured_delays(400, 1200, 2);
			swapped[0] = pair.sites[1], swapped[1] = pair.sites[0];
			same[0] = same[1] = pair.sites[0];
			there = ask(pair.sites), back = ask(swapped), none = ask(same);
			print_message("%s, %s: %.5g ± %.2g (measurement ± %.2g)\n", walked ? "walk" : "expectation", processes[k]->type->name,
				      there.less_bad_debt.mean.value, there.less_bad_debt.mean.stderr_, there.less_bad_debt.measurement_stderr);
			assert_true(none.less_bad_debt.mean.value == 0 && none.differing == 0);
			assert_true(none.less_bad_debt.measurement_stderr == 0);
			assert_true(there.less_bad_debt.measurement_stderr > 0);
			assert_true(there.less_bad_debt.mean.value > 0);
			if (walked || processes[k] == &gbm) /* the same paths, and nothing drawn towards one site's triggers */
				near(there.less_bad_debt.mean.value, -back.less_bad_debt.mean.value, 1e-12 * there.bad_debt.value);
			else
				assert_true(fabs(there.less_bad_debt.mean.value + back.less_bad_debt.mean.value) <
					    4 * hypot(there.less_bad_debt.mean.stderr_, back.less_bad_debt.mean.stderr_));
			if (!walked && processes[k] != &garch) /* by formula */
				near(there.less_bad_debt.measurement_stderr, back.less_bad_debt.measurement_stderr,
				     1e-2 * there.less_bad_debt.measurement_stderr);
			delay_free(&pair.models[0].delays[DELAY_KEEPER]);
			delay_free(&pair.models[1].delays[DELAY_KEEPER]);
		}
}

/* Paths and the walk come to what the formula says, and know the difference better than either side. */
static void paths_agree_with_the_formula(void **state)
{
	struct gain_answer walked, by_paths;
	struct model_result result;
	struct market_result more;
	struct error err;
	struct pair pair;

	(void)state;
	setup(&pair, &gbm, true); /* in blocks of a minute: triggers are seen at their ends, and the formula's are not */
	constant(&pair, 3600, 3000);
	pair.models[0].paths = pair.models[1].paths = 8000;
	walked = ask(pair.sites);
	assert_int_equal(market_bad_debt(&pair.markets[0], &pair.models[0], &two_threads, &result, &more, &err), 0);
	print_message("walk: gain %.4f ± %.4f, of %.4f ± %.4f\n", walked.less_bad_debt.mean.value, walked.less_bad_debt.mean.stderr_,
		      result.bad_debt.value, result.bad_debt.stderr_);
	near(result.bad_debt.value - walked.less_bad_debt.mean.value, walked.bad_debt.value, 1e-9);
	assert_true(walked.less_bad_debt.mean.stderr_ < 0.6 * hypot(result.bad_debt.stderr_, walked.bad_debt.stderr_));

	setup(&pair, &merton, false);
	constant(&pair, 3600, 3000);
	by_paths = ask(pair.sites);
	assert_int_equal(model_run(&pair.models[0], &two_threads, &result, &err), 0);
	print_message("merton: gain %.5f ± %.5f, of %.4f ± %.4f\n", by_paths.less_bad_debt.mean.value, by_paths.less_bad_debt.mean.stderr_,
		      result.bad_debt.value, result.bad_debt.stderr_);
	near(result.bad_debt.value - by_paths.less_bad_debt.mean.value, by_paths.bad_debt.value, 1e-9);
	assert_true(by_paths.less_bad_debt.mean.stderr_ < 0.3 * result.bad_debt.stderr_);
	assert_int_equal(model_run(&pair.models[1], &two_threads, &result, &err), 0);
	assert_true(fabs(result.bad_debt.value - by_paths.bad_debt.value) < 4 * hypot(result.bad_debt.stderr_, by_paths.bad_debt.stderr_));
}

/* A measurement that both share is not drawn twice: what it errs cancels but for what the sites make of it. */
static void a_shared_measurement_is_one(void **state)
{
	struct pair pair;
	struct gain_answer shared, apart;

	(void)state;
	setup(&pair, &gbm, false);
	constant(&pair, 1800, 1700);
	pair.models[0].delays[DELAY_KEEPER] = measured_delays(300, 3600, 1);
	pair.models[1].delays[DELAY_KEEPER] = measured_delays(300, 3600, 1);
	shared = ask(pair.sites);
	delay_free(&pair.models[1].delays[DELAY_KEEPER]);
	pair.models[1].delays[DELAY_KEEPER] = measured_delays(300, 3600, 2);
	apart = ask(pair.sites);
	print_message("shared ± %.4f, apart ± %.4f\n", shared.less_bad_debt.measurement_stderr, apart.less_bad_debt.measurement_stderr);
	assert_true(shared.less_bad_debt.measurement_stderr > 0 &&
		    shared.less_bad_debt.measurement_stderr < 0.2 * apart.less_bad_debt.measurement_stderr);
	delay_free(&pair.models[0].delays[DELAY_KEEPER]);
	delay_free(&pair.models[1].delays[DELAY_KEEPER]);
}

/* Of 200 pairs of sessions, drawn from the same two laws, 95 % should have an interval with the truth in it. */
static void intervals_have_the_truth(void **state)
{
	unsigned inside = 0;
	struct pair pair;
	double truth;

	(void)state;
	setup(&pair, &gbm, false);
	for (int site = 0; site < 2; site++)
		pair.models[site].delays[DELAY_KEEPER] = (struct delay_law){.type = &delay_exponential, .parameter = {site ? 1200 : 1500}};
	truth = ask(pair.sites).less_bad_debt.mean.value;
	for (uint64_t k = 0; k < 200; k++) {
		struct gain_answer answer;

		for (int site = 0; site < 2; site++)
			pair.models[site].delays[DELAY_KEEPER] = measured_delays(400, site ? 1200 : 1500, 1 + 2 * k + (uint64_t)site);
		answer = ask(pair.sites);
		inside += answer.less_bad_debt.ci95[0] <= truth && truth <= answer.less_bad_debt.ci95[1];
		for (int site = 0; site < 2; site++)
			delay_free(&pair.models[site].delays[DELAY_KEEPER]);
	}
	print_message("%u of 200 intervals have the truth in them\n", inside);
	assert_true(inside >= 181 && inside <= 198);
}

/* Eight groups of samples know the spread to a quarter; Student's t allows for it. */
static void the_walk_knows_its_measurement(void **state)
{
	struct gain_answer walked, formula;
	struct gain_site plain[2];
	struct pair pair;

	(void)state;
	setup(&pair, &gbm, true);
	for (int site = 0; site < 2; site++) {
		pair.models[site].paths = 8000;
		pair.models[site].delays[DELAY_KEEPER] = measured_delays(400, site ? 1200 : 3600, 7 + (uint64_t)site);
		plain[site] = (struct gain_site){&pair.models[site], NULL};
	}
	walked = ask(pair.sites);
	formula = ask(plain);
	print_message("measurement: walk ± %.4f, formula ± %.4f\n", walked.less_bad_debt.measurement_stderr,
		      formula.less_bad_debt.measurement_stderr);
	assert_true(walked.less_bad_debt.measurement_stderr > 0.5 * formula.less_bad_debt.measurement_stderr &&
		    walked.less_bad_debt.measurement_stderr < 2 * formula.less_bad_debt.measurement_stderr);
	assert_true(walked.less_bad_debt.ci95[1] - walked.less_bad_debt.ci95[0] >
		    2 * 1.96 * walked.less_bad_debt.measurement_stderr);
	for (int site = 0; site < 2; site++)
		delay_free(&pair.models[site].delays[DELAY_KEEPER]);
}

/* Tables of Student's t. */
static void knows_student(void **state)
{
	struct error_part parts[] = {{3, INFINITY}, {4, INFINITY}, {NAN, 7}};
	double ends[2];

	(void)state;
	near(student_t975(3), 3.1824, 0.004);
	near(student_t975(7), 2.3646, 1e-4);
	near(student_t975(INFINITY), 1.959963984540054, 1e-15);
	interval95(10, parts, 3, ends);
	near(ends[0], 10 - 1.959963984540054 * 5, 1e-12);
	near(ends[1], 10 + 1.959963984540054 * 5, 1e-12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_formula),
		cmocka_unit_test(is_a_difference),
		cmocka_unit_test(paths_agree_with_the_formula),
		cmocka_unit_test(a_shared_measurement_is_one),
		cmocka_unit_test(intervals_have_the_truth),
		cmocka_unit_test(the_walk_knows_its_measurement),
		cmocka_unit_test(knows_student),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
