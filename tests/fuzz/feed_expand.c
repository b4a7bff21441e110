// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A brotli stream, after the limit in units of 64 bytes (0: one byte): nothing beyond the limit comes out. */
#include <stdint.h>
#include <stdlib.h>

#include "feed/expand.h"

static volatile uint8_t sum; /* so that every byte is read */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err;
	size_t limit, len;
	uint8_t *out;

	if (!size)
		return 0;
	limit = data[0] ? (size_t)data[0] * 64 : 1;
	if (expand_brotli(data + 1, size - 1, limit, &out, &len, &err))
		return 0;
	if (len > limit)
		abort();
	for (size_t i = 0; i < len; i++)
		sum ^= out[i];
	free(out);
	return 0;
}
