// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stats/proportion.h"

#include <math.h>

#define NORMAL_975 1.959963984540054

struct proportion proportion_of(uint64_t hits, uint64_t trials)
{
	double n = (double)trials, share = (double)hits / n, square = NORMAL_975 * NORMAL_975, centre, half;

	if (!trials)
		return (struct proportion){NAN, {NAN, NAN}};
	centre = (share + square / (2 * n)) / (1 + square / n);
	half = NORMAL_975 / (1 + square / n) * sqrt(share * (1 - share) / n + square / (4 * n * n));
	/* at both ends centre and half cancel, but for their last digits */
	return (struct proportion){share, {hits ? centre - half : 0, hits < trials ? centre + half : 1}};
}
