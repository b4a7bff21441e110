// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "feed/chainlink_signature.h"

#include <string.h>

#include "base/keccak.h"
#include "feed/signature.h"

#define HALF (SIGNATURE_LEN / 2)
#define RECOVERIES 32

/* Which of the expected signers it is; signer_count: none of them. */
static unsigned place_of(const struct decode_options *options, const struct signer *signer)
{
	unsigned i = 0;

	while (i < options->signer_count && (options->signers[i].len != SIGNER_ADDRESS ||
					     memcmp(options->signers[i].bytes, signer->address, SIGNER_ADDRESS)))
		i++;
	return i;
}

enum feed_signature chainlink_check(const struct decode_options *options, const void *signed_bytes, size_t len,
				    const struct chainlink_signatures *signatures)
{
	uint8_t digest[KECCAK256_LEN], one[SIGNATURE_LEN];
	bool signed_by[SIGNERS_MAX] = {false};
	struct signer signer;

	if (!options->signer_count)
		return FEED_SIGNATURE_UNCHECKED;
	if (signatures->count > RECOVERIES || signatures->count < (options->signer_count - 1u) / 3 + 1)
		return FEED_SIGNATURE_BAD;
	keccak256(signed_bytes, len, digest);
	for (size_t i = 0; i < signatures->count; i++) {
		unsigned place;

		memcpy(one, signatures->rs + HALF * i, HALF);
		memcpy(one + HALF, signatures->ss + HALF * i, HALF);
		if (!secp256k1_recover(digest, one, signatures->vs[i], &signer))
			return FEED_SIGNATURE_BAD;
		place = place_of(options, &signer);
		if (place == options->signer_count || signed_by[place])
			return FEED_SIGNATURE_BAD;
		signed_by[place] = true;
	}
	return FEED_SIGNATURE_VERIFIED;
}
