// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stream/tls_passive.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream/buffer.h"
#include "stream/tls.h"
#include "stream/tls_record.h"

enum content { CHANGE_CIPHER_SPEC = 20, ALERT = 21, HANDSHAKE = 22, APPLICATION = 23 };
enum handshake { HELLO_REQUEST = 0, SERVER_HELLO = 2, KEY_UPDATE = 24 };

#define CLIENT_HELLO_PREFIX (TLS_HEADER + 4 + 2 + TLS_RANDOM)
#define HANDSHAKE_MAX 65536
#define EXTENSION_SUPPORTED_VERSIONS 43
/* Records that may come before the first one of application data under TLS 1.3: the rest of the server's handshake. */
#define FLIGHT_MAX 64

/* ServerHello.random of a HelloRetryRequest (RFC 8446 4.1.3) */
static const uint8_t retry_random[TLS_RANDOM] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

struct tls_passive {
	char *keylog;
	uint8_t hello[CLIENT_HELLO_PREFIX];
	size_t hello_len;
	uint8_t server_random[TLS_RANDOM];
	struct tls_keys keys; /* .suite is set once the ServerHello was read */
	bool keyed;	      /* the secret was found */
	bool encrypted;	      /* records are, from here on */
	bool opened;	      /* one was */
	unsigned flight;
	struct buffer messages; /* handshake messages that are not complete yet */
	uint64_t record_start;
	uint8_t record[TLS_HEADER + TLS_RECORD_MAX];
	size_t record_len;
	uint8_t plain[TLS_RECORD_MAX];
};

int tls_passive_new(struct tls_passive **out, const char *keylog_file, struct error *err)
{
	static const uint8_t none[KEYLOG_RANDOM];
	uint8_t secret[KEYLOG_SECRET_MAX];
	struct tls_passive *tls;

	if (keylog_find(keylog_file, "", none, secret, err) < 0)
		return -EINVAL;
	tls = calloc(1, sizeof(*tls));
	if (tls)
		tls->keylog = strdup(keylog_file);
	if (!tls || !tls->keylog) {
		free(tls);
		return error_set(err, -ENOMEM, "out of memory");
	}
	*out = tls;
	return 0;
}

void tls_passive_free(struct tls_passive *tls)
{
	if (!tls)
		return;
	tls_keys_free(&tls->keys);
	buffer_free(&tls->messages);
	free(tls->keylog);
	OPENSSL_cleanse(tls->plain, sizeof(tls->plain));
	free(tls);
}

int tls_passive_client(struct tls_passive *tls, const struct piece *piece, struct error *err)
{
	size_t len = sizeof(tls->hello) - tls->hello_len;

	if (!len)
		return 0;
	len = piece->len < len ? piece->len : len;
	memcpy(tls->hello + tls->hello_len, piece->data, len);
	tls->hello_len += len;
	if (tls->hello_len == sizeof(tls->hello) && (tls->hello[0] != HANDSHAKE || tls->hello[TLS_HEADER] != 1))
		return error_set(err, -EPROTO, "the client does not begin with a TLS hello");
	return 0;
}

static int no_key(struct error *err, const char *why)
{
	return error_set(err, -ENOKEY, "the connection cannot be decrypted: %s", why);
}

static int find_secret(struct tls_passive *tls, struct error *err)
{
	const struct tls_suite *suite = tls->keys.suite;
	const uint8_t *client_random = tls->hello + CLIENT_HELLO_PREFIX - TLS_RANDOM;
	int len, code;

	if (tls->hello_len < sizeof(tls->hello))
		return no_key(err, "the client's hello is not in the capture");
	len = keylog_find(tls->keylog, suite->tls13 ? "SERVER_TRAFFIC_SECRET_0" : "CLIENT_RANDOM", client_random,
			  tls->keys.secret, err);
	if (len < 0)
		return len;
	if (!len)
		return no_key(err, "the key log has no secret of it");
	if ((size_t)len != suite->secret_len)
		return no_key(err, "its secret in the key log has a wrong length");
	code = suite->tls13 ? tls_keys_13(&tls->keys) : tls_keys_12(&tls->keys, client_random, tls->server_random);
	if (code)
		return error_set(err, code, "OpenSSL cannot derive the keys of the connection");
	tls->keyed = true;
	return 0;
}

/* Does the list of extensions (with its length before it) choose TLS 1.3? */
static bool chooses_13(const uint8_t *at, size_t len)
{
	size_t total;

	if (len < 2)
		return false;
	total = (size_t)(at[0] << 8 | at[1]);
	at += 2;
	if (total > len - 2)
		return false;
	while (total >= 4) {
		unsigned type = (unsigned)(at[0] << 8 | at[1]);
		size_t size = (size_t)(at[2] << 8 | at[3]);

		if (size > total - 4)
			return false;
		if (type == EXTENSION_SUPPORTED_VERSIONS)
			return size == 2 && at[4] == 3 && at[5] == 4;
		at += 4 + size;
		total -= 4 + size;
	}
	return false;
}

static int take_server_hello(struct tls_passive *tls, const uint8_t *body, size_t len, struct error *err)
{
	size_t session_len, at = 2 + TLS_RANDOM + 1;
	uint16_t suite;
	bool tls13;
	char text[80];

	if (tls->keys.suite)
		return no_key(err, "it renegotiates, which is not followed");
	if (len < at + 3 || (session_len = body[at - 1]) > len - at - 3)
		return error_set(err, -EPROTO, "the server's TLS hello is cut short");
	if (!memcmp(body + 2, retry_random, TLS_RANDOM))
		return 0;
	memcpy(tls->server_random, body + 2, TLS_RANDOM);
	at += session_len;
	suite = (uint16_t)(body[at] << 8 | body[at + 1]);
	at += 3; /* with the compression method */
	tls13 = chooses_13(body + at, len - at);
	tls->keys.suite = tls_suite_find(suite, tls13);
	if (!tls->keys.suite) {
		snprintf(text, sizeof(text), "cipher suite 0x%04x of TLS 1.%d (or older) is not supported", suite,
			 tls13 ? 3 : 2);
		return no_key(err, text);
	}
	tls->encrypted = tls13;
	return find_secret(tls, err);
}

