/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Inside market_run(): from the results of paths to the answers. */
#ifndef PL_MARGIN_MARKET_RESULT_H
#define PL_MARGIN_MARKET_RESULT_H

#include "margin/market_path.h"

/* What a run of all paths left: results, and `groups` and `keepers` as in the job (market_scenario.h). */
struct market_paths {
	const struct path_result *results;
	const struct path_group *groups;
	const struct path_keeper *keepers;
	uint64_t count;
};

/* Everything that it tells. 0 or -ENOMEM. */
int market_summary(const struct market_book *book, const struct market_paths *run, struct model_result *result, struct market_result *more);

/* Mean and standard error, path by path, of bad debt minus `before`, which then holds this scenario's. */
void market_difference(const struct path_result *results, double *before, uint64_t paths, struct estimate *out);

/* By one millisecond of a delay that was longer by added_s in `other`. NAN for no paths. */
struct market_slope {
	struct estimate bad_debt, keepers, own; /* the latter two: profits */
};
struct market_slope market_slope(const struct path_result *base, const struct path_result *other, uint64_t paths, double added_s);

/*
 * Mean of `other`, known for the first `paths` only, with all `all` of `base` as its control: the mean of base, and of the
 * difference where both are there.
 */
void market_controlled(const struct path_result *base, uint64_t all, const struct path_result *other, uint64_t paths,
		       struct estimate *out);

#endif
