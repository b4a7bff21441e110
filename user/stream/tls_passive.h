/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Decrypts what the server of a watched TLS connection sends, with the secrets of a key log (NSS format: as
 * SSLKEYLOGFILE writes it). TLS 1.3 (RFC 8446) with AES-128-GCM, AES-256-GCM and ChaCha20-Poly1305, and TLS 1.2 with the
 * AES-GCM and ChaCha20-Poly1305 suites. Records are authenticated: a wrong key gives an error, never wrong bytes.
 */
#ifndef PL_STREAM_TLS_PASSIVE_H
#define PL_STREAM_TLS_PASSIVE_H

#include "stream/reader.h"

struct tls_passive;

/* -EINVAL where the key log cannot be read; -ENOMEM. The file is read again at each handshake, so it may still grow. */
int tls_passive_new(struct tls_passive **out, const char *keylog_file, struct error *err);
void tls_passive_free(struct tls_passive *tls);

/* The client's bytes, in order: only its hello is of interest. */
int tls_passive_client(struct tls_passive *tls, const struct piece *piece, struct error *err);

/* The server's bytes, in order; plaintext goes to `sink`. -ENOKEY where no secret fits or the cipher is not known, else as reader.h says. */
int tls_passive_server(struct tls_passive *tls, const struct piece *piece, piece_fn sink, void *context,
		       struct error *err);

#endif
