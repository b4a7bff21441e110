// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Rules: ethereum/devp2p, discv4.md (wire protocol) and rlpx.md (initial handshake); RFC 9000 and 9369 (QUIC). */
#include "feed/ethereum.h"

#include <string.h>

#include "base/keccak.h"
#include "bytes.bpf.h"
#include "feed/build.h"

#define DISCV4_MIN 98	/* hash 32, signature 65, type 1 */
#define DISCV4_MAX 1280
#define RLPX_MIN (2 + 65 + 16 + 32) /* size, point, initialisation vector, authentication code of an empty ECIES message */
#define QUIC_V1 1
#define QUIC_V2 0x6b3343cf

#define X(ID, name, text) name,
const char *const flow_kind_names[] = {FLOW_KINDS(X)};
#undef X

static bool is_discv4(const uint8_t *data, size_t len)
{
	uint8_t hash[KECCAK256_LEN];

	if (len < DISCV4_MIN || len > DISCV4_MAX)
		return false;
	keccak256(data + sizeof(hash), len - sizeof(hash), hash);
	return !memcmp(hash, data, sizeof(hash));
}

enum flow_kind ethereum_udp_kind(const uint8_t *data, size_t len)
{
	static const enum flow_kind discv4[] = {
		FLOW_KIND_DISCV4_OTHER,	    FLOW_KIND_DISCV4_PING,	 FLOW_KIND_DISCV4_PONG,	      FLOW_KIND_DISCV4_FINDNODE,
		FLOW_KIND_DISCV4_NEIGHBORS, FLOW_KIND_DISCV4_ENRREQUEST, FLOW_KIND_DISCV4_ENRRESPONSE,
	};

	if (is_discv4(data, len))
		return data[97] < sizeof(discv4) / sizeof(discv4[0]) ? discv4[data[97]] : FLOW_KIND_DISCV4_OTHER;
	if (len >= 7 && (data[0] & 0xc0) == 0xc0 && (load_be32(data + 1) == QUIC_V1 || load_be32(data + 1) == QUIC_V2))
		return FLOW_KIND_QUIC;
	return FLOW_KIND_UDP;
}

enum flow_kind ethereum_tcp_kind(const uint8_t *data, size_t len)
{
	return len >= RLPX_MIN && load_be16(data) == len - 2 && data[2] == 4 ? FLOW_KIND_RLPX : FLOW_KIND_TCP;
}

int ethereum_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
		    struct error *err)
{
	enum flow_kind kind = ethereum_tcp_kind(data, len);
	struct feed_message message;

	(void)options;
	(void)err;
	message_clear(&message);
	message_set_id(&message, flow_kind_names[kind == FLOW_KIND_RLPX ? kind : ethereum_udp_kind(data, len)]);
	emit(context, &message);
	return 1;
}
