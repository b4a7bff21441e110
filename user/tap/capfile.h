/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One capture file, packet by packet: pcap in either byte order with micro- or nanoseconds, and pcapng with any number of
 * sections (each in its own byte order) and interfaces (each with its own link type, resolution and offset of stamps).
 * Layouts: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html and …/draft-ietf-opsawg-pcapng-02.html
 *
 * A file is hostile until it was read: lengths are checked before they are used, and no field makes the reader take more
 * memory than CAPFILE_BLOCK_MAX and CAPFILE_INTERFACES_MAX interfaces.
 */
#ifndef PL_TAP_CAPFILE_H
#define PL_TAP_CAPFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "tap/link.h"

#define CAPFILE_PACKET_MAX 262144    /* bytes of a packet: the largest snap length that tcpdump and Wireshark write */
#define CAPFILE_BLOCK_MAX (1U << 20) /* of a pcapng block that is looked into; others are skipped, whatever their size */
#define CAPFILE_INTERFACES_MAX 65536

struct capfile_packet {
	const uint8_t *data;	/* valid until the next call */
	uint32_t captured, len; /* bytes at `data`, and on the wire: captured <= len */
	int link_type;		/* LINKTYPE_* of tap/link.h, or one that is not understood */
	enum link_direction direction; /* where the file tells it (pcapng's epb_flags) */
	bool has_stamp;		/* false: none (a simple packet block), or one that is no time before the year 2262 */
	uint64_t stamp_ns;	/* UTC */
	const char *file;	/* name of the capture file, as long as it is open */
	uint32_t interface;	/* of the file, counted over its sections; 0 in pcap */
	const char *interface_name; /* valid until the next call; "" unknown */
};

struct capfile;

/*
 * Takes over the stream, also where it fails; `name` is for messages. The file is read up to its first packet. -EINVAL:
 * neither pcap nor pcapng; -EPROTONOSUPPORT: none of its interfaces has a link type that is understood.
 */
int capfile_open(struct capfile **out, FILE *stream, const char *name, struct error *err);

/* 1 and the next packet, 0 at the end, or -EBADMSG where the file breaks off or contradicts itself: `err` says what and where. */
int capfile_next(struct capfile *file, struct capfile_packet *out, struct error *err);

/* Packets that the capturing program says it lost, as far as the file was read (interface statistics, or epb_dropcount). */
uint64_t capfile_dropped(const struct capfile *file);

uint64_t capfile_size(const struct capfile *file); /* bytes; 0: not known */
uint64_t capfile_position(const struct capfile *file);
const char *capfile_name(const struct capfile *file);
void capfile_close(struct capfile *file);

#endif
