/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Questions to a server that answers over HTTP (JSON-RPC by POST), one after the other on a connection that is kept open:
 * single-threaded and non-blocking like a subscriber, and never faster than the server can bear. A question is asked
 * again, later and later, while the server cannot be reached, breaks off, or is said to be at its limit.
 */
#ifndef PL_STREAM_POST_H
#define PL_STREAM_POST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "stream/subscriber.h"

#define POST_ANSWER_MAX ((size_t)4 << 20)

struct post_options {
	const char *name; /* of the chain, for messages */
	const char *url;  /* http:// https:// */
	const struct stream_header *headers;
	size_t header_count;
	const char *ca_file; /* PEM; NULL = the system's store */
	struct tap *tap;     /* only so that its packets are not taken for the keeper's; NULL: nobody looks */

	void *context;
	/* An answer, with the status of HTTP. True: the server is at its limit, and the same is to be asked again later; what
	 * Retry-After says is heeded. From post_step(); may call post_send() where it returns false. */
	bool (*on_answer)(void *context, int status, const uint8_t *data, size_t len);
	/* Why there is no answer, with the remedy where there is one; said once until there is one again. */
	void (*on_trouble)(void *context, const char *reason);
};

struct post;

/* As subscriber_new(). */
int post_new(struct post **out, const struct post_options *options, struct error *err);

/* Takes a question; -EBUSY while one is under way, -ENOMEM. */
int post_send(struct post *post, const char *body, size_t len);

/* As subscriber_poll() and subscriber_step(). */
int post_poll(const struct post *post, short *events, int64_t *deadline_mono_ns);
void post_step(struct post *post, int64_t now_mono_ns);

void post_free(struct post *post);

#endif
