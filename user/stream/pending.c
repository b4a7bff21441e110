// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stream/pending.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

struct pending_message {
	struct pending_message *next;
	uint64_t first, end;
	int64_t app_mono_ns;
	size_t len;
	uint8_t data[];
};

void pending_init(struct pending *pending, void *context,
		  void (*on_message)(void *context, const struct stream_message *message))
{
	*pending = (struct pending){.context = context, .on_message = on_message};
	pending->tail = &pending->head;
}

int pending_add(struct pending *pending, const uint8_t *data, size_t len, uint64_t first, uint64_t end,
		int64_t app_mono_ns)
{
	struct pending_message *message = malloc(sizeof(*message) + len);

	if (!message)
		return -ENOMEM;
	*message = (struct pending_message){.first = first, .end = end, .app_mono_ns = app_mono_ns, .len = len};
	if (len)
		memcpy(message->data, data, len);
	*pending->tail = message;
	pending->tail = &message->next;
	pending->messages++;
	pending->bytes += len;
	return 0;
}

bool pending_full(const struct pending *pending)
{
	return pending->messages >= PENDING_MESSAGES_MAX || pending->bytes >= PENDING_BYTES_MAX;
}

static struct pending_message *take_head(struct pending *pending)
{
	struct pending_message *message = pending->head;

	pending->head = message->next;
	if (!pending->head)
		pending->tail = &pending->head;
	pending->messages--;
	pending->bytes -= message->len;
	return message;
}

static void deliver_head(struct pending *pending, const struct segments_time *time)
{
	struct pending_message *message = take_head(pending);
	struct stream_message out = {
		.data = message->data,
		.len = message->len,
		.first_mono_ns = time->first_ns,
		.wire_mono_ns = time->wire_ns,
		.stall_ns = time->stall_ns,
		.app_mono_ns = message->app_mono_ns,
	};

	pending->delivered++;
	pending->unmapped += time->wire_ns == TIME_UNKNOWN;
	segments_forget(&pending->segments, message->first); /* the next one may begin in the same segment or record */
	pending->on_message(pending->context, &out);
	free(message);
}

void pending_settle(struct pending *pending, int64_t drained_after_ns)
{
	struct pending_message *message;
	struct segments_time time;

	while ((message = pending->head)) {
		enum segments_answer answer =
			segments_find(&pending->segments, message->first, message->end, &time);

		if (answer == SEGMENTS_WAIT) {
			if (message->app_mono_ns >= drained_after_ns)
				break;
			segments_give_up(&pending->segments, message->end, message->app_mono_ns);
		}
		deliver_head(pending, &time);
	}
}

void pending_reset(struct pending *pending)
{
	const struct segments_time unknown = {TIME_UNKNOWN, TIME_UNKNOWN, TIME_UNKNOWN};

	while (pending->head)
		deliver_head(pending, &unknown);
	segments_reset(&pending->segments);
}

void pending_free(struct pending *pending)
{
	while (pending->head)
		free(take_head(pending));
	segments_free(&pending->segments);
}
