// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stream/watch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "stream/buffer.h"
#include "stream/reassembly.h"
#include "stream/segments.h"

#ifdef PL_SMALL_TABLES /* of the fuzzer, which makes thousands a second and is to fill them */
#define BUCKETS 16
#else
#define BUCKETS 4096
#endif

enum state {
	SEARCHING, /* for the beginning of a message */
	IN_STEP,   /* a message begins at buffer.data[0] */
	SEALED,	   /* no message is to be found: the bytes are let go */
};

struct stream {
	struct stream *next; /* in the bucket */
	uint32_t feed;
	uint8_t source[16], dest[16];
	uint16_t source_port, dest_port;
	enum state state;
	bool from_start; /* the SYN was seen, and no byte is missing since */
	bool understood; /* a message was read */
	uint32_t isn;
	struct reassembly bytes;
	struct segments segments;
	struct buffer buffer;
	uint64_t buffer_start; /* offset of buffer.data[0] in the stream */
	uint64_t searched;     /* bytes in which no message began */
	int64_t hole_ns;       /* since when bytes are missing; TIME_UNKNOWN: none are */
	int64_t last_ns;       /* of the latest segment */
	bool ending;	       /* a FIN was seen, at: */
	uint64_t end;
};

struct watch {
	struct watch_feed *feeds;
	size_t feed_count;
	void *context;
	watch_message_fn on_message;
	struct stream *buckets[BUCKETS];
	size_t stream_count, bytes, swept;
	uint64_t (*counters)[STREAM_COUNTER_MAX];
};

int watch_new(struct watch **out, const struct watch_feed *feeds, size_t feed_count, void *context,
	      watch_message_fn on_message, struct error *err)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return error_set(err, -ENOMEM, "no memory to watch streams");
	watch->feeds = calloc(feed_count + 1, sizeof(*watch->feeds));
	watch->counters = calloc(feed_count + 1, sizeof(*watch->counters));
	if (!watch->feeds || !watch->counters) {
		watch_free(watch);
		return error_set(err, -ENOMEM, "no memory to watch the streams of %zu feeds", feed_count);
	}
	memcpy(watch->feeds, feeds, feed_count * sizeof(*feeds));
	watch->feed_count = feed_count;
	watch->context = context;
	watch->on_message = on_message;
	*out = watch;
	return 0;
}

/* ---- messages ----------------------------------------------------------------------------------------------------- */

static void deliver(struct watch *watch, struct stream *stream, size_t at, size_t size)
{
	uint64_t first = stream->buffer_start + at, *counters = watch->counters[stream->feed];
	struct stream_message message = {.data = stream->buffer.data + at, .len = size, .app_mono_ns = TIME_UNKNOWN};
	struct segments_time time;

	/* The segment that completes a message was added before its bytes were read: it never has to wait. */
	segments_find(&stream->segments, first, first + size, &time);
	message.first_mono_ns = time.first_ns;
	message.wire_mono_ns = time.wire_ns;
	message.stall_ns = time.stall_ns;
	counters[STREAM_COUNTER_MESSAGES]++;
	counters[STREAM_COUNTER_UNMAPPED] += time.wire_ns == TIME_UNKNOWN;
	stream->understood = true;
	watch->on_message(watch->context, stream->feed, &message);
}

/* Bytes of the buffer that are done with. */
static void consume(struct watch *watch, struct stream *stream, size_t len)
{
	buffer_consume(&stream->buffer, len);
	stream->buffer_start += len;
	watch->bytes -= len;
}

static void seal(struct watch *watch, struct stream *stream)
{
	stream->state = SEALED;
	watch->counters[stream->feed][STREAM_COUNTER_ENCRYPTED]++;
	consume(watch, stream, stream->buffer.len);
}

