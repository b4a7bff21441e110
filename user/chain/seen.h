/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which logs were seen, in bounded memory: digests with a state (on chain, or taken back by a reorg). When it is full the
 * oldest is forgotten; it holds far more than the blocks that are ever fetched twice.
 */
#ifndef PL_CHAIN_SEEN_H
#define PL_CHAIN_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/keccak.h"

struct seen;

/* NULL without memory. */
struct seen *seen_new(uint32_t capacity);

/* Notes the state; true if that is news (never seen, or seen in the other state). */
bool seen_mark(struct seen *seen, const uint8_t digest[KECCAK256_LEN], bool removed);

void seen_free(struct seen *seen);

#endif
