// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/margin_tiers.h"

#include <errno.h>
#include <math.h>

int margin_tiers_check(const struct margin_tiers *tiers, struct error *err)
{
	for (size_t i = 0; i < tiers->count; i++) {
		const struct margin_tier *tier = &tiers->tiers[i], *before = i ? tier - 1 : &(struct margin_tier){0, 0};

		if (!(tier->notional > before->notional && isfinite(tier->notional)))
			return error_set(err, -EINVAL, "tier %zu: notional is %g; it should be above %g", i, tier->notional, before->notional);
		if (!(tier->margin >= before->margin && tier->margin > 0 && tier->margin < 1))
			return error_set(err, -EINVAL, "tier %zu: margin is %g; it should be below 1, and not below that of the tier before it", i,
					 tier->margin);
	}
	return 0;
}

/* From the i-th tier to the next one. */
static void enter(const struct margin_tier *tier, struct position *position)
{
	double rate = fabs(1 - position->weight), next = fmax(rate, tier->margin);

	position->relief += tier->notional * (next - rate);
	position->weight = position->units < 0 ? 1 + next : 1 - next;
}

void margin_tiers_apply(const struct margin_tiers *tiers, struct position *position, double price)
{
	for (size_t i = 0; i < tiers->count && fabs(position->units) * price > tiers->tiers[i].notional; i++)
		enter(&tiers->tiers[i], position);
}

/* The requirement is the largest of all tiers' straight lines: whichever is reached first triggers. */
double margin_tiers_trigger(const struct margin_tiers *tiers, const struct position *position)
{
	struct position at = *position;
	double first = position_trigger(&at);

	for (size_t i = 0; i < tiers->count; i++) {
		enter(&tiers->tiers[i], &at);
		first = at.units < 0 ? fmin(first, position_trigger(&at)) : fmax(first, position_trigger(&at));
	}
	return first;
}
