// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Lazer's signed formats. After the magic (lazer.c):
 *
 *   solana      Ed25519 signature 64, public key 32, u16 LE length, payload LE
 *   evm         r 32, s 32, recovery u8, u16 BE length, payload BE; secp256k1 over the payload's Keccak-256
 *   leEcdsa     the same signature, u16 LE length, payload LE
 *   leUnsigned  u16 LE length, payload LE
 *
 * pyth-network/pyth-crosschain, lazer/sdk/rust/protocol/src/message.rs.
 */
#include <errno.h>
#include <string.h>

#include "base/hex.h"
#include "feed/cursor.h"
#include "feed/lazer.h"
#include "feed/signature.h"

enum scheme { UNSIGNED, ED25519, ECDSA };

static const struct envelope {
	const char *name;
	enum scheme scheme;
	bool big_endian;
} envelopes[] = {
	{"solana", ED25519, false},
	{"evm", ECDSA, true},
	{"leEcdsa", ECDSA, false},
	{"leUnsigned", UNSIGNED, false},
};

/* The key stands in the message: that it signed is proven, that it is Pyth's only if it is the expected one. */
static void check_ed25519(struct lazer *lazer, const uint8_t *signature, const uint8_t *key, const uint8_t *payload, size_t len)
{
	bool expected = signer_expected(lazer->options, key, ED25519_KEY);

	hex_encode(key, ED25519_KEY, lazer->signer);
	lazer->signature = expected && ed25519_verifies(key, signature, payload, len) ? FEED_SIGNATURE_VERIFIED : FEED_SIGNATURE_BAD;
}

int lazer_read_binary(struct lazer *lazer, const uint8_t *data, size_t len, struct error *err)
{
	struct cursor c = cursor_over(data, len, err);
	const struct envelope *envelope = envelopes;
	const uint8_t *signature = NULL, *key = NULL, *payload;
	size_t payload_len;

	while (strcmp(envelope->name, lazer->format)) /* the caller knows the format by its magic: it is one of them */
		envelope++;
	cursor_bytes(&c, 4, "magic");
	if (envelope->scheme != UNSIGNED)
		signature = cursor_bytes(&c, SIGNATURE_LEN + (envelope->scheme == ECDSA), "signature");
	if (envelope->scheme == ED25519)
		key = cursor_bytes(&c, ED25519_KEY, "public key");
	payload_len = (size_t)(envelope->big_endian ? cursor_be : cursor_le)(&c, 2, "payload length");
	payload = cursor_bytes(&c, payload_len, "payload");
	if (cursor_end(&c))
		return -EBADMSG;
	if (envelope->scheme == ED25519)
		check_ed25519(lazer, signature, key, payload, payload_len);
	else if (envelope->scheme == ECDSA)
		lazer->signature = ecdsa_check(lazer->options, payload, payload_len, signature, lazer->signer);
	return lazer_read_payload(lazer, payload, payload_len, envelope->big_endian, err);
}
