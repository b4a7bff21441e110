/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A subscription that pricelag owns: ws, wss, http and https (server-sent events), single-threaded and non-blocking.
 * Each message comes with the time at which the packet that completed it arrived on the wire: the
 * byte offset at which the message ends, plus the peer's initial sequence number, is a TCP sequence number, and the
 * kernel side stamped the segment that covers it.
 *
 * Life of a subscriber: subscriber_new → loop { poll fd → subscriber_step; drain the ring → subscriber_segment for each
 * SEGMENT record of its flow id; subscriber_settle } → subscriber_free.
 */
#ifndef PL_STREAM_SUBSCRIBER_H
#define PL_STREAM_SUBSCRIBER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "record.h"
#include "stream/auth.h"
#include "tap/tap.h"

struct stream_message {
	const uint8_t *data; /* payload of a WebSocket text or binary message, or the data of one server-sent event; not NUL-terminated */
	size_t len;
	int64_t first_mono_ns; /* arrival of the packet with the message's first byte; TIME_UNKNOWN where not mapped */
	int64_t wire_mono_ns;  /* in-order completion of the message's last byte; TIME_UNKNOWN where not mapped */
	int64_t stall_ns;      /* wire minus the arrival of the last byte itself: head-of-line blocking */
	int64_t app_mono_ns;   /* when this process had decrypted and framed it */
};

#define STREAM_COUNTERS(X)                                                                                             \
	X(MESSAGES, messages, "messages received", 0)                                                                  \
	X(UNMAPPED, unmapped, "messages whose packet could not be found: wire is null", 1)                             \
	X(RECONNECTS, reconnects, "connections lost: what was sent until they were open again is missing", 1)          \
	X(NEVER_OPEN, never_open, "connections that were never open while it was recorded", 1)                         \
	X(RETRANSMITS, retransmits, "segments that only repeated bytes already seen", 0)                               \
	X(REORDERED, reordered, "segments that arrived before an earlier byte", 0)                                     \
	X(PROTOCOL_ERRORS, protocol_errors, "connections closed because of a violation of HTTP, WebSocket or TLS", 1)  \
	X(OVERSIZED, oversized, "messages above the limit; the connection is closed", 1)                               \
	X(ENCRYPTED, encrypted, "watched connections that could not be decrypted: no message of them was read", 1)    \
	X(INCOMPLETE, incomplete, "watched connections of which bytes are missing in the capture", 1)         \
	X(HOLES, holes, "runs of bytes of watched streams that never came: messages in them were not read", 1)         \
	X(NOT_FOLLOWED, not_followed, "watched streams beyond what is followed: no message of them was read", 1)       \
	X(FOREIGN, foreign, "connections in plaintext that are neither WebSocket nor server-sent events: not read", 0)

enum stream_counter {
#define X(ID, name, text, is_loss) STREAM_COUNTER_##ID,
	STREAM_COUNTERS(X)
#undef X
		STREAM_COUNTER_MAX
};

struct stream_header {
	const char *name;
	const char *value; /* may be a secret: never printed */
};

struct subscriber_options {
	const char *name; /* of the feed, for messages */
	const char *url;  /* ws:// wss:// http:// https:// */
	const struct stream_header *headers;
	size_t header_count;
	const char *const *send; /* text frames sent after each (re)connect; ws and wss only */
	size_t send_count;
	const char *ca_file;	 /* PEM; NULL = the system's store */
	size_t max_message_bytes; /* 0 = 16 MiB */
	bool deflate;		  /* offer permessage-deflate; ws and wss only */
	struct stream_auth auth;
	uint32_t flow_id;	 /* unique among subscribers; comes back in pl_segment.head.feed */
	struct tap *tap;	 /* NULL: no stamps (every message is unmapped) */

	void *context;
	/*
	 * Both are called from subscriber_step() or subscriber_settle() and may call subscriber_send(), not subscriber_free().
	 * A message, in order: from subscriber_settle(); from subscriber_step() where there is no tap, and for what still
	 * waits for its stamp when the next connection begins.
	 */
	void (*on_message)(void *context, const struct stream_message *message);
	/*
	 * The connection is up (after the upgrade, after `send`): `reason` NULL; or lost, or could not be opened (repeated
	 * only when the reason changes).
	 */
	void (*on_state)(void *context, const char *reason);
};

struct subscriber;

/*
 * Copies what it needs of the options. Looks the name up (blocking); later look-ups run in a thread of their own while
 * the addresses known so far stay in use. -EINVAL for a mistake in url, headers, send or ca_file, -EHOSTUNREACH for an
 * unknown name, -ENOMEM. The first subscriber_step() connects.
 */
int subscriber_new(struct subscriber **out, const struct subscriber_options *options, struct error *err);

/*
 * Descriptor and poll(2) events to wait for, -1 while there is none; and the CLOCK_MONOTONIC time at which step() wants to be
 * called at the latest (reconnect, ping).
 */
int subscriber_poll(const struct subscriber *sub, short *events, int64_t *deadline_mono_ns);

/* Does whatever can be done without blocking: connect, handshake, read, decode, answer pings, reconnect with backoff. */
void subscriber_step(struct subscriber *sub, int64_t now_mono_ns);

/* Queues a text frame (ws and wss), for request/response protocols on the same connection. -ENOTCONN while it is down. */
int subscriber_send(struct subscriber *sub, const char *text, size_t len);

/* A stamped segment of this subscriber's flow, from the ring, in ring order. */
void subscriber_segment(struct subscriber *sub, const struct pl_segment *segment);

/*
 * To be called after each drain of the ring: delivers the messages whose stamp is now known. `drained_after_ns` is the time
 * read just before that drain began: what was read from the socket before it and is still not covered was lost by the ring,
 * and is delivered as unmapped. INT64_MAX at the end of a run delivers all that waits.
 */
void subscriber_settle(struct subscriber *sub, int64_t drained_after_ns);

void subscriber_counters(const struct subscriber *sub, uint64_t out[STREAM_COUNTER_MAX]);
void subscriber_free(struct subscriber *sub);

#endif
