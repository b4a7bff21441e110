// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stream/http.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define CHUNK_DIGITS_MAX 15
#define CHUNK_OVERHEAD_MAX 4096

void http_printable(char *out, size_t size, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len && i + 1 < size; i++)
		out[i] = text[i] >= ' ' && text[i] < 0x7f ? text[i] : '?';
	out[i] = '\0';
}

const char *http_value(const struct http_head *head, const char *name)
{
	for (size_t i = 0; i < head->field_count; i++)
		if (!strcasecmp(head->fields[i].name, name))
			return head->fields[i].value;
	return NULL;
}

static bool list_has(const char *list, const char *token)
{
	size_t want = strlen(token);

	while (*list) {
		size_t len;

		list += strspn(list, ", \t");
		len = strcspn(list, ",");
		while (len && (list[len - 1] == ' ' || list[len - 1] == '\t'))
			len--;
		if (len == want && !strncasecmp(list, token, len))
			return true;
		list += strcspn(list, ",");
	}
	return false;
}

bool http_has_token(const struct http_head *head, const char *name, const char *token)
{
	for (size_t i = 0; i < head->field_count; i++)
		if (!strcasecmp(head->fields[i].name, name) && list_has(head->fields[i].value, token))
			return true;
	return false;
}

/* "HTTP/1.1 101 Switching Protocols" */
static int parse_status(const char *line, int *status, struct error *err)
{
	char quoted[40];

	if (!strncmp(line, "HTTP/1.", 7) && isdigit((unsigned char)line[7]) && line[8] == ' ' &&
	    isdigit((unsigned char)line[9]) && isdigit((unsigned char)line[10]) && isdigit((unsigned char)line[11]) &&
	    (line[12] == ' ' || !line[12])) {
		*status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
		if (*status >= 100)
			return 0;
	}
	http_printable(quoted, sizeof(quoted), line, strlen(line));
	return error_set(err, -EPROTO, "the server does not answer in HTTP/1.1 but with '%s'", quoted);
}

static bool is_token(const char *text)
{
	if (!*text)
		return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr("!#$%&'*+-.^_`|~", *text))
			return false;
	return true;
}

static int parse_field(struct http_head *head, char *line, struct error *err)
{
	char *colon = strchr(line, ':'), *value, *end;

	if (!colon || head->field_count == HTTP_FIELDS_MAX)
		return error_set(err, -EPROTO, colon ? "the server's answer has more than %d header fields"
						     : "the server's answer has a header line without ':'",
				 HTTP_FIELDS_MAX);
	*colon = '\0';
	value = colon + 1 + strspn(colon + 1, " \t");
	for (end = value + strlen(value); end > value && (end[-1] == ' ' || end[-1] == '\t');)
		*--end = '\0';
	if (!is_token(line))
		return error_set(err, -EPROTO, "the server's answer has a header field with a malformed name");
	head->fields[head->field_count++] = (struct http_field){line, value};
	return 0;
}

/* The text is complete, up to the empty line: cuts it into lines in place. */
static int parse_head(struct http_head *head, struct error *err)
{
	char *line = (char *)head->text.data, *end = line + head->text.len, *next;
	int code = 0;

	if (memchr(line, '\0', head->text.len))
		return error_set(err, -EPROTO, "the server's answer has a NUL byte in its header");
	head->field_count = 0;
	for (bool first = true; line < end && !code; line = next, first = false) {
		char *lf = memchr(line, '\n', (size_t)(end - line)); /* there is one: the text ends with it */

		next = lf + 1;
		if (lf > line && lf[-1] == '\r')
			lf--;
		*lf = '\0';
		if (first)
			code = parse_status(line, &head->status, err);
		else if (*line)
			code = parse_field(head, line, err);
	}
	return code;
}

int http_head_feed(struct http_head *head, const uint8_t *data, size_t len, size_t *at, struct error *err)
{
	struct buffer *text = &head->text;

	while (*at < len && !head->complete) {
		uint8_t byte = data[(*at)++];
		int code = buffer_append(text, &byte, 1);

		if (code)
			return error_set(err, code, "out of memory");
		if (text->len > HTTP_HEAD_MAX)
			return error_set(err, -EMSGSIZE, "the server's answer has a header above %d bytes",
					 HTTP_HEAD_MAX);
		/* What does not begin like HTTP may never have an empty line: say so at once. */
		if (text->len <= 5 && byte != (uint8_t)"HTTP/"[text->len - 1])
			return error_set(err, -EPROTO, "the server does not answer in HTTP");
		if (byte != '\n' ||
		    !((text->len >= 2 && text->data[text->len - 2] == '\n') ||
		      (text->len >= 3 && text->data[text->len - 2] == '\r' && text->data[text->len - 3] == '\n')))
			continue;
		code = parse_head(head, err);
		if (code)
			return code;
		if (head->status < 200 && head->status != 101)
			text->len = 0;
		else
			head->complete = true;
	}
	return 0;
}

void http_head_free(struct http_head *head)
{
	buffer_free(&head->text);
}

