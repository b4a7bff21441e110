/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Keys of one direction of a TLS 1.2 or 1.3 connection, from its logged secret, and the opening of its records. */
#ifndef PL_STREAM_TLS_RECORD_H
#define PL_STREAM_TLS_RECORD_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream/keylog.h"

#define TLS_RANDOM 32
#define TLS_IV 12
#define TLS_TAG 16

struct tls_suite {
	uint16_t id;
	bool tls13;
	const EVP_CIPHER *(*cipher)(void);
	const char *digest; /* of the key schedule */
	size_t key_len, secret_len;
	size_t explicit_nonce; /* bytes of the nonce that each record carries (AES-GCM of TLS 1.2) */
};

/* NULL where the suite is not known. */
const struct tls_suite *tls_suite_find(uint16_t id, bool tls13);

struct tls_keys {
	const struct tls_suite *suite;
	uint8_t secret[KEYLOG_SECRET_MAX]; /* TLS 1.3: traffic secret, which a key update replaces */
	uint8_t key[32], iv[TLS_IV];
	uint64_t sequence;
	EVP_CIPHER_CTX *context;
};

/* TLS 1.3: from SERVER_TRAFFIC_SECRET_0, already in keys->secret. 0 or -EIO. */
int tls_keys_13(struct tls_keys *keys);

/* TLS 1.3, RFC 8446 7.2: the secret after a key update. 0 or -EIO. */
int tls_keys_update(struct tls_keys *keys);

/* TLS 1.2: the server's write keys from the master secret, already in keys->secret. 0 or -EIO. */
int tls_keys_12(struct tls_keys *keys, const uint8_t client_random[TLS_RANDOM],
		const uint8_t server_random[TLS_RANDOM]);

/*
 * Opens a whole record (with its 5-byte header) into `plain`, which holds as many bytes. Length of the plaintext, or -EBADMSG
 * where it does not authenticate; the sequence advances on success only.
 */
int tls_keys_open(struct tls_keys *keys, const uint8_t *record, size_t len, uint8_t *plain);

/* Wipes. */
void tls_keys_free(struct tls_keys *keys);

#endif
