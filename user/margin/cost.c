// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/cost.h"

#include <math.h>

#include "margin/parallel.h"

#define TABLE_FROM 100 /* delays from which an average under jumps goes through a table */
#define NEVER 1e-25    /* mass of delays too long to matter where jumps make a loss likely at once */
#define TAIL_LEFT_OUT 1e-14 /* of an average over delays: the longest ones, once they cannot matter any more */

/* A put changes by about these rates of its strike per second. */
static double rates(const struct process *process)
{
	return fabs(process->total_drift) + process->jump_rate + process->variance;
}

typedef double (*value_at)(const struct process *process, double log_strike, double t);

/* One moneyness, as a function of ln t. */
struct slice {
	const struct process *process;
	value_at at;
	double log_strike;
};

static double slice_at(const void *context, double log_time)
{
	const struct slice *slice = context;

	return slice->at(slice->process, slice->log_strike, exp(log_time));
}

/* The average through a table in ln t: a value under jumps costs as much as reading a table thirty times. */
static double average_by_table(const struct cost *cost, value_at at, double moneyness, bool positive)
{
	const struct quadrature *delay = cost->delay;
	struct slice slice = {cost->process, at, moneyness};
	size_t first = 0, last = delay->count;
	/* in the money a slope is what is left of terms as large as the rates */
	double noise = !positive && moneyness > 0 ? 1e-13 * exp(moneyness) * rates(cost->process) : 0;
	struct curve curve;
	double sum = 0;

	while (first < last && delay->node[first] <= 0)
		first++;
	while (last > first + 1 && delay->above[last - 1] + delay->weight[last - 1] < NEVER)
		last--;
	if (curve_build(&curve, slice_at, &slice, log(delay->node[first]) - 1e-9, log(delay->node[last - 1]) + 1e-9, -INFINITY,
			positive, noise))
		return NAN;
	for (size_t i = 0; i < first; i++)
		sum += delay->weight[i] * at(cost->process, moneyness, 0);
	for (size_t i = first; i < last; i++)
		sum += delay->weight[i] * curve_at(&curve, log(delay->node[i]));
	curve_free(&curve);
	return sum;
}

/* The average of `at` over the delay; `bound`: of its values. */
static double average(const struct cost *cost, value_at at, double moneyness, double bound, bool positive)
{
	const struct quadrature *delay = cost->delay;
	double sum = 0;

	if (cost->process->jump_rate > 0 && delay->count > TABLE_FROM)
		return average_by_table(cost, at, moneyness, positive);
	for (size_t i = 0; i < delay->count; i++) {
		sum += delay->weight[i] * at(cost->process, moneyness, delay->node[i]);
		if (delay->above[i] * bound <= TAIL_LEFT_OUT * fabs(sum))
			break;
	}
	return sum;
}

static double loss_at(const void *context, double moneyness)
{
	const struct cost *cost = context;

	return average(cost, cost->process->type->put, moneyness, exp(moneyness), true);
}

static double slope_at(const void *context, double moneyness)
{
	const struct cost *cost = context;

	return average(cost, cost->process->type->put_by_time, moneyness, exp(moneyness) * rates(cost->process), false);
}

static double loss_overshot_at(const void *context, double moneyness)
{
	const struct cost *cost = context;

	return average(cost, cost->process->type->put_overshot, moneyness, exp(moneyness), true);
}

static double slope_overshot_at(const void *context, double moneyness)
{
	const struct cost *cost = context;

	return average(cost, cost->process->type->put_overshot_by_time, moneyness, exp(moneyness) * rates(cost->process), false);
}

/* The curves, each on a thread. */
struct table {
	struct cost *cost;
	double low, high;
	int rc[4];
};

static void build_curve(void *context, size_t i)
{
	struct table *table = context;
	struct cost *cost = table->cost;
	struct curve *const curves[] = {&cost->slope, &cost->loss, &cost->slope_overshot, &cost->loss_overshot};
	double (*const functions[])(const void *, double) = {slope_at, loss_at, slope_overshot_at, loss_overshot_at};
	double noise = 1e-13 * exp(table->high) * rates(cost->process); /* in the money a slope is a difference of terms of about these rates */
	bool loss = i % 2;

	table->rc[i] = curve_build(curves[i], functions[i], cost, table->low, table->high, 0, loss, loss ? 0 : noise);
}

int cost_build(struct cost *cost, const struct process *process, const struct quadrature *delay, double low, double high,
	       bool overshot)
{
	struct table table = {.cost = cost, .low = low, .high = high};
	int rc = 0;

	*cost = (struct cost){.process = process, .delay = delay};
	parallel_for(0, overshot ? 4 : 2, build_curve, &table);
	for (int i = 0; i < 4; i++)
		rc = table.rc[i] ? table.rc[i] : rc;
	if (rc)
		cost_free(cost);
	return rc;
}

void cost_build_direct(struct cost *cost, const struct process *process, const struct quadrature *delay)
{
	*cost = (struct cost){.process = process, .delay = delay, .loss = {.function = loss_at, .context = cost},
			      .slope = {.function = slope_at, .context = cost}};
}

void cost_free(struct cost *cost)
{
	curve_free(&cost->loss);
	curve_free(&cost->slope);
	curve_free(&cost->loss_overshot);
	curve_free(&cost->slope_overshot);
}

void cost_measure(const struct cost *cost, double moneyness, double value, double out[MEASURES])
{
	out[MEASURE_LOSS] = value * curve_at(&cost->loss, moneyness);
	out[MEASURE_GAP] = moneyness > 0 ? value * expm1(moneyness) : 0;
	out[MEASURE_LATENCY] = out[MEASURE_LOSS] - out[MEASURE_GAP];
	out[MEASURE_SLOPE] = value * curve_at(&cost->slope, moneyness);
	out[MEASURE_COUNT] = 1;
}

void cost_measure_overshot(const struct cost *cost, double moneyness, double value, double out[MEASURES])
{
	bool table = cost->loss_overshot.panel_count;

	out[MEASURE_LOSS] = value * (table ? curve_at(&cost->loss_overshot, moneyness) : loss_overshot_at(cost, moneyness));
	out[MEASURE_GAP] = value * cost->process->type->put_overshot(cost->process, moneyness, 0);
	out[MEASURE_LATENCY] = out[MEASURE_LOSS] - out[MEASURE_GAP];
	out[MEASURE_SLOPE] = value * (table ? curve_at(&cost->slope_overshot, moneyness) : slope_overshot_at(cost, moneyness));
	out[MEASURE_COUNT] = 1;
}
