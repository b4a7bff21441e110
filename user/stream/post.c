// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stream/post.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "stream/http.h"
#include "stream/request.h"
#include "stream/resolve.h"
#include "stream/transport.h"
#include "stream/url.h"

#define MS_NS INT64_C(1000000)
#define SECOND_NS (1000 * MS_NS)
#define ANSWER_LIMIT_NS (15 * SECOND_NS) /* to connect, encrypt and be answered */
#define PACE_MIN_NS (50 * MS_NS)	 /* between two questions; twice as long after each limit … */
#define PACE_MAX_NS (2 * SECOND_NS)
#define PACE_EASE 16 /* … and shorter by a part of this with each answer */
#define BACKOFF_MIN_NS (500 * MS_NS)
#define BACKOFF_MAX_NS (60 * SECOND_NS)
#define RETRY_AFTER_MAX_S 120

enum state {
	CLOSED,
	CONNECTING,
	OPEN,	/* nothing is asked */
	ASKED,
};

struct post {
	struct post_options options;
	struct url url;
	struct buffer fields; /* header fields of the request: secret */
	SSL_CTX *tls;
	struct resolver *resolver;
	size_t address; /* next one to try */
	struct transport transport;
	enum state state;

	struct buffer question; /* the body; empty: none */
	bool waiting;		/* there is one that is not answered */
	int64_t now_ns, ask_ns; /* of this step; when to ask at the earliest */
	int64_t deadline_ns;	/* CONNECTING, ASKED: when to give up */
	int64_t pace_ns, backoff_ns;

	struct http_head head;
	struct http_body body;
	struct buffer answer;
	bool complete;
	char reported[sizeof(((struct error *)0)->text)];
};

/* ---- the answer ------------------------------------------------------------------------------------------------------- */

static int take_content(void *context, const struct piece *piece, struct error *err)
{
	struct post *post = context;

	if (piece->len > POST_ANSWER_MAX - post->answer.len)
		return error_set(err, -EMSGSIZE, "%s answers with more than %zu bytes", post->url.place, POST_ANSWER_MAX);
	return buffer_append(&post->answer, piece->data, piece->len) ? error_set(err, -ENOMEM, "out of memory") : 0;
}

static int take_piece(void *context, const struct piece *piece, struct error *err)
{
	struct post *post = context;
	struct piece rest;
	size_t at = 0;
	int code;

	if (post->state != ASKED || post->complete)
		return error_set(err, -EPROTO, "%s answered without being asked", post->url.place);
	if (!post->head.complete) {
		code = http_head_feed(&post->head, piece->data, piece->len, &at, err);
		if (code || !post->head.complete)
			return code;
		if (post->head.status == 101)
			return error_set(err, -EPROTO, "%s changes to another protocol", post->url.place);
		code = http_body_begin(&post->body, &post->head, err);
		if (code)
			return code;
	}
	rest = piece_slice(piece, at, piece->len - at);
	code = http_body_feed(&post->body, &rest, take_content, post, err);
	post->complete = code == -ESHUTDOWN;
	return post->complete ? 0 : code;
}

static void forget_answer(struct post *post)
{
	http_head_free(&post->head);
	memset(&post->head, 0, sizeof(post->head));
	post->answer.len = 0;
	post->complete = false;
}

static void close_connection(struct post *post)
{
	transport_close(&post->transport);
	forget_answer(post);
	post->state = CLOSED;
}

/* ---- pace ------------------------------------------------------------------------------------------------------------- */

static void back_off(struct post *post, int64_t at_least_ns)
{
	int64_t wait_ns = post->backoff_ns > at_least_ns ? post->backoff_ns : at_least_ns;

	post->ask_ns = post->now_ns + wait_ns;
	post->backoff_ns = 2 * post->backoff_ns < BACKOFF_MAX_NS ? 2 * post->backoff_ns : BACKOFF_MAX_NS;
}

/* Whole seconds; the other form, a date, is left to the backoff. */
static int64_t retry_after_ns(const struct http_head *head)
{
	const char *value = http_value(head, "Retry-After");
	long seconds = value && strspn(value, "0123456789") == strlen(value) && strlen(value) < 7 ? strtol(value, NULL, 10) : 0;

	return SECOND_NS * (seconds < RETRY_AFTER_MAX_S ? seconds : RETRY_AFTER_MAX_S);
}

static void answered(struct post *post)
{
	bool keeps = !http_has_token(&post->head, "Connection", "close") && post->body.coding != HTTP_UNTIL_CLOSE;
	int64_t after_ns = retry_after_ns(&post->head);

	post->state = OPEN;
	post->waiting = false; /* the callback may ask the next one */
	post->reported[0] = '\0';
	post->ask_ns = post->now_ns + post->pace_ns;
	if (post->options.on_answer(post->options.context, post->head.status, post->answer.data, post->answer.len)) {
		post->waiting = true;
		post->pace_ns = 2 * post->pace_ns < PACE_MAX_NS ? 2 * post->pace_ns : PACE_MAX_NS;
		back_off(post, after_ns);
	} else {
		post->backoff_ns = BACKOFF_MIN_NS;
		post->pace_ns -= post->pace_ns / PACE_EASE;
		if (post->pace_ns < PACE_MIN_NS)
			post->pace_ns = PACE_MIN_NS;
	}
	if (keeps)
		forget_answer(post);
	else
		close_connection(post);
}

