/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The margin that a budget asks for: by what the liquidation thresholds of the whole book may at most be multiplied so that
 * its bad debt, on average or in the worst hundredth of paths, stays below an amount. The same random numbers at every try.
 */
#ifndef PL_MARGIN_REQUIREMENT_H
#define PL_MARGIN_REQUIREMENT_H

#include "margin/market.h"

enum requirement_of { REQUIREMENT_MEAN, REQUIREMENT_ES99 };
extern const char *const requirement_names[]; /* "mean", "es99", NULL */

struct requirement {
	enum requirement_of of;
	double below; /* > 0; 0: not asked for */
};

struct requirement_answer {
	double threshold_scale; /* to 1e-4; NAN: even REQUIREMENT_LOWEST is not enough, or it was interrupted */
	double value;		/* of the bad debt there */
	bool unlimited;		/* thresholds of 1 would do: threshold_scale is as far as they go */
};
#define REQUIREMENT_LOWEST 0.5

/* As model_run(), fifteen times; by closed form where the mean has one, and in the market where there is one (NULL: none). */
int model_requirement(const struct model *model, const struct market *market, const struct requirement *requirement, const struct model_control *control,
		      struct requirement_answer *out, struct error *err);

#endif
