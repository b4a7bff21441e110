// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/waterfall.h"

#include <errno.h>
#include <math.h>
#include <string.h>

const char *const tier_type_names[TIER_TYPES + 1] = {"insurance-fund", "backstop", "capital", NULL};

int waterfall_check(const struct waterfall *waterfall, struct error *err)
{
	double fed = 0;

	for (size_t i = 0; i < waterfall->count; i++) {
		const struct tier *tier = &waterfall->tiers[i];

		if (!(tier->size >= 0 && isfinite(tier->size)))
			return error_set(err, -EINVAL, "tier %s: size is %g; it should be 0 or more", tier->name, tier->size);
		if (!(tier->fed_share >= 0 && tier->fed_share <= 1) || (tier->fed_share > 0 && tier->type != TIER_INSURANCE))
			return error_set(err, -EINVAL, "tier %s: fed_share is %g; allowed: 0 to 1, of an insurance-fund", tier->name,
					 tier->fed_share);
		if (!(tier->impact >= 0 && isfinite(tier->impact)) || (tier->impact > 0 && tier->type != TIER_BACKSTOP))
			return error_set(err, -EINVAL, "tier %s: impact is %g; allowed: 0 or more, of a backstop", tier->name,
					 tier->impact);
		fed += tier->fed_share;
		for (size_t j = 0; j < i; j++)
			if (!strcmp(tier->name, waterfall->tiers[j].name))
				return error_set(err, -EINVAL, "two tiers are named %s", tier->name);
	}
	return fed > 1 ? error_set(err, -EINVAL, "the tiers' fed_share add up to %g; at most 1", fed) : 0;
}

void waterfall_start(const struct waterfall *waterfall, struct waterfall_state *state)
{
	*state = (struct waterfall_state){0};
	for (size_t i = 0; i < waterfall->count; i++)
		state->left[i] = waterfall->tiers[i].size;
}

/* The most that can be raised from `left`, and what raising x takes of it: x(1 + k x), k = impact/size. */
static double raise(const struct tier *tier, double *left, double wanted)
{
	double k = tier->size > 0 ? tier->impact / tier->size : 0;
	double most = k > 0 ? (sqrt(1 + 4 * k * *left) - 1) / (2 * k) : *left;

	if (wanted >= most) {
		*left = 0;
		return most;
	}
	*left -= wanted * (1 + k * wanted);
	return wanted;
}

void waterfall_absorb(const struct waterfall *waterfall, struct waterfall_state *state, double loss)
{
	for (size_t i = 0; i < waterfall->count && loss > 0; i++) {
		double taken = fmin(loss, raise(&waterfall->tiers[i], &state->left[i], loss));

		state->absorbed[i] += taken;
		loss -= taken;
	}
	state->lenders += loss;
}

double waterfall_feed(const struct waterfall *waterfall, struct waterfall_state *state, double fees)
{
	double own = fees;

	for (size_t i = 0; i < waterfall->count; i++) {
		double share = waterfall->tiers[i].fed_share * fees;

		state->left[i] += share;
		own -= share;
	}
	return own;
}
