// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Hostile capture files of either format: every byte of a packet that is given can be read, and a file comes to an end. */
#include <stdint.h>
#include <stdlib.h>

#include "tap/capfile.h"

static volatile uint8_t sum; /* so that every byte is read */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct capfile_packet packet;
	struct capfile *file;
	struct error err;
	FILE *stream = size ? fmemopen((void *)data, size, "rb") : NULL;

	if (!stream || capfile_open(&file, stream, "fuzz", &err))
		return 0;
	/* a block takes 12 bytes, the smallest packet of a pcap file 16 */
	for (size_t packets = 0; capfile_next(file, &packet, &err) == 1; packets++) {
		if (packets > size / 12 || packet.captured > packet.len || packet.captured > size)
			abort();
		for (uint32_t i = 0; i < packet.captured; i++)
			sum ^= packet.data[i];
		if (packet.has_stamp && packet.stamp_ns > INT64_MAX)
			abort();
	}
	if (capfile_position(file) > size)
		abort();
	capfile_close(file);
	return 0;
}
