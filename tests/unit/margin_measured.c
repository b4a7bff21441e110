// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The market walk's error of a finite measurement, beside the one that the expectation has by formula. */
#include "market_world.h"

#include "margin/market_measured.h"
#include "margin/rng.h"

/* Log-normal waits, median ten minutes, as they came in a measurement. */
static struct delay_law waited(size_t count, uint64_t seed)
{
	struct delay_law law = {.type = &delay_empirical, .samples = calloc(count, sizeof(double)), .sample_count = count};
	struct error err;
	struct rng rng;

	rng_open(&rng, seed, 0, 0, RNG_DELAY);
	for (size_t i = 0; i < count; i++)
		law.samples[i] = 600 * exp(rng_normal(&rng));
	assert_int_equal(delay_prepare(&law, &err), 0);
	return law;
}

/* One loan just above its trigger, sold at whatever it brings: the case of which the other engine knows the answer. */
static void a_loan(struct world *w, size_t samples)
{
	struct error err;

	calm_fall(w, 3000, 0, (struct account){0, 10, 29600, 0.99});
	w->asset.process.parameter[0] = 1.5;
	assert_int_equal(process_prepare(&w->asset.process, &err), 0);
	w->market.rules.type = &rules_instant;
	w->model.engine.type = &engine_instant;
	w->model.paths = 12000;
	w->model.horizon_s = 3600;
	w->model.step_s = 60;
	w->model.delays[DELAY_INCLUSION] = waited(samples, 5);
}

static void agrees_with_the_formula(void **state)
{
	struct model_control control = {.threads = 2};
	struct model_result known;
	struct error err;
	struct world w;

	(void)state;
	a_loan(&w, 300);
	run(&w, 2);
	if (model_run(&w.model, &control, &known, &err))
		fail_msg("%s", err.text);
	print_message("300 waits: ± %.3f of %.3f by groups, %.3f by formula\n", w.result.measurement_stderr, w.result.bad_debt.value,
		      known.measurement_stderr);
	/* eight groups know a spread to a quarter, and their own paths add a little */
	assert_true(w.result.measurement_stderr > 0.5 * known.measurement_stderr && w.result.measurement_stderr < 2 * known.measurement_stderr);
	delay_free(&w.model.delays[DELAY_INCLUSION]);
}

static void samples_are_dealt_once(void **state)
{
	double seen = 0, all = 0;
	size_t count = 0, of_class = 0;
	struct world w;

	(void)state;
	a_loan(&w, 500);
	w.market.keepers.has_own = true;
	w.market.keepers.own = waited(70, 6);
	w.market.keepers.classes[w.market.keepers.class_count++] = (struct keeper_class){"bots", 2, INFINITY, waited(80, 7)};
	assert_true(market_is_measured(&w.market, &w.model));
	for (unsigned group = 0; group < MEASURED_GROUPS; group++) {
		struct market market;
		struct model model;

		assert_int_equal(market_measured(&w.market, &w.model, group, NULL, &market, &model), 0);
		for (size_t i = 0; i < model.delays[DELAY_INCLUSION].sample_count; i++)
			seen += model.delays[DELAY_INCLUSION].samples[i];
		count += model.delays[DELAY_INCLUSION].sample_count;
		assert_true(market.keepers.own.sample_count > 0 && market.keepers.own.sample_count < 70);
		of_class += market.keepers.classes[0].delay.sample_count;
		market_measured_free(&market, &model);
	}
	for (size_t i = 0; i < 500; i++)
		all += w.model.delays[DELAY_INCLUSION].samples[i];
	assert_int_equal(count, 500);
	assert_int_equal(of_class, 80);
	near(seen, all, 1e-6);
	delay_free(&w.model.delays[DELAY_INCLUSION]);
	delay_free(&w.market.keepers.own);
	w.market.keepers.has_own = false;
	w.model.delays[DELAY_INCLUSION].type = &delay_constant;
	assert_true(market_is_measured(&w.market, &w.model)); /* by the class alone */
	delay_free(&w.market.keepers.classes[0].delay);
}

