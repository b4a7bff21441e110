// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The join by price and time, where no key says which message an update came of. The rule is told in docs/session.md. */
#include <errno.h>
#include <stdlib.h>

#include "latency/join_group.h"

/* How many messages arrived at or before a time. Unknown arrivals stand first. */
static uint32_t arrived_by(const struct group *group, int64_t time_ns)
{
	uint32_t low = 0, high = (uint32_t)group->message_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (message_at(group, middle)->arrival_ns <= time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t find_by_price(const struct group *group, const struct join_update *update, uint32_t from, uint32_t except)
{
	double best = PRICE_TOLERANCE * fabs(update->price);
	uint32_t found = NOTHING, scanned = 0;

	if (isnan(update->price) || update->landed_ns == TIME_UNKNOWN)
		return NOTHING;
	for (uint32_t i = arrived_by(group, update->landed_ns); i > from && scanned < PRICE_WINDOW_MESSAGES; scanned++) {
		const struct join_message *message = message_at(group, --i);
		double distance;

		if (message->arrival_ns == TIME_UNKNOWN || update->landed_ns - message->arrival_ns > PRICE_WINDOW_NS)
			break;
		if (i == except)
			continue;
		if (price_equals(message->price, update))
			return i;
		distance = fabs(message->price - update->price);
		if (distance < best || (found == NOTHING && distance <= best)) {
			best = distance;
			found = i;
		}
	}
	return found;
}

static int by_place(const void *a, const void *b, void *context)
{
	const struct group *group = context;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	uint32_t x_place = update_at(group, x)->place, y_place = update_at(group, y)->place;

	if (x_place != y_place)
		return x_place < y_place ? -1 : 1;
	return (x > y) - (x < y);
}

/* Updates of one contract follow the order of the messages: each is looked for after the message of the one before. */
int match_by_price(struct group *group)
{
	uint32_t *order = malloc(group->update_count * sizeof(*order)), from = 0;

	if (!order)
		return -ENOMEM;
	for (uint32_t i = 0; i < group->update_count; i++)
		order[i] = i;
	qsort_r(order, group->update_count, sizeof(*order), by_place, group);
	for (size_t k = 0; k < group->update_count; k++) {
		uint32_t i = order[k], position;

		if (k && update_at(group, i)->place != update_at(group, order[k - 1])->place)
			from = 0;
		position = find_by_price(group, update_at(group, i), from, NOTHING);
		group->target[i] = position;
		if (position != NOTHING)
			from = position + 1;
	}
	free(order);
	return 0;
}
