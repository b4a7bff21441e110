/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who absorbs bad debt: tiers in a configured order, each with what it has left. Whatever no tier takes stays with the
 * lenders (or, for perpetuals, with the other side: socialised or auto-deleveraged), so nothing is ever lost on the way.
 */
#ifndef PL_MARGIN_WATERFALL_H
#define PL_MARGIN_WATERFALL_H

#include <stddef.h>

#include "base/error.h"

#define WATERFALL_TIERS_MAX 8

/*
 * insurance-fund	pays what it has; fed by `fed_share` of the protocol's fees and penalties
 * backstop		tokens are issued and sold: raising x leaves room for x(1 + impact·x/size) less of `size`, so that the
 *			last of it sells badly
 * capital		governance-controlled capital: pays what there is
 */
enum tier_type { TIER_INSURANCE, TIER_BACKSTOP, TIER_CAPITAL, TIER_TYPES };
extern const char *const tier_type_names[TIER_TYPES + 1]; /* as in model.yaml; NULL at the end */

struct tier {
	char name[32];
	enum tier_type type;
	double size;	  /* at the start, numeraire */
	double fed_share; /* insurance-fund, 0..1 */
	double impact;	  /* backstop, >= 0 */
};

struct waterfall {
	struct tier tiers[WATERFALL_TIERS_MAX];
	size_t count;
};

/* What a path has left. */
struct waterfall_state {
	double left[WATERFALL_TIERS_MAX], absorbed[WATERFALL_TIERS_MAX];
	double lenders; /* what no tier took */
};

/* -EINVAL names the tier and what is wrong with it. */
int waterfall_check(const struct waterfall *waterfall, struct error *err);

void waterfall_start(const struct waterfall *waterfall, struct waterfall_state *state);

/* Spreads a loss > 0 over the tiers. absorbed[] and lenders grow by exactly `loss` together. */
void waterfall_absorb(const struct waterfall *waterfall, struct waterfall_state *state, double loss);

/* Fees of the protocol: the funds take their share; returns what is the protocol's own. */
double waterfall_feed(const struct waterfall *waterfall, struct waterfall_state *state, double fees);

#endif
