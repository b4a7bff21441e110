/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a budget asks for, in margin or in penalties: by what the liquidation thresholds of the whole book may at most be multiplied,
 * and what the protocol's bonus or penalty has to be at least, so that the bad debt, on average or in the worst hundredth of paths,
 * stays below an amount. The same random numbers at every try.
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

/*
 * Bad debt falls with the bonus only until what keepers are given is missing when the debt is to be paid, so that there may be one
 * that suffices among some that do not: from `searched[0]` on, seventeen to `searched[1]` are tried one after the other, closer
 * where they are small; between the first one that suffices and the one before the answer is found to 1e-4. Where none does
 * the place with the least bad debt is looked at closer. What is narrower than two neighbours is not seen.
 */
struct penalty_answer {
	const char *parameter; /* of the engine; NULL: it has none, and nothing was searched */
	double searched[2];
	double least; /* the smallest that suffices; NAN: none does, or it was interrupted */
	double ci95[2]; /* as below; NAN where none or no penalty at all suffices */
	double best;  /* without one that suffices: that with the least bad debt; NAN */
	double value; /* of the bad debt at `least` or `best` */
	double measurement_stderr; /* of that at `least`, as below */
};

struct requirement_answer {
	double threshold_scale; /* to 1e-4; NAN: even REQUIREMENT_LOWEST is not enough, or it was interrupted */
	double ci95[2];		/* an end is NAN where the search did not reach it */
	double value;		/* of the bad debt there */
	double measurement_stderr; /* of that; NAN: nothing measured, or not known, and not in the interval */
	bool unlimited;		/* thresholds of 1 would do: threshold_scale is as far as they go, without an interval */
	struct penalty_answer penalty;
};
#define REQUIREMENT_LOWEST 0.5

/*
 * As model_run(), about twenty-five times; by closed form where the mean has one, and in the market where there is one (NULL: none),
 * where penalties take up to forty times more.
 */
int model_requirement(const struct model *model, const struct market *market, const struct requirement *requirement, const struct model_control *control,
		      struct requirement_answer *out, struct error *err);

#endif
