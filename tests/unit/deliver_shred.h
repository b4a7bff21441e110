/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hands a collector a shred as the kernel side does. Include after cmocka.h. */
#ifndef PL_TESTS_DELIVER_SHRED_H
#define PL_TESTS_DELIVER_SHRED_H

#include <stdint.h>
#include <string.h>

#include "session/collect.h"

static inline void deliver_shred(struct collector *collector, const uint8_t *bytes, uint32_t len, uint64_t stamp_ns)
{
	struct {
		struct pl_shred_record record;
		uint8_t bytes[PL_SHRED_BYTES_MAX];
	} whole = {.record.head = {PL_RECORD_SHRED, 0, stamp_ns}};
	struct shred shred = {0};

	assert_int_equal(shred_read(bytes, len, 0, &shred), SHRED_OK);
	shred_fill_record(&whole.record, &shred, len);
	whole.record.captured = (uint16_t)len;
	memcpy(whole.bytes, bytes, len);
	collector_shred(collector, &whole.record);
}

#endif
