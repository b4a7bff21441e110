/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How wild prices were just before a moment: realised over the minute before it (or a hundredth of the session, where that is more). */
#ifndef PL_LATENCY_ACTIVITY_H
#define PL_LATENCY_ACTIVITY_H

#include "latency/prices.h"

struct activity {
	const struct price_series *prices;
	double *squares; /* sum of the squared moves up to each tick */
	int64_t back_ns;
};

/* `prices` must outlive it. 0 or -ENOMEM. */
int activity_init(struct activity *activity, const struct price_series *prices);
void activity_free(struct activity *activity);

/* Per root of a year; NAN where the prices do not reach back far enough, or did not come. */
double activity_before(const struct activity *activity, int64_t at_ns);

#endif
