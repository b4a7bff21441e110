// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stream/sse.h"

#include <errno.h>
#include <string.h>

static int oversized(const struct sse_reader *r, struct error *err)
{
	return error_set(err, -EMSGSIZE, "server-sent events: a line or an event above the limit of %zu bytes",
			 r->max_message);
}

static int out_of_memory(struct error *err)
{
	return error_set(err, -ENOMEM, "out of memory");
}

static void dispatch(struct sse_reader *r, uint64_t end)
{
	if (r->has_data)
		r->on_message(r->context, r->data.data, r->data.len, r->event_first, end);
	r->data.len = 0;
	r->in_event = r->has_data = false;
}

static int add_data(struct sse_reader *r, const uint8_t *value, size_t len, struct error *err)
{
	if (len + 1 > r->max_message - r->data.len)
		return oversized(r, err);
	if ((r->has_data && buffer_append(&r->data, "\n", 1)) || buffer_append(&r->data, value, len))
		return out_of_memory(err);
	r->has_data = true;
	return 0;
}

/* A line without its end, which lies at `end` in the stream. */
static int take_line(struct sse_reader *r, uint64_t end, struct error *err)
{
	const uint8_t *line = r->line.data, *colon;
	size_t len = r->line.len, name_len, skip;

	r->line.len = 0;
	if (!r->begun) {
		r->begun = true;
		if (len >= 3 && !memcmp(line, "\xef\xbb\xbf", 3))
			line += 3, len -= 3;
	}
	if (!len) {
		dispatch(r, end);
		return 0;
	}
	if (*line == ':')
		return 0;
	if (!r->in_event)
		r->event_first = r->line_first;
	r->in_event = true;
	colon = memchr(line, ':', len);
	name_len = colon ? (size_t)(colon - line) : len;
	skip = name_len + (colon != NULL);
	if (skip < len && line[skip] == ' ')
		skip++;
	if (name_len == 4 && !memcmp(line, "data", 4))
		return add_data(r, line + skip, len - skip, err);
	return 0;
}

/* Length of what stands before the next CR or LF. */
static size_t until_line_end(const uint8_t *data, size_t len)
{
	size_t i = 0;

	while (i < len && data[i] != '\r' && data[i] != '\n')
		i++;
	return i;
}

int sse_feed(struct sse_reader *r, const struct piece *piece, struct error *err)
{
	size_t i = 0;

	while (i < piece->len) {
		size_t len;
		int code;

		if (r->after_cr && piece->data[i] == '\n')
			i++;
		r->after_cr = false;
		if (i == piece->len)
			break;
		len = until_line_end(piece->data + i, piece->len - i);
		if (len && !r->line.len)
			r->line_first = piece_first(piece, i);
		if (len > r->max_message - r->line.len)
			return oversized(r, err);
		if (len && buffer_append(&r->line, piece->data + i, len))
			return out_of_memory(err);
		i += len;
		if (i == piece->len)
			break;
		r->after_cr = piece->data[i] == '\r';
		code = take_line(r, piece_end(piece, i), err);
		if (code)
			return code;
		i++;
	}
	return 0;
}

void sse_reader_free(struct sse_reader *reader)
{
	buffer_free(&reader->line);
	buffer_free(&reader->data);
}
