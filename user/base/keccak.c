// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/keccak.h"

#include <string.h>

#define RATE   136 /* bytes absorbed per permutation: (1600 - 2 * 256) / 8 */
#define ROUNDS 24

/* Iota's constants: bits of an LFSR, FIPS 202 section 3.2.5. */
static const uint64_t round_constants[ROUNDS] = {
	0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b,
	0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088,
	0x0000000080008009, 0x000000008000000a, 0x000000008000808b, 0x800000000000008b, 0x8000000000008089,
	0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
	0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

/* Rho and pi walk the lanes in one cycle of 24: where lane goes, and by how much it turns. */
static const uint8_t pi_lane[24] = {10, 7,  11, 17, 18, 3, 5,  16, 8,  21, 24, 4,
				    15, 23, 19, 13, 12, 2, 20, 14, 22, 9,  6,  1};
static const uint8_t rho_shift[24] = {1,  3,  6,  10, 15, 21, 28, 36, 45, 55, 2,  14,
				      27, 41, 56, 8,  25, 43, 62, 18, 39, 61, 20, 44};

static uint64_t rotate_left(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static void permute(uint64_t a[25])
{
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t c[5], moving;

		for (int x = 0; x < 5; x++)
			c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
		for (int x = 0; x < 5; x++) {
			uint64_t d = c[(x + 4) % 5] ^ rotate_left(c[(x + 1) % 5], 1);

			for (int y = 0; y < 25; y += 5)
				a[y + x] ^= d;
		}
		moving = a[1];
		for (int i = 0; i < 24; i++) {
			uint64_t next = a[pi_lane[i]];

			a[pi_lane[i]] = rotate_left(moving, rho_shift[i]);
			moving = next;
		}
		for (int y = 0; y < 25; y += 5) {
			memcpy(c, a + y, sizeof(c));
			for (int x = 0; x < 5; x++)
				a[y + x] = c[x] ^ (~c[(x + 1) % 5] & c[(x + 2) % 5]);
		}
		a[0] ^= round_constants[round];
	}
}

static void absorb(uint64_t a[25], const uint8_t block[RATE])
{
	for (int i = 0; i < RATE; i++)
		a[i / 8] ^= (uint64_t)block[i] << (8 * (i % 8));
	permute(a);
}

void keccak256(const void *data, size_t len, uint8_t out[KECCAK256_LEN])
{
	const uint8_t *in = data;
	uint8_t last[RATE] = {0};
	uint64_t a[25] = {0};

	for (; len >= RATE; len -= RATE, in += RATE)
		absorb(a, in);
	if (len)
		memcpy(last, in, len);
	last[len] = 0x01;
	last[RATE - 1] |= 0x80;
	absorb(a, last);
	for (int i = 0; i < KECCAK256_LEN; i++)
		out[i] = (uint8_t)(a[i / 8] >> (8 * (i % 8)));
}
