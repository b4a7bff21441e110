/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ethereum's peer-to-peer traffic, as far as a bystander can tell it apart: all but discovery is encrypted, so packets are
 * only counted, by what they are (`type: ethereum-flows`). None of it says when a block came.
 */
#ifndef PL_FEED_ETHEREUM_H
#define PL_FEED_ETHEREUM_H

#include <stddef.h>
#include <stdint.h>

#include "feed/decoder.h"

#define FLOW_TYPE "ethereum-flows"

/* Name in every table, and the rule. */
#define FLOW_KINDS(X)                                                                                                  \
	X(DISCV4_PING, "discv4-ping", "discovery v4: begins with keccak256 of the rest; type 1 at offset 97")          \
	X(DISCV4_PONG, "discv4-pong", "type 2")                                                                        \
	X(DISCV4_FINDNODE, "discv4-findnode", "type 3")                                                                \
	X(DISCV4_NEIGHBORS, "discv4-neighbors", "type 4")                                                              \
	X(DISCV4_ENRREQUEST, "discv4-enrrequest", "type 5")                                                            \
	X(DISCV4_ENRRESPONSE, "discv4-enrresponse", "type 6")                                                          \
	X(DISCV4_OTHER, "discv4-other", "another type")                                                                \
	X(QUIC, "quic-handshake", "UDP with a long header of QUIC version 1 or 2")                                     \
	X(UDP, "udp-other", "discovery v5, QUIC after its handshake, or anything else")                                \
	X(RLPX, "rlpx-handshake", "TCP: a length that fits (big-endian u16), then 0x04, an uncompressed point")        \
	X(TCP, "tcp-other", "RLPx frames, other TCP, and what begins or ends a connection")

enum flow_kind {
#define X(ID, name, text) FLOW_KIND_##ID,
	FLOW_KINDS(X)
#undef X
		FLOW_KINDS_MAX
};
extern const char *const flow_kind_names[FLOW_KINDS_MAX];

/* What the payload of a UDP datagram, or of a TCP segment, is. */
enum flow_kind ethereum_udp_kind(const uint8_t *data, size_t len);
enum flow_kind ethereum_tcp_kind(const uint8_t *data, size_t len);

/* For `pricelag decode`: the kind as a message's id, of UDP unless the bytes are an RLPx handshake. */
int ethereum_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
		    struct error *err);

#endif
