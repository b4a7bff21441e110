// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The law of reports by deviation and heartbeat: its published values, the market walk's oracle, and Chainlink's real rounds. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "margin/oracle.h"
#include "margin/oracle_law.h"
#include "margin/price_csv.h"

#define YEAR_S 31536000.0

static void law_has_its_values(void **state)
{
	(void)state;
	assert_true(fabs(oracle_law_quiet(0.005, 0.8, 3600) - 0.0340) < 5e-5);
	assert_true(fabs(oracle_law_mean_gap(0.005, 0.8, 3600) - 1192.0) < 0.05);
	/* at once, hardly ever, and without a heartbeat worth the name: a²/σ² (Wald) */
	assert_true(oracle_law_quiet(0.005, 0.8, 0) == 1);
	assert_true(oracle_law_quiet(0.005, 0.8, 86400) < 1e-20);
	assert_true(fabs(oracle_law_mean_gap(0.005, 0.8, 1e7) - pow(log(1.005) / 0.8, 2) * YEAR_S) < 1e-6);
	assert_true(fabs(oracle_law_mean_gap(0.5, 0.1, 3600) - 3600) < 1e-6);
	/* smooth where the sum begins to be used */
	assert_true(fabs(oracle_law_quiet(0.005, 0.8, 1.55) - 1) < 1e-12);
	assert_true(fabs(oracle_law_quiet(0.005, 0.8, 100) - oracle_law_quiet(0.01, 0.8 * log(1.01) / log(1.005), 100)) < 1e-12);
}

/* The policy of the market walk on a Brownian path of 1 s steps. */
static struct series walk(double deviation, double heartbeat_s, double volatility, double days, uint64_t seed)
{
	const struct oracle_policy policy = {.on_deviation = true, .deviation = deviation, .heartbeat_s = heartbeat_s};
	const size_t steps = (size_t)(days * 86400);
	struct series reports = {calloc(steps, sizeof(double)), calloc(steps, sizeof(double)), 0};
	const double step_move = volatility * sqrt(1 / YEAR_S);
	struct oracle oracle = {0};
	struct rng moves, errors;
	double price = 2000;

	rng_open(&moves, seed, 0, 0, RNG_SKELETON);
	rng_open(&errors, seed, 1, 0, RNG_SKELETON);
	assert_int_equal(oracle_init(&oracle, &policy, 1), 0);
	oracle_start(&oracle, price);
	for (size_t i = 1; i < steps; i++) {
		double report;

		price *= exp(step_move * rng_normal(&moves));
		if (!oracle_observe(&oracle, price, (double)i, &errors, &report))
			continue;
		assert_int_equal(oracle_send(&oracle, report, (double)i, 0), 0);
		oracle_land(&oracle, (double)i);
		reports.time_s[reports.count] = (double)i;
		reports.log_price[reports.count++] = log(report);
	}
	oracle_free(&oracle);
	return reports;
}

/* A barrier that is looked at every second lies 0.5826 σ √step further out (Broadie, Glasserman and Kou 1997). */
static double shifted(double deviation, double volatility)
{
	return (1 + deviation) * exp(0.5826 * volatility * sqrt(1 / YEAR_S)) - 1;
}

