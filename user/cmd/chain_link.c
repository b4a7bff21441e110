// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/chain_link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "stream/post.h"

struct chain_link {
	struct chain_link_options options;
	struct chain *chain;
	struct subscriber *subscriber;
	struct post *post; /* NULL: this type of chain asks nothing over HTTP */
};

/* ---- what the chain tells ---------------------------------------------------------------------------------------------- */

static void on_update(void *context, const struct chain_update *update)
{
	const struct chain_link *link = context;

	session_put_chain_update(link->options.session, link->options.config->name, update);
}

static void on_block(void *context, const struct chain_block *block)
{
	const struct chain_link *link = context;

	if (link->options.config->type == CHAIN_ETHEREUM) /* Solana's are asked for later */
		recorder_view_head(link->options.view, link->options.line, block->number);
	session_put_chain_block(link->options.session, link->options.config->name, block);
}

static void on_final(void *context, const struct chain_final *final)
{
	const struct chain_link *link = context;

	session_put_chain_final(link->options.session, link->options.config->name, final);
}

static void on_round(void *context, const struct chain_round *round)
{
	const struct chain_link *link = context;

	session_put_chain_round(link->options.session, link->options.config->name, round);
}

static void on_calldata(void *context, const struct chain_calldata *calldata)
{
	const struct chain_link *link = context;

	session_put_chain_calldata(link->options.session, link->options.config->name, calldata);
}

static void on_pending(void *context, const struct chain_pending *pending)
{
	const struct chain_link *link = context;

	session_put_chain_pending(link->options.session, link->options.config->name, pending);
}

static void on_slot(void *context, const struct chain_slot_event *event)
{
	const struct chain_link *link = context;

	if (event->kind == CHAIN_SLOT_FROZEN || event->kind == CHAIN_SLOT_PROCESSED)
		recorder_view_head(link->options.view, link->options.line, event->number);
	session_put_slot_event(link->options.session, link->options.config->name, event);
}

static void on_mention(void *context, const struct chain_mention *mention)
{
	const struct chain_link *link = context;

	session_put_chain_mention(link->options.session, link->options.config->name, mention);
}

static int on_send(void *context, const char *text, size_t len)
{
	return subscriber_send(((const struct chain_link *)context)->subscriber, text, len);
}

static void on_warning(void *context, const char *text)
{
	recorder_view_note(((const struct chain_link *)context)->options.view, text);
}

/* ---- questions --------------------------------------------------------------------------------------------------------- */

static int on_post(void *context, const char *text, size_t len)
{
	return post_send(((const struct chain_link *)context)->post, text, len);
}

static bool on_answer(void *context, int status, const uint8_t *data, size_t len)
{
	return chain_posted(((const struct chain_link *)context)->chain, status, data, len, clock_mono_ns());
}

static void on_trouble(void *context, const char *reason)
{
	char text[900];

	snprintf(text, sizeof(text), "chain %s: no answers over HTTP, hence no times of blocks (check `http:`): %s",
		 ((const struct chain_link *)context)->options.config->name, reason);
	on_warning(context, text);
}

static int open_post(struct chain_link *link, struct error *err)
{
	const struct site_feed *connection = link->options.connection;
	struct post_options options = {
		.name = link->options.config->name,
		.url = link->options.config->http,
		.headers = connection->headers,
		.header_count = connection->header_count,
		.ca_file = connection->ca_file,
		.tap = link->options.tap,
		.context = link,
		.on_answer = on_answer,
		.on_trouble = on_trouble,
	};

	return post_new(&link->post, &options, err);
}

/* ------------------------------------------------------------------------------------------------------------------------ */

int chain_link_new(struct chain_link **out, const struct chain_link_options *options, struct error *err)
{
	struct chain_link *link = calloc(1, sizeof(*link));
	struct chain_callbacks callbacks = {
		.context = link,
		.on_update = on_update,
		.on_block = on_block,
		.on_round = on_round,
		.on_calldata = on_calldata,
		.on_pending = on_pending,
		.on_final = on_final,
		.on_slot = on_slot,
		.on_mention = on_mention,
		.send = on_send,
		.post = options->config->http ? on_post : NULL,
		.on_warning = on_warning,
	};
	int status;

	if (!link)
		return error_set(err, -ENOMEM, "chain %s: out of memory", options->config->name);
	link->options = *options;
	status = chain_new(&link->chain, options->config, &callbacks, err);
	if (!status && options->config->http)
		status = open_post(link, err);
	if (status)
		chain_link_free(link);
	else
		*out = link;
	return status;
}

void chain_link_attach(struct chain_link *link, struct subscriber *subscriber)
{
	link->subscriber = subscriber;
}

void chain_link_message(struct chain_link *link, const struct stream_message *message)
{
	struct chain_stamps stamps = {message->first_mono_ns, message->wire_mono_ns, message->app_mono_ns};

	chain_message(link->chain, message->data, message->len, &stamps);
}

void chain_link_state(struct chain_link *link, bool up)
{
	if (up)
		chain_connected(link->chain);
	else
		chain_disconnected(link->chain);
}

int chain_link_poll(const struct chain_link *link, short *events)
{
	int64_t deadline;

	*events = 0;
	return link->post ? post_poll(link->post, events, &deadline) : -1;
}

void chain_link_step(struct chain_link *link, short events, int64_t now_mono_ns)
{
	int64_t deadline = INT64_MAX;
	short wanted;

	chain_step(link->chain, now_mono_ns);
	if (!link->post)
		return;
	post_poll(link->post, &wanted, &deadline);
	if (events || now_mono_ns >= deadline)
		post_step(link->post, now_mono_ns);
}

void chain_link_finish(struct chain_link *link)
{
	chain_finish(link->chain);
}

void chain_link_counters(const struct chain_link *link, uint64_t out[CHAIN_COUNTER_MAX])
{
	chain_counters(link->chain, out);
}

void chain_link_free(struct chain_link *link)
{
	if (!link)
		return;
	post_free(link->post);
	chain_free(link->chain);
	free(link);
}
