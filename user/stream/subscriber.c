// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stream/subscriber.h"

#include <errno.h>
#include <openssl/rand.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "stream/framing.h"
#include "stream/pending.h"
#include "stream/request.h"
#include "stream/resolve.h"
#include "stream/transport.h"
#include "stream/url.h"

#define MS_NS INT64_C(1000000)
#define SECOND_NS (1000 * MS_NS)
#define OPEN_LIMIT_NS (10 * SECOND_NS)	 /* to connect, encrypt and be answered */
#define SILENCE_PING_NS (15 * SECOND_NS) /* then a WebSocket ping, and one more each time */
#define SILENCE_DEAD_NS (45 * SECOND_NS)
#define BACKOFF_MIN_NS (250 * MS_NS)
#define BACKOFF_MAX_NS (30 * SECOND_NS)
#define HEALTHY_NS (30 * SECOND_NS) /* a connection that lasted as long begins the backoff anew */
#define READS_PER_STEP 16	    /* then the caller's loop gets its turn */

enum state {
	WAITING, /* for the time to connect */
	CONNECTING,
	ASKING, /* the request is on its way */
	UP,
};

struct subscriber {
	struct subscriber_options options; /* the strings that are needed later are the copies below */
	struct url url;
	struct buffer fields; /* header fields of the request: secret */
	char **send;
	SSL_CTX *tls;
	struct resolver *resolver;
	size_t address; /* next one to try */

	enum state state;
	int64_t now_ns;	     /* of this step */
	int64_t deadline_ns; /* WAITING: when to connect; CONNECTING, ASKING: when to give up */
	int64_t opened_ns;   /* CLOCK_MONOTONIC when the connection began: older segments belong to another */
	int64_t up_ns, heard_ns, ping_ns;
	int64_t backoff_ns;
	int broken; /* a callback inside the readers failed: negative errno */
	struct transport transport;
	struct framing framing;
	struct pending pending;
	char reported[sizeof(((struct error *)0)->text)]; /* last reason given to on_state */
	uint64_t reconnects, protocol_errors, oversized;
};

/* ---- what the readers call ------------------------------------------------------------------------------------------ */

static void deliver(void *context, const struct stream_message *message)
{
	struct subscriber *sub = context;

	sub->options.on_message(sub->options.context, message);
}

/* Readers' callbacks return nothing: take_piece() ends the connection after them. */
static void break_off(struct subscriber *sub, int code)
{
	if (code)
		sub->broken = code;
}

static void on_message(void *context, const uint8_t *data, size_t len, uint64_t first, uint64_t end)
{
	struct subscriber *sub = context;

	if (pending_add(&sub->pending, data, len, first, end, clock_mono_ns()))
		break_off(sub, -ENOMEM);
	else if (!sub->options.tap)
		pending_settle(&sub->pending, INT64_MAX);
}

static int send_frame(struct subscriber *sub, enum ws_opcode opcode, const void *data, size_t len)
{
	struct buffer frame = {0};
	int code = ws_write(&frame, opcode, data, len);

	if (!code)
		code = transport_write(&sub->transport, frame.data, frame.len, NULL);
	buffer_free(&frame);
	return code;
}

static void on_control(void *context, enum ws_opcode opcode, const uint8_t *payload, size_t len)
{
	struct subscriber *sub = context;

	if (opcode == WS_PING)
		break_off(sub, send_frame(sub, WS_PONG, payload, len));
	else if (opcode == WS_CLOSE)
		send_frame(sub, WS_CLOSE, payload, len < 2 ? 0 : 2); /* the connection ends whether this gets out or not */
}

static void on_open(void *context)
{
	struct subscriber *sub = context;
	int code = 0;

	for (size_t i = 0; i < sub->options.send_count && !code; i++)
		code = send_frame(sub, WS_TEXT, sub->send[i], strlen(sub->send[i]));
	break_off(sub, code);
	if (code)
		return;
	sub->state = UP;
	sub->up_ns = sub->heard_ns = sub->now_ns;
	sub->ping_ns = sub->now_ns + SILENCE_PING_NS;
	sub->reported[0] = '\0';
	if (sub->options.on_state)
		sub->options.on_state(sub->options.context, NULL);
}

