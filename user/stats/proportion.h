/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The share of hits among independent trials, with Wilson's 95 % interval (1927), which holds for few trials and for none or all hit. */
#ifndef PL_STATS_PROPORTION_H
#define PL_STATS_PROPORTION_H

#include <stdint.h>

struct proportion {
	double share, ci95[2]; /* NAN without a trial */
};

struct proportion proportion_of(uint64_t hits, uint64_t trials);

#endif
