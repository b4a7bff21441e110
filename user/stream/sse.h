/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Server-sent events (WHATWG HTML, section "Server-sent events"): an incremental reader. Lines end in CR, LF or CRLF; a
 * byte-order mark at the start is passed over; `event`, `id` and `retry` are read and play no part here.
 */
#ifndef PL_STREAM_SSE_H
#define PL_STREAM_SSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream/buffer.h"
#include "stream/reader.h"

struct sse_reader {
	void *context;
	message_fn on_message; /* an event's data; first = its first line that is no comment, end = the empty line */
	size_t max_message;    /* of an event's data, and of a line */

	struct buffer line, data;
	bool begun;	/* the byte-order mark, if any, is behind us */
	bool after_cr;	/* a LF that follows belongs to the line before */
	bool in_event;	/* a line that is no comment came since the last empty one */
	bool has_data;	/* data may be empty and yet be there */
	uint64_t line_first, event_first;
};

/* All fields but the callback and the limit begin as zero. */
int sse_feed(struct sse_reader *reader, const struct piece *piece, struct error *err);
void sse_reader_free(struct sse_reader *reader);

#endif
