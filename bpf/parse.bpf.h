/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From an Ethernet frame to the UDP or TCP payload: up to two VLAN tags, IPv4 with options, IPv6 with extension headers,
 * and IPv4 inside GRE (RFC 2784 header without options). Compiles for BPF and for userspace.
 *
 * In three steps, because most packets belong to nobody and must leave cheaply: packet_headers() finds protocol and
 * ports, packet_addresses() and packet_length() do the rest for the packets whose port is wanted. packet_parse() does all.
 * Lengths are those of the IP and UDP headers: Ethernet padding is not payload.
 */
#ifndef PL_PARSE_BPF_H
#define PL_PARSE_BPF_H

#include "bytes.bpf.h"
#include "record.h"

enum packet_result {
	PACKET_OK = 0,
	PACKET_OTHER,	  /* well, but neither UDP nor TCP in what we understand: not ours */
	PACKET_FRAGMENT,  /* a later fragment of a UDP, TCP or GRE packet: carries no ports */
	PACKET_MALFORMED, /* cut short, or headers that contradict each other */
};

struct packet {
	union {
		__u8 source[16]; /* IPv6, or IPv4 mapped (::ffff:a.b.c.d), network byte order */
		__u64 source_words[2];
	};
	union {
		__u8 dest[16];
		__u64 dest_words[2];
	};
	/* The pads keep offsets out of the stack slots whose values the BPF verifier follows: see frame_settle(). */
	__u32 seq;     /* TCP, host order */
	__u32 network; /* offset of the (inner) IP header */
	__u32 ack;     /* TCP, host order */
	__u32 payload; /* offset of the payload */
	__u32 pad;
	__u32 ip_end; /* offset where the (inner) IP packet ends; PACKET_TO_END: with the frame (IP length 0, big TCP) */
	__u32 pad_more;
	__u32 len;	   /* payload bytes; before packet_length(): what the UDP header says, or PACKET_TO_END */
	__u16 source_port; /* host order */
	__u16 dest_port;
	__u8 space;    /* enum pl_port_space */
	__u8 flags;    /* TCP: PL_TCP_* */
	__u8 version;  /* of the (inner) IP header: 4 or 6 */
	__u8 gre;      /* 1: inside GRE */
	__u8 fragment; /* 1: first fragment of several; `len` is what this one carries */
	__u8 pad_end[7];
};

#define PACKET_TO_END 0xffffffffu
#define PACKET_IPV6_EXTENSIONS_MAX 6
/* Ethernet, two tags, IPv4 with options twice, GRE, TCP without options: what packet_headers() may want to see. */
#define PACKET_HEADERS_MAX (14 + 2 * 4 + 60 + 4 + 60 + 20)

#define PACKET_PROTO_TCP 6
#define PACKET_PROTO_UDP 17
#define PACKET_PROTO_GRE 47
#define PACKET_ETH_IPV4 0x0800
#define PACKET_ETH_IPV6 0x86dd
#define PACKET_ETH_VLAN 0x8100
#define PACKET_ETH_QINQ 0x88a8

/* Offsets stay below this (two tags, six IPv6 extensions of 2 KiB, TCP options): the mask tells the BPF verifier so. */
#define PACKET_OFFSET_MASK 0x7fff

/*
 * Where the parser stands: the next header's offset and protocol. Offsets, not pointers, because the verifier knows
 * nothing of the difference of two pointers.
 */
struct packet_cursor {
	const __u8 *start;
	const __u8 *end;
	__u32 offset;
	__u32 proto;
};

/* The end of an IP packet of `len` bytes (0: unknown) that begins at packet->network: never past the one around it. */
static __always_inline bool packet_set_end(struct packet *packet, __u32 len)
{
	if (!len)
		return true;
	len += packet->network;
	if (packet->ip_end != PACKET_TO_END && len > packet->ip_end)
		return false;
	packet->ip_end = len;
	return true;
}

/*
 * The offset behind a header that few packets have. To the BPF verifier, which forgets a value when its bytes are
 * swapped, it is any offset: otherwise it would follow every sequence of such headers apart through all that comes behind.
 */
static __always_inline __u32 packet_skip(__u32 offset, __u32 bytes)
{
	offset += bytes;
#ifdef __bpf__
	asm volatile("%0 = be16 %0\n%0 = be16 %0" : "+r"(offset));
#endif
	return offset & PACKET_OFFSET_MASK;
}

