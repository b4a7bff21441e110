// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pcapng, block by block. Blocks that say nothing about packets are skipped; what is looked into has to be consistent. */
#include "tap/pcapng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tap/capfile_internal.h"

#define BLOCK_FRAME 12 /* type and length before the body, length behind it */
#define MICROSECONDS 6 /* if_tsresol where an interface has none */

static uint64_t option_u64(const struct capfile *file, const uint8_t *at)
{
	uint64_t first = capfile_u32(file, at), second = capfile_u32(file, at + 4);

	return file->big_endian ? first << 32 | second : second << 32 | first;
}

static int fault(const struct capfile *file, struct error *err, const char *what)
{
	return error_set(err, -EBADMSG, "the block after packet %llu: %s", (unsigned long long)file->packets, what);
}

/* ---- options ------------------------------------------------------------------------------------------------------ */

struct option {
	uint16_t code, len;
	const uint8_t *value;
};

/* The next option of those at [*at, end): false behind the last one, or where one does not fit. */
static bool next_option(const struct capfile *file, const uint8_t **at, const uint8_t *end, struct option *out)
{
	size_t padded;

	if (end - *at < 4)
		return false;
	out->code = capfile_u16(file, *at);
	out->len = capfile_u16(file, *at + 2);
	out->value = *at + 4;
	padded = (out->len + 3U) & ~3U;
	if (out->code == PCAPNG_OPT_END || (size_t)(end - out->value) < padded)
		return false;
	*at = out->value + padded;
	return true;
}

/* ---- blocks: each gets its body without the lengths around it ------------------------------------------------------- */

/* 1: a packet is in `out`; 0: nothing to give. */
typedef int (*block_fn)(struct capfile *file, const uint8_t *body, uint32_t len, struct capfile_packet *out,
			struct error *err);

static int read_interface(struct capfile *file, const uint8_t *body, uint32_t len, struct capfile_packet *out,
			  struct error *err)
{
	const uint8_t *at = body + 8, *end = body + len;
	struct pcapng_interface *interface;
	struct option option;

	(void)out;
	if (file->interface_count == CAPFILE_INTERFACES_MAX)
		return fault(file, err, "more interfaces than any machine has");
	if (file->interface_count == file->interface_room) {
		uint32_t wanted = file->interface_room ? 2 * file->interface_room : 4;
		struct pcapng_interface *grown = realloc(file->interfaces, wanted * sizeof(*grown));

		if (!grown)
			return fault(file, err, "no memory for its interface");
		file->interfaces = grown;
		file->interface_room = wanted;
	}
	interface = &file->interfaces[file->interface_count++];
	*interface = (struct pcapng_interface){
		.link_type = capfile_u16(file, body),
		.snap_len = capfile_u32(file, body + 4),
		.resolution = MICROSECONDS,
	};
	while (next_option(file, &at, end, &option)) {
		if (option.code == PCAPNG_IF_NAME)
			snprintf(interface->name, sizeof(interface->name), "%.*s", option.len, (const char *)option.value);
		else if (option.code == PCAPNG_IF_TSRESOL && option.len == 1)
			interface->resolution = option.value[0];
		else if (option.code == PCAPNG_IF_TSOFFSET && option.len == 8)
			interface->offset_s = (int64_t)option_u64(file, option.value);
	}
	capfile_note_link(file, interface->link_type);
	return 0;
}

/* False: the interface's unit is none, or the time is not between 1970 and 2262. */
static bool stamp(const struct pcapng_interface *interface, uint64_t ticks, uint64_t *out)
{
	uint8_t n = interface->resolution & 0x7f;
	__extension__ unsigned __int128 seconds, ns = ticks;
	int64_t at;

	if (interface->resolution & 0x80) {
		if (n > 63)
			return false;
		ns = ns * CAPFILE_SECOND_NS >> n;
	} else {
		if (n > 19)
			return false; /* 10^20 ticks a second: less than a second in 64 bits */
		for (; n < 9; n++)
			ns *= 10;
		for (; n > 9; n--)
			ns /= 10;
	}
	seconds = ns / CAPFILE_SECOND_NS;
	if (seconds > CAPFILE_SECONDS_MAX || __builtin_add_overflow(interface->offset_s, (int64_t)seconds, &at) || at < 0 ||
	    (uint64_t)at > CAPFILE_SECONDS_MAX)
		return false;
	*out = (uint64_t)at * CAPFILE_SECOND_NS + (uint64_t)(ns % CAPFILE_SECOND_NS);
	return true;
}

