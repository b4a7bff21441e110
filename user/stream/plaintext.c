// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stream/plaintext.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "stream/framing.h"

enum state {
	FOLLOWED,
	LOST_STEP, /* until a frame or an event begins */
	LEFT,	   /* nothing in it is for us */
};

struct connection {
	uint64_t handle, next; /* next: offset of the plaintext that is to come */
	uint32_t pid, feed;
	enum state state;
	int64_t last_ns;
	struct framing framing;
	bool framed; /* `framing` holds something */
};

struct plaintext {
	struct connection *connections[PLAINTEXT_CONNECTIONS_MAX];
	size_t count, feed_count;
	uint64_t (*counters)[STREAM_COUNTER_MAX];
	void *context;
	plaintext_message_fn on_message;
	/* of the piece that is being read */
	uint32_t feed;
	int64_t wire_ns, app_ns;
};

int plaintext_new(struct plaintext **out, size_t feed_count, void *context, plaintext_message_fn on_message, struct error *err)
{
	struct plaintext *plaintext = calloc(1, sizeof(*plaintext));

	if (plaintext)
		plaintext->counters = calloc(feed_count + 1, sizeof(*plaintext->counters));
	if (!plaintext || !plaintext->counters) {
		plaintext_free(plaintext);
		return error_set(err, -ENOMEM, "no memory to read the plaintext of %zu feeds", feed_count);
	}
	plaintext->feed_count = feed_count;
	plaintext->context = context;
	plaintext->on_message = on_message;
	*out = plaintext;
	return 0;
}

static void on_message(void *context, const uint8_t *data, size_t len, uint64_t first, uint64_t end)
{
	struct plaintext *plaintext = context;
	uint64_t *counters = plaintext->counters[plaintext->feed];
	const struct stream_message message = {
		.data = data,
		.len = len,
		.first_mono_ns = TIME_UNKNOWN,
		.wire_mono_ns = plaintext->wire_ns,
		.stall_ns = TIME_UNKNOWN,
		.app_mono_ns = plaintext->app_ns,
	};

	(void)first;
	(void)end;
	counters[STREAM_COUNTER_MESSAGES]++;
	counters[STREAM_COUNTER_UNMAPPED] += plaintext->wire_ns == TIME_UNKNOWN;
	plaintext->on_message(plaintext->context, plaintext->feed, &message);
}

static void forget_framing(struct connection *connection)
{
	if (connection->framed)
		framing_free(&connection->framing);
	connection->framed = false;
}

static void begin_framing(struct plaintext *plaintext, struct connection *connection, bool websocket, bool open)
{
	const struct framing_callbacks callbacks = {.context = plaintext, .on_message = on_message};

	forget_framing(connection);
	framing_init(&connection->framing, websocket, NULL, 0, &callbacks);
	connection->framing.deflate = true;
	connection->framing.open = open;
	connection->framed = true;
	connection->state = FOLLOWED;
}

/* A whole or first frame of a server's text or binary message, uncompressed (RFC 6455 5.2). */
static bool is_frame(const uint8_t *bytes, size_t len)
{
	return len >= 2 && (bytes[0] & 0x7f) >= WS_TEXT && (bytes[0] & 0x7f) <= WS_BINARY && !(bytes[1] & 0x80);
}

/*
 * The beginning of a server-sent event: a field, or, where the answer is chunked, a chunk's size (RFC 9112 7.1) and then a
 * field or a comment. A server that gives sizes a record of their own is read as if it had none: to the reader of events
 * they are fields that it does not know.
 */
static bool is_event(const uint8_t *bytes, size_t len, bool *chunked)
{
	static const char *const begins[] = {"data:", "event:", "id:", "retry:", ":"};
	size_t skip = 0;

	while (skip < len && skip < 8 && isxdigit(bytes[skip]))
		skip++;
	*chunked = skip && len - skip > 2 && bytes[skip] == '\r' && bytes[skip + 1] == '\n';
	skip = *chunked ? skip + 2 : 0;
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		size_t size = strlen(begins[i]);

		if (len - skip >= size && !memcmp(bytes + skip, begins[i], size) && (*chunked || *begins[i] != ':'))
			return true;
	}
	return false;
}

/* False, and nothing done, where neither a frame (websocket) nor an event begins. */
static bool take_up(struct plaintext *plaintext, struct connection *connection, const uint8_t *bytes, size_t len, bool websocket)
{
	bool chunked = false;

	if (!(websocket ? is_frame(bytes, len) : is_event(bytes, len, &chunked)))
		return false;
	begin_framing(plaintext, connection, websocket, true);
	connection->framing.body.coding = chunked ? HTTP_CHUNKED : HTTP_UNTIL_CLOSE;
	return true;
}

