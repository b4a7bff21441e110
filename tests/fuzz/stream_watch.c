// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Segments: stream (bit 0), flags (bits 1-3), how far the number is from the last end (signed), how much time passes, payload
 * length, payload. Messages are 'M', a length, and bytes. What comes out was in the payloads, and no counter exceeds them.
 */
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "stream/watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MESSAGE_MAX 40

static void require(bool holds)
{
	if (!holds)
		abort();
}

static long frame(const uint8_t *data, size_t len)
{
	require(len > 0);
	if (data[0] != 'M')
		return FRAME_NONE;
	return len < 2 ? 0 : 2 + data[1];
}

struct totals {
	uint64_t messages, bytes;
};

static void on_message(void *context, uint32_t feed, const struct stream_message *message)
{
	struct totals *totals = context;

	require(feed == 0 && message->len >= 2 && message->len <= MESSAGE_MAX && message->data[0] == 'M');
	require(message->len == 2u + message->data[1]);
	require(message->stall_ns == TIME_UNKNOWN || message->stall_ns >= 0);
	totals->messages++;
	totals->bytes += message->len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct watch_feed feed = {frame, MESSAGE_MAX};
	uint64_t counters[STREAM_COUNTER_MAX], segments = 0, bytes = 0;
	struct totals totals = {0};
	uint32_t seq[2] = {0xffffff00u, 1000};
	struct pl_stream segment = {.source_port = 1};
	struct watch *watch;
	struct error err;

	if (watch_new(&watch, &feed, 1, &totals, on_message, &err))
		return 0;
	segment.head.stamp_ns = 1;
	while (size >= 4) {
		uint32_t len = data[3] % 64;
		unsigned int which = data[0] & 1;

		if (len > size - 4)
			len = (uint32_t)(size - 4);
		segment.dest_port = (uint16_t)which;
		segment.flags = (data[0] & 2 ? PL_TCP_SYN : 0) | (data[0] & 4 ? PL_TCP_FIN : 0) | (data[0] & 8 ? PL_TCP_RST : 0);
		segment.seq = seq[which] + (uint32_t)(int32_t)(int8_t)data[1];
		segment.head.stamp_ns += data[2] * 100000000ULL;
		segment.len = segment.captured = len;
		watch_segment(watch, &segment, data + 4);
		seq[which] = segment.seq + len + (data[0] >> 1 & 1);
		segments++;
		bytes += len;
		data += 4 + len;
		size -= 4 + len;
	}
	watch_finish(watch);
	watch_counters(watch, 0, counters);
	require(totals.bytes <= bytes && totals.messages == counters[STREAM_COUNTER_MESSAGES]);
	require(counters[STREAM_COUNTER_UNMAPPED] <= totals.messages && counters[STREAM_COUNTER_RETRANSMITS] <= segments);
	require(counters[STREAM_COUNTER_HOLES] <= segments && counters[STREAM_COUNTER_NOT_FOLLOWED] == 0);
	require(counters[STREAM_COUNTER_ENCRYPTED] <= segments && counters[STREAM_COUNTER_INCOMPLETE] <= segments);
	watch_free(watch);
	return 0;
}