static void walk_keeps_the_law_and_is_found_again(void **state)
{
	static const struct {
		double deviation, heartbeat_s, volatility, days;
	} cases[] = {{0.005, 3600, 0.8, 60}, {0.005, 3600, 0.42, 60}, {0.01, 3600, 1.2, 60}, {0.02, 7200, 1, 120}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double deviation = cases[i].deviation, volatility = cases[i].volatility, law, gap;
		struct series reports = walk(deviation, cases[i].heartbeat_s, volatility, cases[i].days, 11 + i);
		struct oracle_fit fit;
		struct error err = {""};

		if (oracle_fit(&reports, &fit, &err))
			fail_msg("%s", err.text);
		law = oracle_law_quiet(shifted(deviation, volatility), volatility, cases[i].heartbeat_s);
		gap = oracle_law_mean_gap(shifted(deviation, volatility), volatility, cases[i].heartbeat_s);
		print_message("deviation %g heartbeat %g volatility %g: share %.4f law %.4f, gap %.1f law %.1f, found %.5f %g %.3f\n", deviation,
			      cases[i].heartbeat_s, volatility, fit.heartbeat_share, law, fit.gap_s, gap, fit.deviation, fit.heartbeat_s,
			      fit.volatility);
		assert_true(fabs(fit.heartbeat_share - law) < 4 * sqrt(law * (1 - law) / (double)fit.gaps));
		assert_true(fabs(fit.gap_s - gap) < 4 * gap / sqrt((double)fit.gaps));
		assert_true(fit.heartbeat_s == cases[i].heartbeat_s);
		assert_true(fabs(fit.deviation / deviation - 1) < 0.02);
		assert_true(fit.deviation_share == 1);
		assert_true(fabs(fit.volatility / volatility - 1) < 4 / sqrt((double)fit.gaps));
		free(reports.time_s);
		free(reports.log_price);
	}
}

static void too_little_is_said(void **state)
{
	double times[300], prices[300] = {0};
	struct series reports = {times, prices, 300};
	struct oracle_fit fit;
	struct error err = {""};

	(void)state;
	for (int i = 0; i < 300; i++)
		times[i] = 3600 * i;
	assert_int_equal(oracle_fit(&reports, &fit, &err), -EINVAL);
	assert_non_null(strstr(err.text, "never move"));
	reports.count = 100;
	assert_int_equal(oracle_fit(&reports, &fit, &err), -EINVAL);
	assert_non_null(strstr(err.text, "at least 101 are needed"));
	/* heartbeats alone tell no deviation */
	reports.count = 300;
	for (int i = 0; i < 300; i++)
		prices[i] = 0.001 * (i % 3);
	assert_int_equal(oracle_fit(&reports, &fit, &err), 0);
	assert_true(isnan(fit.deviation) && isnan(fit.law_share));
	assert_true(fit.heartbeat_s == 3600 && fit.heartbeat_share == 1);
}

/* 11,106 rounds of Chainlink's ETH/USD on mainnet; a few share a block, of which the first is taken. */
static void chainlink_keeps_its_policy(void **state)
{
	const char *folder = getenv("PRICELAG_DATA");
	struct series reports = {0};
	size_t room = 12000;
	char path[4096], line[256];
	struct oracle_fit fit;
	struct error err = {""};
	long long time_s, answer;
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/chainlink/rounds_eth_usd.csv", folder ? folder : "../shared/data");
	file = fopen(path, "r");
	if (!file) {
		print_message("no %s\n", path);
		skip();
	}
	reports.time_s = calloc(room, sizeof(double));
	reports.log_price = calloc(room, sizeof(double));
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%*[0-9],%lld,%lld", &answer, &time_s) != 2)
			continue;
		if (reports.count && (double)time_s <= reports.time_s[reports.count - 1])
			continue;
		assert_true(reports.count < room);
		reports.time_s[reports.count] = (double)time_s;
		reports.log_price[reports.count++] = log((double)answer / 1e8);
	}
	fclose(file);
	assert_int_equal(oracle_fit(&reports, &fit, &err), 0);
	assert_int_equal(fit.gaps, 11100);
	assert_true(fit.lattice_s == 12 && fit.heartbeat_s == 3600);
	assert_true(fabs(fit.heartbeat_share - 0.3778) < 5e-4);
	assert_true(fabs(fit.deviation - 0.005) < 5e-5);
	/* what the law misses: reports come more often than it says, as the heartbeat does not wait for those by deviation */
	assert_true(fit.gap_s < fit.law_gap_s && fit.heartbeat_share < fit.law_share);
	free(reports.time_s);
	free(reports.log_price);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(law_has_its_values),
		cmocka_unit_test(walk_keeps_the_law_and_is_found_again),
		cmocka_unit_test(too_little_is_said),
		cmocka_unit_test(chainlink_keeps_its_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
