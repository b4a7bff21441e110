// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stream/reassembly.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct reassembly_chunk {
	struct reassembly_chunk *next;
	uint64_t start;
	size_t len;
	uint8_t data[];
};

static int hold(struct reassembly *r, struct reassembly_chunk **at, uint64_t start, const uint8_t *data, size_t len,
		struct error *err)
{
	struct reassembly_chunk *chunk;

	if (len > REASSEMBLY_BYTES_MAX - r->bytes || r->chunks == REASSEMBLY_CHUNKS_MAX)
		return error_set(err, -ENOBUFS, "the bytes at offset %llu of the stream are missing",
				 (unsigned long long)r->next);
	chunk = malloc(sizeof(*chunk) + len);
	if (!chunk)
		return error_set(err, -ENOMEM, "out of memory");
	*chunk = (struct reassembly_chunk){.next = *at, .start = start, .len = len};
	memcpy(chunk->data, data, len);
	*at = chunk;
	r->bytes += len;
	r->chunks++;
	return 0;
}

static struct reassembly_chunk *take_head(struct reassembly *r)
{
	struct reassembly_chunk *chunk = r->head;

	r->head = chunk->next;
	r->bytes -= chunk->len;
	r->chunks--;
	return chunk;
}

/* Keeps the parts of [start, start + len) that no chunk covers yet. */
static int hold_new(struct reassembly *r, uint64_t start, const uint8_t *data, size_t len, struct error *err)
{
	struct reassembly_chunk **at = &r->head;
	uint64_t end = start + len;

	while (start < end) {
		struct reassembly_chunk *chunk = *at;
		uint64_t stop = chunk && chunk->start < end ? chunk->start : end;
		int code;

		if (chunk && chunk->start <= start) {
			uint64_t skip = chunk->start + chunk->len > start ? chunk->start + chunk->len - start : 0;

			skip = skip < end - start ? skip : end - start;
			start += skip;
			data += skip;
			at = &chunk->next;
			continue;
		}
		code = hold(r, at, start, data, (size_t)(stop - start), err);
		if (code)
			return code;
		at = &(*at)->next;
		data += stop - start;
		start = stop;
	}
	return 0;
}

static int pass(struct reassembly *r, const uint8_t *data, size_t len, piece_fn sink, void *context, struct error *err)
{
	struct piece piece = {.data = data, .len = len, .start = r->next};

	r->next += len;
	return sink(context, &piece, err);
}

static int pass_on(struct reassembly *r, piece_fn sink, void *context, struct error *err)
{
	int code = 0;

	while (!code && r->head && r->head->start == r->next) {
		struct reassembly_chunk *chunk = take_head(r);

		code = pass(r, chunk->data, chunk->len, sink, context, err);
		free(chunk);
	}
	return code;
}

int reassembly_add(struct reassembly *r, int64_t start, const uint8_t *data, size_t len, piece_fn sink, void *context,
		   struct error *err)
{
	int code;

	if (start < (int64_t)r->next) {
		uint64_t old = r->next - (uint64_t)start; /* also right where start is negative */

		if (old >= len)
			return 0;
		data += old;
		len -= old;
		start = (int64_t)r->next;
	}
	if (!len)
		return 0;
	if ((uint64_t)start == r->next && !r->head)
		return pass(r, data, len, sink, context, err);
	code = hold_new(r, (uint64_t)start, data, len, err);
	return code ? code : pass_on(r, sink, context, err);
}

uint64_t reassembly_held(const struct reassembly *reassembly)
{
	return reassembly->head ? reassembly->head->start : 0;
}

int reassembly_skip(struct reassembly *reassembly, piece_fn sink, void *context, struct error *err)
{
	if (!reassembly->head)
		return 0;
	reassembly->next = reassembly->head->start;
	return pass_on(reassembly, sink, context, err);
}

void reassembly_free(struct reassembly *reassembly)
{
	while (reassembly->head)
		free(take_head(reassembly));
}
