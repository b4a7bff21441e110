/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A chain as the recorder keeps it: what its node tells goes into the session and the view, what is to be asked goes to the
 * node, by the subscriber that the recorder owns and, for Solana, over HTTP.
 */
#ifndef PL_CMD_CHAIN_LINK_H
#define PL_CMD_CHAIN_LINK_H

#include "cmd/recorder_view.h"
#include "cmd/site.h"
#include "session/session.h"

struct chain_link;

struct chain_link_options {
	const struct chain_config *config;
	const struct site_feed *connection;
	struct session *session;
	struct recorder_view *view;
	size_t line; /* in the view */
	struct tap *tap;
};

/* All that the options point to must outlive it. */
int chain_link_new(struct chain_link **out, const struct chain_link_options *options, struct error *err);

/* By which it sends; before the first step of it. */
void chain_link_attach(struct chain_link *link, struct subscriber *subscriber);

/* The subscriber's. */
void chain_link_message(struct chain_link *link, const struct stream_message *message);
void chain_link_state(struct chain_link *link, bool up);

/* What to wait for, -1: nothing; and what to do then, or where nothing came. */
int chain_link_poll(const struct chain_link *link, short *events);
void chain_link_step(struct chain_link *link, short events, int64_t now_mono_ns);

/* Nothing comes any more. */
void chain_link_finish(struct chain_link *link);
void chain_link_counters(const struct chain_link *link, uint64_t out[CHAIN_COUNTER_MAX]);
void chain_link_free(struct chain_link *link);

#endif
