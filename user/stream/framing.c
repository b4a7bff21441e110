// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stream/framing.h"

#include <errno.h>
#include <string.h>

void framing_init(struct framing *framing, bool websocket, const char *accept, size_t max_message,
		  const struct framing_callbacks *callbacks)
{
	size_t limit = max_message ? max_message : STREAM_MESSAGE_MAX;

	*framing = (struct framing){
		.callbacks = *callbacks,
		.websocket = websocket,
		.ws = {.context = callbacks->context,
		       .on_message = callbacks->on_message,
		       .on_control = callbacks->on_control,
		       .max_message = limit},
		.sse = {.context = callbacks->context, .on_message = callbacks->on_message, .max_message = limit},
	};
	if (accept)
		memcpy(framing->accept, accept, WS_ACCEPT_SIZE);
}

void framing_free(struct framing *framing)
{
	http_head_free(&framing->head);
	ws_reader_free(&framing->ws);
	sse_reader_free(&framing->sse);
}

/* A status that is not the one asked for, with the remedy. */
static int refused(const struct http_head *head, struct error *err)
{
	const char *location = http_value(head, "Location");
	char quoted[200];

	switch (head->status) {
	case 301:
	case 302:
	case 303:
	case 307:
	case 308:
		/* A query may repeat a key that stood in the request: left out. */
		http_printable(quoted, sizeof(quoted), location ? location : "", location ? strcspn(location, "?#") : 0);
		return error_set(err, -EACCES,
				 "the server redirects (status %d) to '%s': redirects are not followed, put the final "
				 "address into `connect:`",
				 head->status, quoted);
	case 401:
	case 403:
		return error_set(err, -EACCES,
				 "the server refuses the credentials (status %d): check `headers:` or `auth:` and the "
				 "environment variables that they name",
				 head->status);
	case 404:
		return error_set(err, -EACCES, "the server does not know this path (status 404): check `connect:`");
	case 429:
		return error_set(err, -EACCES, "the server limits the rate of this client (status 429): it is asked again after pauses of up to 30 s; "
				 "open fewer connections with this key, or ask for a higher limit");
	default:
		return error_set(err, -EACCES, "the server refuses the request with status %d", head->status);
	}
}

static int open_websocket(struct framing *f, struct error *err)
{
	const struct http_head *head = &f->head;
	const char *accept = http_value(head, "Sec-WebSocket-Accept"), *extensions;

	if (head->status == 200)
		return error_set(err, -EACCES,
				 "the server answers with status 200 instead of WebSocket: is it http:// or https:// "
				 "(server-sent events), or another path?");
	if (head->status != 101)
		return refused(head, err);
	if (!http_has_token(head, "Upgrade", "websocket") || !http_has_token(head, "Connection", "upgrade"))
		return error_set(err, -EPROTO, "the server's handshake lacks `Upgrade: websocket`");
	if (!accept || (*f->accept && strcmp(accept, f->accept)))
		return error_set(err, -EPROTO, "the server's handshake has no correct Sec-WebSocket-Accept");
	extensions = http_value(head, "Sec-WebSocket-Extensions");
	if (extensions && !f->deflate)
		return error_set(err, -EPROTO,
				 "the server's handshake uses WebSocket extensions (compression) without being asked: "
				 "say `compression: deflate`");
	return extensions ? deflate_agree(&f->ws.deflate, extensions, err) : 0;
}

static int open_events(struct framing *f, struct error *err)
{
	static const char type[] = "text/event-stream";
	const char *value = http_value(&f->head, "Content-Type");
	char quoted[80];

	if (f->head.status != 200)
		return refused(&f->head, err);
	if (!value || strncasecmp(value, type, sizeof(type) - 1) || (value[sizeof(type) - 1] &&
								     !strchr("; \t", value[sizeof(type) - 1]))) {
		http_printable(quoted, sizeof(quoted), value ? value : "none", value ? strlen(value) : 4);
		return error_set(err, -EACCES, "the server answers with content type '%s' instead of %s", quoted, type);
	}
	return http_body_begin(&f->body, &f->head, err);
}

static int feed_events(void *context, const struct piece *piece, struct error *err)
{
	struct framing *f = context;

	return sse_feed(&f->sse, piece, err);
}

int framing_feed(void *framing, const struct piece *piece, struct error *err)
{
	struct framing *f = framing;
	struct piece rest = *piece;
	size_t at = 0;
	int code;

	if (!f->open) {
		code = http_head_feed(&f->head, piece->data, piece->len, &at, err);
		if (code || !f->head.complete)
			return code;
		code = f->websocket ? open_websocket(f, err) : open_events(f, err);
		if (code)
			return code;
		f->open = true;
		http_head_free(&f->head);
		if (f->callbacks.on_open)
			f->callbacks.on_open(f->callbacks.context);
		rest = piece_slice(piece, at, piece->len - at);
	}
	return f->websocket ? ws_feed(&f->ws, &rest, err)
			    : http_body_feed(&f->body, &rest, feed_events, f, err);
}