static int parse_length(const char *text, uint64_t *out)
{
	uint64_t value = 0;

	if (!*text || strlen(text) > 18)
		return -EPROTO;
	for (; *text; text++) {
		if (!isdigit((unsigned char)*text))
			return -EPROTO;
		value = value * 10 + (uint64_t)(*text - '0');
	}
	*out = value;
	return 0;
}

int http_body_begin(struct http_body *body, const struct http_head *head, struct error *err)
{
	const char *coding = http_value(head, "Transfer-Encoding"), *length = http_value(head, "Content-Length");
	const char *content = http_value(head, "Content-Encoding");

	*body = (struct http_body){.coding = HTTP_UNTIL_CLOSE};
	if (content && strcasecmp(content, "identity"))
		return error_set(err, -EPROTO, "the server compresses its answer, which was not asked for");
	if (coding && length)
		return error_set(err, -EPROTO, "the server's answer has both Transfer-Encoding and Content-Length");
	if (coding) {
		if (strcasecmp(coding, "chunked"))
			return error_set(err, -EPROTO, "the server uses a transfer coding other than chunked");
		body->coding = HTTP_CHUNKED;
	} else if (length) {
		if (parse_length(length, &body->remaining))
			return error_set(err, -EPROTO, "the server's answer has a malformed Content-Length");
		body->coding = HTTP_LENGTH;
	}
	return 0;
}

static int ended(struct error *err)
{
	return error_set(err, -ESHUTDOWN, "the server ended its answer");
}

static int bad_chunk(struct error *err)
{
	return error_set(err, -EPROTO, "the server's answer is not correctly chunked");
}

/* One byte of a chunk's frame (everything but data). */
static int chunk_byte(struct http_body *body, uint8_t byte, struct error *err)
{
	switch (body->state) {
	case CHUNK_SIZE:
		if (isxdigit(byte) && body->digits < CHUNK_DIGITS_MAX) {
			body->remaining = body->remaining << 4 |
					  (uint64_t)(isdigit(byte) ? byte - '0' : (byte | 0x20) - 'a' + 10);
			body->digits++;
			return 0;
		}
		if (!body->digits || !strchr(";\r \t", byte) || !byte)
			return bad_chunk(err);
		body->overhead = 0;
		body->state = byte == '\r' ? CHUNK_SIZE_LF : CHUNK_EXTENSION;
		return 0;
	case CHUNK_EXTENSION:
		if (++body->overhead > CHUNK_OVERHEAD_MAX || byte == '\n')
			return bad_chunk(err);
		if (byte == '\r')
			body->state = CHUNK_SIZE_LF;
		return 0;
	case CHUNK_SIZE_LF:
		if (byte != '\n')
			return bad_chunk(err);
		body->state = body->remaining ? CHUNK_DATA : CHUNK_TRAILER;
		body->line = body->overhead = 0;
		return 0;
	case CHUNK_DATA_CR:
		if (byte != '\r')
			return bad_chunk(err);
		body->state = CHUNK_DATA_LF;
		return 0;
	case CHUNK_DATA_LF:
		if (byte != '\n')
			return bad_chunk(err);
		body->state = CHUNK_SIZE;
		body->digits = 0;
		return 0;
	case CHUNK_TRAILER:
		if (++body->overhead > CHUNK_OVERHEAD_MAX)
			return bad_chunk(err);
		if (byte == '\n') {
			if (!body->line)
				return ended(err);
			body->line = 0;
		} else if (byte != '\r') {
			body->line++;
		}
		return 0;
	case CHUNK_DATA:
		break;
	}
	return bad_chunk(err);
}

/* Passes up to `remaining` bytes from piece[*at] on. */
static int pass(struct http_body *body, const struct piece *piece, size_t *at, piece_fn sink, void *context,
		struct error *err)
{
	size_t len = piece->len - *at;
	struct piece slice;

	if (len > body->remaining)
		len = (size_t)body->remaining;
	slice = piece_slice(piece, *at, len);
	*at += len;
	body->remaining -= len;
	return sink(context, &slice, err);
}

static int feed_chunked(struct http_body *body, const struct piece *piece, piece_fn sink, void *context,
			struct error *err)
{
	int code = 0;

	for (size_t i = 0; i < piece->len && !code;) {
		if (body->state != CHUNK_DATA) {
			code = chunk_byte(body, piece->data[i++], err);
			continue;
		}
		code = pass(body, piece, &i, sink, context, err);
		if (!body->remaining)
			body->state = CHUNK_DATA_CR;
	}
	return code;
}

int http_body_feed(struct http_body *body, const struct piece *piece, piece_fn sink, void *context, struct error *err)
{
	size_t at = 0;
	int code;

	switch (body->coding) {
	case HTTP_CHUNKED:
		return feed_chunked(body, piece, sink, context, err);
	case HTTP_LENGTH:
		code = pass(body, piece, &at, sink, context, err);
		return code || body->remaining ? code : ended(err);
	case HTTP_UNTIL_CLOSE:
		break;
	}
	return sink(context, piece, err);
}
