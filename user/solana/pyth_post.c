// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "solana/pyth_post.h"

#include <string.h>

#include "feed/build.h"
#include "feed/pnau.h"

#define SELECTOR_BYTES 8
#define FEED_ID_BYTES 32
#define NODE_BYTES 20

static const struct post {
	uint8_t selector[SELECTOR_BYTES];
	bool has_vaa;
	unsigned int tail; /* bytes after the update */
} posts[] = {
	{{0x85, 0x5f, 0xcf, 0xaf, 0x0b, 0x4f, 0x76, 0x2c}, false, 1},
	{{0x31, 0xac, 0x54, 0xc0, 0xaf, 0xb4, 0x34, 0xea}, true, 1},
	{{0x1c, 0x09, 0x5d, 0x96, 0x56, 0x99, 0xbc, 0x73}, false, 1 + 2 + FEED_ID_BYTES},
};

static const struct post *post_of(struct cursor *cursor)
{
	const uint8_t *selector = cursor_bytes(cursor, SELECTOR_BYTES, "selector");

	for (size_t i = 0; selector && i < sizeof(posts) / sizeof(posts[0]); i++)
		if (!memcmp(selector, posts[i].selector, SELECTOR_BYTES))
			return &posts[i];
	return NULL;
}

static bool read_message(const uint8_t *data, size_t len, struct feed_message *out)
{
	struct cursor cursor = cursor_over(data, len, NULL);
	struct feed_details details = {.count = 0};

	message_clear(out);
	return cursor_be(&cursor, 1, "type") == PNAU_MESSAGE_PRICE && !pnau_read_price(&cursor, out, &details);
}

bool pyth_post_read(const struct instruction *instruction, struct feed_message *out)
{
	struct cursor cursor = cursor_over(instruction->data, instruction->len, NULL);
	const struct post *post = post_of(&cursor);
	const uint8_t *message;
	size_t len;

	if (!post)
		return false;
	if (post->has_vaa)
		cursor_bytes(&cursor, cursor_le(&cursor, 4, "VAA length"), "VAA");
	len = cursor_le(&cursor, 4, "message length");
	message = cursor_bytes(&cursor, len, "message");
	cursor_bytes(&cursor, NODE_BYTES * cursor_le(&cursor, 4, "number of proof nodes"), "proof");
	cursor_bytes(&cursor, post->tail, "arguments");
	return !cursor_end(&cursor) && read_message(message, len, out);
}

int pyth_posts(const struct transaction *transaction, decode_emit_fn emit, void *context)
{
	struct instruction_walk walk = {0};
	struct instruction instruction;
	struct feed_message message;
	int count = 0;

	while (transaction_next(transaction, &walk, &instruction)) {
		if (!pyth_post_read(&instruction, &message))
			continue;
		emit(context, &message);
		count++;
	}
	return count;
}
