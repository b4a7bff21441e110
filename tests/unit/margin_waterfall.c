// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* An insurance fund against ruin theory. Each tier on a tape, by hand: margin_tape.c. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "margin/rng.h"
#include "margin/waterfall.h"

#define PATHS 10000
#define CLAIMS 400 /* of a path; later ones ruin once in 40,000 paths */

/*
 * Cramér and Lundberg: claims of mean 1 come at rate 1, premiums at rate 1 + ρ. A fund that begins with u is ruined, ever, with
 * probability exp(-ρu/(1 + ρ))/(1 + ρ): for ρ = 0.25 and u = 5, 0.294304. Half of the premiums are the protocol's own.
 */
static void a_fund_is_ruined_as_often_as_it_should(void **state)
{
	const struct waterfall waterfall = {{{"fund", TIER_INSURANCE, 5, 0.5, 0, 0, 0}}, 1};
	const double loading = 0.25, known = exp(-loading * 5 / (1 + loading)) / (1 + loading);
	double ruined = 0;
	struct error err;

	(void)state;
	assert_int_equal(waterfall_check(&waterfall, &err), 0);
	assert_true(fabs(known - 0.294304) < 1e-6);
	for (uint64_t path = 0; path < PATHS; path++) {
		struct waterfall_state fund;
		struct rng rng;

		rng_open(&rng, 11, path, 0, RNG_WALK);
		waterfall_start(&waterfall, &fund);
		for (int i = 0; i < CLAIMS && fund.lenders == 0; i++) {
			double fees = 2 * (1 + loading) * rng_exponential(&rng);

			assert_true(fabs(waterfall_feed(&waterfall, &fund, fees) - fees / 2) < 1e-12 * fees);
			waterfall_absorb(&waterfall, &fund, rng_exponential(&rng));
		}
		ruined += fund.lenders > 0;
	}
	print_message("ruined: %.4f of the paths, known %.4f\n", ruined / PATHS, known);
	assert_true(fabs(ruined / PATHS - known) < 4 * sqrt(known * (1 - known) / PATHS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_fund_is_ruined_as_often_as_it_should)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
