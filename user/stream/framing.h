/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a server's plaintext to its messages: response head, then WebSocket frames or server-sent events. The subscriber
 * and the passive reader both use it.
 */
#ifndef PL_STREAM_FRAMING_H
#define PL_STREAM_FRAMING_H

#include <stdbool.h>

#include "stream/http.h"
#include "stream/reader.h"
#include "stream/sse.h"
#include "stream/ws.h"

#define STREAM_MESSAGE_MAX ((size_t)16 << 20) /* default limit of one message */

struct framing_callbacks {
	void *context;
	message_fn on_message;
	/* The server agreed: messages may follow. May be NULL. */
	void (*on_open)(void *context);
	/* A WebSocket ping, pong or close. May be NULL. */
	void (*on_control)(void *context, enum ws_opcode opcode, const uint8_t *payload, size_t len);
};

struct framing {
	struct framing_callbacks callbacks;
	bool websocket, open;
	bool deflate; /* the request offered compression, or may have (a connection that is only watched) */
	char accept[WS_ACCEPT_SIZE]; /* expected Sec-WebSocket-Accept; "" takes any (a connection that is only watched) */
	struct http_head head;
	struct http_body body;
	struct ws_reader ws;
	struct sse_reader sse;
};

/* `accept` NULL: not checked. max_message 0: STREAM_MESSAGE_MAX. */
void framing_init(struct framing *framing, bool websocket, const char *accept, size_t max_message,
		  const struct framing_callbacks *callbacks);
void framing_free(struct framing *framing);

/* A piece_fn (reader.h): `framing` is its context. */
int framing_feed(void *framing, const struct piece *piece, struct error *err);

#endif
