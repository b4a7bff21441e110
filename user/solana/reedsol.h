/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reed-Solomon over GF(2^8) as Solana's shreds use it: the 64 shards of a set are the values, at x = 0..63, of the one
 * polynomial of degree below 32 that takes the data shards at x = 0..31; byte for byte, x being the field's element of
 * that number. Any 32 shards give all the others, by Lagrange's formula. Field: x^8 + x^4 + x^3 + x^2 + 1 (0x11d).
 *
 * Source: the crate reed-solomon-erasure (a Vandermonde matrix made systematic, which is this polynomial), which Agave
 * uses; Firedancer src/ballet/reedsol gives the same bytes.
 */
#ifndef PL_SOLANA_REEDSOL_H
#define PL_SOLANA_REEDSOL_H

#include <stdint.h>

#define REEDSOL_SHARDS 64
#define REEDSOL_DATA 32
#define REEDSOL_SHARD_BYTES 1024 /* room of a shard; what a set does not use of it is zero, and stays so */

/* Computes every shard whose bit in `present` is clear. At least 32 bits must be set. About 5 µs a shard (gcc -O2, Zen 4). */
void reedsol_fill(uint8_t shards[REEDSOL_SHARDS][REEDSOL_SHARD_BYTES], uint64_t present);

#endif
