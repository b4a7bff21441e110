/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The HTTP request that opens a subscription: WebSocket upgrade (RFC 6455 4.1) or server-sent events. */
#ifndef PL_STREAM_REQUEST_H
#define PL_STREAM_REQUEST_H

#include "base/error.h"
#include "stream/buffer.h"
#include "stream/subscriber.h"
#include "stream/url.h"

/* Appends the configured header fields as text. -EINVAL for a malformed name, a value that would break the header, or a field that pricelag writes itself; the text names the field and never its value. */
int request_fields(struct buffer *out, const struct stream_header *headers, size_t count, struct error *err);

/* Appends the whole request. `key`: Sec-WebSocket-Key, for ws and wss. -ENOMEM. */
int request_write(struct buffer *out, const struct url *url, const struct buffer *fields, const char *key);

#endif
