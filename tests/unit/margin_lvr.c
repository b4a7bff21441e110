// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Arbitrage against a pool with a fee: the paper's table, and a simulation that knows no formula. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "margin/lvr.h"
#include "margin/rng.h"

#define assert_close(actual, expected, tolerance) assert_true(fabs((actual) / (expected) - 1) < (tolerance))

static const double sigma_day = 0.05; /* 5 % a day */

/* Milionis, Moallemi, Roughgarden (2023), table 1: share of blocks by block time and fee. */
static void share_of_blocks(void **state)
{
	static const double cases[][3] = {{12, 5, 0.455}, {12, 30, 0.122}, {2, 5, 0.254}, {600, 30, 0.495}};
	double sigma = sigma_day / sqrt(86400);

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_true(fabs(arbitrage_share(sigma, 1 / cases[i][0], cases[i][1] / 1e4) - cases[i][2]) < 0.001);
	assert_true(arbitrage_share(sigma, 1. / 12, 0) == 1);
	assert_true(isnan(arbitrage_share(NAN, 1, 0.1)));
}

/*
 * A pool of value 1 at price e^-z of the market's; at blocks that come by a Poisson process an arbitrageur trades it back
 * to the edge of its fee. Fees are paid in the numeraire. The market's logarithm has no drift, as in the paper.
 */
static void simulate(double sigma, double rate, double fee, double *share, double *loss)
{
	enum { BLOCKS = 1000000 };
	double gamma = log1p(fee), z = 0, time = 0, gain = 0;
	struct rng rng;
	long hits = 0;

	rng_open(&rng, 3, 0, 0, RNG_WALK);
	for (int i = 0; i < BLOCKS; i++) {
		double wait = rng_exponential(&rng) / rate, side = z > 0 ? 1 : -1, before, after, dx, dy;

		time += wait;
		z += sigma * sqrt(wait) * rng_normal(&rng);
		side = z > 0 ? 1 : -1;
		if (fabs(z) <= gamma)
			continue;
		hits++;
		before = exp(-z / 2); /* square roots of the pool's price, in units of the market's */
		after = exp(-side * gamma / 2);
		dx = 1 / before - 1 / after;
		dy = after - before;
		gain += (dx - dy * exp(side * gamma)) / 2; /* the pool holds 1 of either: value 2 */
		z = side * gamma;
	}
	*share = (double)hits / BLOCKS;
	*loss = gain / time;
}

static void losses_of_a_simulated_pool(void **state)
{
	static const double cases[][3] = {{0.05, 86400. / 12, 0.003}, {0.05, 144, 0.003}, {0.5, 2, 0.05}}; /* per day */

	(void)state;
	for (int i = 0; i < 3; i++) {
		double share, loss;

		simulate(cases[i][0], cases[i][1], cases[i][2], &share, &loss);
		assert_close(share, arbitrage_share(cases[i][0], cases[i][1], cases[i][2]), 0.02);
		assert_close(loss, lvr_with_fee(cases[i][0], cases[i][1], cases[i][2]), 0.02);
	}
	/* without a fee, and with blocks without end, what is lost is LVR itself */
	assert_close(lvr_with_fee(0.05, 1e9, 0), lvr(0.05), 1e-9);
	assert_true(isnan(lvr_with_fee(3, 1, 0.003))); /* sigma^2 > 8 lambda: the mean is infinite */
}

static void moves_of_a_brownian_price(void **state)
{
	struct rng rng;
	double sum = 0, over = 0, sd = 0.01 * sqrt(3);
	int draws = 1000000;

	(void)state;
	rng_open(&rng, 4, 0, 0, RNG_WALK);
	for (int i = 0; i < draws; i++) {
		double move = fabs(sd * rng_normal(&rng));

		sum += move;
		over += fmax(move - log1p(0.01), 0);
	}
	assert_close(brownian_move(0.01, 3), sum / draws, 0.005);
	assert_close(brownian_move_beyond(0.01, 3, 0.01), over / draws, 0.005);
	assert_close(brownian_move_beyond(0.01, 3, 0), brownian_move(0.01, 3), 1e-12);
	assert_true(brownian_move_beyond(0.01, 0, 0.01) == 0);
	assert_true(isnan(brownian_move_beyond(NAN, 1, 0.01)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(share_of_blocks),
		cmocka_unit_test(losses_of_a_simulated_pool),
		cmocka_unit_test(moves_of_a_brownian_price),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