static void begin(struct plaintext *plaintext, struct connection *connection, const uint8_t *bytes, size_t len)
{
	static const char http[] = "HTTP/1.1 ";

	/* the beginning of an answer, or the middle of one to a question of before */
	if (len > sizeof(http) + 2 && !memcmp(bytes, http, sizeof(http) - 1)) {
		begin_framing(plaintext, connection, !memcmp(bytes + sizeof(http) - 1, "101", 3), false);
	} else if (!take_up(plaintext, connection, bytes, len, true) && !take_up(plaintext, connection, bytes, len, false)) {
		connection->state = LEFT;
		plaintext->counters[connection->feed][STREAM_COUNTER_FOREIGN]++;
	}
}

static void close_connection(struct plaintext *plaintext, size_t i)
{
	forget_framing(plaintext->connections[i]);
	free(plaintext->connections[i]);
	plaintext->connections[i] = plaintext->connections[--plaintext->count];
}

static struct connection *connection_of(struct plaintext *plaintext, const struct pl_plaintext *text)
{
	struct connection *connection;
	size_t oldest = 0;

	for (size_t i = 0; i < plaintext->count; i++) {
		if (plaintext->connections[i]->handle == text->connection && plaintext->connections[i]->pid == text->pid)
			return plaintext->connections[i];
		if (plaintext->connections[i]->last_ns < plaintext->connections[oldest]->last_ns)
			oldest = i;
	}
	connection = calloc(1, sizeof(*connection));
	if (!connection)
		return NULL;
	if (plaintext->count == PLAINTEXT_CONNECTIONS_MAX)
		close_connection(plaintext, oldest);
	connection->handle = text->connection;
	connection->pid = text->pid;
	connection->next = UINT64_MAX; /* nothing yet */
	plaintext->connections[plaintext->count++] = connection;
	return connection;
}

void plaintext_add(struct plaintext *plaintext, const struct pl_plaintext *text, const uint8_t *bytes, int64_t wire_mono_ns)
{
	struct piece piece = {.data = bytes, .len = text->captured, .start = text->offset};
	struct connection *connection;
	uint64_t *counters;
	struct error err;
	int code;

	if (text->head.feed >= plaintext->feed_count)
		return;
	counters = plaintext->counters[text->head.feed];
	connection = connection_of(plaintext, text);
	if (!connection) {
		counters[STREAM_COUNTER_NOT_FOLLOWED]++;
		return;
	}
	plaintext->feed = connection->feed = text->head.feed;
	plaintext->wire_ns = wire_mono_ns;
	plaintext->app_ns = connection->last_ns = (int64_t)text->head.stamp_ns;
	if (!text->offset || connection->next == UINT64_MAX) {
		begin(plaintext, connection, bytes, text->captured);
	} else if (connection->state == FOLLOWED && text->offset != connection->next) {
		counters[STREAM_COUNTER_HOLES]++;
		connection->state = LOST_STEP;
	}
	connection->next = text->offset + text->len;
	if (connection->state == LOST_STEP)
		take_up(plaintext, connection, bytes, text->captured, connection->framing.websocket);
	if (connection->state != FOLLOWED)
		return;
	code = text->captured ? framing_feed(&connection->framing, &piece, &err) : 0;
	if (code == -EPROTO || code == -EMSGSIZE || code == -ENOMEM) {
		counters[code == -EMSGSIZE ? STREAM_COUNTER_OVERSIZED : STREAM_COUNTER_PROTOCOL_ERRORS]++;
		connection->state = LOST_STEP;
	} else if (code) { /* its end, or an answer that is no stream of messages */
		counters[STREAM_COUNTER_FOREIGN] += code != -ESHUTDOWN;
		connection->state = LEFT;
	} else if (text->captured < text->len) {
		counters[STREAM_COUNTER_HOLES]++;
		connection->state = LOST_STEP;
	}
}

void plaintext_counters(const struct plaintext *plaintext, uint32_t feed, uint64_t out[STREAM_COUNTER_MAX])
{
	memcpy(out, plaintext->counters[feed], sizeof(*plaintext->counters));
}

void plaintext_free(struct plaintext *plaintext)
{
	if (!plaintext)
		return;
	while (plaintext->count)
		close_connection(plaintext, 0);
	free(plaintext->counters);
	free(plaintext);
}
