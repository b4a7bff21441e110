/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Keeps what a block decoder emits, for tests. Include after cmocka.h. */
#ifndef PL_TESTS_FEED_BLOCKS_H
#define PL_TESTS_FEED_BLOCKS_H

#include <stdlib.h>
#include <string.h>

#include "feed/block.h"

#define BLOCK_SINK_MAX 64

struct block_sink {
	struct block_message messages[BLOCK_SINK_MAX];
	int count;
	struct error err;
};

static void block_sink_emit(void *context, const struct block_message *message)
{
	struct block_sink *sink = context;

	assert_in_range(sink->count, 0, BLOCK_SINK_MAX - 1);
	sink->messages[sink->count++] = *message;
}

/* Decodes from an exact copy on the heap, so that AddressSanitizer sees a read behind the end. */
static int block_sink_run(struct block_sink *sink, block_decode_fn decode, const void *data, size_t len)
{
	uint8_t *copy = malloc(len + !len);
	int ret;

	assert_non_null(copy);
	memcpy(copy, data, len);
	memset(sink, 0, sizeof(*sink));
	ret = decode(copy, len, block_sink_emit, sink, &sink->err);
	if (ret >= 0)
		assert_int_equal(ret, sink->count);
	else
		assert_true(*sink->err.text);
	free(copy);
	return ret;
}

#endif
