/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Signatures of publishers (OpenSSL): Ed25519, and ECDSA over secp256k1 from which the signer's key is recovered. */
#ifndef PL_FEED_SIGNATURE_H
#define PL_FEED_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed/decoder.h"

#define ED25519_KEY	  32
#define SIGNATURE_LEN	  64
#define SECP256K1_KEY	  33 /* compressed: 02 or 03, and x */
#define SIGNER_ADDRESS	  20 /* last bytes of the Keccak-256 of the uncompressed key, as Ethereum names accounts */
#define SIGNER_MAX	  SECP256K1_KEY

bool ed25519_verifies(const uint8_t key[ED25519_KEY], const uint8_t signature[SIGNATURE_LEN], const void *data, size_t len);

struct signer {
	uint8_t key[SECP256K1_KEY];
	uint8_t address[SIGNER_ADDRESS];
};

/* The one key under which r and s (32 bytes each, big endian) sign `digest`, as SEC 1 4.1.6 recovers it. `recovery` is 0
 * or 1, or 27 or 28 as Ethereum writes it. False where there is none. Any signature has a signer: it proves something
 * only where it is the expected one. */
bool secp256k1_recover(const uint8_t digest[32], const uint8_t signature[SIGNATURE_LEN], unsigned recovery,
		       struct signer *out);

/* One of the signers that the options expect is these bytes; or they expect none. */
bool signer_expected(const struct decode_options *options, const uint8_t *bytes, size_t len);

/* Hex of an address, with NUL. */
#define SIGNER_TEXT (2 * SIGNER_ADDRESS + 1)

/* r, s and the recovery of a secp256k1 signature over the Keccak-256 of `data`, as contracts check them, held against the
 * signers that the options expect. `signer` becomes the address that signed, "" where none can have. Some key can be
 * recovered from nearly any signature: without an expected signer it stays unchecked, and only `explain` asks for it. */
enum feed_signature ecdsa_check(const struct decode_options *options, const void *data, size_t len,
				const uint8_t signature[SIGNATURE_LEN + 1], char signer[SIGNER_TEXT]);

#endif
