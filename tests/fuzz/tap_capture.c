// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Hostile packets. The first byte chooses the link type, the second how many bytes of the frame are missing; then come
 * frames, each with a length of two bytes, so that states build up. Nothing may be counted that was not sent.
 */
#include <stdint.h>
#include <stdlib.h>

#include "tap/capture.h"
#include "tap/link.h"

static uint64_t in_slots, shred_records;

static void on_stream(const struct pl_stream *record, size_t len)
{
	if (len != sizeof(*record) + record->captured || record->captured > record->len || record->captured > PL_DATAGRAM_MAX ||
	    (!record->len && !(record->flags & (PL_TCP_SYN | PL_TCP_FIN | PL_TCP_RST))))
		abort();
}

static void on_record(void *context, const struct pl_record *record, size_t len)
{
	(void)context;
	shred_records += record->type == PL_RECORD_SHRED;
	if (record->type == PL_RECORD_STREAM)
		on_stream((const struct pl_stream *)record, len);
	if (record->type == PL_RECORD_DATAGRAM &&
	    len != sizeof(struct pl_datagram) + ((const struct pl_datagram *)record)->captured)
		abort();
}

static void on_set(void *context, const struct pl_set_key *key, const struct pl_set *set)
{
	(void)context;
	if (key->fec_set_index % 32 || !set->seen)
		abort();
}

static void on_slot(void *context, const struct pl_slot_key *key, const struct pl_slot *slot)
{
	(void)context;
	(void)key;
	in_slots += slot->packets;
}

static bool on_segment(void *context, const struct capture_segment *segment)
{
	uint8_t sum = 0;

	(void)context;
	for (uint32_t i = 0; i < segment->captured; i++)
		sum ^= segment->payload[i];
	return sum & 1;
}

static struct capture *open_capture(void)
{
	static const struct capture_handlers handlers = {NULL, on_record, on_set, on_slot, on_segment};
	static const struct capture_options options = {.idle_ns = 1000};
	struct match all = {.space = PL_PORT_UDP, .port_low = 0, .port_high = 65535};
	struct capture *capture;

	if (capture_new(&capture, &options, &handlers, NULL))
		abort();
	all.port_high = 999;
	capture_add_match(capture, &all, 0, PL_ACTION_DATAGRAM, 0, NULL);
	all.port_low = 1000;
	all.port_high = 65535;
	capture_add_match(capture, &all, 1, PL_ACTION_SHRED_EACH, 0, NULL);
	all.port_low = 0;
	all.space = PL_PORT_TCP;
	capture_add_match(capture, &all, PL_FEED_NONE, PL_ACTION_EGRESS, 0, NULL);
	all.port_high = 32767;
	capture_add_match(capture, &all, 2, PL_ACTION_STREAM, 0, NULL);
	capture_watch_port(capture, 443);
	return capture;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int links[] = {LINKTYPE_ETHERNET, LINKTYPE_RAW, LINKTYPE_IPV4, LINKTYPE_IPV6,
				    LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2, LINKTYPE_NULL, LINKTYPE_LOOP,
				    LINKTYPE_PPP};
	static struct capture *capture; /* kept: making one costs more than the packets do */
	static uint64_t stamp_ns;
	uint64_t shreds[PL_COUNTER_MAX];
	uint8_t missing;
	int link;

	if (size < 2)
		return 0;
	if (!capture)
		capture = open_capture();
	link = links[data[0] % (sizeof(links) / sizeof(links[0]))];
	missing = data[1];
	data += 2;
	size -= 2;
	while (size >= 2) {
		uint32_t len = data[0] | data[1] << 8;

		if (len > size - 2)
			len = (uint32_t)(size - 2);
		/* a copy of its own size, so that a read past its end is seen */
		uint8_t *frame = malloc(len ? len : 1);

		if (!frame)
			abort();
		for (uint32_t i = 0; i < len; i++)
			frame[i] = data[2 + i];
		capture_packet(capture, link, frame, len, len + missing, stamp_ns++);
		free(frame);
		data += 2 + len;
		size -= 2 + len;
	}
	capture_finish(capture);
	capture_counters(capture, 1, shreds);
	if (in_slots + shreds[PL_COUNTER_MALFORMED] + shreds[PL_COUNTER_FRAGMENT] + shreds[PL_COUNTER_TRUNCATED] +
		    shreds[PL_COUNTER_UNKNOWN] + shreds[PL_COUNTER_HEARTBEATS] + shreds[PL_COUNTER_ASTRAY] +
		    shreds[PL_COUNTER_LATE] !=
	    shreds[PL_COUNTER_PACKETS])
		abort();
	if (shred_records != in_slots + shreds[PL_COUNTER_ASTRAY] + shreds[PL_COUNTER_LATE])
		abort();
	return 0;
}
