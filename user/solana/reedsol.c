// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "solana/reedsol.h"

#include <string.h>

#define FIELD_LOW 0x1d /* the field's polynomial without x^8 */
#define ORDER 255      /* of the multiplicative group; 2 generates it */
#define CHUNK 256      /* a fixed count of bytes at a time: the compiler makes vectors of it */

struct field {
	uint8_t exp[2 * ORDER]; /* doubled: a sum of two logarithms needs no reduction */
	uint8_t log[256];
};

static void field_init(struct field *field)
{
	unsigned int value = 1;

	memset(field->log, 0, sizeof(field->log));
	for (unsigned int i = 0; i < ORDER; i++) {
		field->exp[i] = field->exp[i + ORDER] = (uint8_t)value;
		field->log[value] = (uint8_t)i;
		value = value << 1 ^ (value & 0x80 ? 0x100 | FIELD_LOW : 0);
	}
}

/*
 * Weights by which the known values add up to the one at x: for each k, the product over m != k of
 * (x - known[m]) / (known[k] - known[m]). Subtraction is xor; x is none of the known, so nothing here is zero.
 */
static void weights_at(const struct field *field, const uint8_t known[REEDSOL_DATA], uint8_t x, uint8_t out[REEDSOL_DATA])
{
	unsigned int all = 0;

	for (unsigned int m = 0; m < REEDSOL_DATA; m++)
		all += field->log[x ^ known[m]];
	for (unsigned int k = 0; k < REEDSOL_DATA; k++) {
		unsigned int below = field->log[x ^ known[k]];

		for (unsigned int m = 0; m < REEDSOL_DATA; m++)
			below += m == k ? 0 : field->log[known[k] ^ known[m]];
		out[k] = field->exp[(all + ORDER * REEDSOL_DATA - below) % ORDER];
	}
}

/* Each of the eight bytes times two: a shift, and the field's polynomial (0x1d) where a bit fell out. */
static uint64_t twice(uint64_t word)
{
	uint64_t out = word >> 7 & 0x0101010101010101;

	return (word << 1 & 0xfefefefefefefefe) ^ out ^ out << 2 ^ out << 3 ^ out << 4;
}

/*
 * sum of weight * shard, without a multiplication: one sum for each bit of the weights, then Horner's rule from the
 * highest bit down. Bytes do not touch each other, so whole words are taken, in whatever order of bytes.
 */
static void add_up(uint8_t shards[REEDSOL_SHARDS][REEDSOL_SHARD_BYTES], const uint8_t known[REEDSOL_DATA],
		   const uint8_t weights[REEDSOL_DATA], unsigned int offset, uint8_t *out)
{
	uint64_t sums[8][CHUNK / 8] = {{0}};

	for (unsigned int k = 0; k < REEDSOL_DATA; k++) {
		uint64_t piece[CHUNK / 8];

		memcpy(piece, shards[known[k]] + offset, CHUNK);
		for (unsigned int bit = 0; bit < 8; bit++) {
			if (!(weights[k] >> bit & 1))
				continue;
			for (unsigned int i = 0; i < CHUNK / 8; i++)
				sums[bit][i] ^= piece[i];
		}
	}
	for (unsigned int bit = 7; bit > 0; bit--)
		for (unsigned int i = 0; i < CHUNK / 8; i++)
			sums[bit - 1][i] ^= twice(sums[bit][i]);
	memcpy(out, sums[0], CHUNK);
}

void reedsol_fill(uint8_t shards[REEDSOL_SHARDS][REEDSOL_SHARD_BYTES], uint64_t present)
{
	uint8_t known[REEDSOL_DATA], weights[REEDSOL_DATA];
	unsigned int count = 0;
	struct field field;

	field_init(&field);
	for (unsigned int x = 0; x < REEDSOL_SHARDS && count < REEDSOL_DATA; x++)
		if (present >> x & 1)
			known[count++] = (uint8_t)x;
	for (unsigned int x = 0; x < REEDSOL_SHARDS; x++) {
		if (present >> x & 1)
			continue;
		weights_at(&field, known, (uint8_t)x, weights);
		for (unsigned int offset = 0; offset < REEDSOL_SHARD_BYTES; offset += CHUNK)
			add_up(shards, known, weights, offset, shards[x] + offset);
	}
}
