// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The join by price and time, where no key says which message an update came of. The rule is told in docs/session.md. */
#include <errno.h>
#include <stdlib.h>

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

int pricing_new(struct pricing *pricing, const struct group *group)
{
	size_t places = (size_t)group->join->names.count + 1;

	*pricing = (struct pricing){.from = calloc(places, sizeof(*pricing->from)), .last = calloc(places, sizeof(*pricing->last)),
				    .manners = malloc(PLANTED_MAX * sizeof(*pricing->manners)), .half_digit = NAN};
	if (!pricing->from || !pricing->last || !pricing->manners)
		return -ENOMEM;
	return recent_open(&pricing->recent, group->join, group->carrier);
}

void pricing_free(struct pricing *pricing)
{
	recent_close(&pricing->recent);
	free(pricing->from);
	free(pricing->last);
	free(pricing->manners);
	*pricing = (struct pricing){.from = NULL};
}

static void remember(struct pricing *pricing, const struct join_update *update, const struct recent_message *message)
{
	uint32_t *last = &pricing->last[update->place];
	int64_t lag_ns;

	if (message->arrival_ns != TIME_UNKNOWN && !__builtin_sub_overflow(update->landed_ns, message->arrival_ns, &lag_ns)) {
		if (pricing->matched < PLANTED_MAX)
			pricing->manners[pricing->matched] = (struct manner){
				lag_ns, message->position >= *last ? message->position - *last : message->position};
		pricing->matched++;
	}
	*last = message->position + 1;
	pricing->from[update->place] = message->position + 1;
}

int match_by_price(struct pricing *pricing, const struct join_update *update, struct join_message *message)
{
	const struct recent_message *found;

	if (isnan(pricing->half_digit))
		pricing->half_digit = update->half_digit;
	if (recent_read(&pricing->recent, update->landed_ns))
		return -EIO;
	if (message->found) {
		uint32_t position = position_of(&pricing->recent, message);

		if (position != NOTHING)
			pricing->from[update->place] = position + 1;
		return 0;
	}
	found = find_by_price(&pricing->recent, update, pricing->from[update->place], NOTHING);
	if (!found)
		return 0;
	*message = (struct join_message){.id = found->id, .arrival_ns = found->arrival_ns, .price = found->price, .found = true};
	remember(pricing, update, found);
	return 0;
}
