/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * permessage-deflate (RFC 7692), the server's direction: the terms that a server agrees to, and the decompression of its
 * messages, one after another in one window (context takeover) unless it said that it starts anew each time. Nothing is
 * compressed towards the server: the extension leaves that to each side, message by message.
 */
#ifndef PL_STREAM_DEFLATE_H
#define PL_STREAM_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#include "base/error.h"
#include "stream/buffer.h"

/* What the request offers. */
#define DEFLATE_OFFER "Sec-WebSocket-Extensions: permessage-deflate\r\n"

struct deflate {
	bool agreed;
	bool no_context; /* server_no_context_takeover */
	bool ready;	 /* zlib's state is there */
	z_stream stream;
	struct buffer message;
};

/* The value of the answer's Sec-WebSocket-Extensions. -EPROTO for whatever was not offered, or is said twice. */
int deflate_agree(struct deflate *deflate, const char *extensions, struct error *err);

/* One whole compressed message into deflate->message. `max`: limit of its length. -EPROTO for bytes that are no DEFLATE
 * stream, -EMSGSIZE above the limit, -ENOMEM. */
int deflate_message(struct deflate *deflate, const uint8_t *data, size_t len, size_t max, struct error *err);

void deflate_free(struct deflate *deflate);

#endif
