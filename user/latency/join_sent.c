// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The keeper's reactions: each packet belongs to the latest update whose trigger (its arrival, or its being seen on
 * chain) precedes it, feed by feed; the first such packet is the update's `sent`. Updates that came in one packet have
 * one trigger, and share the reaction.
 *
 * In whatever order triggers come: of all those that one packet is the first after, the latest one has it.
 */
#include <errno.h>
#include <stdlib.h>

#include "latency/join_data.h"

int join_triggers_new(struct join *join, struct error *err)
{
	size_t count = join->feed_count * join->packet_count;

	if (!join->packet_count)
		return 0;
	join->triggers = malloc((count + 1) * sizeof(*join->triggers));
	if (!join->triggers)
		return error_set(err, -ENOMEM, "session: no memory for the keeper's %zu packets", join->packet_count);
	for (size_t i = 0; i < count; i++)
		join->triggers[i] = TIME_UNKNOWN;
	return 0;
}

bool join_reacts(const struct join *join, uint32_t asset)
{
	return join->packet_count && (join->keeper_all || join->kept[asset]);
}

/* Of the first packet that left at or after the trigger; NULL: none did. */
static int64_t *trigger_of(const struct join *join, uint32_t feed, int64_t trigger_ns)
{
	size_t low = 0, high = join->packet_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (join->packets[middle].time_ns < trigger_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low < join->packet_count ? &join->triggers[feed * join->packet_count + low] : NULL;
}

void join_trigger(struct join *join, uint32_t feed, int64_t trigger_ns)
{
	int64_t *latest = trigger_ns == TIME_UNKNOWN ? NULL : trigger_of(join, feed, trigger_ns);

	if (latest && *latest < trigger_ns)
		*latest = trigger_ns;
}

uint32_t join_reaction(const struct join *join, uint32_t feed, int64_t trigger_ns)
{
	const int64_t *latest = trigger_ns == TIME_UNKNOWN ? NULL : trigger_of(join, feed, trigger_ns);

	if (!latest || *latest != trigger_ns)
		return NOTHING;
	return (uint32_t)((size_t)(latest - join->triggers) - feed * join->packet_count);
}
