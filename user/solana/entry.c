// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "solana/entry.h"

#include <errno.h>

#include "feed/cursor.h"

#define HASH_BYTES 32
#define MARKER_VERSION 1
#define MARKER_FOOTER 0
#define FOOTER_VERSION 1

static int read_entry(struct cursor *cursor, const struct entry_handlers *handlers)
{
	uint64_t hashes = cursor_le(cursor, 8, "entry's hashes");
	const uint8_t *hash = cursor_bytes(cursor, HASH_BYTES, "entry's hash");
	uint64_t count = cursor_le(cursor, 8, "entry's transactions");
	struct transaction transaction;
	int status;

	if (cursor->failed)
		return -EBADMSG;
	if (handlers->on_entry)
		handlers->on_entry(handlers->context, hashes, hash, count);
	/* A count that lies ends with the bytes: a transaction has some. */
	for (uint64_t i = 0; i < count; i++) {
		size_t offset = cursor->at;

		status = transaction_read(cursor->data + offset, cursor_left(cursor), &transaction, cursor->err);
		if (status)
			return error_prefix(cursor->err, status, "transaction %llu of an entry, at offset %zu",
					    (unsigned long long)i, offset);
		cursor_bytes(cursor, transaction.len, "transaction");
		handlers->on_transaction(handlers->context, offset, &transaction);
	}
	return 0;
}

/* A footer of another version is left: its fields are not known. */
static void read_footer(const uint8_t *data, size_t len, const struct entry_handlers *handlers)
{
	struct cursor cursor = cursor_over(data, len, NULL);
	uint64_t version = cursor_le(&cursor, 1, "footer version"), published_ns;

	cursor_bytes(&cursor, HASH_BYTES, "bank hash");
	published_ns = cursor_le(&cursor, 8, "time");
	if (version == FOOTER_VERSION && !cursor.failed)
		handlers->on_footer(handlers->context, published_ns);
}

static int read_marker(struct cursor *cursor, const struct entry_handlers *handlers)
{
	uint64_t version = cursor_le(cursor, 2, "marker version"), kind = cursor_le(cursor, 1, "marker kind");
	size_t len = cursor_le(cursor, 2, "marker length");
	const uint8_t *data = cursor_bytes(cursor, len, "marker");

	if (cursor->failed)
		return -EBADMSG;
	if (version != MARKER_VERSION)
		return error_set(cursor->err, -EBADMSG, "a block marker of version %llu is not known",
				 (unsigned long long)version);
	if (kind == MARKER_FOOTER)
		read_footer(data, len, handlers);
	return 0;
}

int entries_read(const uint8_t *data, size_t len, const struct entry_handlers *handlers, struct error *err)
{
	struct cursor cursor = cursor_over(data, len, err);
	int status = 0;

	while (!status && cursor_left(&cursor)) {
		uint64_t count = cursor_le(&cursor, 8, "number of entries");

		if (cursor.failed)
			return -EBADMSG;
		if (!count)
			status = read_marker(&cursor, handlers);
		for (uint64_t i = 0; !status && i < count; i++)
			status = read_entry(&cursor, handlers);
	}
	return status;
}
