/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The TCP connections of a capture that belong to active feeds and chains: told apart from everybody else's, followed,
 * and turned into messages.
 *
 * A connection is a feed's where it goes to the address and port of the feed's url and its first bytes from the client
 * are a GET for the url's path (of the feed's host, where the url gives a name and not an address), or a TLS handshake
 * where the url is wss or https. A name is not resolved: the answer of today says nothing about the day of the capture.
 */
#ifndef PL_CMD_FLOWS_H
#define PL_CMD_FLOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "record.h"
#include "stream/subscriber.h"
#include "tap/capture.h"

struct flow_target {
	const char *name;
	const char *url;
	size_t max_message_bytes; /* 0 = the subscriber's default */
	void *context;
	void (*on_message)(void *context, const struct stream_message *message);
	/* Each segment of its connections, before what it completes; NULL: nobody wants to know. */
	void (*on_packet)(void *context, const struct capture_segment *segment);
};

struct flows;

/* The targets (and their texts) must outlive the flows. keylog_file: NULL, or secrets of TLS connections (NSS format). */
int flows_new(struct flows **out, const struct flow_target *targets, size_t target_count, const char *keylog_file,
	      struct error *err);

/* Has the capture pass on the segments of all targets' ports. */
void flows_watch(const struct flows *flows, struct capture *capture);

/* A segment in capture order; true where it is of a target's connection. */
bool flows_segment(struct flows *flows, const struct capture_segment *segment);

struct flow_totals {
	uint64_t tap[PL_COUNTER_MAX];	     /* packets, and those cut by the snap length */
	uint64_t stream[STREAM_COUNTER_MAX]; /* sum over the target's connections */
	uint64_t connections;
};

/* Ends all connections (which may deliver last messages), after which the totals are final. */
void flows_finish(struct flows *flows);
void flows_totals(const struct flows *flows, size_t target, struct flow_totals *out);

/* Connections to a target's server that may be the target's, but whose beginning is not in the capture or that did not fit the table. */
uint64_t flows_not_followed(const struct flows *flows);

void flows_free(struct flows *flows);

#endif
