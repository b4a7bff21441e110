/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The body of a kernel (steps.h), for vectors of LANES single-precision lanes. Whoever includes it defines LANES and, for
 * its instruction set, multiply32(a, b) (the low halves of 64-bit lanes, to 64 bits), multiply_add and square_root; and is
 * compiled with -ffp-contract=off (mk/margin-steps.mk).
 */
#include <stdint.h>

#include "margin/steps.h"

#define INLINE static inline __attribute__((always_inline))

typedef float floats __attribute__((vector_size(4 * LANES)));
typedef int32_t ints __attribute__((vector_size(4 * LANES)));
typedef uint32_t words __attribute__((vector_size(4 * LANES)));
typedef uint64_t longs __attribute__((vector_size(4 * LANES)));

INLINE longs multiply32(longs a, longs b);
INLINE floats multiply_add(floats a, floats b, floats c); /* a·b + c, rounded once */
INLINE floats square_root(floats a);

INLINE floats all(float x)
{
	return (floats){0} + x;
}

INLINE longs all_long(uint64_t x)
{
	return (longs){0} + x;
}

/* ---- Philox4x32-10 -------------------------------------------------------------------------------------------------- */

#define ROUNDS 10
#define MULTIPLIER_0 0xD2511F53u
#define MULTIPLIER_1 0xCD9E8D57u
#define WEYL_0 0x9E3779B9u
#define WEYL_1 0xBB67AE85u

/*
 * Words of the counter in the low halves of 64-bit lanes: a product is then one instruction, and its halves need no
 * unpacking. What is in the high halves does not matter.
 */
INLINE void rounds(longs c[4], const uint32_t key[2])
{
	uint32_t k0 = key[0], k1 = key[1];

#pragma GCC unroll 10
	for (uint32_t i = 0; i < ROUNDS; i++, k0 += WEYL_0, k1 += WEYL_1) {
		longs first = multiply32(c[0], all_long(MULTIPLIER_0)), second = multiply32(c[2], all_long(MULTIPLIER_1));

		c[0] = (second >> 32) ^ c[1] ^ all_long(k0);
		c[2] = (first >> 32) ^ c[3] ^ all_long(k1);
		c[1] = second;
		c[3] = first;
	}
}

/* The even lanes' words and the odd lanes'. */
INLINE words join(longs even, longs odd)
{
	return (words)((even & 0xffffffffu) | odd << 32);
}

/* ---- Box and Muller -------------------------------------------------------------------------------------------------- */

/* √(-2 ln u), u = (word/2 + 1/2)/2^31. ln by m·2^e, m in [√½, √2): f = m - 1, -2 ln(1 + f) = f(-2 + f·P(f)), P minimax to 1.8e-7. */
INLINE floats radius(words word)
{
	floats u = multiply_add(__builtin_convertvector((ints)(word >> 1), floats), all(0x1p-31f), all(0x1p-32f)), f, p;
	ints bits = (ints)u, exponent = (bits - 0x3f3504f3) >> 23;

	f = (floats)(bits - (exponent << 23)) - 1.0f;
	p = multiply_add(f, all(0.20164744555950165f), all(-0.32361000776290894f));
	p = multiply_add(f, p, all(0.34486451745033264f));
	p = multiply_add(f, p, all(-0.3981376588344574f));
	p = multiply_add(f, p, all(0.4994245767593384f));
	p = multiply_add(f, p, all(-0.6666942834854126f));
	p = multiply_add(f, p, all(1.0000064373016357f));
	p = multiply_add(f, p, all(-2.0f));
	return square_root(multiply_add(f, p, __builtin_convertvector(exponent, floats) * -1.38629436111989061883f));
}

/* Two numbers. The angle is half a turn of t = word/2^32 in [-½, ½), and the lowest bit says which half: sin πt and cos πt by polynomials of t², minimax to 4e-9 and 5e-8. */
INLINE void pair(words first, words second, floats *x, floats *y)
{
	floats r = radius(first), t = __builtin_convertvector((ints)second, floats) * 0x1p-32f, q = t * t, sine, cosine;

	sine = multiply_add(q, all(0.0772201269865036f), all(-0.5980451703071594f));
	sine = multiply_add(q, sine, all(2.5500314235687256f));
	sine = multiply_add(q, sine, all(-5.1677069664001465f));
	sine = multiply_add(q, sine, all(3.141592502593994f));
	cosine = multiply_add(q, all(0.2196968048810959f), all(-1.3318802118301392f));
	cosine = multiply_add(q, cosine, all(4.058412075042725f));
	cosine = multiply_add(q, cosine, all(-4.934792995452881f));
	cosine = multiply_add(q, cosine, all(0.9999999403953552f));
	*x = r * (floats)((words)cosine ^ second << 31);
	*y = r * t * sine;
}

/* Four numbers a lane from the words of the even and of the odd lanes. */
INLINE void normals(const longs even[4], const longs odd[4], floats out[4])
{
	pair(join(even[0], odd[0]), join(even[1], odd[1]), &out[0], &out[1]);
	pair(join(even[2], odd[2]), join(even[3], odd[3]), &out[2], &out[3]);
}

/* ---- the walk -------------------------------------------------------------------------------------------------------- */

#define BLOCKS (STEPS_CHUNK / 4)

/* `first`, `first` + 2, … in the 64-bit lanes */
INLINE longs every_second(uint32_t first)
{
	longs out;

	for (int i = 0; i < LANES / 2; i++)
		out[i] = first + 2 * (uint32_t)i;
	return out;
}

/* A lane is a block of four steps. */
static void walk(const struct steps_place *place, uint32_t chunk, float sums[STEPS_CHUNK])
{
	const uint32_t key[2] = {(uint32_t)place->seed, (uint32_t)(place->seed >> 32)};
	longs path = all_long((uint32_t)place->path), rest = all_long((uint32_t)(place->path >> 32) << 8 | place->stream);
	float sum = 0;

	for (int first = 0; first < BLOCKS; first += LANES) {
		longs even[4] = {every_second(chunk * BLOCKS + (uint32_t)first), path, rest, all_long(place->lane)};
		longs odd[4] = {even[0] + 1, even[1], even[2], even[3]};
		floats moves[4];

		rounds(even, key);
		rounds(odd, key);
		normals(even, odd, moves);
		for (int lane = 0; lane < LANES; lane++)
			for (int i = 0; i < 4; i++)
				sums[4 * (first + lane) + i] = sum += moves[i][lane];
	}
}
