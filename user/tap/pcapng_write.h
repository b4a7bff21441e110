/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writes pcapng: one section in little endian, stamps in nanoseconds, comments that Wireshark shows at their packet.
 * A failed write is seen in ferror() of the stream.
 */
#ifndef PL_TAP_PCAPNG_WRITE_H
#define PL_TAP_PCAPNG_WRITE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tap/capfile.h"

#define PCAPNG_COMMENT_MAX 32767 /* bytes of one comment: what Wireshark accepts; the rest is left out */

/* Once, at the start: the program that writes. */
void pcapng_write_section(FILE *out, const char *program);

/* The interfaces are numbered from 0 in the order of these calls. */
void pcapng_write_interface(FILE *out, int link_type, const char *name);

/* packet->link_type is not looked at: it is the interface's. */
void pcapng_write_packet(FILE *out, uint32_t interface, const struct capfile_packet *packet, const char *const *comments,
			 size_t comment_count);

#endif
