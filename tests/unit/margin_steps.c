// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The kernels of random walks: Philox as Random123 has it, Box-Muller as double precision has it, the same bits from each, and the normal law. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <Random123/philox.h>
#include <cmocka.h>

#include "margin/lognormal.h"
#include "margin/rng.h"
#include "margin/steps.h"

static const struct steps_place places[] = {
	{0, 0, 0, RNG_PRICE},
	{7, 48, 3, RNG_PRICE},
	{0x0123456789abcdef, 0xfffffff0, 1, RNG_JUMPS}, /* up to the last path of a counter's word */
	{UINT64_MAX, 0xabcdef00000010, UINT32_MAX, RNG_PRICE},
};
#define PLACES (sizeof(places) / sizeof(places[0]))

/* The four numbers of one block, from Random123's words, in double precision but for the uniform of the radius. */
static void exactly(const struct steps_place *place, uint32_t block, double out[4])
{
	philox4x32_ctr_t counter = {{block, (uint32_t)place->path, (uint32_t)(place->path >> 32) << 8 | place->stream, place->lane}};
	philox4x32_key_t key = {{(uint32_t)place->seed, (uint32_t)(place->seed >> 32)}};
	philox4x32_ctr_t word = philox4x32(counter, key);

	for (int i = 0; i < 4; i += 2) {
		float uniform = fmaf((float)(int32_t)(word.v[i] >> 1), 0x1p-31f, 0x1p-32f);
		double r = sqrt(-2 * log((double)uniform)), angle = M_PI * (int32_t)word.v[i + 1] * 0x1p-32;

		out[i] = r * cos(angle) * (word.v[i + 1] & 1 ? -1 : 1);
		out[i + 1] = r * sin(angle);
	}
}

static void philox_is_random123s(void **state)
{
	philox4x32_ctr_t zero = {{0}};
	philox4x32_key_t key = {{0}};

	(void)state;
	zero = philox4x32(zero, key); /* its published known answer */
	assert_int_equal(zero.v[0], 0x6627e8d5);
	assert_int_equal(zero.v[1], 0xe169c58d);
	assert_int_equal(zero.v[2], 0xbc57ac4c);
	assert_int_equal(zero.v[3], 0x9b00dbd8);
}

/* A number is a difference of two sums, which are rounded to 2^-23 of themselves. */
static void numbers_are_exact_to_the_stated_error(void **state)
{
	double worst = 0;

	(void)state;
	for (int k = 0; steps_kernels[k]; k++) {
		if (!steps_kernels[k]->runs_here())
			continue;
		for (uint32_t chunk = 0; chunk < 2000; chunk++) {
			const struct steps_place *place = &places[chunk % PLACES];
			float sums[STEPS_CHUNK];
			double before = 0;

			steps_kernels[k]->walk(place, chunk * 1000003, sums);
			for (int i = 0; i < STEPS_CHUNK; i++) {
				double wanted[4], error, rounding = 0x1p-24 * (fabs((double)sums[i]) + 1);

				exactly(place, chunk * 1000003 * (STEPS_CHUNK / 4) + (uint32_t)i / 4, wanted);
				error = fabs((double)sums[i] - before - wanted[i % 4]);
				before = (double)sums[i];
				if (error > STEPS_ERROR + rounding)
					fail_msg("%s, chunk %u, step %d: off by %g", steps_kernels[k]->name, chunk, i, error);
				worst = i ? worst : fmax(worst, error); /* the first one is not a difference */
			}
		}
	}
	printf("largest error of a number: %.1e\n", worst);
}

static void every_kernel_gives_the_same_bits(void **state)
{
	(void)state;
	for (uint32_t chunk = 0; chunk < 400; chunk++) {
		const struct steps_place *place = &places[chunk % PLACES];
		float sums[2][STEPS_CHUNK];
		int last = 0;

		while (steps_kernels[last + 1])
			last++;
		steps_kernels[last]->walk(place, chunk, sums[0]);
		for (int k = 0; k < last; k++) {
			if (!steps_kernels[k]->runs_here()) {
				if (!chunk)
					printf("skip: this machine does not have %s\n", steps_kernels[k]->name);
				continue;
			}
			steps_kernels[k]->walk(place, chunk, sums[1]);
			assert_memory_equal(sums[0], sums[1], sizeof(sums[0]));
		}
	}
}

#define COUNT (1 << 20)

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Moments within four standard errors, the Kolmogorov-Smirnov distance below its 99.9 % point, and the tails as often as they should be. */
static void numbers_are_normal(void **state)
{
	double *z = malloc(COUNT * sizeof(*z)), mean = 0, square = 0, cube = 0, fourth = 0, lag = 0, distance = 0;
	struct steps_place place = {11, 0, 0, RNG_PRICE};

	(void)state;
	for (int path = 0; path < COUNT / (16 * STEPS_CHUNK); path++, place.path++) {
		for (int chunk = 0; chunk < 16; chunk++) {
			float sums[STEPS_CHUNK];

			steps_kernel()->walk(&place, (uint32_t)chunk, sums);
			for (int i = 0; i < STEPS_CHUNK; i++)
				z[(path * 16 + chunk) * STEPS_CHUNK + i] = (double)sums[i] - (i ? (double)sums[i - 1] : 0);
		}
	}
	for (int i = 0; i < COUNT; i++) {
		mean += z[i] / COUNT;
		square += z[i] * z[i] / COUNT;
		cube += pow(z[i], 3) / COUNT;
		fourth += pow(z[i], 4) / COUNT;
		lag += i ? z[i] * z[i - 1] / COUNT : 0;
	}
	printf("mean %.5f, variance %.5f, third moment %.5f, fourth %.5f, lag 1 %.5f\n", mean, square, cube, fourth, lag);
	assert_true(fabs(mean) < 4 / sqrt(COUNT));
	assert_true(fabs(square - 1) < 4 * sqrt(2.0 / COUNT));
	assert_true(fabs(cube) < 4 * sqrt(15.0 / COUNT));
	assert_true(fabs(fourth - 3) < 4 * sqrt(96.0 / COUNT));
	assert_true(fabs(lag) < 4 / sqrt(COUNT));
	for (double tail = 2; tail <= 4; tail++) {
		double expected = 2 * COUNT * normal_cdf(-tail), seen = 0;

		for (int i = 0; i < COUNT; i++)
			seen += fabs(z[i]) > tail;
		printf("beyond %g: %g, expected %.1f\n", tail, seen, expected);
		assert_true(fabs(seen - expected) < 4 * sqrt(expected));
	}
	qsort(z, COUNT, sizeof(*z), ascending);
	for (int i = 0; i < COUNT; i++)
		distance = fmax(distance, fmax(fabs(normal_cdf(z[i]) - (double)i / COUNT), fabs(normal_cdf(z[i]) - (i + 1.0) / COUNT)));
	printf("Kolmogorov-Smirnov %.3f (99.9 %%: 1.949)\n", distance * sqrt(COUNT));
	assert_true(distance * sqrt(COUNT) < 1.949);
	free(z);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(philox_is_random123s),
		cmocka_unit_test(numbers_are_exact_to_the_stated_error),
		cmocka_unit_test(every_kernel_gives_the_same_bits),
		cmocka_unit_test(numbers_are_normal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
