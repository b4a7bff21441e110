// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "feed/signature.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <string.h>

#include "base/hex.h"
#include "base/keccak.h"

bool ed25519_verifies(const uint8_t key[ED25519_KEY], const uint8_t signature[SIGNATURE_LEN], const void *data, size_t len)
{
	EVP_PKEY *public = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, ED25519_KEY);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool verifies = public && context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, public) == 1 &&
			EVP_DigestVerify(context, signature, SIGNATURE_LEN, data, len) == 1;

	EVP_MD_CTX_free(context);
	EVP_PKEY_free(public);
	ERR_clear_error();
	return verifies;
}

/* Q = r^-1 (s R - z G), where R has the x coordinate r and the parity that `odd` says. */
static bool recover(EC_GROUP *group, BN_CTX *bn, const uint8_t digest[32], const uint8_t signature[SIGNATURE_LEN], bool odd,
		    EC_POINT *key)
{
	const BIGNUM *order = EC_GROUP_get0_order(group);
	EC_POINT *point = EC_POINT_new(group);
	BIGNUM *r = BN_CTX_get(bn), *s = BN_CTX_get(bn), *z = BN_CTX_get(bn), *inverse = BN_CTX_get(bn);
	bool found;

	/* the last allocation of a BN_CTX fails if any before it has */
	found = point && inverse && BN_bin2bn(signature, 32, r) && BN_bin2bn(signature + 32, 32, s) &&
		BN_bin2bn(digest, 32, z) && !BN_is_zero(r) && !BN_is_zero(s) && BN_cmp(r, order) < 0 && BN_cmp(s, order) < 0 &&
		EC_POINT_set_compressed_coordinates(group, point, r, odd, bn) == 1 && BN_mod_inverse(inverse, r, order, bn) &&
		BN_mod_mul(s, s, inverse, order, bn) && BN_mod_mul(z, z, inverse, order, bn) && BN_mod_sub(z, order, z, order, bn) &&
		EC_POINT_mul(group, key, z, point, s, bn) == 1 && !EC_POINT_is_at_infinity(group, key);
	EC_POINT_free(point);
	return found;
}

bool secp256k1_recover(const uint8_t digest[32], const uint8_t signature[SIGNATURE_LEN], unsigned recovery,
		       struct signer *out)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_secp256k1);
	EC_POINT *key = group ? EC_POINT_new(group) : NULL;
	BN_CTX *bn = BN_CTX_new();
	uint8_t plain[65], hash[KECCAK256_LEN];
	bool found = false;

	recovery = recovery >= 27 ? recovery - 27 : recovery;
	if (bn) {
		BN_CTX_start(bn);
		found = key && recovery <= 1 && recover(group, bn, digest, signature, recovery, key) &&
			EC_POINT_point2oct(group, key, POINT_CONVERSION_COMPRESSED, out->key, sizeof(out->key), bn) ==
				sizeof(out->key) &&
			EC_POINT_point2oct(group, key, POINT_CONVERSION_UNCOMPRESSED, plain, sizeof(plain), bn) == sizeof(plain);
		BN_CTX_end(bn);
	}
	if (found) {
		keccak256(plain + 1, sizeof(plain) - 1, hash);
		memcpy(out->address, hash + KECCAK256_LEN - SIGNER_ADDRESS, SIGNER_ADDRESS);
	}
	BN_CTX_free(bn);
	EC_POINT_free(key);
	EC_GROUP_free(group);
	ERR_clear_error();
	return found;
}

bool signer_expected(const struct decode_options *options, const uint8_t *bytes, size_t len)
{
	bool expected = !options->signer_count;

	for (unsigned i = 0; i < options->signer_count; i++)
		expected |= options->signers[i].len == len && !memcmp(options->signers[i].bytes, bytes, len);
	return expected;
}

enum feed_signature ecdsa_check(const struct decode_options *options, const void *data, size_t len,
				const uint8_t signature[SIGNATURE_LEN + 1], char signer[SIGNER_TEXT])
{
	uint8_t digest[KECCAK256_LEN];
	struct signer found;

	*signer = '\0';
	if (!options->signer_count && !options->explain)
		return FEED_SIGNATURE_UNCHECKED;
	keccak256(data, len, digest);
	if (!secp256k1_recover(digest, signature, signature[SIGNATURE_LEN], &found))
		return options->signer_count ? FEED_SIGNATURE_BAD : FEED_SIGNATURE_UNCHECKED;
	hex_encode(found.address, SIGNER_ADDRESS, signer);
	if (!options->signer_count)
		return FEED_SIGNATURE_UNCHECKED;
	return signer_expected(options, found.address, SIGNER_ADDRESS) || signer_expected(options, found.key, SECP256K1_KEY)
		       ? FEED_SIGNATURE_VERIFIED
		       : FEED_SIGNATURE_BAD;
}
