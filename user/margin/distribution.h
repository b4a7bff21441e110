/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a sample of losses says of their law: probability, value at risk, expected shortfall, quantiles. */
#ifndef PL_MARGIN_DISTRIBUTION_H
#define PL_MARGIN_DISTRIBUTION_H

#include <stdint.h>

#include "margin/model.h"

/*
 * Fills distribution_paths … quantile of the result from n > 0 losses. Intervals of the value at risk by order statistics
 * (ranks.h), the expected shortfall as the mean of the worst twentieth, hundredth or thousandth, the upper bound
 * of the probability one-sided at 95 %: exact for none seen (the rule of three), Wilson's otherwise. 0 or -ENOMEM.
 */
int distribution_of(const double *losses, uint64_t n, struct model_result *result);

/* Their mean, with its standard error. */
struct estimate distribution_mean(const double *losses, uint64_t n);

/* The part of it that does not need a whole result, of one group's losses for example. 0 or -ENOMEM. */
int distribution_law(const double *losses, uint64_t n, struct loss_law *out);

#endif
