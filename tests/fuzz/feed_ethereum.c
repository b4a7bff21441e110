// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A packet as it is, and once more behind the hash that discovery would give it. */
#include "feed_check.h"

#include "base/keccak.h"
#include "feed/ethereum.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct decode_options none;
	uint8_t *hashed;

	check_decoder(ethereum_decode, &none, data, size);
	require(ethereum_udp_kind(data, size) <= FLOW_KIND_UDP);
	require(ethereum_tcp_kind(data, size) >= FLOW_KIND_RLPX);
	if (size > 1280)
		return 0;
	hashed = malloc(KECCAK256_LEN + size);
	if (!hashed)
		return 0;
	keccak256(data, size, hashed);
	memcpy(hashed + KECCAK256_LEN, data, size);
	size += KECCAK256_LEN;
	require((ethereum_udp_kind(hashed, size) <= FLOW_KIND_DISCV4_OTHER) == (size >= 98 && size <= 1280));
	free(hashed);
	return 0;
}