/* Reads what the buffer holds, and keeps the beginning of a message that is not whole yet. */
static void read_buffer(struct watch *watch, struct stream *stream)
{
	const struct watch_feed *feed = &watch->feeds[stream->feed];
	uint64_t *counters = watch->counters[stream->feed];
	size_t at = 0;

	while (at < stream->buffer.len) {
		size_t left = stream->buffer.len - at;
		long size = feed->frame(stream->buffer.data + at, left);

		if (size == 0)
			break;
		if (size == FRAME_NONE || (size_t)size > feed->message_max) {
			if (stream->state == IN_STEP && stream->understood)
				counters[size == FRAME_NONE ? STREAM_COUNTER_PROTOCOL_ERRORS : STREAM_COUNTER_OVERSIZED]++;
			stream->state = SEARCHING;
			stream->searched++;
			at++;
			if (!stream->understood && (stream->from_start || stream->searched > feed->message_max)) {
				seal(watch, stream);
				return;
			}
			continue;
		}
		stream->state = IN_STEP;
		if ((size_t)size > left)
			break;
		stream->searched = 0;
		deliver(watch, stream, at, (size_t)size);
		at += (size_t)size;
	}
	consume(watch, stream, at);
	segments_forget(&stream->segments, stream->buffer_start);
}

struct taking {
	struct watch *watch;
	struct stream *stream;
};

static int take_piece(void *context, const struct piece *piece, struct error *err)
{
	struct taking *taking = context;
	struct watch *watch = taking->watch;
	struct stream *stream = taking->stream;

	if (stream->state == SEALED) {
		segments_forget(&stream->segments, piece->start + piece->len);
		return 0;
	}
	if (!stream->buffer.len)
		stream->buffer_start = piece->start;
	if (piece->len > WATCH_BYTES_MAX - watch->bytes || buffer_append(&stream->buffer, piece->data, piece->len))
		return error_set(err, -ENOMEM, "no memory for the messages of watched streams");
	watch->bytes += piece->len;
	read_buffer(watch, stream);
	return 0;
}

/* ---- streams ------------------------------------------------------------------------------------------------------ */

static struct stream **find(struct watch *watch, const struct pl_stream *segment)
{
	uint32_t mixed = segment->head.feed ^ segment->source_port * 2654435761U ^ segment->dest_port * 40503U;
	struct stream **at;

	for (size_t i = 0; i < 16; i++)
		mixed = mixed * 31 + segment->source[i] + segment->dest[i] * 7U;
	for (at = &watch->buckets[mixed % BUCKETS]; *at; at = &(*at)->next)
		if ((*at)->source_port == segment->source_port && (*at)->dest_port == segment->dest_port &&
		    (*at)->feed == segment->head.feed && !memcmp((*at)->source, segment->source, 16) &&
		    !memcmp((*at)->dest, segment->dest, 16))
			break;
	return at;
}

static struct stream *begin(struct watch *watch, struct stream **at, const struct pl_stream *segment)
{
	struct stream *stream = watch->stream_count < WATCH_STREAMS_MAX ? calloc(1, sizeof(*stream)) : NULL;
	bool syn = segment->flags & PL_TCP_SYN;

	if (!stream) {
		watch->counters[segment->head.feed][STREAM_COUNTER_NOT_FOLLOWED]++;
		return NULL;
	}
	stream->feed = segment->head.feed;
	memcpy(stream->source, segment->source, 16);
	memcpy(stream->dest, segment->dest, 16);
	stream->source_port = segment->source_port;
	stream->dest_port = segment->dest_port;
	stream->from_start = syn;
	stream->isn = syn ? segment->seq : segment->seq - 1;
	stream->hole_ns = TIME_UNKNOWN;
	segments_add(&stream->segments, stream->isn, 0, PL_TCP_SYN, (int64_t)segment->head.stamp_ns);
	watch->stream_count++;
	*at = stream;
	return stream;
}

/* Bytes that will not come: what waits behind them is taken, from the next beginning of a message on. */
static void skip_hole(struct watch *watch, struct stream *stream, int64_t now_ns)
{
	struct taking taking = {watch, stream};
	struct error err;

	watch->counters[stream->feed][STREAM_COUNTER_HOLES]++;
	consume(watch, stream, stream->buffer.len);
	if (stream->state == IN_STEP)
		stream->state = SEARCHING;
	stream->from_start = false;
	segments_give_up(&stream->segments, reassembly_held(&stream->bytes), now_ns);
	stream->hole_ns = TIME_UNKNOWN;
	reassembly_skip(&stream->bytes, take_piece, &taking, &err);
}

