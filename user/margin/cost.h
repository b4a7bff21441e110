/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What one trigger is expected to cost under a delay law, as curves over moneyness, ln(strike/price): the loss curve of
 * the model. Per unit of price at the trigger.
 */
#ifndef PL_MARGIN_COST_H
#define PL_MARGIN_COST_H

#include "margin/curve.h"
#include "margin/process.h"
#include "margin/quadrature.h"

/* What one trigger is expected to cost, given the price at the trigger. */
enum measure {
	MEASURE_LOSS,	 /* bad debt after the delay */
	MEASURE_GAP,	 /* bad debt if execution took no time */
	MEASURE_LATENCY, /* the difference */
	MEASURE_SLOPE,	 /* derivative of the loss by an added delay, per second */
	MEASURE_COUNT,	 /* 1 */
	MEASURES
};

struct cost {
	const struct process *process; /* Lévy */
	const struct quadrature *delay;
	struct curve loss, slope;
	struct curve loss_overshot, slope_overshot; /* empty if not asked for */
};

/* Curves for moneyness from `low` to `high`. `process` and `delay` (sorted) must outlive them. `overshot`: those curves too. 0 or -ENOMEM. */
int cost_build(struct cost *cost, const struct process *process, const struct quadrature *delay, double low, double high,
	       bool overshot);
void cost_free(struct cost *cost);

/* The same without curves, for a few moneynesses: each is worked out when it is asked for. */
void cost_build_direct(struct cost *cost, const struct process *process, const struct quadrature *delay);

/* Of a trigger at `moneyness` on `value` = units × price at the trigger. */
void cost_measure(const struct cost *cost, double moneyness, double value, double out[MEASURES]);

/* The same with the price where a jump over the trigger took it, `value` still at the trigger. */
void cost_measure_overshot(const struct cost *cost, double moneyness, double value, double out[MEASURES]);

#endif
