/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Link layers of capture files. The shared parser enters at Ethernet; whatever else a file holds is given an Ethernet
 * header in place of its own, so that every packet takes the very same way. Layouts: https://www.tcpdump.org/linktypes.html
 */
#ifndef PL_TAP_LINK_H
#define PL_TAP_LINK_H

#include <stdbool.h>
#include <stdint.h>

/* Ethernet header and the largest packet of any capture file (CAPFILE_PACKET_MAX). */
#define LINK_FRAME_MAX (14 + 262144)

/* Link types as capture files number them. */
enum {
	LINKTYPE_NULL = 0,
	LINKTYPE_ETHERNET = 1,
	LINKTYPE_PPP = 9,
	LINKTYPE_RAW_BSD = 12, /* what DLT_RAW is on most systems, and some programs write as it is */
	LINKTYPE_RAW_OPENBSD = 14,
	LINKTYPE_PPP_HDLC = 50,
	LINKTYPE_RAW = 101,
	LINKTYPE_LOOP = 108,
	LINKTYPE_LINUX_SLL = 113,
	LINKTYPE_IPV4 = 228,
	LINKTYPE_IPV6 = 229,
	LINKTYPE_LINUX_SLL2 = 276,
};

enum link_direction { LINK_UNKNOWN, LINK_INCOMING, LINK_OUTGOING };

struct link_frame {
	const uint8_t *data; /* an Ethernet frame */
	uint32_t captured;   /* bytes at `data` */
	uint32_t len;	     /* bytes that the frame had on the wire */
	enum link_direction direction;
};

/* Whether link_to_ethernet() knows this LINKTYPE_*; link_supported_names lists them for messages. */
bool link_supported(int link_type);
extern const char link_supported_names[];

/*
 * Makes `out` from a captured packet of type LINKTYPE_*. out->data points into `data`, or to `scratch` of LINK_FRAME_MAX
 * bytes. False where the link header itself is cut short.
 */
bool link_to_ethernet(int link_type, const uint8_t *data, uint32_t captured, uint32_t len, uint8_t *scratch,
		      struct link_frame *out);

#endif