static int give(struct capfile *file, struct pcapng_interface *interface, const uint8_t *data, uint32_t room,
		struct capfile_packet *out, struct error *err)
{
	if (out->captured > room)
		return fault(file, err, "a packet that claims more bytes than its block has");
	if (out->captured > CAPFILE_PACKET_MAX)
		return fault(file, err, "a packet longer than any capture program writes");
	file->packets++;
	out->data = data;
	out->link_type = interface->link_type;
	out->interface = file->interfaces_before + (uint32_t)(interface - file->interfaces);
	out->interface_name = interface->name;
	return 1;
}

static void packet_options(const struct capfile *file, struct pcapng_interface *interface, const uint8_t *at,
			   const uint8_t *end, struct capfile_packet *out)
{
	struct option option;

	while (next_option(file, &at, end, &option)) {
		if (option.code == PCAPNG_EPB_FLAGS && option.len == 4) {
			uint32_t direction = capfile_u32(file, option.value) & PCAPNG_DIRECTION;

			out->direction = direction == PCAPNG_INBOUND  ? LINK_INCOMING :
					 direction == PCAPNG_OUTBOUND ? LINK_OUTGOING : LINK_UNKNOWN;
		} else if (option.code == PCAPNG_EPB_DROPCOUNT && option.len == 8) {
			interface->dropped_said += option_u64(file, option.value);
		}
	}
}

/* The enhanced packet block, and the obsolete one whose interface number has 16 bits and is followed by a count of drops. */
static int read_packet_of(struct capfile *file, uint32_t number, const uint8_t *body, uint32_t len,
			  struct capfile_packet *out, struct error *err)
{
	struct pcapng_interface *interface;
	uint64_t ticks = (uint64_t)capfile_u32(file, body + 4) << 32 | capfile_u32(file, body + 8);
	uint32_t padded;
	int status;

	if (number >= file->interface_count)
		return fault(file, err, "a packet of an interface that the file does not describe");
	interface = &file->interfaces[number];
	*out = (struct capfile_packet){.captured = capfile_u32(file, body + 12), .len = capfile_u32(file, body + 16)};
	out->has_stamp = stamp(interface, ticks, &out->stamp_ns);
	status = give(file, interface, body + 20, len - 20, out, err);
	padded = (out->captured + 3U) & ~3U;
	if (status > 0 && padded <= len - 20)
		packet_options(file, interface, body + 20 + padded, body + len, out);
	return status;
}

static int read_packet(struct capfile *file, const uint8_t *body, uint32_t len, struct capfile_packet *out,
		       struct error *err)
{
	return read_packet_of(file, capfile_u32(file, body), body, len, out, err);
}

static int read_packet_old(struct capfile *file, const uint8_t *body, uint32_t len, struct capfile_packet *out,
			   struct error *err)
{
	uint32_t number = capfile_u16(file, body);
	uint16_t drops = capfile_u16(file, body + 2);
	int status = read_packet_of(file, number, body, len, out, err);

	if (status > 0 && drops != UINT16_MAX) /* "not known" */
		file->interfaces[number].dropped_said += drops;
	return status;
}

/* Of the first interface, without a time. */
static int read_packet_simple(struct capfile *file, const uint8_t *body, uint32_t len, struct capfile_packet *out,
			      struct error *err)
{
	uint32_t snap_len;

	if (!file->interface_count)
		return fault(file, err, "a packet of an interface that the file does not describe");
	snap_len = file->interfaces[0].snap_len;
	*out = (struct capfile_packet){.len = capfile_u32(file, body)};
	out->captured = snap_len && snap_len < out->len ? snap_len : out->len;
	return give(file, &file->interfaces[0], body + 4, len - 4, out, err);
}

/* Counts since the interface was opened: the last ones stand. */
static int read_statistics(struct capfile *file, const uint8_t *body, uint32_t len, struct capfile_packet *out,
			   struct error *err)
{
	const uint8_t *at = body + 12, *end = body + len;
	uint32_t number = capfile_u32(file, body);
	struct option option;
	uint64_t dropped = 0;

