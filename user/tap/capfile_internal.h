/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the two formats of capture files share: capfile.c (opening, pcap) and pcapng.c. Not for other files. */
#ifndef PL_TAP_CAPFILE_INTERNAL_H
#define PL_TAP_CAPFILE_INTERNAL_H

#include "bytes.bpf.h"
#include "tap/capfile.h"

#define CAPFILE_SECOND_NS 1000000000ULL
#define CAPFILE_SECONDS_MAX 9223372035ULL /* the last whole second of int64_t nanoseconds: the year 2262 */

#define PCAPNG_NAME_MAX 64

struct pcapng_interface {
	char name[PCAPNG_NAME_MAX]; /* "" unknown */
	int link_type;
	uint32_t snap_len; /* 0: no limit */
	uint8_t resolution; /* if_tsresol: 10^-n, or with the high bit 2^-n seconds */
	int64_t offset_s;
	uint64_t dropped;      /* by its last statistics */
	uint64_t dropped_said; /* by its packets */
};

struct capfile {
	FILE *stream;
	char *name;
	int (*read_next)(struct capfile *file, struct capfile_packet *out, struct error *err);
	bool big_endian; /* the file, or the section of it that is being read */
	uint64_t packets; /* read so far: the number of a packet in messages */
	uint64_t size;
	uint8_t *body; /* of the packet or block in hand */
	uint32_t body_room;
	/* the first packet, which capfile_open() has read already */
	bool has_first;
	int first_status;
	struct capfile_packet first;
	struct error first_err;
	/* pcap */
	uint32_t fraction_ns; /* unit of the stamps' fraction */
	int link_type;
	/* pcapng */
	struct pcapng_interface *interfaces; /* of the section that is being read */
	uint32_t interface_count, interface_room;
	uint32_t interfaces_before; /* in the sections before */
	uint64_t dropped; /* in the sections before */
	bool has_link, has_known_link; /* of any interface so far */
	int unknown_link; /* one that is not understood */
};

static inline uint16_t capfile_u16(const struct capfile *file, const uint8_t *at)
{
	return file->big_endian ? load_be16(at) : load_le16(at);
}

static inline uint32_t capfile_u32(const struct capfile *file, const uint8_t *at)
{
	return file->big_endian ? load_be32(at) : load_le32(at);
}

/*
 * Exactly `len` bytes: 1. 0 where the file ends before the first of them, -EBADMSG where it ends, or cannot be read, after it:
 * `what` says in messages what is cut.
 */
int capfile_read(struct capfile *file, void *out, uint32_t len, const char *what, struct error *err);

/* As capfile_read(), into file->body. */
int capfile_read_body(struct capfile *file, uint32_t len, const char *what, struct error *err);

void capfile_note_link(struct capfile *file, int link_type);

/* pcapng.c: the section header of which the first four bytes were read. */
int pcapng_open(struct capfile *file, struct error *err);
uint64_t pcapng_dropped(const struct capfile *file);

#endif
