// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>

#include "latency/join_group.h"

struct planted {
	struct join_update update;
	uint32_t from, position; /* of the right message */
};

struct planting {
	struct planted items[PLANTED_MAX];
	uint64_t count, wrong, matched_without; /* w = wrong / count, f = matched_without / count */
};

/* Evenly over the messages; the manners are taken in turn, so that every one plays its part. */
static int plant(const struct group *group, const struct pricing *pricing, struct planting *out)
{
	const struct join_carrier *carrier = group->carrier;
	uint32_t stride = (uint32_t)(carrier->staged.count / PLANTED_MAX + 1);
	size_t manner_count = pricing->matched < PLANTED_MAX ? pricing->matched : PLANTED_MAX;
	size_t next = 0;

	for (uint32_t i = 0; i < carrier->staged.count; i += stride) {
		struct planted *planted = &out->items[out->count];
		const struct manner *manner = &pricing->manners[next % manner_count];
		struct recent_message message;

		if (recent_pick(group->join, carrier, i, &message))
			return -EIO;
		if (isnan(message.price) || message.arrival_ns == TIME_UNKNOWN)
			continue;
		next++;
		*planted = (struct planted){.update = {.price = message.price, .half_digit = pricing->half_digit},
					    .from = i > manner->gap ? i - manner->gap : 0, .position = i};
		if (!__builtin_add_overflow(message.arrival_ns, manner->lag_ns, &planted->update.landed_ns) &&
		    planted->update.landed_ns <= carrier->last_arrival_ns) /* else: what would come before it was not recorded */
			out->count++;
	}
	return 0;
}

static int by_landing(const void *a, const void *b)
{
	const struct planted *x = a, *y = b;

	return (x->update.landed_ns > y->update.landed_ns) - (x->update.landed_ns < y->update.landed_ns);
}

static int harvest(const struct group *group, struct planting *planting)
{
	struct recent recent;
	int status = recent_open(&recent, group->join, group->carrier);

	qsort(planting->items, planting->count, sizeof(planting->items[0]), by_landing);
	for (size_t i = 0; !status && i < planting->count; i++) {
		const struct planted *planted = &planting->items[i];
		const struct recent_message *found;

		status = recent_read(&recent, planted->update.landed_ns);
		if (status)
			break;
		found = find_by_price(&recent, &planted->update, planted->from, NOTHING);
		planting->wrong += !found || found->position != planted->position;
		planting->matched_without += find_by_price(&recent, &planted->update, planted->from, planted->position) != NULL;
	}
	recent_close(&recent);
	return status;
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

int false_matches_by_price(const struct group *group, const struct pricing *pricing, uint64_t unmatched, struct proportion *out)
{
	struct planting *planting = calloc(1, sizeof(*planting));
	struct proportion w, f, u;
	int status = planting ? 0 : -ENOMEM;

	*out = (struct proportion){NAN, {NAN, NAN}};
	if (!status && pricing->matched)
		status = plant(group, pricing, planting);
	if (!status && planting->count)
		status = harvest(group, planting);
	if (!status && planting->count) {
		w = proportion_of(planting->wrong, planting->count);
		f = proportion_of(planting->matched_without, planting->count);
		u = proportion_of(unmatched, pricing->matched + unmatched);
		*out = combine(&w, &f, &u);
	}
	free(planting);
	return status;
}
