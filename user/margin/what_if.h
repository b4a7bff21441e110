/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The same triggers under other delays: added delay, stages left out, the error of measured delays, which delays matter,
 * and the latency at which a budget is reached. On common random numbers by construction, or on none at all.
 */
#ifndef PL_MARGIN_WHAT_IF_H
#define PL_MARGIN_WHAT_IF_H

#include "margin/masses.h"
#include "margin/model.h"

/* The added delays of the curve: multiples of the mean delay, from 0. */
void what_if_added(const struct model *model, double out[MODEL_CURVE_POINTS]);

/* Fills the result's delays, stages (but for their slopes), curve, regime and budget. `delay`: of all stages, sorted. 0 or -ENOMEM. */
int what_if(const struct model *model, const struct quadrature *delay, struct fixed_delay *masses, double expected,
	    struct model_result *result);

/*
 * The interval of the latency that reaches the budget, after what_if(): `stderr_` is that of the bad debt there, to which comes
 * what the measurement being finite adds there. Ends are where the budget leaves the band of the curve. 0 or -ENOMEM.
 */
int what_if_budget_interval(const struct model *model, const struct quadrature *delay, const struct fixed_delay *masses, double stderr_,
			    struct model_result *result);

#endif
