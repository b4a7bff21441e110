// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The keeper's reactions: each packet belongs to the latest update whose trigger (its arrival, or its being seen on
 * chain) precedes it, feed by feed; the first such packet is the update's `sent`. Updates that came in one packet have
 * one trigger, and share the reaction.
 */
#include <errno.h>
#include <stdlib.h>

#include "latency/join_data.h"

static int64_t trigger_ns(const struct join *join, const struct join_message *message)
{
	if (!join->keeper_after_seen)
		return message->wire_ns;
	return message->update == NOTHING ? TIME_UNKNOWN : join->updates[message->update].seen_ns;
}

static int by_feed_then_trigger(const void *a, const void *b, void *context)
{
	const struct join *join = context;
	const struct join_message *x = &join->messages[*(const uint32_t *)a], *y = &join->messages[*(const uint32_t *)b];
	int64_t x_trigger, y_trigger;

	if (x->feed != y->feed)
		return x->feed < y->feed ? -1 : 1;
	x_trigger = trigger_ns(join, x);
	y_trigger = trigger_ns(join, y);
	if (x_trigger != y_trigger)
		return x_trigger < y_trigger ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

/* messages[from..to): one feed, by trigger. Packets and triggers are walked together. */
static void assign(struct join *join, const uint32_t *messages, size_t from, size_t to)
{
	size_t packet = 0;

	while (from < to) {
		int64_t trigger = trigger_ns(join, &join->messages[messages[from]]);
		size_t next = from;
		int64_t until = INT64_MAX;

		while (next < to && trigger_ns(join, &join->messages[messages[next]]) == trigger)
			next++;
		if (next < to)
			until = trigger_ns(join, &join->messages[messages[next]]);
		while (packet < join->packet_count && join->packets[packet].time_ns < trigger)
			packet++;
		if (packet < join->packet_count && join->packets[packet].time_ns < until)
			for (size_t i = from; i < next; i++)
				join->messages[messages[i]].sent = (uint32_t)packet;
		from = next;
	}
}

int join_sent(struct join *join, struct error *err)
{
	uint32_t *messages;
	size_t count = 0;

	if (!join->packet_count || !join->message_count)
		return 0;
	messages = malloc(join->message_count * sizeof(*messages));
	if (!messages)
		return error_set(err, -ENOMEM, "session: no memory for the join of %zu messages", join->message_count);
	for (uint32_t i = 0; i < join->message_count; i++) {
		const struct join_message *message = &join->messages[i];

		if ((join->keeper_all || join->kept[message->asset]) && trigger_ns(join, message) != TIME_UNKNOWN)
			messages[count++] = i;
	}
	qsort_r(messages, count, sizeof(*messages), by_feed_then_trigger, join);
	for (size_t from = 0, to; from < count; from = to) {
		uint32_t feed = join->messages[messages[from]].feed;

		for (to = from; to < count && join->messages[messages[to]].feed == feed; to++)
			;
		assign(join, messages, from, to);
	}
	free(messages);
	return 0;
}
