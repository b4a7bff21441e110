/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Messages out of what the TLS library of another process gave it (PL_RECORD_PLAINTEXT): WebSocket or server-sent events, as
 * the server's answer says. A stream that was open before, or has a hole, is taken up where a call of the library gives the
 * beginning of a frame or an event; a WebSocket not if it is compressed.
 *
 * `wire` of a message is when the packet came that completed what had been read of the socket as its last byte was handed
 * out. OpenSSL reads one TLS record at a time unless it is told otherwise: then that packet is the record's last one. A
 * process that reads ahead, or hands its library what it has read itself, may have read more: then it is the last packet of
 * that, which came no earlier. `app` is when the library returned.
 */
#ifndef PL_STREAM_PLAINTEXT_H
#define PL_STREAM_PLAINTEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "record.h"
#include "stream/subscriber.h"

#define PLAINTEXT_CONNECTIONS_MAX 1024 /* followed at once; the one that was silent for longest makes room */

typedef void (*plaintext_message_fn)(void *context, uint32_t feed, const struct stream_message *message);

struct plaintext;

int plaintext_new(struct plaintext **out, size_t feed_count, void *context, plaintext_message_fn on_message, struct error *err);

/* wire_mono_ns: what reads_wire_ns() says of it. `bytes`: text->captured of them. */
void plaintext_add(struct plaintext *plaintext, const struct pl_plaintext *text, const uint8_t *bytes, int64_t wire_mono_ns);

void plaintext_counters(const struct plaintext *plaintext, uint32_t feed, uint64_t out[STREAM_COUNTER_MAX]);
void plaintext_free(struct plaintext *plaintext);

#endif
