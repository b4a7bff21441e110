/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Maintenance margin by size, as exchanges publish it: the part of a position's value above `notional` asks for `margin` of it, what is
 * below the first tier for the position's own maintenance margin. The requirement is rate·value - relief with the tier's rate, so that
 * it is continuous in the value (hyperliquid.gitbook.io, Margin tiers, where the relief is called maintenance deduction).
 */
#ifndef PL_MARGIN_MARGIN_TIERS_H
#define PL_MARGIN_MARGIN_TIERS_H

#include <stddef.h>

#include "margin/rules.h"

#define MARGIN_TIERS_MAX 16

struct margin_tiers {
	struct margin_tier {
		double notional, margin; /* ascending; a margin below the position's own does not count */
	} tiers[MARGIN_TIERS_MAX];
	size_t count; /* 0: every value asks for the same share */
};

/* -EINVAL names the tier and what is wrong with it. */
int margin_tiers_check(const struct margin_tiers *tiers, struct error *err);

/* Weight and relief of a perpetual position, whose weight is that of its own margin, at this price. */
void margin_tiers_apply(const struct margin_tiers *tiers, struct position *position, double price);

/* position_trigger() under the tiers. */
double margin_tiers_trigger(const struct margin_tiers *tiers, const struct position *position);

#endif
