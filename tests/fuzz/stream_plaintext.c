// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What TLS libraries gave, of two connections, with holes: pieces of bytes, each behind a head of four. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "stream/plaintext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t messages;
static volatile uint8_t sink; /* so that every byte is read */

static void on_message(void *context, uint32_t feed, const struct stream_message *message)
{
	uint8_t sum = 0;

	(void)context;
	(void)feed;
	for (size_t i = 0; i < message->len; i++)
		sum ^= message->data[i];
	sink = sum;
	messages++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t offset[2] = {0}, counters[STREAM_COUNTER_MAX];
	struct plaintext *plaintext;
	struct error err;

	messages = 0;
	if (plaintext_new(&plaintext, 1, NULL, on_message, &err))
		return 0;
	while (size >= 4) {
		size_t len = data[1] | (size_t)(data[2] & 3) << 8, which = data[0] & 1;
		struct pl_plaintext text = {.connection = which, .offset = data[0] & 2 ? 0 : offset[which] + (data[3] & 1), .captured = 0};

		data += 4;
		size -= 4;
		len = len < size ? len : size;
		text.captured = (uint32_t)len;
		text.len = text.captured + (data[-1] >> 1 & 1);
		plaintext_add(plaintext, &text, data, 1);
		offset[which] = text.offset + text.len;
		data += len;
		size -= len;
	}
	plaintext_counters(plaintext, 0, counters);
	if (counters[STREAM_COUNTER_MESSAGES] != messages)
		abort();
	plaintext_free(plaintext);
	return 0;
}
