// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stream/tls_record.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <string.h>

#include "stream/tls.h"

#define TLS12_MASTER 48
#define GCM_12 EVP_GCM_TLS_EXPLICIT_IV_LEN

static const struct tls_suite suites[] = {
	{0x1301, true, EVP_aes_128_gcm, "SHA256", 16, 32, 0},
	{0x1302, true, EVP_aes_256_gcm, "SHA384", 32, 48, 0},
	{0x1303, true, EVP_chacha20_poly1305, "SHA256", 32, 32, 0},
	/* RSA, DHE_RSA, ECDHE_ECDSA, ECDHE_RSA (RFC 5288, 5289) */
	{0x009c, false, EVP_aes_128_gcm, "SHA256", 16, TLS12_MASTER, GCM_12},
	{0x009e, false, EVP_aes_128_gcm, "SHA256", 16, TLS12_MASTER, GCM_12},
	{0xc02b, false, EVP_aes_128_gcm, "SHA256", 16, TLS12_MASTER, GCM_12},
	{0xc02f, false, EVP_aes_128_gcm, "SHA256", 16, TLS12_MASTER, GCM_12},
	{0x009d, false, EVP_aes_256_gcm, "SHA384", 32, TLS12_MASTER, GCM_12},
	{0x009f, false, EVP_aes_256_gcm, "SHA384", 32, TLS12_MASTER, GCM_12},
	{0xc02c, false, EVP_aes_256_gcm, "SHA384", 32, TLS12_MASTER, GCM_12},
	{0xc030, false, EVP_aes_256_gcm, "SHA384", 32, TLS12_MASTER, GCM_12},
	/* ECDHE_RSA, ECDHE_ECDSA, DHE_RSA (RFC 7905) */
	{0xcca8, false, EVP_chacha20_poly1305, "SHA256", 32, TLS12_MASTER, 0},
	{0xcca9, false, EVP_chacha20_poly1305, "SHA256", 32, TLS12_MASTER, 0},
	{0xccaa, false, EVP_chacha20_poly1305, "SHA256", 32, TLS12_MASTER, 0},
};

const struct tls_suite *tls_suite_find(uint16_t id, bool tls13)
{
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		if (suites[i].id == id && suites[i].tls13 == tls13)
			return &suites[i];
	return NULL;
}

static int derive(const char *name, const OSSL_PARAM *params, uint8_t *out, size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, name, NULL);
	EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	int done = context ? EVP_KDF_derive(context, out, len, params) : 0;

	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return done == 1 ? 0 : -EIO;
}

/* HKDF-Expand-Label(secret, label, "", len), RFC 8446 7.1. */
static int expand_label(const struct tls_keys *keys, const char *label, uint8_t *out, size_t len)
{
	uint8_t info[32] = {(uint8_t)(len >> 8), (uint8_t)len, (uint8_t)(6 + strlen(label))};
	size_t info_len = 3;
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;

	memcpy(info + info_len, "tls13 ", 6);
	memcpy(info + info_len + 6, label, strlen(label));
	info_len += 6 + strlen(label) + 1; /* and the empty context's length, 0 */

	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)keys->suite->digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)keys->secret, keys->suite->secret_len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, info_len),
		OSSL_PARAM_construct_end(),
	};
	return derive("HKDF", params, out, len);
}

/* Readies the cipher with the key that was derived. */
static int begin(struct tls_keys *keys)
{
	keys->sequence = 0;
	if (!keys->context)
		keys->context = EVP_CIPHER_CTX_new();
	if (!keys->context ||
	    EVP_DecryptInit_ex(keys->context, keys->suite->cipher(), NULL, keys->key, NULL) != 1)
		return -EIO;
	return 0;
}

int tls_keys_13(struct tls_keys *keys)
{
	return expand_label(keys, "key", keys->key, keys->suite->key_len) ?: expand_label(keys, "iv", keys->iv, TLS_IV)
		?: begin(keys);
}

