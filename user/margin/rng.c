// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/rng.h"

#include <math.h>
#include <string.h>

#include <Random123/philox.h>

void rng_open(struct rng *rng, uint64_t seed, uint64_t path, uint32_t lane, enum rng_stream stream)
{
	memset(rng, 0, sizeof(*rng));
	rng->key[0] = (uint32_t)seed;
	rng->key[1] = (uint32_t)(seed >> 32);
	rng->counter[0] = 0; /* step */
	rng->counter[1] = (uint32_t)path;
	rng->counter[2] = (uint32_t)(path >> 32) << 8 | (uint32_t)stream;
	rng->counter[3] = lane;
	rng->used = 4;
}

static uint64_t next_word(struct rng *rng)
{
	uint64_t word;

	if (rng->used == 4) {
		philox4x32_ctr_t counter = {{rng->counter[0], rng->counter[1], rng->counter[2], rng->counter[3]}};
		philox4x32_key_t key = {{rng->key[0], rng->key[1]}};
		philox4x32_ctr_t out = philox4x32(counter, key);

		memcpy(rng->block, out.v, sizeof(rng->block));
		rng->counter[0]++;
		rng->used = 0;
	}
	word = (uint64_t)rng->block[rng->used] << 32 | rng->block[rng->used + 1];
	rng->used += 2;
	return word;
}

void rng_skip(struct rng *rng, uint64_t count)
{
	if (count && rng->used == 2) { /* two uniforms a block */
		rng->used = 4;
		count--;
	}
	rng->counter[0] += (uint32_t)(count / 2);
	if (count % 2)
		next_word(rng);
}

double rng_uniform(struct rng *rng)
{
	/* 52 bits and a half: with 53 the largest value would round to 1 */
	return ((double)(next_word(rng) >> 12) + 0.5) * 0x1p-52;
}

double rng_normal(struct rng *rng)
{
	double radius, angle;

	if (rng->has_spare) {
		rng->has_spare = 0;
		return rng->spare;
	}
	radius = sqrt(-2 * log(rng_uniform(rng)));
	angle = 2 * M_PI * rng_uniform(rng);
	rng->spare = radius * sin(angle);
	rng->has_spare = 1;
	return radius * cos(angle);
}

double rng_exponential(struct rng *rng)
{
	return -log(rng_uniform(rng));
}
