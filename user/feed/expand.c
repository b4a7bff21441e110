// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "feed/expand.h"

#include <brotli/decode.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define FIRST_BYTES 65536

struct expansion {
	BrotliDecoderState *decoder;
	uint8_t *data;
	size_t len, room, limit;
};

/* Twice as much room, up to the limit: false where there is no more. */
static bool grow(struct expansion *e, struct error *err, int *status)
{
	size_t wanted = e->room ? 2 * e->room : FIRST_BYTES;
	uint8_t *grown;

	if (e->room == e->limit) {
		*status = error_set(err, -EBADMSG, "brotli: it expands to more than %zu bytes", e->limit);
		return false;
	}
	if (wanted > e->limit)
		wanted = e->limit;
	grown = realloc(e->data, wanted);
	if (!grown) {
		*status = error_set(err, -ENOMEM, "brotli: no memory for %zu bytes", wanted);
		return false;
	}
	e->data = grown;
	e->room = wanted;
	return true;
}

static int run(struct expansion *e, const uint8_t *data, size_t len, struct error *err)
{
	BrotliDecoderResult result = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
	const uint8_t *next = data;
	size_t left = len;
	int status = 0;

	while (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
		uint8_t *out;
		size_t room;

		if (e->len == e->room && !grow(e, err, &status))
			return status;
		out = e->data + e->len;
		room = e->room - e->len;
		result = BrotliDecoderDecompressStream(e->decoder, &left, &next, &room, &out, NULL);
		e->len = e->room - room;
	}
	if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT)
		return error_set(err, -EBADMSG, "brotli: offset %zu: the stream goes on behind the message's end", len);
	if (result == BROTLI_DECODER_RESULT_ERROR)
		return error_set(err, -EBADMSG, "brotli: offset %zu: %s", len - left,
				 BrotliDecoderErrorString(BrotliDecoderGetErrorCode(e->decoder)));
	if (left)
		return error_set(err, -EBADMSG, "brotli: offset %zu: %zu bytes behind the stream's end", len - left, left);
	return 0;
}

int expand_brotli(const uint8_t *data, size_t len, size_t limit, uint8_t **out, size_t *out_len, struct error *err)
{
	struct expansion e = {.decoder = BrotliDecoderCreateInstance(NULL, NULL, NULL), .limit = limit};
	int status;

	if (!e.decoder)
		return error_set(err, -ENOMEM, "brotli: no memory");
	status = run(&e, data, len, err);
	BrotliDecoderDestroyInstance(e.decoder);
	if (status) {
		free(e.data);
		return status;
	}
	*out = e.data;
	*out_len = e.len;
	return 0;
}
