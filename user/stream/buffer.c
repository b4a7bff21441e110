// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stream/buffer.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

#define CAPACITY_MIN 256

uint8_t *buffer_reserve(struct buffer *buffer, size_t len)
{
	size_t capacity = buffer->capacity ? buffer->capacity : CAPACITY_MIN;
	uint8_t *data;

	if (len > SIZE_MAX / 2 - buffer->len)
		return NULL;
	if (buffer->len + len > buffer->capacity) {
		while (capacity < buffer->len + len)
			capacity *= 2;
		/* The old copy is wiped: request headers pass through here. */
		data = OPENSSL_clear_realloc(buffer->data, buffer->capacity, capacity);
		if (!data)
			return NULL;
		buffer->data = data;
		buffer->capacity = capacity;
	}
	return buffer->data + buffer->len;
}

int buffer_append(struct buffer *buffer, const void *data, size_t len)
{
	uint8_t *room;

	if (!len) /* an empty buffer has no room to point to */
		return 0;
	room = buffer_reserve(buffer, len);
	if (!room)
		return -ENOMEM;
	memcpy(room, data, len);
	buffer->len += len;
	return 0;
}

int buffer_append_text(struct buffer *buffer, const char *text)
{
	return buffer_append(buffer, text, strlen(text));
}

void buffer_consume(struct buffer *buffer, size_t len)
{
	buffer->len -= len;
	if (buffer->len)
		memmove(buffer->data, buffer->data + len, buffer->len);
}

void buffer_free(struct buffer *buffer)
{
	OPENSSL_clear_free(buffer->data, buffer->capacity);
	*buffer = (struct buffer){0};
}
