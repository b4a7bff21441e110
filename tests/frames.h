/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Builds Ethernet frames from a description, for the tests of the parser, of the kernel programs and for the bench. */
#ifndef PL_TESTS_FRAMES_H
#define PL_TESTS_FRAMES_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct frame_spec {
	int tags;		  /* VLAN tags: 0, 1 or 2 (802.1ad outside) */
	bool ipv6;
	int options;		  /* bytes of IPv4 options, a multiple of 4 */
	const uint8_t *extensions; /* IPv6 extension headers, by number, in order; each is 8 bytes long */
	int extension_count;
	bool gre;		  /* everything but Ethernet inside IPv4 and GRE */
	bool tcp;
	const char *source, *dest; /* as text; NULL: 192.0.2.1 → 192.0.2.2, or 2001:db8::1 → 2001:db8::2 */
	uint16_t source_port, dest_port;
	uint16_t fragment;	   /* IPv4 flags and fragment offset */
	bool zero_length;	   /* IP length 0, as in big TCP */
	uint32_t seq, ack;
	uint8_t flags;
	const void *payload;
	size_t len;
	size_t padding;		   /* bytes behind the IP packet */
};

#define FRAME_MAX 16384

static inline size_t frame_put16(uint8_t *out, size_t at, uint16_t value)
{
	out[at] = value >> 8;
	out[at + 1] = value;
	return at + 2;
}

static inline size_t frame_put32(uint8_t *out, size_t at, uint32_t value)
{
	return frame_put16(out, frame_put16(out, at, value >> 16), value);
}

/* An IPv4 header without its length, which frame_build() fills in. */
static inline size_t frame_ipv4(uint8_t *out, size_t at, int options, uint8_t proto, uint16_t fragment, const char *source,
				const char *dest)
{
	memset(out + at, 0, 20 + options);
	out[at] = 0x40 | (20 + options) / 4;
	frame_put16(out, at + 6, fragment);
	out[at + 8] = 64;
	out[at + 9] = proto;
	inet_pton(AF_INET, source, out + at + 12);
	inet_pton(AF_INET, dest, out + at + 16);
	memset(out + at + 20, 1, options); /* no-operation */
	return at + 20 + options;
}

/* Returns the length of the frame in out[FRAME_MAX]. */
static inline size_t frame_build(const struct frame_spec *spec, uint8_t *out)
{
	uint8_t proto = spec->tcp ? 6 : 17;
	size_t at = 12, outer = 0, ip, end;
	int i;

	memset(out, 0x02, 12);
	if (spec->tags == 2)
		at = frame_put16(out, frame_put16(out, at, 0x88a8), 7);
	if (spec->tags >= 1)
		at = frame_put16(out, frame_put16(out, at, 0x8100), 9);
	at = frame_put16(out, at, spec->ipv6 && !spec->gre ? 0x86dd : 0x0800);
	if (spec->gre) {
		outer = at;
		at = frame_ipv4(out, at, 0, 47, 0, "198.51.100.1", "198.51.100.2");
		at = frame_put16(out, frame_put16(out, at, 0), spec->ipv6 ? 0x86dd : 0x0800);
	}
	ip = at;
	if (spec->ipv6) {
		memset(out + at, 0, 40);
		out[at] = 0x60;
		out[at + 6] = spec->extension_count ? spec->extensions[0] : proto;
		inet_pton(AF_INET6, spec->source ? spec->source : "2001:db8::1", out + at + 8);
		inet_pton(AF_INET6, spec->dest ? spec->dest : "2001:db8::2", out + at + 24);
		at += 40;
		for (i = 0; i < spec->extension_count; i++) {
			memset(out + at, 0, 8);
			out[at] = i + 1 < spec->extension_count ? spec->extensions[i + 1] : proto;
			if (spec->extensions[i] == 44)
				frame_put16(out, at + 2, spec->fragment);
			at += 8;
		}
	} else {
		at = frame_ipv4(out, at, spec->options, proto, spec->fragment, spec->source ? spec->source : "192.0.2.1",
				spec->dest ? spec->dest : "192.0.2.2");
	}
	frame_put16(out, at, spec->source_port);
	frame_put16(out, at + 2, spec->dest_port);
	if (spec->tcp) {
		frame_put32(out, at + 4, spec->seq);
		frame_put32(out, at + 8, spec->ack);
		out[at + 12] = 5 << 4;
		out[at + 13] = spec->flags;
		memset(out + at + 14, 0, 6);
		at += 20;
	} else {
		frame_put16(out, at + 4, 8 + spec->len);
		frame_put16(out, at + 6, 0);
		at += 8;
	}
	if (spec->len)
		memcpy(out + at, spec->payload, spec->len);
	end = at + spec->len;
	if (spec->gre)
		frame_put16(out, outer + 2, end - outer);
	if (spec->ipv6)
		frame_put16(out, ip + 4, spec->zero_length ? 0 : end - ip - 40);
	else
		frame_put16(out, ip + 2, spec->zero_length ? 0 : end - ip);
	memset(out + end, 0xee, spec->padding);
	return end + spec->padding;
}

#endif
