// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * As Stork's contract verifies it (Stork-Oracle/stork-external, chains/evm/contracts/stork/contracts/StorkVerify.sol): the
 * Keccak-256 of public key 20, asset id 32, timestamp 32, price 32, publishers' Merkle root 32 and the algorithm's checksum
 * 32, signed as an Ethereum message.
 */
#include "feed/stork.h"

#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "base/keccak.h"
#include "base/wide.h"

#define KEY	  SIGNER_ADDRESS
#define WORD	  STORK_WORD
#define SIGNED    (KEY + STORK_VALUE_LEN)
#define PREFIX	  "\x19" "Ethereum Signed Message:\n32"
#define PREFIX_LEN (sizeof(PREFIX) - 1)

/* Hex text of exactly `len` bytes. */
static bool read_hex(struct json_object *value, uint8_t *out, size_t len)
{
	const char *text = json_text(value);

	return text && hex_decode(text, strlen(text), out, len) == (long)len;
}

static bool read_time(struct json_object *value, uint8_t out[WORD])
{
	int64_t time;

	if (!json_integer(value, &time) || time < 0)
		return false;
	memset(out, 0, WORD);
	for (int i = 0; i < 8; i++)
		out[WORD - 1 - i] = (uint8_t)((uint64_t)time >> 8 * i);
	return true;
}

bool stork_value(struct json_object *price, const struct decimal *value, uint8_t out[STORK_VALUE_LEN])
{
	return read_hex(json_member(price, "encoded_asset_id"), out, WORD) &&
	       read_time(json_at(price, "/timestamped_signature/timestamp"), out + WORD) &&
	       wide_parse(value->mantissa, out + 2 * WORD, WORD) &&
	       read_hex(json_member(price, "publisher_merkle_root"), out + 3 * WORD, WORD) &&
	       read_hex(json_at(price, "/calculation_alg/checksum"), out + 4 * WORD, WORD);
}

enum feed_signature stork_check(const struct decode_options *options, struct json_object *price, const struct decimal *value,
				char signer[SIGNER_TEXT])
{
	struct json_object *parts = json_at(price, "/timestamped_signature/signature");
	uint8_t message[SIGNED], text[PREFIX_LEN + KECCAK256_LEN], signature[SIGNATURE_LEN + 1];
	char claimed[SIGNER_TEXT];
	enum feed_signature verdict;

	*signer = '\0';
	if (!options->signer_count && !options->explain)
		return FEED_SIGNATURE_UNCHECKED;
	if (!read_hex(json_member(price, "public_key"), message, KEY) || !stork_value(price, value, message + KEY) ||
	    !read_hex(json_member(parts, "r"), signature, WORD) || !read_hex(json_member(parts, "s"), signature + WORD, WORD) ||
	    !read_hex(json_member(parts, "v"), signature + SIGNATURE_LEN, 1))
		return FEED_SIGNATURE_UNCHECKED;
	memcpy(text, PREFIX, PREFIX_LEN);
	keccak256(message, sizeof(message), text + PREFIX_LEN);
	verdict = ecdsa_check(options, text, sizeof(text), signature, signer);
	if (options->signer_count)
		return verdict;
	hex_encode(message, KEY, claimed); /* the key stands in the message: that it signed is proven */
	return strcmp(signer, claimed) ? FEED_SIGNATURE_BAD : FEED_SIGNATURE_VERIFIED;
}