static void lose(struct post *post, int code, const struct error *err)
{
	bool idle = post->state == OPEN;
	socklen_t len;

	/* A body without a length ends with the connection. */
	if (post->state == ASKED && post->head.complete && post->body.coding == HTTP_UNTIL_CLOSE &&
	    (code == -ECONNRESET || code == -ESHUTDOWN)) {
		answered(post);
		return;
	}
	close_connection(post);
	if (idle) /* servers close what is not used for a while */
		return;
	if (resolver_address(post->resolver, ++post->address, &len)) {
		post->ask_ns = post->now_ns;
	} else {
		post->address = 0;
		resolver_refresh(post->resolver);
		back_off(post, 0);
	}
	if (!strcmp(post->reported, err->text))
		return;
	snprintf(post->reported, sizeof(post->reported), "%s", err->text);
	post->options.on_trouble(post->options.context, post->reported);
}

/* ---- the question ----------------------------------------------------------------------------------------------------- */

static int open_connection(struct post *post, struct error *err)
{
	socklen_t len;
	const struct sockaddr *address = resolver_address(post->resolver, post->address, &len);

	post->state = CONNECTING;
	return transport_open(&post->transport, address, len, PL_FEED_NONE, err);
}

static int ask(struct post *post, struct error *err)
{
	struct buffer request = {0};
	char length[80];
	int code;

	snprintf(length, sizeof(length), "\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n", post->question.len);
	if (buffer_append_text(&request, "POST ") || buffer_append_text(&request, post->url.target) ||
	    buffer_append_text(&request, " HTTP/1.1\r\nAccept: application/json\r\nHost: ") ||
	    buffer_append_text(&request, post->url.authority) || buffer_append_text(&request, length) ||
	    buffer_append(&request, post->fields.data, post->fields.len) || buffer_append_text(&request, "\r\n") ||
	    buffer_append(&request, post->question.data, post->question.len))
		code = error_set(err, -ENOMEM, "out of memory");
	else
		code = transport_write(&post->transport, request.data, request.len, err);
	buffer_free(&request);
	if (!code)
		post->state = ASKED;
	return code;
}

/* Connects, encrypts and asks as far as it goes. */
static int push(struct post *post, struct error *err)
{
	int ready = transport_step(&post->transport, err);

	if (ready <= 0)
		return ready;
	if (post->state == CONNECTING)
		post->state = OPEN;
	if (post->state != OPEN || !post->waiting || post->now_ns < post->ask_ns)
		return 0;
	post->deadline_ns = post->now_ns + ANSWER_LIMIT_NS;
	ready = ask(post, err);
	if (!ready)
		ready = transport_step(&post->transport, err);
	return ready < 0 ? ready : 0;
}

static int pull(struct post *post, struct error *err)
{
	int code = 1;

	while (code > 0 && !post->complete)
		code = transport_read(&post->transport, take_piece, post, err);
	return code < 0 ? code : 0;
}

void post_step(struct post *post, int64_t now_mono_ns)
{
	struct error err = {0};
	int code = 0;

	post->now_ns = now_mono_ns;
	if (post->state == CLOSED) {
		if (!post->waiting || now_mono_ns < post->ask_ns)
			return;
		post->deadline_ns = now_mono_ns + ANSWER_LIMIT_NS;
		code = open_connection(post, &err);
	}
	if (!code)
		code = push(post, &err);
	if (!code)
		code = pull(post, &err);
	if (!code)
		code = push(post, &err); /* what reading has led to: the question after the handshake */
	if (!code && (post->state == CONNECTING || post->state == ASKED) && !post->complete && now_mono_ns >= post->deadline_ns)
		code = error_set(&err, -ETIMEDOUT, "%s did not answer within %d s (%s)", post->url.place,
				 (int)(ANSWER_LIMIT_NS / SECOND_NS), post->state == ASKED ? "it took the question" : "no connection");
	if (code)
		lose(post, code, &err);
	else if (post->complete)
		answered(post);
}

/* ---- public ----------------------------------------------------------------------------------------------------------- */

int post_send(struct post *post, const char *body, size_t len)
{
	if (post->waiting)
		return -EBUSY;
	post->question.len = 0;
	if (buffer_append(&post->question, body, len))
		return -ENOMEM;
	post->waiting = true;
	return 0;
}

int post_poll(const struct post *post, short *events, int64_t *deadline_mono_ns)
{
	bool busy = post->state == CONNECTING || post->state == ASKED;

	*deadline_mono_ns = busy ? post->deadline_ns : post->waiting ? post->ask_ns : INT64_MAX;
	*events = post->state == CLOSED ? 0 : transport_events(&post->transport);
	return post->transport.fd;
}

int post_new(struct post **out, const struct post_options *options, struct error *err)
{
	struct post *post = calloc(1, sizeof(*post));
	int code;

	if (!post)
		return error_set(err, -ENOMEM, "chain %s: out of memory", options->name);
	post->transport.fd = -1;
	post->options = *options;
	post->ask_ns = INT64_MIN;
	post->pace_ns = PACE_MIN_NS;
	post->backoff_ns = BACKOFF_MIN_NS;
	code = url_parse(&post->url, options->url, err);
	if (!code && post->url.websocket)
		code = error_set(err, -EINVAL, "questions need http:// or https://");
	if (!code)
		code = request_fields(&post->fields, options->headers, options->header_count, err);
	if (!code && post->url.tls)
		code = tls_context_new(&post->tls, options->ca_file, err);
	if (!code)
		code = resolver_new(&post->resolver, post->url.host, post->url.port, err);
	if (code) {
		post_free(post);
		return error_prefix(err, code, "chain %s", options->name);
	}
	transport_init(&post->transport, &post->url, post->tls, options->tap);
	*out = post;
	return 0;
}

void post_free(struct post *post)
{
	if (!post)
		return;
	close_connection(post);
	resolver_free(post->resolver);
	SSL_CTX_free(post->tls);
	buffer_free(&post->fields);
	buffer_free(&post->question);
	buffer_free(&post->answer);
	url_free(&post->url);
	free(post);
}