static __always_inline bool packet_carries_ports(__u32 proto)
{
	return proto == PACKET_PROTO_UDP || proto == PACKET_PROTO_TCP || proto == PACKET_PROTO_GRE;
}

static __always_inline int packet_ipv4(struct packet_cursor *cursor, struct packet *packet)
{
	const __u8 *ip = cursor->start + cursor->offset;
	__u32 header, len, fragment;

	if (ip + 20 > cursor->end || ip[0] >> 4 != 4)
		return PACKET_MALFORMED;
	header = (ip[0] & 15) * 4;
	len = load_be16(ip + 2);
	if (header < 20 || (len && len < header))
		return PACKET_MALFORMED;
	packet->version = 4;
	packet->network = cursor->offset;
	if (!packet_set_end(packet, len))
		return PACKET_MALFORMED;
	cursor->proto = ip[9];
	fragment = load_be16(ip + 6);
	if (fragment & 0x1fff)
		return packet_carries_ports(cursor->proto) ? PACKET_FRAGMENT : PACKET_OTHER;
	packet->fragment |= fragment >> 13 & 1;
	cursor->offset += header;
	return PACKET_OK;
}

static __always_inline int packet_ipv6(struct packet_cursor *cursor, struct packet *packet)
{
	const __u8 *ip = cursor->start + cursor->offset;
	__u32 len, header, fragment;
	int i;

	if (ip + 40 > cursor->end || ip[0] >> 4 != 6)
		return PACKET_MALFORMED;
	packet->version = 6;
	packet->network = cursor->offset;
	len = load_be16(ip + 4);
	if (!packet_set_end(packet, len ? 40 + len : 0))
		return PACKET_MALFORMED;
	cursor->proto = ip[6];
	cursor->offset += 40;
	for (i = 0; i < PACKET_IPV6_EXTENSIONS_MAX; i++) {
		const __u8 *at = cursor->start + cursor->offset;

		if (cursor->proto != 0 && cursor->proto != 43 && cursor->proto != 44 && cursor->proto != 51 &&
		    cursor->proto != 60)
			return PACKET_OK;
		if (at + 8 > cursor->end)
			return PACKET_MALFORMED;
		header = 8 + at[1] * 8; /* hop-by-hop, routing, destination options */
		if (cursor->proto == 51) {
			header = 8 + at[1] * 4; /* authentication */
		} else if (cursor->proto == 44) {
			fragment = load_be16(at + 2);
			if (fragment & 0xfff8)
				return packet_carries_ports(at[0]) ? PACKET_FRAGMENT : PACKET_OTHER;
			packet->fragment |= fragment & 1;
			header = 8;
		}
		cursor->offset = packet_skip(cursor->offset, header);
		cursor->proto = at[0];
	}
	return PACKET_OK;
}

static __always_inline int packet_transport(struct packet_cursor *cursor, struct packet *packet)
{
	const __u8 *at = cursor->start + cursor->offset;
	__u32 header;

	if (cursor->proto == PACKET_PROTO_UDP) {
		__u32 len;

		if (at + 8 > cursor->end)
			return PACKET_MALFORMED;
		len = load_be16(at + 4);
		if (len && len < 8)
			return PACKET_MALFORMED;
		packet->space = PL_PORT_UDP;
		packet->len = len ? len - 8 : PACKET_TO_END;
		packet->payload = cursor->offset + 8;
	} else if (cursor->proto == PACKET_PROTO_TCP) {
		if (at + 20 > cursor->end)
			return PACKET_MALFORMED;
		header = (at[12] >> 4) * 4;
		if (header < 20)
			return PACKET_MALFORMED;
		packet->space = PL_PORT_TCP;
		packet->seq = load_be32(at + 4);
		packet->ack = load_be32(at + 8);
		packet->flags = at[13];
		packet->len = PACKET_TO_END;
		packet->payload = cursor->offset + header;
	} else {
		return PACKET_OTHER;
	}
	packet->source_port = load_be16(at);
	packet->dest_port = load_be16(at + 2);
	return PACKET_OK;
}

/*
 * Protocol, ports and offsets of the frame at [data, data_end). The headers have to lie in that range; the payload need
 * not. Fills everything but the addresses; `len` is final only after packet_length(). Returns enum packet_result.
 */