static void free_stream(struct watch *watch, struct stream *stream)
{
	watch->bytes -= stream->buffer.len;
	reassembly_free(&stream->bytes);
	segments_free(&stream->segments);
	buffer_free(&stream->buffer);
	free(stream);
	watch->stream_count--;
}

static void end(struct watch *watch, struct stream **at)
{
	struct stream *stream = *at;
	uint64_t *counters = watch->counters[stream->feed];

	while (reassembly_held(&stream->bytes))
		skip_hole(watch, stream, INT64_MAX);
	if (stream->state == SEARCHING && !stream->understood && stream->bytes.next)
		seal(watch, stream);
	counters[STREAM_COUNTER_INCOMPLETE] += stream->state == IN_STEP && stream->buffer.len > 0;
	counters[STREAM_COUNTER_RETRANSMITS] += stream->segments.retransmits;
	counters[STREAM_COUNTER_REORDERED] += stream->segments.reordered;
	*at = stream->next;
	free_stream(watch, stream);
}

static void take(struct watch *watch, struct stream *stream, const struct pl_stream *segment, const uint8_t *payload)
{
	struct taking taking = {watch, stream};
	int64_t now_ns = (int64_t)segment->head.stamp_ns;
	int64_t offset = segments_offset(stream->isn, stream->bytes.next, segment->seq + !!(segment->flags & PL_TCP_SYN));
	struct error err;
	int code;

	stream->last_ns = now_ns;
	segments_add(&stream->segments, segment->seq, segment->captured, segment->flags, now_ns);
	if ((segment->flags & PL_TCP_FIN) && offset >= 0) {
		stream->ending = true;
		stream->end = (uint64_t)offset + segment->len;
	}
	code = reassembly_add(&stream->bytes, offset, payload, segment->captured, take_piece, &taking, &err);
	if (!reassembly_held(&stream->bytes))
		stream->hole_ns = TIME_UNKNOWN;
	else if (stream->hole_ns == TIME_UNKNOWN)
		stream->hole_ns = now_ns;
	if (code || (stream->hole_ns != TIME_UNKNOWN && now_ns - stream->hole_ns > WATCH_HOLE_NS))
		skip_hole(watch, stream, now_ns);
}

/* Streams whose end nobody told of: with every segment one bucket is looked at. */
static void sweep(struct watch *watch, int64_t now_ns)
{
	struct stream **at = &watch->buckets[watch->swept++ % BUCKETS];

	while (*at) {
		int64_t limit = (*at)->bytes.next ? WATCH_IDLE_NS : WATCH_SILENT_NS;

		if (now_ns - (*at)->last_ns > limit)
			end(watch, at);
		else
			at = &(*at)->next;
	}
}

void watch_segment(struct watch *watch, const struct pl_stream *segment, const uint8_t *payload)
{
	struct stream **at, *stream;

	if (segment->head.feed >= watch->feed_count || !watch->feeds[segment->head.feed].frame)
		return;
	sweep(watch, (int64_t)segment->head.stamp_ns);
	at = find(watch, segment);
	/* Another connection between the same ports. */
	if (*at && (segment->flags & PL_TCP_SYN) && (*at)->isn != segment->seq) {
		end(watch, at);
		at = find(watch, segment);
	}
	stream = *at;
	if (!stream && !(segment->flags & PL_TCP_SYN) && !segment->len)
		return;
	if (!stream)
		stream = begin(watch, at, segment);
	if (!stream)
		return;
	take(watch, stream, segment, payload);
	if ((segment->flags & PL_TCP_RST) || (stream->ending && stream->bytes.next >= stream->end))
		end(watch, at);
}

void watch_finish(struct watch *watch)
{
	for (size_t i = 0; i < BUCKETS; i++)
		while (watch->buckets[i])
			end(watch, &watch->buckets[i]);
}

void watch_counters(const struct watch *watch, uint32_t feed, uint64_t out[STREAM_COUNTER_MAX])
{
	memcpy(out, watch->counters[feed], sizeof(watch->counters[feed]));
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		struct stream *stream, *next;

		for (stream = watch->buckets[i]; stream; stream = next) {
			next = stream->next;
			free_stream(watch, stream);
		}
	}
	free(watch->feeds);
	free(watch->counters);
	free(watch);
}
