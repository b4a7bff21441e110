// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Steps of four bytes: how far the number jumps (signed), how many numbers, the sending time, and which numbering. No number is
 * missing, late or repeated more often than the datagrams say.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "session/numbering.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct numberings *numberings = numberings_new();
	struct numbering_counts counts;
	uint64_t number = 1000, sent = 0, steps = 0;

	if (!numberings)
		return 0;
	for (; size >= 4; data += 4, size -= 4, steps++) {
		struct pl_datagram datagram = {.source_port = data[3] % 3};
		struct sequence sequence = {.count = data[1], .messages = data[1], .time_ns = data[2] ? data[2] : TIME_UNKNOWN};

		number += (uint64_t)(int64_t)(int8_t)data[0] * (data[3] & 128 ? 1ULL << 40 : 1);
		number &= INT64_MAX;
		sequence.first = number;
		numberings_add(numberings, &datagram, &sequence);
		sent += sequence.count;
	}
	numberings_counts(numberings, &counts);
	require(counts.messages == sent && counts.streams <= 3 && counts.streams <= steps && counts.unfollowed == 0);
	require(counts.late + counts.repeats <= sent && counts.gaps <= steps && counts.restarts <= steps);
	require(counts.gaps || !counts.missing);
	numberings_free(numberings);
	return 0;
}
