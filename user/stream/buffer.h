/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bytes that grow. All zero is an empty buffer. */
#ifndef PL_STREAM_BUFFER_H
#define PL_STREAM_BUFFER_H

#include <stddef.h>
#include <stdint.h>

struct buffer {
	uint8_t *data;
	size_t len, capacity;
};

/* 0 or -ENOMEM, with the buffer unchanged. */
int buffer_append(struct buffer *buffer, const void *data, size_t len);
int buffer_append_text(struct buffer *buffer, const char *text);

/* Room for `len` more bytes behind the end, for the caller to fill and add to .len; NULL without memory. */
uint8_t *buffer_reserve(struct buffer *buffer, size_t len);

/* Removes the first `len` bytes. */
void buffer_consume(struct buffer *buffer, size_t len);

/* Wipes (it may have held a secret) and frees. */
void buffer_free(struct buffer *buffer);

#endif
