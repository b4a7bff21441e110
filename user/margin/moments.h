/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Mean and spread of numbers that come one by one (Welford 1962), or group by group (Chan, Golub and LeVeque 1979). */
#ifndef PL_MARGIN_MOMENTS_H
#define PL_MARGIN_MOMENTS_H

#include <math.h>

#include "margin/model.h"

struct moments {
	double n, mean, squares; /* squares: of deviations from the mean, summed */
};

static inline void moments_take(struct moments *moments, double value)
{
	double delta = value - moments->mean;

	moments->n += 1;
	moments->mean += delta / moments->n;
	moments->squares += delta * (value - moments->mean);
}

static inline void moments_merge(struct moments *moments, const struct moments *added)
{
	double all = moments->n + added->n, delta = added->mean - moments->mean;

	if (!(added->n > 0))
		return;
	moments->mean += delta * added->n / all;
	moments->squares += added->squares + delta * delta * moments->n * added->n / all;
	moments->n = all;
}

/* NAN of nothing; one number says nothing of its error. */
static inline struct estimate moments_estimate(const struct moments *moments)
{
	if (!(moments->n > 0))
		return (struct estimate){NAN, NAN};
	return (struct estimate){moments->mean,
				 moments->n > 1 ? sqrt(moments->squares / (moments->n - 1) / moments->n) : INFINITY};
}

#endif