int tls_keys_update(struct tls_keys *keys)
{
	uint8_t next[KEYLOG_SECRET_MAX];
	int code = expand_label(keys, "traffic upd", next, keys->suite->secret_len);

	if (!code)
		memcpy(keys->secret, next, keys->suite->secret_len);
	OPENSSL_cleanse(next, sizeof(next));
	return code ? code : tls_keys_13(keys);
}

/* RFC 5246 6.3: client key, server key, client IV, server IV; AEAD suites have no MAC keys. */
int tls_keys_12(struct tls_keys *keys, const uint8_t client_random[TLS_RANDOM],
		const uint8_t server_random[TLS_RANDOM])
{
	static const char label[] = "key expansion";
	size_t label_len = sizeof(label) - 1, key_len = keys->suite->key_len;
	size_t iv_len = TLS_IV - keys->suite->explicit_nonce;
	uint8_t seed[sizeof(label) - 1 + 2 * TLS_RANDOM], block[2 * (32 + TLS_IV)];
	int code;

	memcpy(seed, label, label_len);
	memcpy(seed + label_len, server_random, TLS_RANDOM);
	memcpy(seed + label_len + TLS_RANDOM, client_random, TLS_RANDOM);

	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)keys->suite->digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, keys->secret, TLS12_MASTER),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed, sizeof(seed)),
		OSSL_PARAM_construct_end(),
	};
	code = derive("TLS1-PRF", params, block, 2 * (key_len + iv_len));
	if (code)
		return code;
	memcpy(keys->key, block + key_len, key_len);
	memcpy(keys->iv, block + 2 * key_len + iv_len, iv_len);
	OPENSSL_cleanse(block, sizeof(block));
	return begin(keys);
}

static void put_sequence(uint8_t *out, uint64_t sequence)
{
	for (int i = 0; i < 8; i++)
		out[i] ^= (uint8_t)(sequence >> 8 * (7 - i));
}

int tls_keys_open(struct tls_keys *keys, const uint8_t *record, size_t len, uint8_t *plain)
{
	size_t explicit_nonce = keys->suite->explicit_nonce, overhead = TLS_HEADER + explicit_nonce + TLS_TAG;
	const uint8_t *cipher = record + TLS_HEADER + explicit_nonce;
	size_t plain_len = len - overhead, aad_len = TLS_HEADER;
	uint8_t nonce[TLS_IV], aad[8 + TLS_HEADER] = {0}, tag[TLS_TAG];
	int n;

	if (len < overhead)
		return -EBADMSG;
	memcpy(nonce, keys->iv, TLS_IV);
	if (explicit_nonce)
		memcpy(nonce + TLS_IV - explicit_nonce, record + TLS_HEADER, explicit_nonce);
	else
		put_sequence(nonce + TLS_IV - 8, keys->sequence);
	if (keys->suite->tls13) {
		memcpy(aad, record, TLS_HEADER);
	} else { /* sequence, type, version, length of the plaintext */
		put_sequence(aad, keys->sequence);
		memcpy(aad + 8, record, 3);
		aad[11] = (uint8_t)(plain_len >> 8);
		aad[12] = (uint8_t)plain_len;
		aad_len = sizeof(aad);
	}
	memcpy(tag, cipher + plain_len, TLS_TAG);
	if (EVP_DecryptInit_ex(keys->context, NULL, NULL, NULL, nonce) != 1 ||
	    EVP_CIPHER_CTX_ctrl(keys->context, EVP_CTRL_AEAD_SET_TAG, TLS_TAG, tag) != 1 ||
	    EVP_DecryptUpdate(keys->context, NULL, &n, aad, (int)aad_len) != 1 ||
	    (plain_len && EVP_DecryptUpdate(keys->context, plain, &n, cipher, (int)plain_len) != 1) ||
	    EVP_DecryptFinal_ex(keys->context, plain + plain_len, &n) != 1)
		return -EBADMSG;
	keys->sequence++;
	return (int)plain_len;
}

void tls_keys_free(struct tls_keys *keys)
{
	EVP_CIPHER_CTX_free(keys->context);
	OPENSSL_cleanse(keys, sizeof(*keys));
}