	(void)out;
	if (number >= file->interface_count)
		return fault(file, err, "statistics of an interface that the file does not describe");
	while (next_option(file, &at, end, &option))
		if ((option.code == PCAPNG_ISB_IFDROP || option.code == PCAPNG_ISB_OSDROP) && option.len == 8)
			dropped += option_u64(file, option.value);
	file->interfaces[number].dropped = dropped;
	return 0;
}

static const struct block {
	uint32_t type, body_min;
	block_fn read;
} blocks[] = {
	{PCAPNG_PACKET, 20, read_packet},
	{PCAPNG_INTERFACE, 8, read_interface},
	{PCAPNG_STATISTICS, 12, read_statistics},
	{PCAPNG_PACKET_SIMPLE, 4, read_packet_simple},
	{PCAPNG_PACKET_OLD, 20, read_packet_old},
};

/* ---- sections and the sequence of blocks ---------------------------------------------------------------------------- */

static uint64_t section_dropped(const struct capfile *file)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < file->interface_count; i++) {
		const struct pcapng_interface *interface = &file->interfaces[i];

		sum += interface->dropped > interface->dropped_said ? interface->dropped : interface->dropped_said;
	}
	return sum;
}

uint64_t pcapng_dropped(const struct capfile *file)
{
	return file->dropped + section_dropped(file);
}

/* Takes the bytes of the body that nobody wants, and the length behind it. */
static int skip(struct capfile *file, uint32_t len, struct error *err)
{
	uint8_t waste[4096];

	while (len) {
		uint32_t part = len < sizeof(waste) ? len : (uint32_t)sizeof(waste);
		int status = capfile_read(file, waste, part, "a block", err);

		if (status <= 0)
			return status ? status : fault(file, err, "it is cut");
		len -= part;
	}
	return 0;
}

/* A section begins: its type was read. It brings a byte order and interfaces of its own. */
static int begin_section(struct capfile *file, struct error *err)
{
	uint8_t head[16]; /* total length, byte order, version, … */
	uint32_t len;
	int status = capfile_read(file, head, sizeof(head), "the header of a section", err);

	if (status <= 0)
		return status ? status : fault(file, err, "the header of a section is cut");
	file->dropped += section_dropped(file);
	file->interfaces_before += file->interface_count;
	file->interface_count = 0;
	file->big_endian = load_be32(head + 4) == PCAPNG_BYTE_ORDER;
	len = capfile_u32(file, head);
	if (capfile_u32(file, head + 4) != PCAPNG_BYTE_ORDER)
		return fault(file, err, "a section in no byte order");
	if (capfile_u16(file, head + 8) != 1)
		return fault(file, err, "a section of another version than 1");
	if (len < BLOCK_FRAME + 16 || len % 4)
		return fault(file, err, "a section header of an impossible length");
	return skip(file, len - 4 - sizeof(head), err);
}

static int read_block(struct capfile *file, const struct block *block, uint32_t len, struct capfile_packet *out,
		      struct error *err)
{
	uint32_t body = len - BLOCK_FRAME;
	int status;

	if (body < block->body_min || body > CAPFILE_BLOCK_MAX)
		return fault(file, err, "of an impossible length");
	status = capfile_read_body(file, body + 4, "the block", err);
	if (status < 0)
		return status;
	if (capfile_u32(file, file->body + body) != len)
		return fault(file, err, "the lengths before and behind it differ");
	return block->read(file, file->body, body, out, err);
}

static int pcapng_next(struct capfile *file, struct capfile_packet *out, struct error *err)
{
	const struct block *const end = blocks + sizeof(blocks) / sizeof(blocks[0]), *block;
	uint8_t head[4];
	uint32_t type, len;
	int status = 0;

	while (!status) {
		status = capfile_read(file, head, sizeof(head), "a block", err);
		if (status <= 0)
			return status;
		type = capfile_u32(file, head);
		if (type == PCAPNG_SECTION) {
			status = begin_section(file, err);
			continue;
		}
		status = capfile_read(file, head, sizeof(head), "a block", err);
		if (status <= 0)
			return status ? status : fault(file, err, "it is cut");
		len = capfile_u32(file, head);
		if (len < BLOCK_FRAME || len % 4)
			return fault(file, err, "of an impossible length");
		for (block = blocks; block < end && block->type != type; block++)
			;
		status = block < end ? read_block(file, block, len, out, err) : skip(file, len - 8, err);
	}
	return status;
}

int pcapng_open(struct capfile *file, struct error *err)
{
	file->read_next = pcapng_next;
	return begin_section(file, err);
}
