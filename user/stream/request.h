/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The HTTP request that opens a subscription: WebSocket upgrade (RFC 6455 4.1) or server-sent events. */
#ifndef PL_STREAM_REQUEST_H
#define PL_STREAM_REQUEST_H

#include "base/error.h"
#include "stream/buffer.h"
#include "stream/subscriber.h"
#include "stream/url.h"

/*
 * Appends the configured header fields as text. -EINVAL for a malformed name, a value that would break the header, or a field
 * that pricelag writes itself; the text names the field and never its value.
 */
int request_fields(struct buffer *out, const struct stream_header *headers, size_t count, struct error *err);

/* What is particular to one connection. */
struct request_terms {
	const char *key; /* Sec-WebSocket-Key, for ws and wss */
	bool deflate;	 /* offer compression */
	const struct stream_auth *auth; /* its id NULL: none */
	int64_t now_ms;	 /* UTC, for `auth` */
};

/* Appends the whole request. -ENOMEM. */
int request_write(struct buffer *out, const struct url *url, const struct buffer *fields, const struct request_terms *terms);

#endif
