// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the margin model costs on this machine: `make bench-model`. One loan, gbm, a day, a delay of 600 s (the case of
 * docs/model.md) unless said otherwise. Nothing here is a test: the figures depend on the machine and on who shares it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "margin/model.h"

#define DAY_S 86400

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct bench {
	struct model model;
	struct model_asset asset;
	struct account *accounts;
};

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
	for (size_t i = 0; i < accounts; i++) { /* a score of thresholds, health from 1.02 up */
		double threshold = accounts == 1 ? 0.99 : 0.80 + 0.01 * (double)(i % 20);
		double health = accounts == 1 ? 3000 * 10 * 0.99 / 29000 : 1.02 + 0.5 * (double)i / (double)accounts;

		bench->accounts[i] = (struct account){0, 10, 3000 * 10 * threshold / health, threshold};
	}
	bench->model = (struct model){.seed = 1, .paths = 20000, .horizon_s = DAY_S, .step_s = 1, .assets = &bench->asset, .asset_count = 1,
				      .accounts = bench->accounts, .account_count = accounts, .engine = {.type = &engine_instant}};
	for (int i = 0; i < DELAY_STAGES; i++)
		bench->model.delays[i].type = &delay_constant;
	bench->model.delays[0].parameter[0] = 600;
}

static double run(struct bench *bench, unsigned threads, struct model_result *result)
{
	struct model_control control = {.threads = threads};
	double start = now();
	struct error err;

	if (model_run(&bench->model, &control, result, &err)) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	return now() - start;
}

static double expect(struct bench *bench, struct model_result *result)
{
	struct model_control control = {.threads = 0};
	double start = now();
	struct error err;

	if (model_expect(&bench->model, &control, result, &err)) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	return now() - start;
}

static void close_bench(struct bench *bench)
{
	free(bench->accounts);
	delay_free(&bench->model.delays[0]);
}

static const double gbm[PROCESS_PARAMETERS_MAX] = {0.8, 0};

static void one_loan(void)
{
	struct model_result small, large;
	struct bench bench;
	double a, b, each;

	open_bench(&bench, &process_gbm, gbm, 1);
	bench.model.paths = 4000;
	a = run(&bench, 1, &small);
	printf("600 s case, 4,000 paths, one thread:        %8.1f ms to %.2f %% by conditional expectation (truth %.6g, paths %.6g)\n", 1e3 * a,
	       100 * small.conditional.stderr_ / small.conditional.value, small.bad_debt.value, small.conditional.value);
	printf("  the same to 1 %%:                          %8.1f ms\n",
	       1e3 * a * pow(100 * small.conditional.stderr_ / small.conditional.value, 2));
	bench.model.paths = 400000;
	b = run(&bench, 1, &large);
	each = (b - a) / (400000 - 4000);
	printf("a path of a day (expected and executed):    %8.1f ns, exact at any step: %.4f ns per second of it\n", 1e9 * each,
	       1e9 * each / DAY_S);
	a = run(&bench, 2, &large);
	printf("two threads against one:                    %8.2f times as fast\n", b / a);
	printf("by closed form:                             %8.2f ms\n", 1e3 * expect(&bench, &small));
	close_bench(&bench);
}

static void measured(void)
{
	struct delay_law *law;
	double seconds;
	clock_t cpu;
	struct model_result result;
	struct bench bench;
	struct error err;

	open_bench(&bench, &process_gbm, gbm, 1000000);
	law = &bench.model.delays[0];
	*law = (struct delay_law){.type = &delay_empirical, .samples = calloc(10000, sizeof(double)), .sample_count = 10000};
	for (int i = 0; i < 10000; i++) /* log-logistic by ranks: median 2 s, slowest 760 s */
		law->samples[i] = 2 * pow((i + 0.5) / (10000 - i), 0.6);
	delay_prepare(law, &err);
	expect(&bench, &result);
	cpu = clock();
	seconds = expect(&bench, &result);
	cpu = clock() - cpu;
	printf("a million loans, 10,000 measured delays:    %8.1f ms (%.1f ms of processor time) for the expectation, its slopes and its curves\n",
	       1e3 * seconds, 1e3 * (double)cpu / CLOCKS_PER_SEC);
	close_bench(&bench);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	one_loan();
	measured();
	return 0;
}
