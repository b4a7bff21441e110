// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stream/request.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "stream/deflate.h"

static const char *const own_fields[] = {
	"Host",		     "Connection",	      "Upgrade",
	"Accept",	     "Sec-WebSocket-Key",     "Sec-WebSocket-Version",
	"Content-Length",    "Sec-WebSocket-Extensions", "Transfer-Encoding",
	"Accept-Encoding",
};

static int check_name(const char *name, struct error *err)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("!#$%&'*+-.^_`|~", name[i]))
			len = 0;
	if (!len)
		return error_set(err, -EINVAL, "a header's name is empty or holds a character that is not allowed");
	for (size_t i = 0; i < sizeof(own_fields) / sizeof(own_fields[0]); i++)
		if (!strcasecmp(name, own_fields[i]))
			return error_set(err, -EINVAL, "header '%s' is written by pricelag itself: remove it", name);
	return 0;
}

static int check_value(const char *name, const char *value, struct error *err)
{
	for (; *value; value++)
		if (((unsigned char)*value < ' ' && *value != '\t') || *value == 0x7f)
			return error_set(err, -EINVAL,
					 "the value of header '%s' holds a line break or another control character "
					 "(does its file or variable end in a newline?)",
					 name);
	return 0;
}

int request_fields(struct buffer *out, const struct stream_header *headers, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct stream_header *header = &headers[i];
		int code = check_name(header->name, err);

		if (!code)
			code = check_value(header->name, header->value, err);
		if (code)
			return code;
		if (buffer_append_text(out, header->name) || buffer_append_text(out, ": ") ||
		    buffer_append_text(out, header->value) || buffer_append_text(out, "\r\n"))
			return error_set(err, -ENOMEM, "out of memory");
	}
	return 0;
}

int request_write(struct buffer *out, const struct url *url, const struct buffer *fields, const struct request_terms *terms)
{
	const char *const lines[] = {
		"GET ", url->target, " HTTP/1.1\r\nHost: ", url->authority,
		url->websocket ? "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
				 "Sec-WebSocket-Key: "
			       : "\r\nAccept: text/event-stream\r\nCache-Control: no-cache",
		url->websocket ? terms->key : "", "\r\n", terms->deflate ? DEFLATE_OFFER : "",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (buffer_append_text(out, lines[i]))
			return -ENOMEM;
	if (terms->auth->id && auth_fields(out, terms->auth, url->target, terms->now_ms))
		return -ENOMEM;
	return buffer_append(out, fields->data, fields->len) ?: buffer_append_text(out, "\r\n");
}
