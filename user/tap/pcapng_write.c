// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tap/pcapng_write.h"

#include <string.h>

#include "tap/pcapng.h"

#define NANOSECONDS 9
#define BLOCK_FRAME 12

static void put(FILE *out, uint64_t value, size_t width)
{
	for (; width; width--, value >>= 8)
		fputc((int)(value & 0xff), out);
}

static void put_padded(FILE *out, const void *data, size_t len)
{
	fwrite(data, 1, len, out);
	put(out, 0, -len & 3);
}

static size_t padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

static size_t option_size(size_t len)
{
	return 4 + padded(len);
}

static void put_option(FILE *out, unsigned code, const void *value, size_t len)
{
	put(out, code, 2);
	put(out, len, 2);
	put_padded(out, value, len);
}

void pcapng_write_section(FILE *out, const char *program)
{
	size_t size = BLOCK_FRAME + 16 + option_size(strlen(program)) + option_size(0);

	put(out, PCAPNG_SECTION, 4);
	put(out, size, 4);
	put(out, PCAPNG_BYTE_ORDER, 4);
	put(out, 1, 2); /* version 1.0 */
	put(out, 0, 2);
	put(out, UINT64_MAX, 8); /* length of the section: not known */
	put_option(out, PCAPNG_SHB_USERAPPL, program, strlen(program));
	put_option(out, PCAPNG_OPT_END, "", 0);
	put(out, size, 4);
}

void pcapng_write_interface(FILE *out, int link_type, const char *name)
{
	static const uint8_t resolution = NANOSECONDS;
	size_t size = BLOCK_FRAME + 8 + option_size(strlen(name)) + option_size(1) + option_size(0);

	put(out, PCAPNG_INTERFACE, 4);
	put(out, size, 4);
	put(out, (uint64_t)link_type, 2);
	put(out, 0, 2);
	put(out, CAPFILE_PACKET_MAX, 4);
	put_option(out, PCAPNG_IF_NAME, name, strlen(name));
	put_option(out, PCAPNG_IF_TSRESOL, &resolution, 1);
	put_option(out, PCAPNG_OPT_END, "", 0);
	put(out, size, 4);
}

static size_t comment_length(const char *comment)
{
	return strnlen(comment, PCAPNG_COMMENT_MAX);
}

void pcapng_write_packet(FILE *out, uint32_t interface, const struct capfile_packet *packet, const char *const *comments,
			 size_t comment_count)
{
	size_t size = BLOCK_FRAME + 20 + padded(packet->captured) + option_size(0);
	uint8_t flags[4] = {packet->direction == LINK_INCOMING ? PCAPNG_INBOUND :
			    packet->direction == LINK_OUTGOING ? PCAPNG_OUTBOUND : 0};

	for (size_t i = 0; i < comment_count; i++)
		size += option_size(comment_length(comments[i]));
	if (flags[0])
		size += option_size(sizeof(flags));
	put(out, PCAPNG_PACKET, 4);
	put(out, size, 4);
	put(out, interface, 4);
	put(out, packet->stamp_ns >> 32, 4);
	put(out, packet->stamp_ns, 4);
	put(out, packet->captured, 4);
	put(out, packet->len, 4);
	put_padded(out, packet->data, packet->captured);
	for (size_t i = 0; i < comment_count; i++)
		put_option(out, PCAPNG_OPT_COMMENT, comments[i], comment_length(comments[i]));
	if (flags[0])
		put_option(out, PCAPNG_EPB_FLAGS, flags, sizeof(flags));
	put_option(out, PCAPNG_OPT_END, "", 0);
	put(out, size, 4);
}
