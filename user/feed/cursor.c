// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "feed/cursor.h"

#include <errno.h>

const uint8_t *cursor_bytes(struct cursor *cursor, size_t n, const char *field)
{
	const uint8_t *at = cursor->data + cursor->at;

	if (cursor->failed)
		return NULL;
	if (n > cursor_left(cursor)) {
		cursor->failed = true;
		error_set(cursor->err, -EBADMSG, "%s: %zu byte%s at offset %zu, but the message ends at %zu", field, n,
			  n == 1 ? "" : "s", cursor->at, cursor->len);
		return NULL;
	}
	cursor->at += n;
	return at;
}

uint64_t cursor_be(struct cursor *cursor, unsigned width, const char *field)
{
	const uint8_t *bytes = cursor_bytes(cursor, width, field);
	uint64_t value = 0;

	for (unsigned i = 0; bytes && i < width; i++)
		value = value << 8 | bytes[i];
	return value;
}

uint64_t cursor_le(struct cursor *cursor, unsigned width, const char *field)
{
	const uint8_t *bytes = cursor_bytes(cursor, width, field);
	uint64_t value = 0;

	for (unsigned i = width; bytes && i-- > 0;)
		value = value << 8 | bytes[i];
	return value;
}

static int64_t extend(uint64_t value, unsigned width)
{
	unsigned shift = 64 - 8 * width;

	return (int64_t)(value << shift) >> shift;
}

int64_t cursor_be_signed(struct cursor *cursor, unsigned width, const char *field)
{
	return extend(cursor_be(cursor, width, field), width);
}

int64_t cursor_le_signed(struct cursor *cursor, unsigned width, const char *field)
{
	return extend(cursor_le(cursor, width, field), width);
}

int cursor_end(const struct cursor *cursor)
{
	if (cursor->failed)
		return -EBADMSG;
	if (cursor_left(cursor))
		return error_set(cursor->err, -EBADMSG, "%zu bytes are left over at offset %zu", cursor_left(cursor),
				 cursor->at);
	return 0;
}
