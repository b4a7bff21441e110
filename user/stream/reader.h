/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the incremental readers (HTTP, WebSocket, server-sent events) share: plaintext comes in pieces whose place in
 * the TCP stream is known, and each message goes out with the offsets of its first byte and of its end.
 *
 * Offsets count the peer's payload bytes of the connection from 0; an end is exclusive. In a TLS record every byte of
 * plaintext becomes readable with the record's last byte, so all of them share the record's end.
 *
 * Readers return 0, or a negative errno with the error filled, after which the connection is of no more use:
 * -EPROTO a violation of the protocol, -EMSGSIZE a message above the limit, -EACCES the server refused the request,
 * -ESHUTDOWN an orderly end, -ENOMEM.
 */
#ifndef PL_STREAM_READER_H
#define PL_STREAM_READER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct piece {
	const uint8_t *data;
	size_t len;
	uint64_t start;	     /* offset of data[0]; in a TLS record at most 8 bytes early (TLS 1.2 nonces) */
	uint64_t record_end; /* end of the TLS record that holds the piece; 0 = plain */
};

typedef int (*piece_fn)(void *context, const struct piece *piece, struct error *err);
typedef void (*message_fn)(void *context, const uint8_t *data, size_t len, uint64_t first, uint64_t end);

/* Offset at which byte i of the piece lies, and the offset at whose arrival it becomes readable. */
static inline uint64_t piece_first(const struct piece *piece, size_t i)
{
	return piece->start + i;
}

static inline uint64_t piece_end(const struct piece *piece, size_t i)
{
	return piece->record_end ? piece->record_end : piece->start + i + 1;
}

static inline struct piece piece_slice(const struct piece *piece, size_t i, size_t len)
{
	return (struct piece){piece->data + i, len, piece->start + i, piece->record_end};
}

#endif
