// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a sample of losses says of the worst ones, and how well it knows them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "margin/distribution.h"
#include "margin/rng.h"

static struct model_result of_losses(const double *losses, uint64_t n)
{
	struct model_result result = {0};

	assert_int_equal(distribution_of(losses, n, &result), 0);
	return result;
}

static void by_hand(void **state)
{
	static const double vars[] = {9500, 9900, 9990}, shortfalls[] = {9750.5, 9950.5, 9995.5};
	double *losses = calloc(10000, sizeof(*losses));
	struct model_result r;

	(void)state;
	for (int i = 0; i < 10000; i++)
		losses[i] = (i * 7919) % 10000 + 1; /* 1 to 10,000 in some order */
	r = of_losses(losses, 10000);
	for (int k = 0; k < MODEL_RISKS; k++)
		assert_true(r.risks[k].var == vars[k] && fabs(r.risks[k].es - shortfalls[k]) < 1e-6);
	/* the ranks 9880 and 9920 of 10,000 */
	assert_true(r.var99_ci95[0] == 9880 && r.var99_ci95[1] == 9920);
	/* the worst ten: variance 55/6; and the quantile's part, 0.999·5.5² */
	assert_true(fabs(r.risks[2].es_stderr - sqrt((55.0 / 6 + 0.999 * 30.25) / 10)) < 1e-6);
	/* the largest of 2,994 does not bound the quantile at 99.9 %, that of 2,995 does */
	assert_true(isnan(of_losses(losses, 2994).risks[2].var_ci95[1]));
	assert_false(isnan(of_losses(losses, 2995).risks[2].var_ci95[1]));
	/* one loss is no spread */
	assert_true(isnan(of_losses(losses, 100).risks[1].es_stderr));
	free(losses);
}

#define SAMPLES 400
#define SIZE 2000

/* Exponential losses: the quantile is ln 100, the mean beyond it one more. Samples spread by what each says, and cover what they should. */
static void errors_are_what_samples_spread_by(void **state)
{
	double *losses = calloc(SIZE, sizeof(*losses)), mean = 0, squares = 0, said = 0;
	int covered = 0;

	(void)state;
	for (int s = 0; s < SAMPLES; s++) {
		struct tail_risk risk;
		struct rng rng;

		rng_open(&rng, 3, (uint64_t)s, 0, RNG_WALK);
		for (int i = 0; i < SIZE; i++)
			losses[i] = rng_exponential(&rng);
		risk = of_losses(losses, SIZE).risks[1];
		mean += risk.es / SAMPLES;
		squares += risk.es * risk.es;
		said += risk.es_stderr / SAMPLES;
		covered += risk.var_ci95[0] <= log(100) && log(100) <= risk.var_ci95[1];
	}
	squares = sqrt((squares - SAMPLES * mean * mean) / (SAMPLES - 1));
	print_message("shortfall %.3f (5.605), spreads by %.3f, says %.3f; %d of %d intervals cover\n", mean, squares, said, covered, SAMPLES);
	assert_true(fabs(mean - log(100) - 1) < 0.06); /* the worst twenty of 2,000 know it to 0.3, and are a little low */
	assert_true(fabs(said / squares - 1) < 0.15);
	assert_true(covered > 0.93 * SAMPLES && covered < 0.985 * SAMPLES);
	free(losses);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_hand),
		cmocka_unit_test(errors_are_what_samples_spread_by),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
