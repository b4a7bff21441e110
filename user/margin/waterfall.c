// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/waterfall.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define ROUNDING 1e-9 /* of a loss */

const char *const tier_type_names[TIER_TYPES + 1] = {"insurance-fund", "backstop", "capital", "deleveraging", "socialised", NULL};
const char *const deleveraging_rank_names[RANKS + 1] = {"hyperliquid", "dydx-v4", NULL};
const char *const socialised_over_names[OVERS + 1] = {"open-interest", "profit", "equity", NULL};

bool tier_of_positions(const struct tier *tier)
{
	return tier->type == TIER_DELEVERAGING || tier->type == TIER_SOCIALISED;
}

const struct tier *waterfall_find(const struct waterfall *waterfall, enum tier_type type)
{
	for (size_t i = 0; i < waterfall->count; i++)
		if (waterfall->tiers[i].type == type)
			return &waterfall->tiers[i];
	return NULL;
}

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
		if (tier_of_positions(tier) && tier->size != 0)
			return error_set(err, -EINVAL, "tier %s: size is %g; positions pay, leave it out", tier->name, tier->size);
		if (tier->type == TIER_DELEVERAGING && waterfall_find(waterfall, TIER_SOCIALISED) &&
		    waterfall_find(waterfall, TIER_SOCIALISED) < tier)
			return error_set(err, -EINVAL, "tier %s: a bankrupt position is gone once its loss is socialised: put deleveraging before it",
					 tier->name);
		if (tier_of_positions(tier) && waterfall_find(waterfall, tier->type) != tier)
			return error_set(err, -EINVAL, "tier %s: the second one of type %s; one is enough", tier->name, tier_type_names[tier->type]);
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

static double factor(const struct tier *tier)
{
	return tier->size > 0 ? tier->impact / tier->size : 0;
}

/* Raising x takes x(1 + k x) of what is left, k = impact/size. */
static double most(const struct tier *tier, double left)
{
	double k = factor(tier);

	return k > 0 ? (sqrt(1 + 4 * k * left) - 1) / (2 * k) : left;
}

static double raise(const struct tier *tier, double *left, double wanted)
{
	double k = factor(tier), all = most(tier, *left);

	if (wanted >= all) {
		*left = 0;
		return all;
	}
	*left -= wanted * (1 + k * wanted);
	return wanted;
}

double waterfall_take(const struct waterfall *waterfall, struct waterfall_state *state, size_t first, size_t end, double loss,
		      const struct waterfall_positions *positions)
{
	for (size_t i = first; i < end && loss > 0; i++) {
		const struct tier *tier = &waterfall->tiers[i];
		double taken;

		if (tier_of_positions(tier)) {
			taken = positions ? fmin(loss, positions->take(positions->context, tier, loss)) : 0;
			state->fell_short[i] = state->fell_short[i] || taken < loss * (1 - ROUNDING);
		} else {
			taken = fmin(loss, raise(tier, &state->left[i], loss));
		}
		state->absorbed[i] += taken;
		loss -= taken;
	}
	return loss;
}

void waterfall_absorb(const struct waterfall *waterfall, struct waterfall_state *state, double loss)
{
	state->lenders += waterfall_take(waterfall, state, 0, waterfall->count, loss, NULL);
}

bool waterfall_exhausted(const struct waterfall *waterfall, const struct waterfall_state *state, size_t i)
{
	const struct tier *tier = &waterfall->tiers[i];

	if (tier_of_positions(tier))
		return state->fell_short[i];
	return !(state->left[i] > 0) && (tier->size > 0 || state->absorbed[i] > 0);
}

double waterfall_before_deleveraging(const struct waterfall *waterfall, const struct waterfall_state *state)
{
	double sum = 0;

	for (size_t i = 0; i < waterfall->count; i++) {
		if (waterfall->tiers[i].type == TIER_DELEVERAGING)
			return sum;
		sum += most(&waterfall->tiers[i], state->left[i]);
	}
	return INFINITY;
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