/* Nothing is said where nothing was measured, or too little. */
static void says_nothing_of_what_it_cannot_know(void **state)
{
	struct world w;

	(void)state;
	a_loan(&w, 63);
	w.model.paths = 100;
	run(&w, 1);
	assert_true(isnan(w.result.measurement_stderr));
	delay_free(&w.model.delays[DELAY_INCLUSION]);
	w.model.delays[DELAY_INCLUSION].type = &delay_constant;
	assert_false(market_is_measured(&w.market, &w.model));
	run(&w, 1);
	assert_true(isnan(w.result.measurement_stderr));
}

/* The same loan under a price with a memory, whose mean comes of executions: what it loses after so many measured waits. */
static struct model_result executed(size_t samples, uint64_t seed, enum delay_dependence dependence)
{
	static const double garch[] = {1.5, 0, 0.1, 0.85, 60};
	struct model_control control = {.threads = 2};
	struct model_result result;
	struct error err;
	struct world w;

	a_loan(&w, 1);
	delay_free(&w.model.delays[DELAY_INCLUSION]);
	w.asset.process = (struct process){.type = &process_garch};
	memcpy(w.asset.process.parameter, garch, sizeof(garch));
	assert_int_equal(process_prepare(&w.asset.process, &err), 0);
	w.model.paths = 2000;
	w.model.delays[DELAY_INCLUSION] = waited(samples, seed);
	if (dependence == DELAYS_IN_BLOCKS) { /* a minute apart, in the order in which they were drawn: as good as independent */
		struct delay_law *law = &w.model.delays[DELAY_INCLUSION];
		struct rng rng;

		law->record = (struct delay_record){calloc(samples, sizeof(double)), calloc(samples, sizeof(double)), samples};
		rng_open(&rng, seed, 0, 0, RNG_DELAY);
		for (size_t i = 0; i < samples; i++) {
			law->record.key[i] = 60.0 * (double)i;
			law->record.delay_s[i] = 600 * exp(rng_normal(&rng));
		}
		w.model.dependent_delays = DELAYS_IN_BLOCKS;
	}
	if (model_run(&w.model, &control, &result, &err))
		fail_msg("%s", err.text);
	delay_free(&w.model.delays[DELAY_INCLUSION]);
	return result;
}

/* Thirty other measurements, the same prices: their means spread as each of them says, on average. */
static void other_measurements_spread_as_it_says(void **state)
{
	enum { MEASUREMENTS = 30 };

	(void)state;
	for (int blocks = 0; blocks < 2; blocks++) {
		double mean = 0, squares = 0, said = 0, n = MEASUREMENTS;

		for (uint64_t seed = 1; seed <= MEASUREMENTS; seed++) {
			struct model_result r = executed(300, seed, blocks ? DELAYS_IN_BLOCKS : DELAYS_INDEPENDENT);

			assert_int_equal(r.sampled_assets, 1);
			assert_false(isnan(r.measurement_stderr));
			mean += r.bad_debt.value / n;
			squares += r.bad_debt.value * r.bad_debt.value / n;
			said += r.measurement_stderr * r.measurement_stderr / n;
		}
		squares = sqrt((squares - mean * mean) * n / (n - 1));
		print_message("%s: 30 measurements of 300 waits lose %.2f, spread by %.3f; each says ± %.3f\n", blocks ? "in blocks" : "independent", mean,
			      squares, sqrt(said));
		assert_true(sqrt(said) > 0.6 * squares && sqrt(said) < 1.8 * squares);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_formula),
		cmocka_unit_test(samples_are_dealt_once),
		cmocka_unit_test(other_measurements_spread_as_it_says),
		cmocka_unit_test(says_nothing_of_what_it_cannot_know),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
