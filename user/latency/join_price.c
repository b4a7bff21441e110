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

/* Where a message that was found by its bytes stands; NOTHING if it came after the update landed, or long before. */
static uint32_t position_of(const struct recent *recent, const struct join_message *message)
{
	for (uint32_t i = recent->count, scanned = 0; i > 0 && scanned < PRICE_WINDOW_MESSAGES; scanned++) {
		const struct recent_message *at = recent_at(recent, --i);

		if (at->id == message->id)
			return i;
		if (at->arrival_ns < message->arrival_ns)
			break;
	}
	return NOTHING;
}

/*
 * Updates of one contract follow the order of the messages: each is looked for after the message of the one before, which
 * may have been found by its bytes.
 */
static int find_all(struct group *group, struct recent *recent, uint32_t *from)
{
	int status = 0;

	for (size_t i = 0; !status && i < group->update_count; i++) {
		const struct join_update *update = update_at(group, i);
		const struct recent_message *message;

		group->found[i].position = NOTHING;
		status = recent_read(recent, update->landed_ns);
		if (!status && group->target[i] != NOTHING) {
			uint32_t position = position_of(recent, message_at(group, group->target[i]));

			if (position != NOTHING)
				from[update->place] = position + 1;
			continue;
		}
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

static int by_id(const void *a, const void *b)
{
	const struct join_message *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* The index in join->messages of a message that was found by price: one that is held for its bytes, or a new one. */
static int hold(struct group *group, const struct recent_message *message, uint32_t *index)
{
	struct join *join = group->join;
	const struct join_message wanted = {.id = message->id}, *held = NULL;

	if (group->held)
		held = bsearch(&wanted, join->messages, group->held, sizeof(wanted), by_id);
	if (held) {
		*index = (uint32_t)(held - join->messages);
		return 0;
	}
	if (array_grow((void **)&join->messages, join->message_count, &join->message_room, sizeof(*join->messages)))
		return -ENOMEM;
	*index = (uint32_t)join->message_count;
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

static int by_arrival(const void *a, const void *b, void *context)
{
	const struct join *join = context;
	const struct join_message *x = &join->messages[*(const uint32_t *)a], *y = &join->messages[*(const uint32_t *)b];

	if (x->arrival_ns != y->arrival_ns)
		return x->arrival_ns < y->arrival_ns ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

/* Targets are indices in join->messages: from here on the group's messages are those, each once, in the order of arrival. */
static void take(struct group *group)
{
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < group->update_count; i++)
		if (group->target[i] != NOTHING)
			group->taken[count++] = group->target[i];
	qsort_r(group->taken, count, sizeof(*group->taken), by_arrival, group->join);
	for (size_t k = 0; k < count; k++)
		if (!kept || group->taken[k] != group->taken[kept - 1])
			group->taken[kept++] = group->taken[k];
	for (size_t i = 0; i < group->update_count; i++) {
		size_t low = 0, high = kept;

		while (group->target[i] != NOTHING && low < high) {
			size_t middle = low + (high - low) / 2;

			if (by_arrival(&group->taken[middle], &group->target[i], group->join) < 0)
				low = middle + 1;
			else
				high = middle;
		}
		if (group->target[i] != NOTHING)
			group->target[i] = (uint32_t)low;
	}
	group->messages = group->taken;
	group->message_count = kept;
}

/* `order`: room for all updates. */
static int hold_found(struct group *group, uint32_t *order)
{
	size_t count = 0;

	for (uint32_t i = 0; i < group->update_count; i++) {
		if (group->target[i] != NOTHING)
			group->target[i] = group->messages[group->target[i]];
		if (group->found[i].position != NOTHING)
			order[count++] = i;
	}
	qsort_r(order, count, sizeof(*order), by_position, group);
	for (size_t k = 0; k < count; k++) {
		const struct recent_message *message = &group->found[order[k]];
		uint32_t *target = &group->target[order[k]];

		if (k && message->position == group->found[order[k - 1]].position)
			*target = group->target[order[k - 1]];
		else if (hold(group, message, target))
			return -ENOMEM;
		group->method[order[k]] = JOIN_BY_PRICE;
	}
	take(group);
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
