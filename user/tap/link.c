// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tap/link.h"

#include <pcap/dlt.h>
#include <string.h>

#include "bytes.bpf.h"
#include "parse.bpf.h"

#define ETHERNET_BYTES 14
#define SLL_BYTES 16
#define SLL2_BYTES 20
#define SLL_PACKET_OUTGOING 4 /* sent by this host; 0 to 3 came in, for this host or seen in passing */

const char link_supported_names[] =
	"Ethernet, raw IP, IPv4, IPv6, Linux cooked v1 and v2, BSD loopback (DLT_EN10MB, RAW, IPV4, IPV6, LINUX_SLL, "
	"LINUX_SLL2, NULL, LOOP)";

bool link_supported(int link_type)
{
	switch (link_type) {
	case DLT_EN10MB:
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
	case DLT_LINUX_SLL:
	case DLT_LINUX_SLL2:
	case DLT_NULL:
	case DLT_LOOP:
		return true;
	}
	return false;
}

/* Address families as the BSDs and macOS number them; IPv6 differs between all of them. */
static uint16_t type_of_family(uint32_t family)
{
	switch (family) {
	case 2:
		return PACKET_ETH_IPV4;
	case 10: /* Linux */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* macOS */
		return PACKET_ETH_IPV6;
	}
	return 0;
}

static uint16_t type_of_version(const uint8_t *data, uint32_t captured)
{
	if (!captured)
		return 0;
	return data[0] >> 4 == 4 ? PACKET_ETH_IPV4 : data[0] >> 4 == 6 ? PACKET_ETH_IPV6 : 0;
}

bool link_to_ethernet(int link_type, const uint8_t *data, uint32_t captured, uint32_t len, uint8_t *scratch,
		      struct link_frame *out)
{
	uint32_t header = 0, family;
	uint16_t type = 0;

	out->direction = LINK_UNKNOWN;
	switch (link_type) {
	case DLT_EN10MB:
		out->data = data;
		out->captured = captured;
		out->len = len;
		return true;
	case DLT_RAW:
		type = type_of_version(data, captured);
		break;
	case DLT_IPV4:
		type = PACKET_ETH_IPV4;
		break;
	case DLT_IPV6:
		type = PACKET_ETH_IPV6;
		break;
	case DLT_LINUX_SLL:
		header = SLL_BYTES;
		if (captured < header)
			return false;
		type = load_be16(data + 14);
		out->direction = load_be16(data) == SLL_PACKET_OUTGOING ? LINK_OUTGOING : LINK_INCOMING;
		break;
	case DLT_LINUX_SLL2:
		header = SLL2_BYTES;
		if (captured < header)
			return false;
		type = load_be16(data);
		out->direction = data[10] == SLL_PACKET_OUTGOING ? LINK_OUTGOING : LINK_INCOMING;
		break;
	case DLT_NULL:
	case DLT_LOOP:
		header = 4;
		if (captured < header)
			return false;
		/* NULL is in the byte order of whoever captured: a family is small, so its value tells which one. */
		family = load_be32(data);
		if (link_type == DLT_NULL && family > 0xffff)
			family = __builtin_bswap32(family);
		type = type_of_family(family);
		break;
	default:
		return false;
	}

	if (captured > LINK_FRAME_MAX - ETHERNET_BYTES + header)
		captured = LINK_FRAME_MAX - ETHERNET_BYTES + header;
	memset(scratch, 0, 12);
	scratch[12] = (uint8_t)(type >> 8);
	scratch[13] = (uint8_t)type;
	memcpy(scratch + ETHERNET_BYTES, data + header, captured - header);
	out->data = scratch;
	out->captured = captured - header + ETHERNET_BYTES;
	out->len = (len > header ? len - header : 0) + ETHERNET_BYTES;
	return true;
}
