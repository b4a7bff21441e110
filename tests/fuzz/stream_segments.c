// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Segments, losses and questions in any order, against arrays with one entry per byte. Four bytes make one operation. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "record.h"
#include "stream/segments.h"

#define STREAM 1024

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t arrival[STREAM], completion[STREAM]; /* TIME_UNKNOWN: not there, or given up */
static uint64_t frontier;
static int64_t latest;

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void advance(void)
{
	for (; frontier < STREAM && arrival[frontier] != TIME_UNKNOWN; frontier++) {
		latest = arrival[frontier] > latest ? arrival[frontier] : latest;
		completion[frontier] = latest;
	}
}

static void add(uint64_t start, uint64_t end, int64_t now)
{
	for (uint64_t i = start > frontier ? start : frontier; i < end; i++)
		if (arrival[i] == TIME_UNKNOWN)
			arrival[i] = now;
	advance();
}

static void give_up(uint64_t upto, int64_t known_ns)
{
	if (upto <= frontier)
		return;
	for (uint64_t i = frontier; i < upto; i++)
		arrival[i] = TIME_UNKNOWN;
	for (frontier = upto; frontier < STREAM && arrival[frontier] != TIME_UNKNOWN && arrival[frontier] <= known_ns; frontier++)
		arrival[frontier] = TIME_UNKNOWN;
	advance();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct segments s = {0};
	struct segments_time time;
	uint32_t isn;
	int64_t now = 10;
	uint64_t forgotten = 0;

	if (size < 4)
		return 0;
	memcpy(&isn, data, 4);
	for (size_t i = 0; i < STREAM; i++)
		arrival[i] = completion[i] = TIME_UNKNOWN;
	frontier = 0;
	latest = 0;
	segments_add(&s, isn, 0, PL_TCP_SYN, 1);
	for (size_t i = 4; i + 4 <= size; i += 4) {
		uint64_t at = (data[i + 1] | (uint64_t)data[i + 2] << 8) % STREAM, len = 1 + data[i + 3] % 128;

		len = len < STREAM - at ? len : STREAM - at;
		now++;
		switch (data[i] % 8) {
		default:
			segments_add(&s, (uint32_t)(isn + 1 + at), (uint32_t)len, PL_TCP_ACK, now);
			add(at, at + len, now);
			break;
		case 5:
			segments_give_up(&s, at + len, now - (data[i + 1] & 7));
			give_up(at + len, now - (data[i + 1] & 7));
			break;
		case 6:
			forgotten = at > forgotten ? at : forgotten;
			segments_forget(&s, at);
			break;
		case 7:
			break;
		}
		require(s.frontier == frontier && s.head <= s.next && s.next <= s.count && s.count <= s.capacity);
		for (size_t j = s.head; j + 1 < s.count; j++)
			require(s.ranges[j].start < s.ranges[j].end && s.ranges[j].end <= s.ranges[j + 1].start);
		switch (segments_find(&s, at, at + len, &time)) {
		case SEGMENTS_WAIT:
			require(at + len > frontier);
			break;
		case SEGMENTS_KNOWN:
			require(at + len <= frontier && time.wire_ns == completion[at + len - 1] &&
				time.stall_ns == time.wire_ns - arrival[at + len - 1] && time.stall_ns >= 0);
			require(time.first_ns == TIME_UNKNOWN ? at < forgotten || arrival[at] == TIME_UNKNOWN
							      : time.first_ns == arrival[at]);
			break;
		case SEGMENTS_LOST:
			require(at + len - 1 < forgotten || arrival[at + len - 1] == TIME_UNKNOWN);
			break;
		}
	}
	segments_free(&s);
	return 0;
}
