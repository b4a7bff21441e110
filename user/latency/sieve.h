/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A set of texts in 4 MB, however many they are: what was put in is in it, and so may be a text that was not (Bloom 1970; three bits
 * each: 0.06 % of the others with a million texts, one in five with ten million). For leaving out most of what cannot match.
 */
#ifndef PL_LATENCY_SIEVE_H
#define PL_LATENCY_SIEVE_H

#include <stdbool.h>
#include <stdint.h>

#define SIEVE_BITS (UINT64_C(1) << 25)

struct sieve {
	uint64_t *words; /* NULL: empty */
};

/* NULL and "" are in no sieve. 0 or -ENOMEM. */
int sieve_add(struct sieve *sieve, const char *text);
bool sieve_may_have(const struct sieve *sieve, const char *text);
void sieve_free(struct sieve *sieve);

#endif
