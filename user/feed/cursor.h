/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading a binary message from front to back. The first read beyond the end fails the cursor and says so in its error,
 * with the name of the field and the offset; every later read answers zeros. So a decoder reads a group of fields
 * straight on and looks at `failed` once.
 */
#ifndef PL_FEED_CURSOR_H
#define PL_FEED_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct cursor {
	const uint8_t *data;
	size_t len, at;
	struct error *err;
	bool failed;
};

static inline struct cursor cursor_over(const uint8_t *data, size_t len, struct error *err)
{
	return (struct cursor){.data = data, .len = len, .err = err};
}

/* The next `n` bytes, and moves past them; NULL (and failed) where the message is shorter. `field` names them in the error. */
const uint8_t *cursor_bytes(struct cursor *cursor, size_t n, const char *field);

/* Integers of `width` bytes, 1 to 8, big and little endian; signed ones are extended. */
uint64_t cursor_be(struct cursor *cursor, unsigned width, const char *field);
uint64_t cursor_le(struct cursor *cursor, unsigned width, const char *field);
int64_t cursor_be_signed(struct cursor *cursor, unsigned width, const char *field);
int64_t cursor_le_signed(struct cursor *cursor, unsigned width, const char *field);

static inline size_t cursor_left(const struct cursor *cursor)
{
	return cursor->len - cursor->at;
}

/* 0 at the end of the message; -EBADMSG with an error where bytes follow, or where the cursor has failed. */
int cursor_end(const struct cursor *cursor);

#endif
