/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Packets, shreds and capture files made by hand, for tests. Checksums are left out: nothing here looks at them. */
#ifndef PL_TESTS_CAPTURE_FILES_H
#define PL_TESTS_CAPTURE_FILES_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline void put_be16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline void put_le(uint8_t *at, uint64_t value, size_t width)
{
	for (size_t i = 0; i < width; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static inline size_t ip4_header(uint8_t *ip, const char *source, const char *dest, uint8_t protocol, size_t payload_len)
{
	memset(ip, 0, 20);
	ip[0] = 0x45;
	put_be16(ip + 2, 20 + payload_len);
	ip[8] = 64;
	ip[9] = protocol;
	inet_pton(AF_INET, source, ip + 12);
	inet_pton(AF_INET, dest, ip + 16);
	return 20 + payload_len;
}

static inline size_t udp_header(uint8_t *udp, uint16_t source, uint16_t dest, const uint8_t *payload, size_t len)
{
	put_be16(udp, source);
	put_be16(udp + 2, dest);
	put_be16(udp + 4, 8 + len);
	put_be16(udp + 6, 0);
	memcpy(udp + 8, payload, len);
	return 8 + len;
}

static inline size_t ip4_udp(uint8_t *ip, const char *source, uint16_t source_port, const char *dest, uint16_t dest_port,
			     const uint8_t *payload, size_t len)
{
	return ip4_header(ip, source, dest, 17, udp_header(ip + 20, source_port, dest_port, payload, len));
}

static inline size_t ip6_udp(uint8_t *ip, const char *source, uint16_t source_port, const char *dest, uint16_t dest_port,
			     const uint8_t *payload, size_t len)
{
	size_t udp = udp_header(ip + 40, source_port, dest_port, payload, len);

	memset(ip, 0, 40);
	ip[0] = 0x60;
	put_be16(ip + 4, udp);
	ip[6] = 17;
	ip[7] = 64;
	inet_pton(AF_INET6, source, ip + 8);
	inet_pton(AF_INET6, dest, ip + 24);
	return 40 + udp;
}

static inline size_t ip4_tcp(uint8_t *ip, const char *source, uint16_t source_port, const char *dest, uint16_t dest_port,
			     uint32_t seq, uint8_t flags, const uint8_t *payload, size_t len)
{
	uint8_t *tcp = ip + 20;

	memset(tcp, 0, 20);
	put_be16(tcp, source_port);
	put_be16(tcp + 2, dest_port);
	put_be16(tcp + 4, seq >> 16);
	put_be16(tcp + 6, seq & 0xffff);
	tcp[12] = 0x50;
	tcp[13] = flags;
	if (len)
		memcpy(tcp + 20, payload, len);
	return ip4_header(ip, source, dest, 6, 20 + len);
}

#define SHRED_BYTES_MAX 1232

/* A chained Merkle shred as far as its headers go; position: 0..31 within the set. Returns its length. */
static inline uint32_t make_shred(uint8_t *out, bool code, uint64_t slot, uint32_t set, uint32_t position,
				  uint16_t version, bool repair)
{
	uint32_t len = code ? 1228 : 1203;

	memset(out, 0, SHRED_BYTES_MAX);
	out[64] = code ? 0x66 : 0x96;
	put_le(out + 65, slot, 8);
	put_le(out + 73, set + position, 4);
	put_le(out + 77, version, 2);
	put_le(out + 79, set, 4);
	if (code) {
		put_le(out + 83, 32, 2);
		put_le(out + 85, 32, 2);
		put_le(out + 87, position, 2);
	}
	return len + (repair ? 4 : 0);
}

struct capture_bytes {
	uint8_t *data;
	size_t len;
};

static inline void capture_bytes_add(struct capture_bytes *file, const void *data, size_t len)
{
	file->data = realloc(file->data, file->len + len);
	memcpy(file->data + file->len, data, len);
	file->len += len;
}

/* A pcap file (https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html) with stamps of nano- or microseconds. */
static inline void pcap_begin(struct capture_bytes *file, bool nanoseconds, uint32_t link_type)
{
	uint8_t header[24] = {0};

	put_le(header, nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 4);
	put_le(header + 4, 2, 2);
	put_le(header + 6, 4, 2);
	put_le(header + 16, 262144, 4);
	put_le(header + 20, link_type, 4);
	capture_bytes_add(file, header, sizeof(header));
}

/* The fraction is in the unit of the file: a microsecond file keeps stamp_ns / 1000. */
static inline void pcap_add(struct capture_bytes *file, uint64_t stamp_ns, const uint8_t *frame, uint32_t captured,
			    uint32_t len)
{
	bool nanoseconds = file->data[0] == 0x4d;
	uint8_t header[16];

	put_le(header, stamp_ns / 1000000000, 4);
	put_le(header + 4, stamp_ns % 1000000000 / (nanoseconds ? 1 : 1000), 4);
	put_le(header + 8, captured, 4);
	put_le(header + 12, len, 4);
	capture_bytes_add(file, header, sizeof(header));
	capture_bytes_add(file, frame, captured);
}

#endif