static int take_message(struct tls_passive *tls, unsigned type, const uint8_t *body, size_t len, struct error *err)
{
	if (type == SERVER_HELLO)
		return take_server_hello(tls, body, len, err);
	if (type == KEY_UPDATE && tls->opened && tls->keys.suite->tls13 && tls_keys_update(&tls->keys))
		return error_set(err, -EIO, "OpenSSL cannot derive the next keys of the connection");
	return 0;
}

static int take_handshake(struct tls_passive *tls, const uint8_t *data, size_t len, struct error *err)
{
	struct buffer *messages = &tls->messages;

	if (messages->len + len > HANDSHAKE_MAX)
		return error_set(err, -EPROTO, "the server's TLS handshake has a message above %d bytes", HANDSHAKE_MAX);
	if (buffer_append(messages, data, len))
		return error_set(err, -ENOMEM, "out of memory");
	while (messages->len >= 4) {
		const uint8_t *at = messages->data;
		size_t size = (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
		int code;

		if (size > messages->len - 4)
			break;
		code = take_message(tls, at[0], at + 4, size, err);
		if (code)
			return code;
		buffer_consume(messages, 4 + size);
	}
	return 0;
}

/* What a record says, in the clear or once opened. */
static int take_content(struct tls_passive *tls, unsigned type, const uint8_t *data, size_t len, piece_fn sink,
			void *context, struct error *err)
{
	struct piece piece = {data, len, tls->record_start + TLS_HEADER, tls->record_start + tls->record_len};

	switch (type) {
	case HANDSHAKE:
		return take_handshake(tls, data, len, err);
	case ALERT:
		if (len >= 2 && data[1] == 0)
			return error_set(err, -ESHUTDOWN, "the server closed the TLS session");
		return error_set(err, -ESHUTDOWN, "the server ended the TLS session with alert %d", len >= 2 ? data[1] : -1);
	case APPLICATION:
		if (!tls->opened)
			break;
		return len ? sink(context, &piece, err) : 0;
	default:
		break;
	}
	return error_set(err, -EPROTO, "the server sent a TLS record of type %u out of place", type);
}

static int take_encrypted(struct tls_passive *tls, piece_fn sink, void *context, struct error *err)
{
	unsigned type = tls->record[0];
	int len = tls_keys_open(&tls->keys, tls->record, tls->record_len, tls->plain);

	if (len < 0 && tls->opened)
		return error_set(err, -EPROTO, "a TLS record at offset %llu does not authenticate",
				 (unsigned long long)tls->record_start);
	if (len < 0) {
		/* TLS 1.3: the rest of the handshake has keys of its own, and nothing to tell. */
		if (!tls->keys.suite->tls13 || ++tls->flight > FLIGHT_MAX)
			return no_key(err, "the secret in the key log does not fit");
		return 0;
	}
	tls->opened = true;
	if (tls->keys.suite->tls13) {
		while (len && !tls->plain[len - 1])
			len--;
		if (!len)
			return error_set(err, -EPROTO, "the server sent an empty TLS record");
		type = tls->plain[--len];
	}
	return take_content(tls, type, tls->plain, (size_t)len, sink, context, err);
}

static int take_record(struct tls_passive *tls, piece_fn sink, void *context, struct error *err)
{
	unsigned type = tls->record[0];

	if (type == CHANGE_CIPHER_SPEC && !tls->encrypted) {
		tls->encrypted = tls->keyed; /* TLS 1.2; before any hello it is the one after a HelloRetryRequest */
		tls->messages.len = 0;
		return 0;
	}
	if (type == CHANGE_CIPHER_SPEC && tls->keys.suite->tls13)
		return 0; /* only there to please middleboxes */
	if (!tls->encrypted)
		return take_content(tls, type, tls->record + TLS_HEADER, tls->record_len - TLS_HEADER, sink, context,
				    err);
	return take_encrypted(tls, sink, context, err);
}

int tls_passive_server(struct tls_passive *tls, const struct piece *piece, piece_fn sink, void *context,
		       struct error *err)
{
	for (size_t i = 0; i < piece->len;) {
		size_t want = TLS_HEADER, n;
		int code;

		if (!tls->record_len)
			tls->record_start = piece_first(piece, i);
		if (tls->record_len >= TLS_HEADER)
			want += (size_t)(tls->record[3] << 8 | tls->record[4]);
		n = want - tls->record_len < piece->len - i ? want - tls->record_len : piece->len - i;
		memcpy(tls->record + tls->record_len, piece->data + i, n);
		tls->record_len += n;
		i += n;
		if (tls->record_len < TLS_HEADER)
			continue;
		want = TLS_HEADER + (size_t)(tls->record[3] << 8 | tls->record[4]);
		if (tls->record[0] < CHANGE_CIPHER_SPEC || tls->record[0] > APPLICATION + 1 || tls->record[1] != 3 ||
		    want > sizeof(tls->record))
			return error_set(err, -EPROTO, "the server does not speak TLS");
		if (tls->record_len < want)
			continue;
		code = take_record(tls, sink, context, err);
		tls->record_len = 0;
		if (code)
			return code;
	}
	return 0;
}
