// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stream/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

struct tls {
	SSL *ssl;
	BIO *in, *out; /* owned by ssl */
	char place[sizeof(((struct url *)0)->place)];
	bool ready;
	uint64_t offset;	/* TCP bytes handed to OpenSSL so far: the end of the last whole record */
	uint8_t record[TLS_HEADER + TLS_RECORD_MAX];
	size_t record_len;
	uint8_t plain[16384];
};

/* The newest text of OpenSSL's error queue, which is emptied. */
static const char *openssl_reason(void)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return reason ? reason : "no details";
}

int tls_context_new(SSL_CTX **out, const char *ca_file, struct error *err)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	int code;

	if (!context)
		return error_set(err, -ENOMEM, "TLS: cannot set up OpenSSL: %s", openssl_reason());
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_read_ahead(context, 0);
	if (ca_file ? SSL_CTX_load_verify_file(context, ca_file) : SSL_CTX_set_default_verify_paths(context)) {
		*out = context;
		return 0;
	}
	code = error_set(err, -EINVAL, "cannot read certificates (PEM) from %s: %s",
			 ca_file ? ca_file : "the system's store", openssl_reason());
	SSL_CTX_free(context);
	return code;
}

/* Turns OpenSSL's verdict on the last call into ours. */
static int verdict(struct tls *tls, int result, struct error *err)
{
	long verify = SSL_get_verify_result(tls->ssl);

	switch (SSL_get_error(tls->ssl, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return 0;
	case SSL_ERROR_ZERO_RETURN:
		return error_set(err, -ESHUTDOWN, "the server closed the TLS session");
	default:
		break;
	}
	if (verify != X509_V_OK) {
		ERR_clear_error();
		return error_set(err, -EPROTO,
				 "TLS: the certificate of %s is refused: %s (a private authority goes into `ca_file:`)",
				 tls->place, X509_verify_cert_error_string(verify));
	}
	return error_set(err, -EPROTO, "TLS with %s failed: %s", tls->place, openssl_reason());
}

int tls_new(struct tls **out, SSL_CTX *context, const struct url *url, struct error *err)
{
	static const uint8_t alpn[] = "\x08http/1.1";
	struct tls *tls = calloc(1, sizeof(*tls));
	int result, code;

	if (!tls)
		return error_set(err, -ENOMEM, "out of memory");
	memcpy(tls->place, url->place, sizeof(tls->place));
	tls->ssl = SSL_new(context);
	tls->in = BIO_new(BIO_s_mem());
	tls->out = BIO_new(BIO_s_mem());
	if (!tls->ssl || !tls->in || !tls->out) {
		BIO_free(tls->in);
		BIO_free(tls->out);
		SSL_free(tls->ssl);
		free(tls);
		return error_set(err, -ENOMEM, "TLS: out of memory");
	}
	SSL_set_bio(tls->ssl, tls->in, tls->out);
	SSL_set_connect_state(tls->ssl);
	result = url->literal ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls->ssl), url->host)
			      : SSL_set1_host(tls->ssl, url->host) && SSL_set_tlsext_host_name(tls->ssl, url->host);
	if (!result || SSL_set_alpn_protos(tls->ssl, alpn, sizeof(alpn) - 1)) {
		code = error_set(err, -EINVAL, "TLS: cannot use the name of %s: %s", url->place, openssl_reason());
		goto fail;
	}
	result = SSL_do_handshake(tls->ssl);
	code = result == 1 ? 0 : verdict(tls, result, err);
	if (code)
		goto fail;
	*out = tls;
	return 0;
fail:
	tls_free(tls);
	return code;
}

void tls_free(struct tls *tls)
{
	if (!tls)
		return;
	SSL_free(tls->ssl);
	OPENSSL_cleanse(tls->plain, sizeof(tls->plain));
	free(tls);
}

bool tls_ready(const struct tls *tls)
{
	return tls->ready;
}

/* Reads all plaintext of the record that was just fed and which begins at `start`. */
static int read_record(struct tls *tls, uint64_t start, piece_fn sink, void *context, struct error *err)
{
	uint64_t at = start + TLS_HEADER;

	for (;;) {
		int n = SSL_read(tls->ssl, tls->plain, sizeof(tls->plain)), code;
		struct piece piece = {tls->plain, n > 0 ? (size_t)n : 0, at, tls->offset};

		if (n <= 0)
			return verdict(tls, n, err);
		at += (uint64_t)n;
		code = sink(context, &piece, err);
		if (code)
			return code;
	}
}

static int take_record(struct tls *tls, piece_fn sink, void *context, struct error *err)
{
	uint64_t start = tls->offset;
	int result;

	ERR_clear_error();
	if (BIO_write(tls->in, tls->record, (int)tls->record_len) != (int)tls->record_len)
		return error_set(err, -ENOMEM, "TLS: out of memory");
	tls->offset += tls->record_len;
	tls->record_len = 0;
	if (!tls_ready(tls)) {
		result = SSL_do_handshake(tls->ssl);
		if (result != 1)
			return verdict(tls, result, err);
		tls->ready = true;
	}
	return read_record(tls, start, sink, context, err);
}

/* Length of the whole record whose header is in `record`; negative where it cannot be TLS. */
static int record_size(const struct tls *tls, struct error *err)
{
	int len = tls->record[3] << 8 | tls->record[4];

	if (tls->record[0] < 20 || tls->record[0] > 24 || tls->record[1] != 3)
		return error_set(err, -EPROTO,
				 tls_ready(tls) ? "TLS with %s: the server sent what is no TLS record"
						: "%s does not speak TLS: is it ws:// or http://?",
				 tls->place);
	if (len > TLS_RECORD_MAX)
		return error_set(err, -EPROTO, "TLS with %s: the server sent a record of %d bytes", tls->place, len);
	return TLS_HEADER + len;
}

int tls_feed(struct tls *tls, const uint8_t *data, size_t len, piece_fn sink, void *context, struct error *err)
{
	while (len) {
		size_t want = TLS_HEADER, n;
		int code;

		if (tls->record_len >= TLS_HEADER) {
			code = record_size(tls, err);
			if (code < 0)
				return code;
			want = (size_t)code;
		}
		n = want - tls->record_len < len ? want - tls->record_len : len;
		memcpy(tls->record + tls->record_len, data, n);
		tls->record_len += n;
		data += n;
		len -= n;
		if (tls->record_len < TLS_HEADER)
			continue;
		code = record_size(tls, err);
		if (code >= 0 && tls->record_len == (size_t)code)
			code = take_record(tls, sink, context, err);
		if (code < 0)
			return code;
	}
	return 0;
}

int tls_write(struct tls *tls, const uint8_t *data, size_t len, struct error *err)
{
	int n;

	ERR_clear_error();
	n = SSL_write(tls->ssl, data, (int)len); /* a memory BIO takes all or fails */
	if (n == (int)len)
		return 0;
	return error_set(err, -EPROTO, "TLS with %s: cannot encrypt: %s", tls->place, openssl_reason());
}

void tls_shutdown(struct tls *tls)
{
	ERR_clear_error();
	if (tls_ready(tls))
		SSL_shutdown(tls->ssl);
	ERR_clear_error();
}

int tls_take_output(struct tls *tls, struct buffer *out)
{
	size_t waiting = BIO_ctrl_pending(tls->out);
	uint8_t *room;

	if (!waiting)
		return 0;
	room = buffer_reserve(out, waiting);
	if (!room || BIO_read(tls->out, room, (int)waiting) != (int)waiting)
		return -ENOMEM;
	out->len += waiting;
	return 0;
}
