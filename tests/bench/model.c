// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the margin model costs on this machine, beside what it should: `make bench-model`. Processor time, since other
 * programs run too; the better of two repetitions. The first argument is what
 * NumPy took for a step of a path (model.py, in the same run). Nothing here is a test: the figures depend on the machine.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "margin/market.h"
#include "margin/market_screen.h"

#define DAY_S 86400
#define BEST_OF 2

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- models ---------------------------------------------------------------------------------------------------------- */

struct bench {
	struct model model;
	struct model_asset asset;
	struct account *accounts;
	struct liquidity liquidity;
	struct market market;
};

/* One loan is the case of docs/model.md; a book has a score of thresholds, health from 1.02 to 1.52, in no order. */
static void open_bench(struct bench *bench, const struct process_type *type, const double *parameters, size_t accounts)
{
	struct error err;

	memset(bench, 0, sizeof(*bench));
	strcpy(bench->asset.name, "ETH");
	bench->asset.price = 3000;
	bench->asset.process.type = type;
	memcpy(bench->asset.process.parameter, parameters, PROCESS_PARAMETERS_MAX * sizeof(double));
	process_prepare(&bench->asset.process, &err);
	bench->accounts = calloc(accounts, sizeof(struct account));
	for (size_t i = 0; i < accounts; i++) {
		double threshold = accounts == 1 ? 0.99 : 0.80 + 0.01 * (double)(i * 7919 % 20);
		double health = accounts == 1 ? 3000 * 10 * 0.99 / 29000 : 1.02 + 0.5 * (double)i / (double)accounts;

		bench->accounts[i] = (struct account){0, 10, 3000 * 10 * threshold / health, threshold};
	}
	bench->model = (struct model){.seed = 1, .paths = 200000, .horizon_s = DAY_S, .step_s = 1, .assets = &bench->asset, .asset_count = 1,
				      .accounts = bench->accounts, .account_count = accounts, .engine = {.type = &engine_instant}};
	for (int i = 0; i < DELAY_STAGES; i++)
		bench->model.delays[i].type = &delay_constant;
	bench->model.delays[DELAY_ORACLE].parameter[0] = 600;
}

/* Delays of seconds, which executions draw. */
static void with_delays(struct bench *bench)
{
	bench->model.delays[DELAY_ORACLE] = (struct delay_law){.type = &delay_lognormal, .parameter = {2, 1.5}};
	bench->model.delays[DELAY_KEEPER].parameter[0] = 0.4;
	bench->model.delays[DELAY_INCLUSION] = (struct delay_law){.type = &delay_uniform, .parameter = {0, 12}};
}

/* Aave's rules, three keepers, a report every block. */
static void with_market(struct bench *bench)
{
	with_delays(bench);
	bench->liquidity = (struct liquidity){.type = &liquidity_none, .recovery_s = INFINITY};
	bench->market = (struct market){.liquidity = &bench->liquidity, .keepers = {.count = 3, .capital = INFINITY}};
	rules_preset(&bench->market.rules, &rules_aave_v3);
}

static void close_bench(struct bench *bench)
{
	free(bench->accounts);
	for (int i = 0; i < DELAY_STAGES; i++)
		delay_free(&bench->model.delays[i]);
}

static void check(int rc, const struct error *err)
{
	if (rc) {
		fprintf(stderr, "%s\n", err->text);
		exit(1);
	}
}

enum engine_kind { BY_PATHS, BY_FORMULA, BY_WALK };

struct cost {
	double clock, processor; /* s */
	double serial;		 /* of the latter, by the thread that waits for the others */
};

static struct cost run(struct bench *bench, enum engine_kind kind, unsigned threads, struct model_result *result)
{
	struct model_control control = {.threads = threads};
	struct cost best = {INFINITY, INFINITY, INFINITY};
	struct market_result more;
	struct error err;

