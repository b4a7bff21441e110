/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Plaintext TCP streams that are only watched: other programs' connections, packet by packet, put together, cut into
 * messages, and stamped as a subscriber's own messages are (segments.h).
 *
 * Each direction stands by itself. One that is met in its middle, or has lost bytes, is taken up again where the next
 * message begins; one in which no message begins is taken for encrypted. What a message looks like is told by a frame_fn.
 */
#ifndef PL_STREAM_WATCH_H
#define PL_STREAM_WATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "record.h"
#include "stream/subscriber.h"

#define WATCH_STREAMS_MAX 16384		    /* directions followed at once; further ones are counted */
#define WATCH_BYTES_MAX	  ((size_t)256 << 20) /* of messages that are not complete yet, over all streams */
#define WATCH_HOLE_NS	  10000000000LL	    /* bytes missing for longer than a retransmission takes will not come */
#define WATCH_IDLE_NS	  1800000000000LL   /* a stream without a segment for this long has ended, … */
#define WATCH_SILENT_NS	  60000000000LL	    /* … or for this long, if it has not brought a byte yet */

#define FRAME_NONE (-1) /* no message begins here */

/* The size of the message that begins at data; 0: more bytes are needed to tell. It may be larger than `len`. */
typedef long (*frame_fn)(const uint8_t *data, size_t len);

struct watch_feed {
	frame_fn frame; /* NULL: the feed watches no streams */
	size_t message_max;
};

typedef void (*watch_message_fn)(void *context, uint32_t feed, const struct stream_message *message);

struct watch;

/* The feeds' index in the array is pl_stream.head.feed. on_message: app_mono_ns is TIME_UNKNOWN. */
int watch_new(struct watch **out, const struct watch_feed *feeds, size_t feed_count, void *context,
	      watch_message_fn on_message, struct error *err);

/* A segment, in the order of the stamps as near as may be. */
void watch_segment(struct watch *watch, const struct pl_stream *segment, const uint8_t *payload);

/* Ends all streams: what waits behind a hole is read as far as may be. */
void watch_finish(struct watch *watch);

void watch_counters(const struct watch *watch, uint32_t feed, uint64_t out[STREAM_COUNTER_MAX]);
void watch_free(struct watch *watch);

#endif
