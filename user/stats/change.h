/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where a series of durations changes its level: binary segmentation by the largest CUSUM of ranks (ranks: no outlier makes
 * a change, and no unit matters). What counts as one is calibrated by permutation: blocks that are longer than the series'
 * memory are put in 999 random orders (Philox, fixed seed), and a CUSUM that is not beyond those of 99 % of them is chance.
 * So an autocorrelated series without a change shows one in about 1 % of the searches.
 */
#ifndef PL_STATS_CHANGE_H
#define PL_STATS_CHANGE_H

#include <stddef.h>

#include "stats/survival.h"

#define CHANGES_MAX 32 /* of one series: what changes more often is no series of levels */

struct change {
	size_t index; /* of the first duration after it */
	double p_value;
	int64_t before_p50_ns, after_p50_ns; /* medians from the change before, and to the one after */
	size_t before_count, after_count;
};

/* Of durations that were seen to end, in the order of time; open ones are passed over. Changes come in that order too. 0 or -ENOMEM. */
int changes_find(const struct observation *series, size_t count, struct change out[CHANGES_MAX], size_t *found);

#endif
