// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Packets and reads in any order: what is given out was stamped, was read no earlier than it came, and no byte of a connection
 * is given out twice. Eight bytes make one record.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "stream/reads.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t now;
static uint32_t readers;
static uint64_t packets;

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void on_reader(void *context, const struct reader *reader)
{
	(void)context;
	require(reader->id == ++readers);
}

static void on_read(void *context, const struct packet_read *read)
{
	(void)context;
	packets += read->app_mono_ns != TIME_UNKNOWN;
	require(read->reader && read->reader <= readers && read->feed < 2);
	require(read->first_mono_ns > 0 && read->first_mono_ns <= read->wire_mono_ns && read->wire_mono_ns <= now);
	require(read->app_mono_ns == TIME_UNKNOWN || read->app_mono_ns == now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t steps[] = {0, 1, 1000, 500000, 2000000, 1000000000, 70000000000, 700000000000};
	const struct reads_callbacks callbacks = {NULL, on_reader, on_read};
	uint64_t counters[READS_COUNTER_MAX], counted = 0;
	struct reads *reads;
	struct error err;

	now = 1;
	readers = 0;
	packets = 0;
	if (reads_new(&reads, 2, &callbacks, &err))
		return 0;
	for (; size >= 8; data += 8, size -= 8) {
		uint8_t kind = data[0] & 3, which = data[1] & 3;
		uint32_t number = (data[2] | data[3] << 8 | (uint32_t)(data[4] & 3) << 30) - 100;

		now += steps[data[1] >> 5];
		if (data[0] & 4) {
			struct pl_read event = {.head = {.feed = data[1] >> 2 & 1, .stamp_ns = (uint64_t)now}, .kind = kind, .socket = which,
						.local = {data[1] >> 2 & 1}, .local_port = 7, .remote_port = which & 1, .upto = number, .queued = data[5],
						.pid = data[6], .lost = data[7] & 1};

			reads_event(reads, &event);
		} else {
			struct pl_stream packet = {.head = {.feed = data[1] >> 2 & 1, .stamp_ns = (uint64_t)now}, .dest = {data[1] >> 2 & 1},
						   .source_port = which & 1, .dest_port = 7, .seq = number, .flags = data[5], .len = data[6],
						   .space = kind & 1 ? PL_PORT_TCP : PL_PORT_UDP};

			reads_arrival(reads, &packet);
		}
	}
	reads_finish(reads);
	for (uint32_t feed = 0; feed < 2; feed++) {
		reads_counters(reads, feed, counters);
		counted += counters[READS_COUNTER_PACKETS];
	}
	require(counted == packets);
	reads_free(reads);
	return 0;
}
