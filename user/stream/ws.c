// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stream/ws.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "stream/http.h"

static int violation(struct error *err, const char *what)
{
	return error_set(err, -EPROTO, "WebSocket: the server sent %s", what);
}

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. False at the first byte that is wrong. */
static bool utf8_feed(struct utf8 *u, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t byte = data[i];

		if (u->need) {
			if ((byte & 0xc0) != 0x80)
				return false;
			u->point = u->point << 6 | (byte & 0x3f);
			if (!--u->need &&
			    (u->point < u->least || u->point > 0x10ffff || (u->point >= 0xd800 && u->point < 0xe000)))
				return false;
		} else if ((byte & 0xe0) == 0xc0) {
			*u = (struct utf8){byte & 0x1f, 0x80, 1};
		} else if ((byte & 0xf0) == 0xe0) {
			*u = (struct utf8){byte & 0x0f, 0x800, 2};
		} else if ((byte & 0xf8) == 0xf0) {
			*u = (struct utf8){byte & 0x07, 0x10000, 3};
		} else if (byte >= 0x80) {
			return false;
		}
	}
	return true;
}

/* RFC 6455 7.4: what may stand in a close frame. */
static bool close_code_valid(unsigned code)
{
	return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
	       (code >= 3000 && code <= 4999);
}

static int closed(const struct ws_reader *r, struct error *err)
{
	char reason[WS_CONTROL_MAX + 1];
	struct utf8 utf8 = {0};
	unsigned code;

	if (!r->control_len)
		return error_set(err, -ESHUTDOWN, "the server closed the WebSocket without a code");
	if (r->control_len == 1)
		return violation(err, "a close frame of one byte");
	code = (unsigned)r->control[0] << 8 | r->control[1];
	if (!close_code_valid(code))
		return violation(err, "a close frame with a code that is not allowed");
	if (!utf8_feed(&utf8, r->control + 2, r->control_len - 2) || utf8.need)
		return violation(err, "a close frame whose reason is not UTF-8");
	http_printable(reason, sizeof(reason), (const char *)r->control + 2, r->control_len - 2);
	return error_set(err, -ESHUTDOWN, "the server closed the WebSocket with code %u%s%s", code, *reason ? ": " : "",
			 reason);
}

/* The first two bytes of a frame: everything that they can get wrong. */
static int begin_frame(struct ws_reader *r, struct error *err)
{
	uint8_t short_len = r->header[1] & 0x7f;

	r->fin = r->header[0] & 0x80;
	r->opcode = r->header[0] & 0x0f;
	if (r->header[0] & 0x40 && !r->deflate.agreed)
		return violation(err, "a compressed frame, which was not offered");
	if (r->header[0] & 0x40 && r->opcode != WS_TEXT && r->opcode != WS_BINARY)
		return violation(err, "a frame that claims to be compressed, but does not begin a message");
	if (r->header[0] & 0x30)
		return violation(err, "a frame with reserved bits set");
	if (r->header[1] & 0x80)
		return violation(err, "a masked frame");
	switch (r->opcode) {
	case WS_CLOSE:
	case WS_PING:
	case WS_PONG:
		if (!r->fin || short_len > WS_CONTROL_MAX)
			return violation(err, "a control frame that is fragmented or longer than 125 bytes");
		break;
	case WS_TEXT:
	case WS_BINARY:
		if (r->in_message)
			return violation(err, "a new message inside a fragmented one");
		break;
	case WS_CONTINUATION:
		if (!r->in_message)
			return violation(err, "a continuation without a message");
		break;
	default:
		return violation(err, "a frame with an unknown opcode");
	}
	r->header_need = short_len == 126 ? 4 : short_len == 127 ? 10 : 2;
	return 0;
}

static int begin_payload(struct ws_reader *r, struct error *err)
{
	uint64_t len = r->header[1] & 0x7f;

	if (r->header_need > 2) {
		len = 0;
		for (size_t i = 2; i < r->header_need; i++)
			len = len << 8 | r->header[i];
		if (len < 126 || (r->header_need == 10 && (len <= UINT16_MAX || len > INT64_MAX)))
			return violation(err, "a frame whose length is not written in the shortest form");
	}
	if (r->opcode < WS_CLOSE) {
		if (!r->in_message) {
			r->in_message = true;
			r->kind = r->opcode;
			r->compressed = r->header[0] & 0x40;
			r->message_first = r->frame_first;
			r->message.len = 0;
			r->utf8 = (struct utf8){0};
		}
		if (len > r->max_message - r->message.len)
			return error_set(err, -EMSGSIZE, "WebSocket: a message above the limit of %zu bytes",
					 r->max_message);
	} else {
		r->control_len = 0;
	}
	r->remaining = len;
	r->in_payload = true;
	return 0;
}

