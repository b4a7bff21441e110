// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "feed/digest.h"

#include <string.h>

#include "base/hex.h"

void message_set_digest(struct feed_message *message, const void *signed_bytes, size_t len)
{
	uint8_t hash[KECCAK256_LEN];

	keccak256(signed_bytes, len, hash);
	message_set_digest_of(message, hash);
}

void message_set_digest_of(struct feed_message *message, const uint8_t hash[KECCAK256_LEN])
{
	uint8_t both[KECCAK256_LEN + FEED_TEXT_MAX], digest[KECCAK256_LEN];
	size_t id_len = strlen(message->id);

	memcpy(both, hash, KECCAK256_LEN);
	memcpy(both + KECCAK256_LEN, message->id, id_len);
	keccak256(both, KECCAK256_LEN + id_len, digest);
	hex_encode(digest, (sizeof(message->digest) - 1) / 2, message->digest);
}
