/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers of pcapng, for the reader and the writer: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html */
#ifndef PL_TAP_PCAPNG_H
#define PL_TAP_PCAPNG_H

#define PCAPNG_SECTION 0x0a0d0d0aU /* the same in either byte order */
#define PCAPNG_BYTE_ORDER 0x1a2b3c4dU
#define PCAPNG_INTERFACE 1
#define PCAPNG_PACKET_OLD 2
#define PCAPNG_PACKET_SIMPLE 3
#define PCAPNG_STATISTICS 5
#define PCAPNG_PACKET 6

#define PCAPNG_OPT_END 0
#define PCAPNG_OPT_COMMENT 1
#define PCAPNG_SHB_USERAPPL 4
#define PCAPNG_IF_NAME 2
#define PCAPNG_IF_TSRESOL 9
#define PCAPNG_IF_TSOFFSET 14
#define PCAPNG_EPB_FLAGS 2
#define PCAPNG_EPB_DROPCOUNT 4
#define PCAPNG_ISB_IFDROP 5
#define PCAPNG_ISB_OSDROP 7

/* Low bits of epb_flags. */
#define PCAPNG_INBOUND 1
#define PCAPNG_OUTBOUND 2
#define PCAPNG_DIRECTION 3

#endif
