/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a capture hands over, kept for a test to look at. */
#ifndef PL_TESTS_CAPTURE_SEEN_H
#define PL_TESTS_CAPTURE_SEEN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture_files.h"
#include "tap/capture.h"

#define SECOND_NS 1000000000ULL

struct seen {
	struct capture *capture;
	struct pl_datagram datagrams[64];
	uint8_t first_bytes[64]; /* of each payload */
	size_t datagram_count;
	struct pl_egress egress[16];
	size_t egress_count;
	struct pl_slot_key slot_keys[64];
	struct pl_slot slots[64];
	size_t slot_count, set_count;
	uint32_t shred_types[64]; /* SET and SHRED records */
	size_t shred_records;
	struct pl_shred_record shred; /* the last */
	uint8_t shred_bytes[PL_SHRED_BYTES_MAX];
	uint64_t sets_of_slot; /* sets passed since the last slot */
	size_t segment_count;
	bool owned; /* what on_segment answers */
};

static inline void on_record(void *context, const struct pl_record *record, size_t len)
{
	struct seen *seen = context;

	if (record->type == PL_RECORD_DATAGRAM) {
		const struct pl_datagram *datagram = (const void *)record;

		assert_int_equal(len, sizeof(*datagram) + datagram->captured);
		assert_true(seen->datagram_count < 64);
		seen->first_bytes[seen->datagram_count] = datagram->captured ? ((const uint8_t *)(datagram + 1))[0] : 0;
		seen->datagrams[seen->datagram_count++] = *datagram;
	} else if (record->type == PL_RECORD_SET || record->type == PL_RECORD_SHRED) {
		assert_true(seen->shred_records < 64);
		seen->shred_types[seen->shred_records++] = record->type;
		if (record->type == PL_RECORD_SHRED) {
			seen->shred = *(const struct pl_shred_record *)record;
			assert_int_equal(len, sizeof(seen->shred) + seen->shred.captured);
			memcpy(seen->shred_bytes, (const struct pl_shred_record *)record + 1, seen->shred.captured);
		}
	} else {
		assert_int_equal(record->type, PL_RECORD_EGRESS);
		assert_int_equal(len, sizeof(struct pl_egress));
		assert_true(seen->egress_count < 16);
		seen->egress[seen->egress_count++] = *(const struct pl_egress *)record;
	}
}

static inline void on_set(void *context, const struct pl_set_key *key, const struct pl_set *set)
{
	struct seen *seen = context;

	(void)key;
	assert_int_not_equal(set->seen, 0);
	seen->set_count++;
	seen->sets_of_slot++;
}

static inline void on_slot(void *context, const struct pl_slot_key *key, const struct pl_slot *slot)
{
	struct seen *seen = context;

	assert_true(seen->slot_count < 64);
	assert_int_equal(slot->sets, seen->sets_of_slot); /* all of them came right before it */
	seen->sets_of_slot = 0;
	seen->slot_keys[seen->slot_count] = *key;
	seen->slots[seen->slot_count++] = *slot;
}

static inline bool on_segment(void *context, const struct capture_segment *segment)
{
	struct seen *seen = context;

	assert_true(segment->captured <= segment->packet->len);
	seen->segment_count++;
	return seen->owned;
}

static inline int set_up(void **state)
{
	struct seen *seen = calloc(1, sizeof(*seen));
	struct capture_options options = {.idle_ns = 5 * SECOND_NS};
	struct capture_handlers handlers = {seen, on_record, on_set, on_slot, on_segment};

	assert_non_null(seen);
	assert_int_equal(capture_new(&seen->capture, &options, &handlers, NULL), 0);
	*state = seen;
	return 0;
}

static inline int tear_down(void **state)
{
	struct seen *seen = *state;

	capture_free(seen->capture);
	free(seen);
	return 0;
}

static inline uint64_t counter(const struct seen *seen, uint32_t feed, enum pl_counter which)
{
	uint64_t counts[PL_COUNTER_MAX];

	capture_counters(seen->capture, feed, counts);
	return counts[which];
}

static inline void match_udp(struct seen *seen, uint16_t port, const char *dest, uint32_t feed, enum pl_rule_action action)
{
	struct match match = {.space = PL_PORT_UDP, .port_low = port, .port_high = port};

	if (dest)
		assert_int_equal(match_address_parse(dest, &match.dest), 0);
	assert_int_equal(capture_add_match(seen->capture, &match, feed, action, 0, NULL), 0);
}

static inline void run(struct seen *seen)
{
	while (capture_next(seen->capture))
		;
	capture_finish(seen->capture);
}

static inline void add(struct seen *seen, struct capture_bytes *file)
{
	FILE *stream = fmemopen(file->data, file->len, "rb");

	assert_non_null(stream);
	assert_int_equal(capture_add_stream(seen->capture, stream, "memory.pcap", NULL), 0);
}

#endif