	for (int i = 0; i < BEST_OF; i++) {
		double clock = now(CLOCK_MONOTONIC), processor = now(CLOCK_PROCESS_CPUTIME_ID);
		double serial = now(CLOCK_THREAD_CPUTIME_ID);

		if (kind == BY_PATHS)
			check(model_run(&bench->model, &control, result, &err), &err);
		else if (kind == BY_FORMULA)
			check(model_expect(&bench->model, &control, result, &err), &err);
		else
			check(market_run(&bench->market, &bench->model, &control, result, &more, &err), &err);
		best.clock = fmin(best.clock, now(CLOCK_MONOTONIC) - clock);
		best.serial = fmin(best.serial, now(CLOCK_THREAD_CPUTIME_ID) - serial);
		best.processor = fmin(best.processor, now(CLOCK_PROCESS_CPUTIME_ID) - processor);
	}
	return best;
}

static double load; /* of the machine, before */

/* ---- the report ------------------------------------------------------------------------------------------------------ */

static void line(const char *what, double is, const char *unit)
{
	printf("%-100s %10.3f %s\n", what, is, unit);
}

static void target(const char *what, double is, const char *unit, double wanted, bool at_least)
{
	bool met = at_least ? is >= wanted : is <= wanted;

	printf("%-100s %10.3f %-10s %s %g: %s\n", what, is, unit, at_least ? "at least" : "at most", wanted, met ? "met" : "NOT MET");
}

/* On a machine with free processors by the clock; on a busy one by processor time: the serial part and half of the rest. */
static void two_threads(const struct cost *one, const struct cost *two)
{
	if (load < 1)
		target("  two threads against one, by the clock", one->clock / two->clock, "times", 1.9, true);
	else
		target("  two threads against one (a busy machine: by processor time, the serial part and half the rest)",
		       one->processor / (two->serial + (two->processor - two->serial) / 2), "times", 1.9, true);
}

static const double gbm[PROCESS_PARAMETERS_MAX] = {0.8, 0};
static const double merton[PROCESS_PARAMETERS_MAX] = {0.8, 0, 50, -0.02, 0.05};

/* The prices of the market walk: each block of a path until one passes a trigger, which is where scenarios begin. */
static double path_step(size_t accounts, uint64_t paths)
{
	struct market_screen screen;
	struct market_book book;
	struct bench bench;
	double best = INFINITY;

	open_bench(&bench, &process_gbm, gbm, accounts);
	with_market(&bench);
	if (market_book_init(&book, &bench.market, &bench.model) || market_screen_init(&screen, &book))
		exit(1);
	for (int i = 0; i < BEST_OF; i++) {
		double start = now(CLOCK_PROCESS_CPUTIME_ID);

		screen.steps = 0;
		for (uint64_t path = 0; path < paths; path++)
			market_screen_path(&screen, path, NULL);
		best = fmin(best, (now(CLOCK_PROCESS_CPUTIME_ID) - start) / (double)screen.steps);
	}
	market_screen_free(&screen);
	market_book_free(&book);
	close_bench(&bench);
	return 1e9 * best;
}

static void number(void)
{
	for (int k = 0; steps_kernels[k]; k++) {
		struct steps_place place = {1, 0, 0, RNG_PRICE};
		float sums[STEPS_CHUNK];
		double best = INFINITY;
		char what[100];

		if (!steps_kernels[k]->runs_here())
			continue;
		for (int i = 0; i < 10 * BEST_OF; i++) {
			double start = now(CLOCK_PROCESS_CPUTIME_ID);

			for (uint32_t chunk = 0; chunk < 1000; chunk++)
				steps_kernels[k]->walk(&place, chunk, sums);
			best = fmin(best, now(CLOCK_PROCESS_CPUTIME_ID) - start);
		}
		snprintf(what, sizeof(what), "  a normal number that is drawn and added up, %s", steps_kernels[k]->name);
		line(what, 1e9 * best / (1000 * STEPS_CHUNK), "ns");
	}
}

