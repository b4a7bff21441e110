/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Keeps what a decoder emits, for tests. Include after cmocka.h. */
#ifndef PL_TESTS_FEED_SINK_H
#define PL_TESTS_FEED_SINK_H

#include <string.h>

#include "feed/decoder.h"

#define SINK_MAX 16

struct feed_sink {
	struct feed_message messages[SINK_MAX];
	struct feed_details details[SINK_MAX];
	int count;
	struct error err;
};

static void feed_sink_emit(void *context, const struct feed_message *message)
{
	struct feed_sink *sink = context;

	assert_in_range(sink->count, 0, SINK_MAX - 1);
	if (message->details)
		sink->details[sink->count] = *message->details;
	sink->messages[sink->count] = *message;
	sink->messages[sink->count].details = &sink->details[sink->count];
	sink->count++;
}

/* Text of a detail of message i; "" without. */
static inline const char *feed_sink_detail(const struct feed_sink *sink, int i, const char *name)
{
	const struct feed_details *details = &sink->details[i];

	for (unsigned k = 0; k < details->count; k++)
		if (!strcmp(details->list[k].name, name))
			return details->list[k].text;
	return "";
}

/* Decodes from an exact copy on the heap, so that AddressSanitizer sees a read behind the end. */
static int feed_sink_run(struct feed_sink *sink, decode_fn decode, const struct decode_options *options, const void *data,
			 size_t len)
{
	uint8_t *copy = malloc(len + !len);
	int ret;

	assert_non_null(copy);
	memcpy(copy, data, len);
	memset(sink, 0, sizeof(*sink));
	ret = decode(options, copy, len, feed_sink_emit, sink, &sink->err);
	if (ret >= 0)
		assert_int_equal(ret, sink->count);
	else
		assert_true(*sink->err.text);
	free(copy);
	return ret;
}

#endif
