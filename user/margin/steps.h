/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A random walk in equal steps, a chunk at a time: the sums of the N(0, 1) that move a price from block to block. Philox4x32-10
 * counted as in rng.h, four numbers of a block to two Box-Muller pairs, in single precision and in the lanes of the machine's
 * vectors. Sums start anew at every chunk, so that rounding does not grow with the length of the walk: whoever walks adds up
 * the chunks in double precision.
 *
 * The same bits from every kernel: each operation is one of IEEE 754 (fused multiply-adds are written as such, none is
 * left to the compiler) and no lane knows of another. Error of a number against exact arithmetic on the same words, of which
 * the radius takes a uniform of 24 significant bits: STEPS_ERROR. The largest number possible is 6.66.
 */
#ifndef PL_MARGIN_STEPS_H
#define PL_MARGIN_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#define STEPS_CHUNK 64 /* steps */
#define STEPS_ERROR 1e-6

/* Where in the random numbers: rng_open()'s arguments. */
struct steps_place {
	uint64_t seed, path;
	uint32_t lane;
	uint32_t stream; /* enum rng_stream */
};

struct steps_kernel {
	const char *name;
	bool (*runs_here)(void);
	/* The sums after each step of the chunk. */
	void (*walk)(const struct steps_place *place, uint32_t chunk, float sums[STEPS_CHUNK]);
};

extern const struct steps_kernel *const steps_kernels[]; /* the fastest first; NULL at the end; the last one runs everywhere */

/* The fastest one that runs on this machine. */
const struct steps_kernel *steps_kernel(void);

#endif