static int take_payload(struct ws_reader *r, const uint8_t *data, size_t len, struct error *err)
{
	r->remaining -= len;
	if (r->opcode >= WS_CLOSE) {
		memcpy(r->control + r->control_len, data, len); /* at most 125, checked in begin_frame() */
		r->control_len += len;
		return 0;
	}
	if (r->kind == WS_TEXT && !r->compressed && !utf8_feed(&r->utf8, data, len))
		return violation(err, "a text message that is not UTF-8");
	if (buffer_append(&r->message, data, len))
		return error_set(err, -ENOMEM, "out of memory");
	return 0;
}

/* The message as it was before compression: its length and its text are judged only now. */
static int restore(struct ws_reader *r, struct error *err)
{
	int code = deflate_message(&r->deflate, r->message.data, r->message.len, r->max_message, err);

	if (!code && r->kind == WS_TEXT && !utf8_feed(&r->utf8, r->deflate.message.data, r->deflate.message.len))
		return violation(err, "a text message that is not UTF-8");
	return code;
}

static int end_frame(struct ws_reader *r, uint64_t end, struct error *err)
{
	const struct buffer *whole = &r->message;

	r->in_payload = false;
	r->header_len = 0;
	if (r->opcode >= WS_CLOSE) {
		int code = r->opcode == WS_CLOSE ? closed(r, err) : 0;

		if (r->on_control && code != -EPROTO)
			r->on_control(r->context, r->opcode, r->control, r->control_len);
		return code;
	}
	if (!r->fin)
		return 0;
	if (r->compressed) {
		int code = restore(r, err);

		if (code)
			return code;
		whole = &r->deflate.message;
	}
	if (r->kind == WS_TEXT && r->utf8.need)
		return violation(err, "a text message that ends inside a character");
	r->in_message = false;
	r->on_message(r->context, whole->data, whole->len, r->message_first, end);
	return 0;
}

int ws_feed(struct ws_reader *r, const struct piece *piece, struct error *err)
{
	int code = 0;

	for (size_t i = 0; i < piece->len && !code;) {
		if (!r->in_payload) {
			if (!r->header_len)
				r->frame_first = piece_first(piece, i);
			r->header[r->header_len++] = piece->data[i++];
			if (r->header_len == 2)
				code = begin_frame(r, err);
			if (code || r->header_len < 2 || r->header_len < r->header_need)
				continue;
			code = begin_payload(r, err);
		} else {
			size_t len = piece->len - i;

			if (len > r->remaining)
				len = (size_t)r->remaining;
			code = take_payload(r, piece->data + i, len, err);
			i += len;
		}
		if (!code && !r->remaining)
			code = end_frame(r, piece_end(piece, i - 1), err);
	}
	return code;
}

void ws_reader_free(struct ws_reader *reader)
{
	buffer_free(&reader->message);
	deflate_free(&reader->deflate);
}

int ws_write(struct buffer *out, enum ws_opcode opcode, const void *payload, size_t len)
{
	const uint8_t *from = payload;
	uint8_t header[14] = {(uint8_t)(0x80 | opcode)};
	size_t n = 2, bytes = len < 126 ? 0 : len <= UINT16_MAX ? 2 : 8;
	uint8_t *to, *mask;

	header[1] = (uint8_t)(0x80 | (bytes == 0 ? len : bytes == 2 ? 126 : 127));
	for (size_t i = 0; i < bytes; i++)
		header[n++] = (uint8_t)((uint64_t)len >> 8 * (bytes - 1 - i));
	mask = header + n;
	if (RAND_bytes(mask, 4) != 1)
		return -EIO;
	n += 4;
	to = buffer_reserve(out, n + len);
	if (!to)
		return -ENOMEM;
	memcpy(to, header, n);
	for (size_t i = 0; i < len; i++)
		to[n + i] = from[i] ^ mask[i & 3];
	out->len += n + len;
	return 0;
}

int ws_key(char out[WS_KEY_SIZE])
{
	uint8_t nonce[16];

	if (RAND_bytes(nonce, sizeof(nonce)) != 1)
		return -EIO;
	EVP_EncodeBlock((uint8_t *)out, nonce, sizeof(nonce));
	return 0;
}

int ws_accept(const char *key, char out[WS_ACCEPT_SIZE])
{
	char text[128];
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len;

	snprintf(text, sizeof(text), "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key); /* RFC 6455 1.3 */
	if (EVP_Digest(text, strlen(text), digest, &len, EVP_sha1(), NULL) != 1)
		return -EIO;
	EVP_EncodeBlock((uint8_t *)out, digest, (int)len);
	return 0;
}
