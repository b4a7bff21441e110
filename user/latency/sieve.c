// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/sieve.h"

#include <errno.h>
#include <stdlib.h>

#include "latency/intern.h"

#define PROBES 3

/* Kirsch and Mitzenmacher (2008): as many hashes as one likes out of two. */
static uint64_t place(uint64_t hash, int probe)
{
	return (hash + (uint64_t)probe * ((hash >> 32 | hash << 32) | 1)) % SIEVE_BITS;
}

int sieve_add(struct sieve *sieve, const char *text)
{
	uint64_t hash;

	if (!text || !*text)
		return 0;
	if (!sieve->words) {
		sieve->words = calloc(SIEVE_BITS / 64, sizeof(*sieve->words));
		if (!sieve->words)
			return -ENOMEM;
	}
	hash = text_hash(text);
	for (int i = 0; i < PROBES; i++)
		sieve->words[place(hash, i) / 64] |= UINT64_C(1) << place(hash, i) % 64;
	return 0;
}

bool sieve_may_have(const struct sieve *sieve, const char *text)
{
	uint64_t hash;

	if (!text || !*text || !sieve->words)
		return false;
	hash = text_hash(text);
	for (int i = 0; i < PROBES; i++)
		if (!(sieve->words[place(hash, i) / 64] >> place(hash, i) % 64 & 1))
			return false;
	return true;
}

void sieve_free(struct sieve *sieve)
{
	free(sieve->words);
	sieve->words = NULL;
}