static __always_inline int packet_headers(const void *data, const void *data_end, struct packet *packet)
{
	struct packet_cursor cursor = {.start = data, .end = data_end};
	const __u8 *at = data;
	__u16 type;
	int i, result;

	packet->ip_end = PACKET_TO_END;
	packet->gre = 0;
	packet->fragment = 0;
	packet->flags = 0;
	packet->seq = 0;
	packet->ack = 0;

	if (at + 14 > cursor.end)
		return PACKET_MALFORMED;
	type = load_be16(at + 12);
	cursor.offset = 14;
	for (i = 0; i < 2; i++) {
		if (type != PACKET_ETH_VLAN && type != PACKET_ETH_QINQ)
			break;
		at = cursor.start + cursor.offset;
		if (at + 4 > cursor.end)
			return PACKET_MALFORMED;
		type = load_be16(at + 2);
		cursor.offset = packet_skip(cursor.offset, 4);
	}

	if (type == PACKET_ETH_IPV4)
		result = packet_ipv4(&cursor, packet);
	else if (type == PACKET_ETH_IPV6)
		result = packet_ipv6(&cursor, packet);
	else
		return PACKET_OTHER;
	if (result != PACKET_OK)
		return result;

	if (cursor.proto == PACKET_PROTO_GRE) {
		at = cursor.start + cursor.offset;
		if (at + 4 > cursor.end)
			return PACKET_MALFORMED;
		if (load_be32(at) != PACKET_ETH_IPV4) /* flags 0, protocol IPv4 */
			return PACKET_OTHER;
		cursor.offset = packet_skip(cursor.offset, 4);
		packet->gre = 1;
		result = packet_ipv4(&cursor, packet);
		if (result != PACKET_OK)
			return result;
	}
	return packet_transport(&cursor, packet);
}

/* Fills both addresses from the IP header that packet_headers() found. False only if the range is another one. */
static __always_inline bool packet_addresses(const void *data, const void *data_end, struct packet *packet)
{
	const __u8 *ip = (const __u8 *)data + (packet->network & PACKET_OFFSET_MASK);
	const __u64 mapped = bpf_cpu_to_be64(0xffff00000000);

	if (packet->version == 4) {
		if (ip + 20 > (const __u8 *)data_end)
			return false;
		packet->source_words[0] = 0;
		packet->dest_words[0] = 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		packet->source_words[1] = mapped | (__u64)load_u32(ip + 12) << 32;
		packet->dest_words[1] = mapped | (__u64)load_u32(ip + 16) << 32;
#else
		packet->source_words[1] = mapped | load_u32(ip + 12);
		packet->dest_words[1] = mapped | load_u32(ip + 16);
#endif
	} else {
		if (ip + 40 > (const __u8 *)data_end)
			return false;
		packet->source_words[0] = load_u64(ip + 8);
		packet->source_words[1] = load_u64(ip + 16);
		packet->dest_words[0] = load_u64(ip + 24);
		packet->dest_words[1] = load_u64(ip + 32);
	}
	return true;
}

/*
 * Makes `len` final. frame_len: bytes of the frame on the wire, which may be more than the range that was parsed (XDP and
 * skb fragments, the snap length of a capture). PACKET_MALFORMED: the headers promise more than the frame holds.
 */
static __always_inline int packet_length(struct packet *packet, __u32 frame_len)
{
	__u32 end = packet->ip_end, room;

	if (end == PACKET_TO_END)
		end = frame_len;
	if (end > frame_len || packet->payload > end)
		return PACKET_MALFORMED;
	room = end - packet->payload;
	if (packet->len == PACKET_TO_END || (packet->fragment && packet->len > room))
		packet->len = room;
	return packet->len > room ? PACKET_MALFORMED : PACKET_OK;
}

/*
 * All of it, for a frame of which `captured` bytes are at `data` and which had frame_len bytes on the wire. On PACKET_OK
 * the payload is at data + payload; min(len, captured - payload) of its bytes were captured, see packet_captured().
 */
static __always_inline int packet_parse(const void *data, __u32 captured, __u32 frame_len, struct packet *packet)
{
	const void *data_end = (const __u8 *)data + captured;
	int result = packet_headers(data, data_end, packet);

	if (result != PACKET_OK)
		return result;
	if (!packet_addresses(data, data_end, packet))
		return PACKET_MALFORMED;
	return packet_length(packet, frame_len);
}

/* How many payload bytes lie within the first `captured` bytes of the frame. */
static __always_inline __u32 packet_captured(const struct packet *packet, __u32 captured)
{
	__u32 there = captured > packet->payload ? captured - packet->payload : 0;

	return there < packet->len ? there : packet->len;
}

#endif
