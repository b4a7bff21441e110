// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tap/link.h"

#include <string.h>

#include "bytes.bpf.h"
#include "parse.bpf.h"

#define ETHERNET_BYTES 14
#define SLL_BYTES 16
#define SLL2_BYTES 20
#define SLL_PACKET_OUTGOING 4 /* sent by this host; 0 to 3 came in, for this host or seen in passing */

const char link_supported_names[] =
	"Ethernet (1), raw IP (101, 12, 14), IPv4 (228), IPv6 (229), Linux cooked v1 (113) and v2 (276), BSD loopback (0, 108), "
	"PPP (9, 50)";

bool link_supported(int link_type)
{
	switch (link_type) {
	case LINKTYPE_ETHERNET:
	case LINKTYPE_RAW:
	case LINKTYPE_RAW_BSD:
	case LINKTYPE_RAW_OPENBSD:
	case LINKTYPE_IPV4:
	case LINKTYPE_IPV6:
	case LINKTYPE_LINUX_SLL:
	case LINKTYPE_LINUX_SLL2:
	case LINKTYPE_NULL:
	case LINKTYPE_LOOP:
	case LINKTYPE_PPP:
	case LINKTYPE_PPP_HDLC:
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

/* RFC 1661 and 1662: address and control may be left out, and so may the protocol's first byte where it is 0. 0: cut short. */
static uint32_t ppp_header(const uint8_t *data, uint32_t captured, uint16_t *type)
{
	uint32_t at = captured >= 2 && data[0] == 0xff && data[1] == 0x03 ? 2 : 0;
	uint16_t protocol;

	if (captured < at + 2)
		return 0;
	protocol = data[at] & 1 ? data[at] : load_be16(data + at);
	*type = protocol == 0x0021 ? PACKET_ETH_IPV4 : protocol == 0x0057 ? PACKET_ETH_IPV6 : 0;
	return at + (data[at] & 1 ? 1 : 2);
}

bool link_to_ethernet(int link_type, const uint8_t *data, uint32_t captured, uint32_t len, uint8_t *scratch,
		      struct link_frame *out)
{
	uint32_t header = 0, family;
	uint16_t type = 0;

	out->direction = LINK_UNKNOWN;
	switch (link_type) {
	case LINKTYPE_ETHERNET:
		out->data = data;
		out->captured = captured;
		out->len = len;
		return true;
	case LINKTYPE_RAW:
	case LINKTYPE_RAW_BSD:
	case LINKTYPE_RAW_OPENBSD:
		type = type_of_version(data, captured);
		break;
	case LINKTYPE_IPV4:
		type = PACKET_ETH_IPV4;
		break;
	case LINKTYPE_IPV6:
		type = PACKET_ETH_IPV6;
		break;
	case LINKTYPE_LINUX_SLL:
		header = SLL_BYTES;
		if (captured < header)
			return false;
		type = load_be16(data + 14);
		out->direction = load_be16(data) == SLL_PACKET_OUTGOING ? LINK_OUTGOING : LINK_INCOMING;
		break;
	case LINKTYPE_LINUX_SLL2:
		header = SLL2_BYTES;
		if (captured < header)
			return false;
		type = load_be16(data);
		out->direction = data[10] == SLL_PACKET_OUTGOING ? LINK_OUTGOING : LINK_INCOMING;
		break;
	case LINKTYPE_NULL:
	case LINKTYPE_LOOP:
		header = 4;
		if (captured < header)
			return false;
		/* NULL is in the byte order of whoever captured: a family is small, so its value tells which one. */
		family = load_be32(data);
		if (link_type == LINKTYPE_NULL && family > 0xffff)
			family = __builtin_bswap32(family);
		type = type_of_family(family);
		break;
	case LINKTYPE_PPP:
	case LINKTYPE_PPP_HDLC:
		header = ppp_header(data, captured, &type);
		if (!header)
			return false;
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
