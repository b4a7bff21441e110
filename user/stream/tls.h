/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A TLS client that knows where in the TCP stream each plaintext byte became readable: OpenSSL over memory BIOs, fed
 * with exactly one record at a time (OpenSSL's read-ahead and kernel TLS would break the count).
 * TLS 1.2 and 1.3. The certificate's chain and name are always verified; there is no way to turn that off.
 */
#ifndef PL_STREAM_TLS_H
#define PL_STREAM_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "stream/buffer.h"
#include "stream/reader.h"
#include "stream/url.h"

#define TLS_HEADER 5
#define TLS_RECORD_MAX (16384 + 2048) /* RFC 5246 6.2.3; TLS 1.3 allows less */

/* ca_file: PEM, NULL for the system's store. -EINVAL where it cannot be read; -ENOMEM. Free with SSL_CTX_free(). */
int tls_context_new(SSL_CTX **out, const char *ca_file, struct error *err);

struct tls;

/* A new session with the host of `url`; its first flight waits in tls_take_output(). */
int tls_new(struct tls **out, SSL_CTX *context, const struct url *url, struct error *err);
void tls_free(struct tls *tls);

/* Bytes as they came from the socket; plaintext goes to `sink`. Errors as in reader.h; -ESHUTDOWN for a close_notify. */
int tls_feed(struct tls *tls, const uint8_t *data, size_t len, piece_fn sink, void *context, struct error *err);

/* The handshake is complete, certificate and name are verified. */
bool tls_ready(const struct tls *tls);

/* Encrypts; only when ready. */
int tls_write(struct tls *tls, const uint8_t *data, size_t len, struct error *err);

/* Queues a close_notify. */
void tls_shutdown(struct tls *tls);

/* Moves what is to be sent to the end of `out`. */
int tls_take_output(struct tls *tls, struct buffer *out);

#endif
