// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Polynomials whose values are known without a computation; published parity is held to account in solana_golden.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "solana/reedsol.h"

static uint8_t shards[REEDSOL_SHARDS][REEDSOL_SHARD_BYTES];

/* P(x) = c, and P(x) = x: bytes at even offsets take the one, at odd offsets the other. */
static void known(void)
{
	for (unsigned int x = 0; x < REEDSOL_SHARDS; x++)
		for (unsigned int i = 0; i < REEDSOL_SHARD_BYTES; i++)
			shards[x][i] = (uint8_t)(i % 2 ? x : 0x5a);
}

static void check(uint64_t present)
{
	static uint8_t whole[REEDSOL_SHARDS][REEDSOL_SHARD_BYTES];

	memcpy(whole, shards, sizeof(whole));
	for (unsigned int x = 0; x < REEDSOL_SHARDS; x++)
		if (!(present >> x & 1))
			memset(shards[x], 0xee, sizeof(shards[x]));
	reedsol_fill(shards, present);
	assert_memory_equal(shards, whole, sizeof(whole));
}

static void test_known_polynomials(void **state)
{
	(void)state;
	known();
	check(UINT32_MAX);
	check((uint64_t)UINT32_MAX << 32);
	check(0x5555555555555555);
	check(0xffffffff00000000 >> 7);
	check(UINT64_MAX);
}

/* What any 32 give from one another is one and the same. */
static void test_any_subset(void **state)
{
	uint64_t random = 88172645463325252ULL;

	(void)state;
	for (unsigned int x = 0; x < REEDSOL_DATA; x++)
		for (unsigned int i = 0; i < REEDSOL_SHARD_BYTES; i++) {
			random = random * 6364136223846793005ULL + 1442695040888963407ULL;
			shards[x][i] = (uint8_t)(random >> 56);
		}
	reedsol_fill(shards, UINT32_MAX);
	for (int round = 0; round < 30; round++) {
		uint64_t present = 0;

		while (__builtin_popcountll(present) < REEDSOL_DATA) {
			random = random * 6364136223846793005ULL + 1442695040888963407ULL;
			present |= 1ULL << (random >> 58);
		}
		check(present);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_polynomials),
		cmocka_unit_test(test_any_subset),
	};

	return cmocka_run_group_tests_name("solana_reedsol", tests, NULL, NULL);
}
