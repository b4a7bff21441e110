// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What kind of packet it is, by hand; the published capture goes through tests/golden/replay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/keccak.h"
#include "feed/ethereum.h"
#include "feed_sink.h"

static uint8_t packet[1500];

/* A packet of discovery v4: its first 32 bytes are the hash of the others. */
static enum flow_kind discovery(uint8_t type, size_t len)
{
	memset(packet, 0x5a, sizeof(packet));
	packet[97] = type;
	keccak256(packet + 32, len - 32, packet);
	return ethereum_udp_kind(packet, len);
}

static void discovery_by_its_hash(void **state)
{
	(void)state;
	assert_int_equal(discovery(1, 98), FLOW_KIND_DISCV4_PING);
	assert_int_equal(discovery(2, 150), FLOW_KIND_DISCV4_PONG);
	assert_int_equal(discovery(3, 171), FLOW_KIND_DISCV4_FINDNODE);
	assert_int_equal(discovery(4, 1280), FLOW_KIND_DISCV4_NEIGHBORS);
	assert_int_equal(discovery(5, 200), FLOW_KIND_DISCV4_ENRREQUEST);
	assert_int_equal(discovery(6, 300), FLOW_KIND_DISCV4_ENRRESPONSE);
	assert_int_equal(discovery(0, 200), FLOW_KIND_DISCV4_OTHER);
	assert_int_equal(discovery(7, 200), FLOW_KIND_DISCV4_OTHER);
	assert_int_equal(discovery(1, 97), FLOW_KIND_UDP);   /* no room for a type */
	assert_int_equal(discovery(1, 1281), FLOW_KIND_UDP); /* more than the protocol allows */
	discovery(1, 200);
	packet[150] ^= 1;
	assert_int_equal(ethereum_udp_kind(packet, 200), FLOW_KIND_UDP);
}

static void quic_by_its_long_header(void **state)
{
	static const uint8_t v1[] = {0xc3, 0, 0, 0, 1, 8, 1}, v2[] = {0xd0, 0x6b, 0x33, 0x43, 0xcf, 8, 1};
	static const uint8_t negotiation[] = {0xc3, 0, 0, 0, 0, 8, 1}, brief[] = {0x43, 0, 0, 0, 1, 8, 1};

	(void)state;
	assert_int_equal(ethereum_udp_kind(v1, sizeof(v1)), FLOW_KIND_QUIC);
	assert_int_equal(ethereum_udp_kind(v2, sizeof(v2)), FLOW_KIND_QUIC);
	assert_int_equal(ethereum_udp_kind(v1, sizeof(v1) - 1), FLOW_KIND_UDP);
	assert_int_equal(ethereum_udp_kind(negotiation, sizeof(negotiation)), FLOW_KIND_UDP);
	assert_int_equal(ethereum_udp_kind(brief, sizeof(brief)), FLOW_KIND_UDP);
}

static void rlpx_by_its_handshake(void **state)
{
	struct feed_sink sink;
	static const struct decode_options none;

	(void)state;
	memset(packet, 0x5a, sizeof(packet));
	packet[0] = 400 >> 8;
	packet[1] = 400 & 255;
	packet[2] = 4;
	assert_int_equal(ethereum_tcp_kind(packet, 402), FLOW_KIND_RLPX);
	assert_int_equal(ethereum_tcp_kind(packet, 401), FLOW_KIND_TCP);
	assert_int_equal(ethereum_tcp_kind(packet, 0), FLOW_KIND_TCP);
	assert_int_equal(feed_sink_run(&sink, ethereum_decode, &none, packet, 402), 1);
	assert_string_equal(sink.messages[0].id, "rlpx-handshake");
	packet[2] = 3;
	assert_int_equal(ethereum_tcp_kind(packet, 402), FLOW_KIND_TCP);
	assert_int_equal(feed_sink_run(&sink, ethereum_decode, &none, packet, 402), 1);
	assert_string_equal(sink.messages[0].id, "udp-other");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(discovery_by_its_hash),
		cmocka_unit_test(quic_by_its_long_header),
		cmocka_unit_test(rlpx_by_its_handshake),
	};

	return cmocka_run_group_tests_name("feed_ethereum", tests, NULL, NULL);
}
