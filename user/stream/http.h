/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* HTTP/1.1 responses (RFC 9112): the head, and the body's transfer coding, both incremental. */
#ifndef PL_STREAM_HTTP_H
#define PL_STREAM_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream/buffer.h"
#include "stream/reader.h"

#define HTTP_HEAD_MAX 16384
#define HTTP_FIELDS_MAX 100

struct http_field {
	const char *name, *value;
};

struct http_head {
	struct buffer text; /* what the fields point into once the head is complete */
	bool complete;
	int status;
	struct http_field fields[HTTP_FIELDS_MAX];
	size_t field_count;
};

/*
 * Takes bytes of the head from data[*at..len) and advances *at behind what it used. Interim answers (1xx but 101) are passed
 * over. 0 or -EPROTO, -EMSGSIZE, -ENOMEM.
 */
int http_head_feed(struct http_head *head, const uint8_t *data, size_t len, size_t *at, struct error *err);
void http_head_free(struct http_head *head);

/* First value of a field (any case), NULL without; and whether a comma-separated field holds a token (any case). */
const char *http_value(const struct http_head *head, const char *name);
bool http_has_token(const struct http_head *head, const char *name, const char *token);

/* Writes printable ASCII only, for messages that quote the peer. */
void http_printable(char *out, size_t size, const char *text, size_t len);

struct http_body {
	enum { HTTP_UNTIL_CLOSE, HTTP_LENGTH, HTTP_CHUNKED } coding;
	enum {
		CHUNK_SIZE,
		CHUNK_EXTENSION,
		CHUNK_SIZE_LF,
		CHUNK_DATA,
		CHUNK_DATA_CR,
		CHUNK_DATA_LF,
		CHUNK_TRAILER,
	} state;
	uint64_t remaining; /* of the chunk, or of the length */
	unsigned digits;    /* of the chunk's size */
	size_t overhead;    /* bytes of extension or trailer so far */
	size_t line;	    /* bytes in this line of the trailer */
};

/* Chooses the coding by the head; -EPROTO where it is ambiguous or unknown. */
int http_body_begin(struct http_body *body, const struct http_head *head, struct error *err);

/* Passes the content in slices to `sink`. -ESHUTDOWN at the end of the body, whatever follows is not read. */
int http_body_feed(struct http_body *body, const struct piece *piece, piece_fn sink, void *context, struct error *err);

#endif
