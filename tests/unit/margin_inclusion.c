// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Transactions that a block may leave out: by hand, against the geometric law, and what congestion makes of their waits. */
#include <errno.h>
#include <stdio.h>

#include "market_world.h"

static const struct account loan = {0, 100, 8000, 0.8}; /* to be liquidated below 100 */

/* Hazard h: the first block from the one of the trigger on whose number is below h. */
static int block_that_includes(uint64_t seed, double hazard)
{
	for (int block = 1;; block++) {
		struct rng rng;

		rng_open(&rng, seed, 0, 0, RNG_INCLUSION);
		rng.counter[0] = (uint32_t)block;
		if (rng_uniform(&rng) < hazard)
			return block;
	}
}

/* Below 100 in block 1. Included in block k, at 100 - 6k or less: repaid 100·price/1.05, the rest of the 8,000 is a deficit. */
static void included_late_it_pays_less(void **state)
{
	double prices[12] = {101};
	bool seen[12] = {false};
	int different = 0;
	struct world w;

	(void)state;
	for (int i = 1; i < 12; i++)
		prices[i] = 86 - 6 * i;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		int block = block_that_includes(seed, 0.4);

		if (block > 11)
			continue;
		on_tape(&w, &rules_aave_v3, prices, 12, loan);
		w.model.seed = seed;
		w.market.gas.hazard = w.market.gas.congested = 0.4;
		run(&w, 1);
		near(w.more.liquidations.value, 1, 0);
		near(w.more.time_to_liquidation_s, 12 * (block - 1), 1e-9);
		near(w.more.queued_mean, block - 1, 0);
		near(w.result.bad_debt.value, 8000 - 100 * prices[block] / 1.05, 1e-6);
		/* the wait is latency: without delays the block of the trigger has it, at 80 */
		near(w.result.gap.value, 8000 - 100 * 80 / 1.05, 1e-6);
		near(w.more.parts[MARKET_CONGESTION].value, 0, 0);
		different += !seen[block];
		seen[block] = true;
	}
	assert_true(different >= 4);
	/* every block includes it: as without */
	on_tape(&w, &rules_aave_v3, prices, 12, loan);
	w.market.gas.hazard = w.market.gas.congested = 1;
	run(&w, 1);
	near(w.result.bad_debt.value, 8000 - 100 * 80 / 1.05, 1e-6);
	near(w.more.queued_mean, 0, 0);
	/* no block does: what the collateral is worth at the end is missing */
	w.market.gas.hazard = w.market.gas.congested = 1e-15;
	run(&w, 1);
	near(w.more.liquidations.value, 0, 0);
	near(w.more.open.value, 8000 - 100 * prices[11], 1e-6);
}

static void constant_hazards_are_geometric(void **state)
{
	double flat[2] = {101, 99}, n = 4000;
	struct world w;

	(void)state;
	on_tape(&w, &rules_aave_v3, flat, 2, loan);
	w.tape_s[1] = 12;
	w.model.paths = (uint64_t)n;
	w.model.horizon_s = 12;
	w.market.gas.hazard = w.market.gas.congested = 0.2;
	run(&w, 2);
	/* seen in block 1, tried until 24 s: included in block 1 or 2, with 0.2 + 0.8·0.2 */
	assert_true(fabs(w.more.liquidations.value - 0.36) < 4 * sqrt(0.36 * 0.64 / n));
	assert_true(fabs(w.more.queued_mean - 0.8 - 0.64) < 4 / sqrt(n));
	near(gas_hazard(&w.market.gas, 1e10, 0), 0.2, 1e-15);
	near(gas_hazard(&w.market.gas, 1e10, 0.5), 1 / 3., 1e-15); /* half of the four blocks of waiting */
	near(gas_hazard(&w.market.gas, 1e10, 1), 1, 0);
}

static void congestion_lowers_the_hazard(void **state)
{
	struct gas gas = {.base_fee_gwei = 10, .hazard = 0.9, .congested = 0.1, .congestion = 0.4};

	(void)state;
	near(gas_hazard(&gas, 1e10, 0), 0.9, 1e-15);
	near(gas_hazard(&gas, 2e10, 0), 0.5, 1e-15);
	near(gas_hazard(&gas, 8e10, 0), 0.2, 1e-15);
	near(gas_hazard(&gas, 1e15, 0), 0.1, 1e-4);
	gas.hazard = 0;
	near(gas_hazard(&gas, 1e15, 0), 1, 0);
}

/* The same transactions, prices and calm hazard: what congestion adds is told apart, and is there only where it lowers the hazard. */
static void what_congestion_adds_is_told(void **state)
{
	static const double garch[] = {1.5, 0, 0.1, 0.88, 12};
	struct world w;
	struct error err;

	(void)state;
	calm_fall(&w, 102, 0, (struct account){0, 100, 9950, 0.995}); /* below 100, worth less than its debt below 99.5 */
	w.asset.process.type = &process_garch;
	memcpy(w.asset.process.parameter, garch, sizeof(garch));
	assert_int_equal(process_prepare(&w.asset.process, &err), 0);
	rules_preset(&w.market.rules, &rules_instant);
	w.model.paths = 3000;
	w.model.horizon_s = 2 * 3600;
	w.market.gas = (struct gas){.base_fee_gwei = 10, .price = 0, .congestion = 0.8, .hazard = 0.9, .congested = 0.05};
	run(&w, 2);
	print_message("congestion %.3g ± %.2g of %.3g, queued %.3g, liquidations %.3g\n", w.more.parts[MARKET_CONGESTION].value, w.more.parts[MARKET_CONGESTION].stderr_,
		      w.result.bad_debt.value, w.more.queued_mean, w.more.liquidations.value);
	assert_true(w.more.parts[MARKET_CONGESTION].value > 3 * w.more.parts[MARKET_CONGESTION].stderr_);
	assert_true(w.more.queued_mean > 2 / 9. * w.more.liquidations.value);
	w.market.gas.congested = w.market.gas.hazard;
	w.market.gas.congestion = 0;
	run(&w, 2);
	near(w.more.parts[MARKET_CONGESTION].value, 0, 0);
}

