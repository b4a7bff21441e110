// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Where several engines apply they say the same: random books under each process with a formula after its trigger, the mean by it,
 * the same by drawing every delay and execution, and the market walk block by block. What each is off by, in its own standard
 * errors, looks like N(0, 1).
 */
#include <stdio.h>

#include "kolmogorov.h"
#include "market_world.h"

#define CASES 24 /* of each process */
#define STEP_S 60.0

static double between(struct rng *rng, double low, double high)
{
	return low + (high - low) * rng_uniform(rng);
}

static struct process random_process(const struct process_type *type, struct rng *rng)
{
	struct process process = {.type = type, .parameter = {between(rng, 0.5, 1.2), between(rng, -1, 1), between(rng, 100, 500)}};
	bool kou = type == &process_kou;
	struct error err;

	process.parameter[3] = kou ? between(rng, 0.3, 0.7) : between(rng, -0.02, 0.01);
	process.parameter[4] = kou ? between(rng, 40, 80) : between(rng, 0.01, 0.03);
	process.parameter[5] = kou ? between(rng, 30, 60) : 0;
	assert_int_equal(process_prepare(&process, &err), 0);
	return process;
}

/* Three loans that a day may well liquidate, some of which then lose: means of few paths are near to normal. */
static void random_world(struct world *w, const struct process_type *type, bool exponential, struct rng *rng)
{
	calm_fall(w, 1000, 0, (struct account){0});
	w->asset.process = random_process(type, rng);
	w->market.rules.type = &rules_instant;
	w->model.horizon_s = between(rng, 40000, 90000);
	w->model.step_s = STEP_S;
	w->model.account_count = 3;
	for (int i = 0; i < 3; i++) {
		double threshold = between(rng, 0.985, 0.995), units = between(rng, 1, 5);

		w->accounts[i] = (struct account){0, units, units * 1000 * threshold * between(rng, 0.96, 0.995), threshold};
	}
	w->model.delays[DELAY_KEEPER] = (struct delay_law){.type = exponential ? &delay_exponential : &delay_constant, .parameter = {between(rng, 600, 2400)}};
	w->model.delays[DELAY_INCLUSION].parameter[0] = 1200;
}

/* The mean by formula after the trigger, and by executions. */
static void by_paths(struct world *w, uint64_t seed, uint64_t paths, struct model_result *result)
{
	struct model model = w->model;
	struct model_control control = {.threads = 2};
	struct error err;

	model.seed = seed;
	model.paths = paths;
	model.engine = (struct engine){.type = &engine_instant};
	if (model_run(&model, &control, result, &err))
		fail_msg("%s", err.text);
}

/*
 * The walk looks once a block, and finds prices beyond the trigger. Whoever is watched all the time reaches a trigger that is lower
 * by 0.5826·σ·√step as often (Broadie, Glasserman and Kou 1997; with jumps Dia and Lamberton 2011), and is executed from there:
 * `expected` is of such triggers, with the same strikes.
 */
static double by_walk(struct world *w, const struct model_result *expected)
{
	struct model_control control = {.threads = 2};
	struct model_result walked;
	struct market_result more;
	struct error err;

	if (market_bad_debt(&w->market, &w->model, &control, &walked, &more, &err))
		fail_msg("%s", err.text);
	near(more.imbalance_max, 0, 1e-6);
	return (walked.bad_debt.value - expected->bad_debt.value) / hypot(walked.bad_debt.stderr_, expected->bad_debt.stderr_);
}

static void agree(const struct process_type *type)
{
	double executed[CASES], walked[CASES];
	struct rng rng;
	char what[64];

	rng_open(&rng, 31, 0, 0, RNG_BOOK);
	for (int i = 0; i < CASES; i++) {
		struct model_result expected, drawn;
		struct world w;
		double down;

		random_world(&w, type, i % 6 == 0, &rng);
		w.model.paths = 1500;
		down = exp(-0.5826 * sqrt(w.asset.process.variance * STEP_S));
		for (int k = 0; k < 3; k++)
			w.accounts[k].liquidation_threshold /= down; /* trigger = debt/(units·threshold) */
		by_paths(&w, (uint64_t)i + 1, 4000, &expected);
		by_paths(&w, (uint64_t)i + 1001, 4000, &drawn);
		for (int k = 0; k < 3; k++)
			w.accounts[k].liquidation_threshold *= down;
		w.model.seed = (uint64_t)i + 2001;
		assert_true(expected.closed_form == (type != &process_merton));
		executed[i] = (drawn.sampled.value - expected.bad_debt.value) / hypot(drawn.sampled.stderr_, expected.bad_debt.stderr_);
		walked[i] = by_walk(&w, &expected);
	}
	snprintf(what, sizeof(what), "%s, executions against the formula", type->name);
	z_are_normal(what, executed, CASES);
	snprintf(what, sizeof(what), "%s, market walk against the formula", type->name);
	z_are_normal(what, walked, CASES);
}

static void under_gbm(void **state)
{
	(void)state;
	agree(&process_gbm);
}

static void under_merton(void **state)
{
	(void)state;
	agree(&process_merton);
}

static void under_kou(void **state)
{
	(void)state;
	agree(&process_kou);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(under_gbm),
		cmocka_unit_test(under_merton),
		cmocka_unit_test(under_kou),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