static void walk(double numpy_ns)
{
	struct model_result result;
	struct bench bench;
	double ns = path_step(1000, 2000);
	struct cost one, two;

	puts("The market walk: gbm, a day of one-second blocks");
	target("  a step of a path, 1,000 loans: its price drawn and held against the nearest trigger", ns, "ns", 0.9, false);
	if (numpy_ns > 0) {
		line("  the same in NumPy", numpy_ns, "ns");
		target("  NumPy against it", numpy_ns / ns, "times", 25, true);
	}
	number();
	open_bench(&bench, &process_gbm, gbm, 1);
	with_market(&bench);
	bench.model.paths = 10000;
	one = run(&bench, BY_WALK, 1, &result);
	line("  one loan, with all scenarios: a step of the first one", 1e9 * one.processor / (10000.0 * DAY_S), "ns");
	two = run(&bench, BY_WALK, 2, &result);
	two_threads(&one, &two);
	close_bench(&bench);
	open_bench(&bench, &process_gbm, gbm, 1000);
	with_market(&bench);
	bench.model.paths = 256;
	line("  1,000 loans, with all scenarios: a step of the first one", 1e9 * run(&bench, BY_WALK, 1, &result).processor / (256.0 * DAY_S), "ns");
	close_bench(&bench);
}

static double book_of(const struct process_type *type, const double *parameters, size_t accounts)
{
	struct model_result result;
	struct bench bench;
	struct cost cost;

	open_bench(&bench, type, parameters, accounts);
	with_delays(&bench);
	cost = run(&bench, BY_PATHS, 1, &result);
	close_bench(&bench);
	return cost.processor;
}

static void paths(void)
{
	struct model_result result;
	struct bench bench;
	struct cost cost, two;
	double small;

	puts("By paths (jumps, bridges, conditional expectation; executions drawn): 200,000 paths of a day unless said otherwise");
	open_bench(&bench, &process_gbm, gbm, 1);
	bench.model.paths = 4000;
	cost = run(&bench, BY_PATHS, 1, &result);
	target("  the case of 600 s to 1 % of standard error",
	       cost.processor * pow(100 * result.conditional.stderr_ / result.conditional.value, 2), "s", 1, false);
	bench.model.paths = 1000000;
	cost = run(&bench, BY_PATHS, 1, &result);
	line("  a path of it, expected and executed, exact at any step", 1e9 * cost.processor / 1e6, "ns");
	two = run(&bench, BY_PATHS, 2, &result);
	two_threads(&cost, &two);
	close_bench(&bench);
	small = book_of(&process_gbm, gbm, 1000);
	line("  gbm, a book of 1,000 accounts", small, "s");
	target("  gbm, 1,000,000 accounts against it", book_of(&process_gbm, gbm, 1000000) / small, "times", 1.3, false);
	small = book_of(&process_merton, merton, 1000);
	line("  merton, a book of 1,000 accounts", small, "s");
	target("  merton, 1,000,000 accounts against it", book_of(&process_merton, merton, 1000000) / small, "times", 1.3, false);
}

static void formula(void)
{
	struct delay_law *law;
	struct model_result result;
	struct bench bench;
	struct error err;
	struct cost cost;

	puts("By closed form");
	open_bench(&bench, &process_gbm, gbm, 1);
	line("  the case of 600 s", 1e3 * run(&bench, BY_FORMULA, 1, &result).processor, "ms");
	close_bench(&bench);
	open_bench(&bench, &process_gbm, gbm, 1000000);
	law = &bench.model.delays[DELAY_ORACLE];
	*law = (struct delay_law){.type = &delay_empirical, .samples = calloc(10000, sizeof(double)), .sample_count = 10000};
	for (int i = 0; i < 10000; i++) /* log-logistic by ranks: median 2 s, slowest 760 s */
		law->samples[i] = 2 * pow((i + 0.5) / (10000 - i), 0.6);
	check(delay_prepare(law, &err), &err);
	cost = run(&bench, BY_FORMULA, 1, &result);
	target("  a million loans, 10,000 measured delays: expectation, slopes, curves (one processor)", 1e3 * cost.processor, "ms", 100, false);
	close_bench(&bench);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (getloadavg(&load, 1) == 1)
		printf("load of the machine before: %.1f\n", load);
	walk(argc > 1 ? atof(argv[1]) : 0);
	paths();
	formula();
	return 0;
}
