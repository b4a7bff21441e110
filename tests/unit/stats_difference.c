// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Differences of quantiles: coverage by simulation, of samples apart and of pairs that share their delays. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "margin/rng.h"
#include "stats/difference.h"

#define COUNT 1000
#define RUNS 500
#define UNIT_NS 1e6

struct side {
	struct observation series[COUNT];
	int64_t sorted[COUNT];
	struct quantile quantile;
	struct quantile_basis basis;
};

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void estimate(struct side *side, double p)
{
	struct survival survival = {.ends = side->sorted, .end_count = COUNT};

	for (int i = 0; i < COUNT; i++)
		side->sorted[i] = side->series[i].ns;
	qsort(side->sorted, COUNT, sizeof(int64_t), by_value);
	side->quantile.p = p;
	assert_int_equal(quantiles_fill(&survival, side->series, COUNT, &side->quantile, 1, &side->basis), 0);
}

/* Share of runs whose interval holds the true difference: b is a with other noise of the same law, `shift` later. `common` is the correlation of the two. */
static double coverage(double p, double rho, double common, double *width)
{
	static struct side a, b;
	double shift = 0.5, sum = 0;
	int covered = 0;

	for (uint64_t run = 0; run < RUNS; run++) {
		double shared, own[2], correlation = 0;
		struct difference difference;
		struct rng rng;

		rng_open(&rng, 11, run, 0, RNG_WALK);
		shared = rng_normal(&rng);
		own[0] = rng_normal(&rng);
		own[1] = rng_normal(&rng);
		for (int i = 0; i < COUNT; i++) {
			double z[2];

			for (int k = 0; k < 2; k++) {
				z[k] = sqrt(common) * shared + sqrt(1 - common) * own[k];
				own[k] = rho * own[k] + sqrt(1 - rho * rho) * rng_normal(&rng);
			}
			shared = rho * shared + sqrt(1 - rho * rho) * rng_normal(&rng);
			a.series[i] = (struct observation){.at_ns = i, .ns = (int64_t)(UNIT_NS * exp(z[0]))};
			b.series[i] = (struct observation){.at_ns = i, .ns = (int64_t)(UNIT_NS * (exp(z[1]) + shift))};
		}
		estimate(&a, p);
		estimate(&b, p);
		if (common > 0)
			assert_int_equal(quantile_correlation(a.series, b.series, COUNT, a.basis.block, &a.quantile, &b.quantile,
							      &correlation), 0);
		difference = quantile_difference(&a.quantile, &b.quantile, correlation);
		covered += (double)difference.ci95_ns[0] <= -shift * UNIT_NS && -shift * UNIT_NS <= (double)difference.ci95_ns[1];
		sum += (double)(difference.ci95_ns[1] - difference.ci95_ns[0]) / UNIT_NS;
	}
	*width = sum / RUNS;
	return (double)covered / RUNS;
}

static void intervals_of_differences_cover(void **state)
{
	static const double cases[][3] = {{0.5, 0, 0}, {0.5, 0.5, 0}, {0.5, 0, 0.8}, {0.5, 0.5, 0.8}, {0.9, 0.5, 0.8}};
	double widths[5];

	(void)state;
	for (int c = 0; c < 5; c++) {
		double share = coverage(cases[c][0], cases[c][1], cases[c][2], &widths[c]);

		print_message("p%g, autocorrelation %.1f, common %.1f: covered %.3f\n", 100 * cases[c][0], cases[c][1],
			      cases[c][2], share);
		/* 0.93 to 0.97, and one and a half standard errors of a share out of 500 runs at the edges */
		assert_true(share > 0.93 - 0.015 && share < 0.97 + 0.015);
	}
	assert_true(widths[2] < 0.75 * widths[0]); /* pairs take away what they share: sqrt(1 - 2/pi asin 0.8) = 0.64 */
}

static void what_is_not_reached_stays_unknown(void **state)
{
	struct quantile known = {.ns = 10, .ci95_ns = {5, 20}}, open = {.ns = 30, .ci95_ns = {25, TIME_UNKNOWN}};
	struct quantile unknown = {.ns = TIME_UNKNOWN, .ci95_ns = {TIME_UNKNOWN, TIME_UNKNOWN}};
	struct difference difference = quantile_difference(&known, &open, 0);

	(void)state;
	assert_int_equal(difference.ns, -20);
	assert_true(difference.ci95_ns[0] == TIME_UNKNOWN);
	assert_int_equal(difference.ci95_ns[1], -20 + 11); /* sqrt(10^2 + 5^2) = 11.2 */
	difference = quantile_difference(&known, &unknown, 0);
	assert_true(difference.ns == TIME_UNKNOWN && difference.ci95_ns[1] == TIME_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_reached_stays_unknown),
		cmocka_unit_test(intervals_of_differences_cover),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
