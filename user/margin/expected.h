/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The expected bad debt of a book without any path: probability that an account is triggered (hit.h) times what a trigger
 * costs (cost.h), summed. Accounts are grouped by moneyness at their trigger, of which a protocol has few; in a group the
 * loss curve is looked at once, so an account costs one first-passage probability.
 */
#ifndef PL_MARGIN_EXPECTED_H
#define PL_MARGIN_EXPECTED_H

#include "margin/cost.h"
#include "margin/masses.h"
#include "margin/model.h"

/* Whether every asset that the book uses has a first passage in closed form, and the engine a payoff. */
bool expected_known(const struct model *model);

struct expected {
	double sum[MEASURES];
	double error; /* of sum[MEASURE_LOSS], absolute: inversion of transforms, quadratures, tables */
	size_t group_count; /* of accounts, where there are several; else 0 */
	struct {
		double sum[MEASURES], error;
	} groups[MODEL_GROUPS_MAX];
	struct fixed_delay masses; /* for other delays: what_if.h */
};

/* `delay`: of all stages, sorted. The same bits for any number of threads. 0 or -ENOMEM; free with expected_free(). */
int expected_build(struct expected *out, const struct model *model, const struct quadrature *delay, unsigned threads);
void expected_free(struct expected *expected);

#endif