static int take_piece(void *context, const struct piece *piece, struct error *err)
{
	struct subscriber *sub = context;
	int code;

	if (sub->state == CONNECTING)
		return error_set(err, -EPROTO, "%s answered before it was asked", sub->url.place);
	code = framing_feed(&sub->framing, piece, err);
	if (!code && sub->broken)
		code = error_set(err, sub->broken, "cannot go on with %s: %s", sub->url.place, strerror(-sub->broken));
	return code;
}

/* ---- connecting and losing ------------------------------------------------------------------------------------------ */

/* When to try again after a failure: at once while there are other addresses, else later and later. */
static void schedule(struct subscriber *sub, bool was_up)
{
	uint32_t random = 0;
	int64_t delay;
	socklen_t len;

	sub->state = WAITING;
	if (was_up && sub->now_ns - sub->up_ns >= HEALTHY_NS)
		sub->backoff_ns = BACKOFF_MIN_NS;
	if (!was_up && resolver_address(sub->resolver, ++sub->address, &len)) {
		sub->deadline_ns = sub->now_ns;
		return;
	}
	sub->address = 0;
	/* Up to half as much again, so that many clients of a server that fell do not come back in one moment. */
	RAND_bytes((uint8_t *)&random, sizeof(random));
	delay = sub->backoff_ns + (int64_t)((double)random / UINT32_MAX * (double)sub->backoff_ns / 2);
	sub->deadline_ns = sub->now_ns + (delay < BACKOFF_MAX_NS ? delay : BACKOFF_MAX_NS);
	sub->backoff_ns = sub->backoff_ns * 2 < BACKOFF_MAX_NS ? sub->backoff_ns * 2 : BACKOFF_MAX_NS;
	resolver_refresh(sub->resolver);
}

static void lose(struct subscriber *sub, int code, const struct error *err)
{
	bool was_up = sub->state == UP;

	sub->reconnects += was_up; /* now and not when it is up again, which may be never */
	sub->protocol_errors += code == -EPROTO;
	sub->oversized += code == -EMSGSIZE;
	transport_close(&sub->transport);
	framing_free(&sub->framing);
	schedule(sub, was_up);
	/* A server that stays away is reported once, not at each attempt. */
	if (!was_up && !strcmp(sub->reported, err->text))
		return;
	snprintf(sub->reported, sizeof(sub->reported), "%s", err->text);
	if (sub->options.on_state)
		sub->options.on_state(sub->options.context, sub->reported);
}

static void open_connection(struct subscriber *sub)
{
	struct error err = {0};
	socklen_t len;
	const struct sockaddr *address = resolver_address(sub->resolver, sub->address, &len);
	int code;

	pending_reset(&sub->pending);
	sub->broken = 0;
	sub->state = CONNECTING;
	sub->deadline_ns = sub->now_ns + OPEN_LIMIT_NS;
	sub->opened_ns = clock_mono_ns();
	code = transport_open(&sub->transport, address, len, sub->options.flow_id, &err);
	if (code)
		lose(sub, code, &err);
}

static int ask(struct subscriber *sub, struct error *err)
{
	const struct framing_callbacks callbacks = {sub, on_message, on_open, on_control};
	char key[WS_KEY_SIZE], accept[WS_ACCEPT_SIZE];
	struct request_terms terms = {key, sub->options.deflate, &sub->options.auth, 0};
	struct buffer request = {0};
	struct timespec now;
	int code;

	if (ws_key(key) || ws_accept(key, accept))
		return error_set(err, -EIO, "no random numbers from the system");
	framing_init(&sub->framing, sub->url.websocket, accept, sub->options.max_message_bytes, &callbacks);
	sub->framing.deflate = sub->options.deflate;
	clock_gettime(CLOCK_REALTIME, &now);
	terms.now_ms = now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
	code = request_write(&request, &sub->url, &sub->fields, &terms);
	if (code)
		error_set(err, code, "out of memory");
	else
		code = transport_write(&sub->transport, request.data, request.len, err);
	buffer_free(&request);
	if (!code)
		sub->state = ASKING;
	return code;
}