static void what_cannot_be_is_named(void **state)
{
	struct world w;
	struct error err;

	(void)state;
	calm_fall(&w, 100.5, 0, loan);
	w.market.gas.hazard = 1.5;
	assert_int_equal(market_check(&w.market, &w.model, &err), -EINVAL);
	assert_non_null(strstr(err.text, "hazard is 1.5"));
	w.market.gas.hazard = 0.9;
	w.market.gas.congested = 0.4;
	assert_int_equal(market_check(&w.market, &w.model, &err), -EINVAL);
	assert_non_null(strstr(err.text, "never comes about"));
}

/* ---- waits ---------------------------------------------------------------------------------------------------------- */

#define BLOCKS 100000

struct waits {
	double mean, p99, geometric_p99; /* the last one: of the geometric law of that mean */
};

static int ascending(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static struct waits summary(int *waits, int count)
{
	struct waits out = {0};

	qsort(waits, (size_t)count, sizeof(waits[0]), ascending);
	for (int i = 0; i < count; i++)
		out.mean += waits[i] / (double)count;
	out.p99 = waits[count * 99 / 100];
	out.geometric_p99 = log(0.01) / log1p(-1 / out.mean);
	return out;
}

/* One transaction a block, under prices by garch (a and b 0: without a memory), the walk's rule for blocks and fees. */
static struct waits of_walk(double a, double b)
{
	struct gas gas = {.base_fee_gwei = 15, .congestion = 0.8, .hazard = 0.9, .congested = 0.05};
	double fee = 15e9, usual = 1, variance = 1, keep = exp2(-12 / 3600.);
	double *hazards = malloc(BLOCKS * sizeof(*hazards));
	int *waits = malloc(BLOCKS * sizeof(*waits)), count = 0;
	struct waits out;
	struct rng rng;

	rng_open(&rng, 8, 0, 0, RNG_WALK);
	for (int i = 0; i < BLOCKS; i++) {
		double move = sqrt(variance) * rng_normal(&rng), usage = gas_block_usage(&gas, fabs(move) / sqrt(usual));

		variance = 1 - a - b + a * move * move + b * variance;
		usual = keep * usual + (1 - keep) * move * move;
		fee = fmax(15e9, (double)gas_next_base_fee((uint64_t)fee, (uint64_t)(usage * 3e7), 30000000));
		hazards[i] = gas_hazard(&gas, fee, 0);
	}
	for (int i = 0; i < BLOCKS - 1000; i++) {
		int block = i;

		while (block < BLOCKS - 1 && rng_uniform(&rng) >= hazards[block])
			block++;
		waits[count++] = block - i + 1;
	}
	out = summary(waits, count);
	free(hazards);
	free(waits);
	return out;
}

/* Volatility that clusters makes waits that are not geometric. */
static void waits_are_not_geometric(void **state)
{
	struct waits plain = of_walk(0, 0), clustered = of_walk(0.1, 0.88);

	(void)state;
	print_message("without clusters: mean %.2f blocks, 99 %% within %.0f, geometric %.1f; with them: %.2f, %.0f, %.1f\n", plain.mean, plain.p99,
		      plain.geometric_p99, clustered.mean, clustered.p99, clustered.geometric_p99);
	assert_true(plain.p99 < 1.7 * plain.geometric_p99);
	assert_true(clustered.p99 > 2 * clustered.geometric_p99 && clustered.p99 < 4 * clustered.geometric_p99);
}

/* 340 blocks of Ethereum in a row, their base fees: how long a transaction waits that bids 5 % more than the base fee of its moment. */
static void nor_are_those_of_a_real_chain(void **state)
{
	const char *folder = getenv("PRICELAG_DATA");
	int waits[400], count = 0, fees = 0;
	char path[4096], line[256];
	double fee[400];
	struct waits real;
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/gas/eth_basefee_blocks_2025-01-01.csv", folder ? folder : "../shared/data");
	file = fopen(path, "r");
	if (!file) {
		print_message("no %s\n", path);
		skip();
	}
	while (fgets(line, sizeof(line), file) && fees < 400)
		fees += sscanf(line, "%*[0-9],%*[0-9],%lf", &fee[fees]) == 1;
	fclose(file);
	assert_int_equal(fees, 340);
	for (int i = 0; i < fees - 1; i++) {
		int block = i + 1;

		while (block < fees && fee[block] > 1.05 * fee[i])
			block++;
		waits[count++] = block - i;
	}
	real = summary(waits, count);
	print_message("340 real blocks: mean %.2f, 99 %% within %.0f, geometric %.1f\n", real.mean, real.p99, real.geometric_p99);
	assert_true(real.p99 > 2 * real.geometric_p99 && real.p99 < 4 * real.geometric_p99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(included_late_it_pays_less),
		cmocka_unit_test(constant_hazards_are_geometric),
		cmocka_unit_test(congestion_lowers_the_hazard),
		cmocka_unit_test(what_congestion_adds_is_told),
		cmocka_unit_test(what_cannot_be_is_named),
		cmocka_unit_test(waits_are_not_geometric),
		cmocka_unit_test(nor_are_those_of_a_real_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
