// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Arbitrage against a pool with a fee: the paper's table, and a simulation that knows no formula. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "margin/lognormal.h"
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
 * A pool of value 1 at price e^-z of the market's; at blocks that come by a Poisson process, or evenly, an arbitrageur trades it
 * back to the edge of its fee. Fees are paid in the numeraire. The market's logarithm has no drift, as in the papers.
 */
static void simulate(double sigma, double rate, double fee, bool even, double *share, double *loss)
{
	enum { BLOCKS = 1000000 };
	double gamma = log1p(fee), z = 0, time = 0, gain = 0;
	struct rng rng;
	long hits = 0;

	rng_open(&rng, 3, 0, 0, RNG_WALK);
	for (int i = 0; i < BLOCKS; i++) {
		double wait = (even ? 1 : rng_exponential(&rng)) / rate, side = z > 0 ? 1 : -1, before, after, dx, dy;

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

		simulate(cases[i][0], cases[i][1], cases[i][2], false, &share, &loss);
		assert_close(share, arbitrage_share(cases[i][0], cases[i][1], cases[i][2]), 0.02);
		assert_close(loss, lvr_with_fee(cases[i][0], cases[i][1], cases[i][2]), 0.02);
	}
	/* without a fee, and with blocks without end, what is lost is LVR itself */
	assert_close(lvr_with_fee(0.05, 1e9, 0), lvr(0.05), 1e-9);
	assert_true(isnan(lvr_with_fee(3, 1, 0.003))); /* sigma^2 > 8 lambda: the mean is infinite */
}

/* The same pool where blocks come evenly: it loses less. */
static void losses_where_blocks_come_evenly(void **state)
{
	static const double cases[][3] = {{0.05, 86400. / 12, 0.0005}, {0.05, 86400. / 12, 0.003}, {0.05, 144, 0.003}}; /* per day */

	(void)state;
	for (int i = 0; i < 3; i++) {
		double share, loss;

		simulate(cases[i][0], cases[i][1], cases[i][2], true, &share, &loss);
		assert_close(loss, lvr_even_blocks(cases[i][0], 1 / cases[i][1], cases[i][2]), 0.02);
		assert_true(lvr_even_blocks(cases[i][0], 1 / cases[i][1], cases[i][2]) < lvr_with_fee(cases[i][0], cases[i][1], cases[i][2]));
	}
	assert_close(lvr_even_blocks(0.05, 1e-9, 0), lvr(0.05), 1e-12);
	assert_true(isnan(lvr_even_blocks(0.05, NAN, 0.003)));
}

#define NODES 121

static double density(double x)
{
	return exp(-x * x / 2) / sqrt(2 * M_PI);
}

/* E((ξ - d)+)² for a standard normal ξ: twice what the trader makes who trades from d beyond the edge back to it. */
static double gain_beyond(double d)
{
	return (1 + d * d) * normal_cdf(-d) - d * density(d);
}

/*
 * Exactly: the price that a trader leaves is a random walk of steps N(0, 1) that is cut off at ±width/2. Its stationary law, a
 * density in between and as much again at either edge, by iteration on Simpson's nodes; what a step from there brings him.
 */
static double stationary_gain(double width)
{
	double x[NODES], weight[NODES], inside[NODES], edge = 1 / (width + 2), step = width / (NODES - 1), gain;

	for (int i = 0; i < NODES; i++) {
		x[i] = -width / 2 + step * i;
		weight[i] = step / 3 * (i == 0 || i == NODES - 1 ? 1 : i % 2 ? 4 : 2);
		inside[i] = edge;
	}
	for (int round = 0; round < 400; round++) {
		double next[NODES], next_edge = edge * (0.5 + normal_cdf(-width)), all;

		for (int i = 0; i < NODES; i++) {
			next_edge += inside[i] * weight[i] * normal_cdf(x[i] - width / 2);
			next[i] = edge * (density(x[i] + width / 2) + density(x[i] - width / 2));
			for (int j = 0; j < NODES; j++)
				next[i] += inside[j] * weight[j] * density(x[i] - x[j]);
		}
		all = 2 * next_edge;
		for (int i = 0; i < NODES; i++)
			all += next[i] * weight[i];
		edge = next_edge / all;
		for (int i = 0; i < NODES; i++)
			inside[i] = next[i] / all;
	}
	gain = edge * (gain_beyond(0) + gain_beyond(width));
	for (int i = 0; i < NODES; i++)
		gain += inside[i] * weight[i] * gain_beyond(width / 2 - x[i]);
	return gain;
}

/* σ_b²/(2 + 1.7164·width/σ_b), against the law of the walk itself: as close as the header says. */
static void even_blocks_by_the_stationary_law(void **state)
{
	static const double cases[][2] = {{0.1, 0.005}, {0.5, 0.005}, {1, 2e-4}, {2, 2e-4}, {4, 2e-6}, {8, 2e-6}};

	(void)state;
	assert_close(arbitrage_per_block(1, 1), 1 / 3.7164, 2e-5);
	assert_close(arbitrage_per_block(0.03, 0.06), 0.0009 * arbitrage_per_block(1, 2), 1e-12);
	for (int i = 0; i < 6; i++)
		assert_close(arbitrage_per_block(1, cases[i][0]), stationary_gain(cases[i][0]), cases[i][1]);
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
		cmocka_unit_test(losses_where_blocks_come_evenly),
		cmocka_unit_test(even_blocks_by_the_stationary_law),
		cmocka_unit_test(moves_of_a_brownian_price),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
