// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The join by price and time, where no key says which message an update came of. The rule is told in docs/session.md. */
#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "latency/join_group.h"

const struct recent_message *find_by_price(const struct recent *recent, const struct join_update *update, uint32_t from,
					   uint32_t except)
{
	double best = PRICE_TOLERANCE * fabs(update->price);
	const struct recent_message *found = NULL;
	uint32_t scanned = 0;

	if (isnan(update->price) || update->landed_ns == TIME_UNKNOWN)
		return NULL;
	for (uint32_t i = recent->count; i > from && scanned < PRICE_WINDOW_MESSAGES; scanned++) {
		const struct recent_message *message = recent_at(recent, --i);
		double distance;

		if (message->arrival_ns == TIME_UNKNOWN || update->landed_ns - message->arrival_ns > PRICE_WINDOW_NS)
			break;
		if (i == except)
			continue;
		if (price_equals(message->price, update))
			return message;
		distance = fabs(message->price - update->price);
		if (distance < best || (!found && distance <= best)) {
			best = distance;
			found = message;
		}
	}
	return found;
}

/* Updates of one contract follow the order of the messages: each is looked for after the message of the one before. */
static int find_all(struct group *group, struct recent *recent, uint32_t *from)
{
	int status = 0;

	for (size_t i = 0; !status && i < group->update_count; i++) {
		const struct join_update *update = update_at(group, i);
		const struct recent_message *message;

		group->found[i].position = NOTHING;
		status = recent_read(recent, update->landed_ns);
		message = status ? NULL : find_by_price(recent, update, from[update->place], NOTHING);
		if (message) {
			group->found[i] = *message;
			from[update->place] = message->position + 1;
		}
	}
	return status;
}

static int by_position(const void *a, const void *b, void *context)
{
	const struct group *group = context;
	uint32_t x = group->found[*(const uint32_t *)a].position, y = group->found[*(const uint32_t *)b].position;

	return (x > y) - (x < y);
}

static int hold(struct group *group, const struct recent_message *message)
{
	struct join *join = group->join;

	if (array_grow((void **)&join->messages, join->message_count, &join->message_room, sizeof(*join->messages)))
		return -ENOMEM;
	group->taken[group->message_count++] = (uint32_t)join->message_count;
	join->messages[join->message_count++] = (struct join_message){
		.id = message->id,
		.feed = group->carrier->feed,
		.asset = group->carrier->asset,
		.update = NOTHING,
		.price = message->price,
		.arrival_ns = message->arrival_ns,
	};
	return 0;
}

/* From here on the group's messages are those that were found, each once, in their order. `order`: room for all updates. */
static int hold_found(struct group *group, uint32_t *order)
{
	size_t count = 0;

	for (uint32_t i = 0; i < group->update_count; i++) {
		group->target[i] = NOTHING;
		if (group->found[i].position != NOTHING)
			order[count++] = i;
	}
	qsort_r(order, count, sizeof(*order), by_position, group);
	group->messages = group->taken;
	group->message_count = 0;
	for (size_t k = 0; k < count; k++) {
		const struct recent_message *message = &group->found[order[k]];

		if ((!k || message->position != group->found[order[k - 1]].position) && hold(group, message))
			return -ENOMEM;
		group->target[order[k]] = (uint32_t)group->message_count - 1;
	}
	return 0;
}

int match_by_price(struct group *group)
{
	uint32_t *from = calloc((size_t)group->join->names.count + 1, sizeof(*from));
	uint32_t *order = malloc((group->update_count + 1) * sizeof(*order));
	struct recent recent = {0};
	int status = from && order ? recent_open(&recent, group->join, group->carrier) : -ENOMEM;

	if (!status)
		status = find_all(group, &recent, from);
	if (!status)
		status = hold_found(group, order);
	recent_close(&recent);
	free(from);
	free(order);
	return status;
}