/* Connects, encrypts, asks and sends as far as it goes. */
static int push(struct subscriber *sub, struct error *err)
{
	int ready = transport_step(&sub->transport, err);

	if (ready <= 0 || sub->state != CONNECTING)
		return ready < 0 ? ready : 0;
	ready = ask(sub, err);
	if (!ready)
		ready = transport_step(&sub->transport, err);
	return ready < 0 ? ready : 0;
}

static int pull(struct subscriber *sub, struct error *err)
{
	int code = 1;

	for (int i = 0; i < READS_PER_STEP && code > 0 && !pending_full(&sub->pending); i++) {
		code = transport_read(&sub->transport, take_piece, sub, err);
		if (code > 0) {
			sub->heard_ns = sub->now_ns;
			sub->ping_ns = sub->now_ns + SILENCE_PING_NS;
		}
	}
	return code < 0 ? code : 0;
}

static int check_timers(struct subscriber *sub, struct error *err)
{
	if (sub->state != UP && sub->now_ns >= sub->deadline_ns)
		return error_set(err, -ETIMEDOUT, "%s did not answer within %d s (%s)", sub->url.place,
				 (int)(OPEN_LIMIT_NS / SECOND_NS),
				 sub->state == ASKING		   ? "it accepted the connection, not the request"
				 : sub->transport.connected ? "no TLS handshake"
								   : "no connection");
	if (sub->state != UP || !sub->url.websocket)
		return 0;
	if (sub->now_ns - sub->heard_ns >= SILENCE_DEAD_NS)
		return error_set(err, -ETIMEDOUT, "%s is silent for %d s and answers no ping", sub->url.place,
				 (int)(SILENCE_DEAD_NS / SECOND_NS));
	if (sub->now_ns >= sub->ping_ns) {
		sub->ping_ns = sub->now_ns + SILENCE_PING_NS;
		return send_frame(sub, WS_PING, NULL, 0) ? error_set(err, -EIO, "cannot send a ping to %s", sub->url.place)
							 : 0;
	}
	return 0;
}

/* ---- public --------------------------------------------------------------------------------------------------------- */

static void free_secret(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static int copy_options(struct subscriber *sub, const struct subscriber_options *options, struct error *err)
{
	int code;

	sub->options = *options;
	sub->options.auth = (struct stream_auth){NULL, NULL};
	sub->send = calloc(options->send_count + 1, sizeof(*sub->send));
	if (!sub->send)
		return error_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < options->send_count; i++) {
		sub->send[i] = strdup(options->send[i]);
		if (!sub->send[i])
			return error_set(err, -ENOMEM, "out of memory");
	}
	code = url_parse(&sub->url, options->url, err);
	if (code)
		return code;
	if (options->send_count && !sub->url.websocket)
		return error_set(err, -EINVAL, "`send:` needs ws:// or wss://, server-sent events take no message");
	if (options->deflate && !sub->url.websocket)
		return error_set(err, -EINVAL, "`compression:` needs ws:// or wss://");
	if (options->auth.id) {
		sub->options.auth = (struct stream_auth){strdup(options->auth.id), strdup(options->auth.secret)};
		if (!sub->options.auth.id || !sub->options.auth.secret)
			return error_set(err, -ENOMEM, "out of memory");
	}
	code = auth_check(&sub->options.auth, err);
	if (code)
		return code;
	return request_fields(&sub->fields, options->headers, options->header_count, err);
}

int subscriber_new(struct subscriber **out, const struct subscriber_options *options, struct error *err)
{
	struct subscriber *sub = calloc(1, sizeof(*sub));
	int code;

	if (!sub)
		return error_set(err, -ENOMEM, "feed %s: out of memory", options->name);
	sub->transport.fd = -1;
	sub->state = WAITING;
	sub->backoff_ns = BACKOFF_MIN_NS;
	sub->deadline_ns = INT64_MIN;
	pending_init(&sub->pending, sub, deliver);
	code = copy_options(sub, options, err);
	if (!code && sub->url.tls)
		code = tls_context_new(&sub->tls, options->ca_file, err);
	if (!code)
		code = resolver_new(&sub->resolver, sub->url.host, sub->url.port, err);
	if (code) {
		subscriber_free(sub);
		return error_prefix(err, code, "feed %s", options->name);
	}
	transport_init(&sub->transport, &sub->url, sub->tls, options->tap);
	*out = sub;
	return 0;
}

