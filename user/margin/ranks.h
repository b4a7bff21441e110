/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Between which samples a quantile lies, whatever their law is: order statistics. */
#ifndef PL_MARGIN_RANKS_H
#define PL_MARGIN_RANKS_H

#include <stdint.h>

/*
 * Ranks (1..n, 0 = there is none) of the two samples that enclose the p-quantile of the law with 95 % probability:
 * each tail takes at most 2.5 %; where the largest (smallest) sample takes more by itself but not over 5 %, it is the
 * bound and the other tail gets the rest. So the largest of n bounds p99 from n = 299 on: 0.99^299 < 5 %.
 */
void quantile_ranks(uint64_t n, double p, uint64_t ranks[2]);

#endif
