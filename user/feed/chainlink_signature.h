/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Signatures of a Data Streams report, as the verifier contract checks them. */
#ifndef PL_FEED_CHAINLINK_SIGNATURE_H
#define PL_FEED_CHAINLINK_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "feed/decoder.h"

/* r and s of each, 32 bytes, one after the other; the recovery of signature i is byte i of `vs` (32 bytes). */
struct chainlink_signatures {
	const uint8_t *rs, *ss, *vs;
	size_t count;
};

/*
 * Over keccak256(`signed_bytes`): the keccak256 of the report's data, and its context of three words. Verified where every
 * signature is of another of the expected signers and there are more than a third of those, as f + 1 of n = 3 f + 1 oracles
 * sign (smartcontractkit/chainlink, contracts/src/v0.8/llo-feeds, Verifier.sol). Unchecked where none is expected.
 */
enum feed_signature chainlink_check(const struct decode_options *options, const void *signed_bytes, size_t len,
				    const struct chainlink_signatures *signatures);

#endif
