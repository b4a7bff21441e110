/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What holds for whatever a block decoder emits. */
#ifndef PL_FUZZ_BLOCK_CHECK_H
#define PL_FUZZ_BLOCK_CHECK_H

#include <stdlib.h>
#include <string.h>

#include "feed/block.h"

static inline void block_require(bool holds)
{
	if (!holds)
		abort();
}

static inline bool is_hash(const char text[BLOCK_HASH_MAX])
{
	return memchr(text, 0, BLOCK_HASH_MAX) && !text[strspn(text, "0123456789abcdef")] && strlen(text) % 2 == 0;
}

/* Counts, and checks a kind that there is, and hashes in lower-case hex that end. */
static inline void check_block(void *context, const struct block_message *m)
{
	++*(int *)context;
	block_require((unsigned int)m->kind < BLOCK_KINDS_MAX && m->part >= BLOCK_PART_WHOLE);
	block_require(is_hash(m->hash) && is_hash(m->parent));
}

/* The count is what was emitted, or there is an error with a text. */
static inline void check_block_decoder(block_decode_fn decode, const uint8_t *data, size_t len)
{
	struct error err = {0};
	int count = 0, ret = decode(data, len, check_block, &count, &err);

	block_require(ret < 0 ? *err.text != 0 : ret == count);
}

#endif
