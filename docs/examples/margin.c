// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The margin model from a program of one's own: what do two loans lose in a day if liquidations take ten seconds, and
 * what does one millisecond cost?
 *
 *     cc margin.c $(pkg-config --cflags --libs pricelag-margin) -o margin && ./margin
 */
#include <margin/model.h>

#include <math.h>
#include <stdio.h>

int main(void)
{
	struct model_asset eth = {.name = "ETH", .price = 3000, .process = {.type = process_find("kou")}};
	/* asset, collateral in units, debt in the numeraire, liquidation threshold */
	struct account accounts[] = {{0, 10, 28500, 0.965}, {0, 40, 110000, 0.945}};
	double measured[] = {0.4, 0.9, 1.1, 1.6, 2.5, 12.0}; /* seconds; delay_prepare() sorts them */
	struct model model = {
		.seed = 1,
		.paths = 20000,
		.horizon_s = 86400,
		.step_s = 12,
		.assets = &eth,
		.asset_count = 1,
		.accounts = accounts,
		.account_count = 2,
		.engine = {.type = engine_find("instant")},
		.budget = 13,
		.delays = {
			[DELAY_ORACLE] = {.type = delay_find("empirical"), .samples = measured, .sample_count = 6},
			[DELAY_KEEPER] = {.type = delay_find("exponential"), .parameter = {0.2}},
			[DELAY_INCLUSION] = {.type = delay_find("constant"), .parameter = {12}},
		},
	};
	/* volatility, drift, jumps a year, share of them upwards, rates of their sizes up and down */
	const double kou[] = {0.8, 0, 100, 0.4, 50, 40};
	struct model_control control = {.threads = 0};
	struct model_result result;
	struct error err;

	for (int i = 0; i < 6; i++)
		eth.process.parameter[i] = kou[i];
	if (process_prepare(&eth.process, &err))
		goto fail;
	for (int i = 0; i < DELAY_STAGES; i++)
		if (delay_prepare(&model.delays[i], &err))
			goto fail;
	if (model_expect(&model, &control, &result, &err)) /* a sum, no path */
		goto fail;
	printf("expected bad debt  %.6f ± %.1g\n", result.bad_debt.value, result.bad_debt.stderr_);
	printf("  because of jumps %.6f, because of latency %.6f\n", result.gap.value, result.latency.value);
	printf("  per millisecond  %.3g\n", result.stages[DELAY_ORACLE].per_ms.value);
	if (isfinite(result.budget_added_s))
		printf("  %g is reached with %.0f s more\n", model.budget, result.budget_added_s);
	if (model_run(&model, &control, &result, &err)) /* paths: the distribution as well */
		goto fail;
	printf("worst 1 %% of days  %.2f on average\n", result.es99);
	return 0;
fail:
	fprintf(stderr, "%s\n", err.text);
	return 1;
}