int subscriber_poll(const struct subscriber *sub, short *events, int64_t *deadline_mono_ns)
{
	*events = 0;
	*deadline_mono_ns = sub->deadline_ns;
	if (sub->state == WAITING)
		return -1;
	if (sub->state == UP) {
		int64_t dead_ns = sub->heard_ns + SILENCE_DEAD_NS;

		*deadline_mono_ns = !sub->url.websocket ? INT64_MAX : dead_ns < sub->ping_ns ? dead_ns : sub->ping_ns;
	}
	*events = transport_events(&sub->transport);
	if (pending_full(&sub->pending))
		*events &= (short)~POLLIN;
	return sub->transport.fd;
}

void subscriber_step(struct subscriber *sub, int64_t now_mono_ns)
{
	struct error err = {0};
	int code;

	sub->now_ns = now_mono_ns;
	if (sub->state == WAITING) {
		if (now_mono_ns < sub->deadline_ns)
			return;
		open_connection(sub);
		if (sub->state == WAITING)
			return;
	}
	code = push(sub, &err);
	if (!code)
		code = pull(sub, &err);
	if (!code)
		code = push(sub, &err); /* what reading has led to: the request, pongs, key updates */
	if (!code)
		code = check_timers(sub, &err);
	if (code)
		lose(sub, code, &err);
}

int subscriber_send(struct subscriber *sub, const char *text, size_t len)
{
	int code;

	if (!sub->url.websocket)
		return -EOPNOTSUPP;
	if (sub->state != UP)
		return -ENOTCONN;
	code = send_frame(sub, WS_TEXT, text, len);
	if (!code)
		transport_step(&sub->transport, NULL); /* a failure shows again in the next step */
	return code;
}

void subscriber_segment(struct subscriber *sub, const struct pl_segment *segment)
{
	if (segment->head.feed != sub->options.flow_id || (int64_t)segment->head.stamp_ns < sub->opened_ns)
		return;
	segments_add(&sub->pending.segments, segment->seq, segment->len, segment->flags,
		     (int64_t)segment->head.stamp_ns);
}

void subscriber_settle(struct subscriber *sub, int64_t drained_after_ns)
{
	const struct transport *transport = &sub->transport;

	pending_settle(&sub->pending, drained_after_ns);
	/* Records lost for bytes that belong to no message yet: closes the hole before the next message comes. */
	if (transport->received && transport->received_ns < drained_after_ns)
		segments_give_up(&sub->pending.segments, transport->received, transport->received_ns);
}

void subscriber_counters(const struct subscriber *sub, uint64_t out[STREAM_COUNTER_MAX])
{
	memset(out, 0, STREAM_COUNTER_MAX * sizeof(*out));
	out[STREAM_COUNTER_MESSAGES] = sub->pending.delivered;
	out[STREAM_COUNTER_UNMAPPED] = sub->pending.unmapped;
	out[STREAM_COUNTER_RECONNECTS] = sub->reconnects;
	out[STREAM_COUNTER_RETRANSMITS] = sub->pending.segments.retransmits;
	out[STREAM_COUNTER_REORDERED] = sub->pending.segments.reordered;
	out[STREAM_COUNTER_PROTOCOL_ERRORS] = sub->protocol_errors;
	out[STREAM_COUNTER_OVERSIZED] = sub->oversized;
}

void subscriber_free(struct subscriber *sub)
{
	static const uint8_t code[2] = {WS_NORMAL_CLOSURE >> 8, WS_NORMAL_CLOSURE & 0xff};

	if (!sub)
		return;
	if (sub->state == UP && sub->url.websocket)
		send_frame(sub, WS_CLOSE, code, sizeof(code));
	transport_close(&sub->transport);
	framing_free(&sub->framing);
	pending_free(&sub->pending);
	resolver_free(sub->resolver);
	SSL_CTX_free(sub->tls);
	buffer_free(&sub->fields);
	url_free(&sub->url);
	for (size_t i = 0; sub->send && i < sub->options.send_count; i++)
		free(sub->send[i]);
	free(sub->send);
	free_secret((char *)sub->options.auth.id);
	free_secret((char *)sub->options.auth.secret);
	free(sub);
}
