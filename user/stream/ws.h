/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * WebSocket frames (RFC 6455): an incremental reader of what a server sends, and a writer of what a client sends.
 * The only extension is permessage-deflate, where the server has agreed to it (deflate.h). A compressed message's place in
 * the stream is that of its frames.
 */
#ifndef PL_STREAM_WS_H
#define PL_STREAM_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream/buffer.h"
#include "stream/deflate.h"
#include "stream/reader.h"

enum ws_opcode {
	WS_CONTINUATION = 0,
	WS_TEXT = 1,
	WS_BINARY = 2,
	WS_CLOSE = 8,
	WS_PING = 9,
	WS_PONG = 10,
};

#define WS_CONTROL_MAX 125
#define WS_NORMAL_CLOSURE 1000

/* Base64 of 16 random bytes, of a SHA-1, with NUL. */
#define WS_KEY_SIZE 25
#define WS_ACCEPT_SIZE 29

struct ws_reader {
	void *context;
	message_fn on_message; /* first = the first frame's first byte */
	/* Ping, pong or close, once complete; may be NULL. */
	void (*on_control)(void *context, enum ws_opcode opcode, const uint8_t *payload, size_t len);
	size_t max_message;

	uint8_t header[10];
	size_t header_len, header_need;
	uint64_t frame_first, remaining; /* payload bytes of this frame still to come */
	bool in_payload, fin;
	enum ws_opcode opcode; /* of this frame */

	bool in_message;
	enum ws_opcode kind; /* of the message: text or binary */
	uint64_t message_first;
	bool compressed; /* this message is */
	struct deflate deflate;
	struct buffer message;
	struct utf8 {
		uint32_t point, least;
		unsigned need;
	} utf8;
	uint8_t control[WS_CONTROL_MAX];
	size_t control_len;
};

/* All fields but the callbacks and the limit begin as zero. -ESHUTDOWN after a close frame (on_control had it first). */
int ws_feed(struct ws_reader *reader, const struct piece *piece, struct error *err);
void ws_reader_free(struct ws_reader *reader);

/* Appends one whole masked frame; -ENOMEM, -EIO without random numbers. */
int ws_write(struct buffer *out, enum ws_opcode opcode, const void *payload, size_t len);

/* A fresh Sec-WebSocket-Key, and the Sec-WebSocket-Accept that answers it. 0 or -EIO. */
int ws_key(char out[WS_KEY_SIZE]);
int ws_accept(const char *key, char out[WS_ACCEPT_SIZE]);

#endif
