/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bytes of one direction of a TCP stream in order, of segments that came in any order. Where copies differ, the first to arrive counts. */
#ifndef PL_STREAM_REASSEMBLY_H
#define PL_STREAM_REASSEMBLY_H

#include <stddef.h>
#include <stdint.h>

#include "stream/reader.h"

/* What may wait behind a hole. A receiver's window is rarely larger: bytes missing for longer are missing in the capture. */
#define REASSEMBLY_BYTES_MAX ((size_t)8 << 20)
#define REASSEMBLY_CHUNKS_MAX 8192

struct reassembly_chunk;

struct reassembly {
	uint64_t next; /* offset of the first byte not passed on yet */
	struct reassembly_chunk *head;
	size_t bytes, chunks;
};

/*
 * Takes bytes at `start` (negative: before the stream) and passes on, in order, all that is now complete. What `sink`
 * returns, -ENOBUFS above the limits, -ENOMEM.
 */
int reassembly_add(struct reassembly *reassembly, int64_t start, const uint8_t *data, size_t len, piece_fn sink,
		   void *context, struct error *err);

/* Offset of the first byte that waits behind a hole; 0: none does. */
uint64_t reassembly_held(const struct reassembly *reassembly);
/* Gives the hole up: goes on with the bytes behind it, as far as they reach. What `sink` returns. */
int reassembly_skip(struct reassembly *reassembly, piece_fn sink, void *context, struct error *err);
void reassembly_free(struct reassembly *reassembly);

#endif
