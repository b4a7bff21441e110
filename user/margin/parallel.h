/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A loop over independent pieces on several threads. */
#ifndef PL_MARGIN_PARALLEL_H
#define PL_MARGIN_PARALLEL_H

#include <stddef.h>

/* Threads to use: `wanted`, or one per processor for 0; `pieces` at most, 1 at least. */
unsigned parallel_threads(unsigned wanted, size_t pieces);

/* Calls `piece(context, i)` once for every i < pieces, in any order, on up to `threads` threads (fewer if they cannot start). */
void parallel_for(unsigned threads, size_t pieces, void (*piece)(void *context, size_t i), void *context);

#endif
