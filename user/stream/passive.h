/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The same messages as subscriber.h gives, from a connection that is only watched: replay feeds it the segments of a
 * capture file, payload and all. Uses the very framing and stamping code of the subscriber.
 *
 * wss and https need the session's secrets (a key log in NSS format, as SSLKEYLOGFILE writes it); without them the
 * connection is counted as encrypted and gives no message.
 */
#ifndef PL_STREAM_PASSIVE_H
#define PL_STREAM_PASSIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "stream/subscriber.h"

struct passive_options {
	const char *name;
	const char *url;	 /* tells ws, wss, http or https */
	const char *keylog_file; /* NULL: none */
	size_t max_message_bytes; /* 0 = the subscriber's default */
	void *context;
	void (*on_message)(void *context, const struct stream_message *message); /* app_mono_ns is TIME_UNKNOWN */
	void (*on_state)(void *context, const char *reason);			 /* once, when nothing more can come, with the reason */
};

struct passive; /* one TCP connection */

int passive_new(struct passive **out, const struct passive_options *options, struct error *err);

/* A segment in capture order. `flags` are PL_TCP_*; seq in host order, of the first payload byte (of the SYN itself on a SYN). */
void passive_segment(struct passive *passive, bool from_server, uint32_t seq, uint32_t flags, const uint8_t *payload,
		     size_t len, int64_t stamp_ns);

void passive_counters(const struct passive *passive, uint64_t out[STREAM_COUNTER_MAX]);
void passive_free(struct passive *passive);

#endif
