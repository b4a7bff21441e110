// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>

#include "latency/join_group.h"

#define PLANTED_MAX 2000

/* How a matched update lay: how late it landed after its message, and how many messages after the one of its contract's update before. */
struct manner {
	int64_t lag_ns;
	uint32_t gap;
};

/* Room for all updates in `manners`, for all names in `before` (zeroed): position + 1 of a contract's last match. */
static size_t collect_manners(const struct group *group, struct manner *manners, uint32_t *before)
{
	size_t count = 0;

	for (size_t i = 0; i < group->update_count; i++) {
		const struct join_update *update = update_at(group, i);
		uint32_t position = group->target[i], *last = &before[update->place];
		int64_t lag_ns;

		if (position == NOTHING)
			continue;
		if (update->landed_ns != TIME_UNKNOWN && message_at(group, position)->arrival_ns != TIME_UNKNOWN &&
		    !__builtin_sub_overflow(update->landed_ns, message_at(group, position)->arrival_ns, &lag_ns))
			manners[count++] = (struct manner){lag_ns, position >= *last ? position - *last : position};
		*last = position + 1;
	}
	return count;
}

struct planting {
	uint64_t planted, wrong, matched_without; /* w = wrong / planted, f = matched_without / planted */
};

/* Evenly over the messages; the manners are taken in turn, so that every one plays its part. */
static void plant(const struct group *group, const struct manner *manners, size_t manner_count, struct planting *out)
{
	size_t stride = group->message_count / PLANTED_MAX + 1, next = 0;
	int64_t last_ns = message_at(group, (uint32_t)group->message_count - 1)->arrival_ns;

	for (size_t i = 0; i < group->message_count; i += stride) {
		const struct join_message *message = message_at(group, (uint32_t)i);
		struct join_update update = {.price = message->price, .half_digit = update_at(group, 0)->half_digit};
		const struct manner *manner = &manners[next % manner_count];
		uint32_t from = i > manner->gap ? (uint32_t)i - manner->gap : 0;

		if (isnan(message->price) || message->arrival_ns == TIME_UNKNOWN)
			continue;
		next++;
		if (__builtin_add_overflow(message->arrival_ns, manner->lag_ns, &update.landed_ns) || update.landed_ns > last_ns)
			continue; /* what would come before it was not recorded */
		out->planted++;
		out->wrong += find_by_price(group, &update, from, NOTHING) != i;
		out->matched_without += find_by_price(group, &update, from, (uint32_t)i) != NOTHING;
	}
}

static double wrong_share(double w, double f, double u)
{
	double absent = u <= 0 ? 0 : f < 1 ? fmin(u / (1 - f), 1) : 1, matched = absent * f + 1 - absent;

	return matched > 0 ? (absent * f + (1 - absent) * w) / matched : NAN;
}

static struct proportion combine(const struct proportion *w, const struct proportion *f, const struct proportion *u)
{
	double rate = wrong_share(w->share, f->share, u->share);
	struct proportion out = {.share = rate};

	for (int side = 0; side < 2; side++) {
		double by_w = wrong_share(w->ci95[side], f->share, u->share) - rate;
		double by_f = wrong_share(w->share, f->ci95[side], u->share) - rate;
		double by_u = wrong_share(w->share, f->share, u->ci95[side]) - rate;
		double distance = sqrt(by_w * by_w + by_f * by_f + by_u * by_u);

		out.ci95[side] = side ? fmin(rate + distance, 1) : fmax(rate - distance, 0);
	}
	return out;
}

int false_matches_by_price(const struct group *group, uint64_t unmatched, struct proportion *out)
{
	struct manner *manners = malloc((group->update_count + 1) * sizeof(*manners));
	uint32_t *before = calloc((size_t)group->join->names.count + 1, sizeof(*before));
	struct planting planting = {0};
	struct proportion w, f, u;
	size_t matched;

	*out = (struct proportion){NAN, {NAN, NAN}};
	if (!manners || !before) {
		free(manners);
		free(before);
		return -ENOMEM;
	}
	matched = collect_manners(group, manners, before);
	if (matched)
		plant(group, manners, matched, &planting);
	free(manners);
	free(before);
	if (!planting.planted)
		return 0;
	w = proportion_of(planting.wrong, planting.planted);
	f = proportion_of(planting.matched_without, planting.planted);
	u = proportion_of(unmatched, matched + unmatched);
	*out = combine(&w, &f, &u);
	return 0;
}
