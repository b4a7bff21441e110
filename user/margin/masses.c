// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/masses.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/pareto.h"

#define MEASURED_SAMPLES_MAX 2000 /* looked at, evenly by rank, for the error of a measured law */

int masses_add(struct masses *masses, double moneyness, double value)
{
	if (masses->count == masses->capacity) {
		size_t capacity = masses->capacity ? 2 * masses->capacity : 64;
		struct mass *items = realloc(masses->items, capacity * sizeof(*items));

		if (!items)
			return -ENOMEM;
		masses->items = items;
		masses->capacity = capacity;
	}
	masses->items[masses->count++] = (struct mass){moneyness, value};
	return 0;
}

int fixed_delay_init(struct fixed_delay *fixed, size_t asset_count)
{
	*fixed = (struct fixed_delay){.asset_count = asset_count};
	fixed->assets = calloc(asset_count, sizeof(*fixed->assets));
	return fixed->assets ? 0 : -ENOMEM;
}

void fixed_delay_free(struct fixed_delay *fixed)
{
	for (size_t i = 0; fixed->assets && i < fixed->asset_count; i++)
		free(fixed->assets[i].items);
	free(fixed->assets);
	curve_free(&fixed->by_log_time);
	*fixed = (struct fixed_delay){0};
}

static double loss_at_delay(const struct fixed_delay *fixed, double t)
{
	double sum = 0;

	for (size_t i = 0; i < fixed->asset_count; i++) {
		const struct masses *masses = &fixed->assets[i];
		double (*put)(const struct process *, double, double);

		if (!masses->count)
			continue;
		put = masses->overshot ? masses->process->type->put_overshot : masses->process->type->put;
		for (size_t j = 0; j < masses->count; j++)
			sum += masses->items[j].value * put(masses->process, masses->items[j].moneyness, t);
	}
	return sum;
}

static double loss_at_log_delay(const void *context, double log_time)
{
	return loss_at_delay(context, exp(log_time));
}

double fixed_delay_loss(const struct fixed_delay *fixed, double t)
{
	return t > 0 ? curve_at(&fixed->by_log_time, log(t)) : loss_at_delay(fixed, 0);
}

double fixed_delay_average(const struct fixed_delay *fixed, const struct quadrature *delay, double scale, double added)
{
	double sum = 0;

	for (size_t i = 0; i < delay->count && delay->above[i] + delay->weight[i] > fixed->mass_left_out; i++)
		sum += delay->weight[i] * fixed_delay_loss(fixed, scale * delay->node[i] + added);
	return sum;
}

/* The result if the stage always took so long. */
static double average_beside(const struct fixed_delay *fixed, const struct delay_beside *beside, double delay_s)
{
	double added = beside->scale * delay_s + beside->added_s, value = fixed_delay_average(fixed, beside->rest, beside->scale, added);

	return beside->less ? value - fixed_delay_average(fixed, beside->less, beside->scale, added) : value;
}

#define TAIL_STEP 0.25 /* of ln t: for an error's sake */

/* The average beyond the threshold, had the tail this shape and scale; NAN without memory. */
static double tail_average(const struct fixed_delay *fixed, const struct delay_tail *tail, double shape, double scale,
			   const struct delay_beside *beside)
{
	struct delay_tail other = *tail;
	struct quadrature rule = {0};
	double sum = 0;

	other.shape = shape;
	other.scale_s = scale;
	if (delay_tail_nodes(&other, 1, TAIL_STEP, &rule))
		sum = NAN;
	for (size_t i = 0; i < rule.count; i++)
		if (rule.weight[i] > fixed->mass_left_out)
			sum += rule.weight[i] * average_beside(fixed, beside, rule.node[i]);
	quadrature_free(&rule);
	return sum;
}

/* By the delta method, from the covariance of shape and scale. */
static double tail_variance(const struct fixed_delay *fixed, const struct delay_tail *tail, const struct delay_beside *beside)
{
	double by_shape = 0.1 * tail->shape_stderr, by_scale = 0.1 * tail->scale_stderr_s, covariance[3], shape, scale;

	pareto_covariance(tail->shape, tail->scale_s, (double)tail->count, covariance);
	shape = (tail_average(fixed, tail, tail->shape + by_shape, tail->scale_s, beside) -
		 tail_average(fixed, tail, tail->shape - by_shape, tail->scale_s, beside)) / (2 * by_shape);
	scale = (tail_average(fixed, tail, tail->shape, tail->scale_s + by_scale, beside) -
		 tail_average(fixed, tail, tail->shape, tail->scale_s - by_scale, beside)) / (2 * by_scale);
	return shape * shape * covariance[0] + 2 * shape * scale * covariance[1] + scale * scale * covariance[2];
}

double fixed_delay_measured_variance(const struct fixed_delay *fixed, const struct delay_law *law, double share,
				     const struct delay_beside *beside, bool *measured)
{
	double mean = 0, squares = 0, n = 0, variance = 0, beyond = NAN;
	size_t body = law->sample_count - law->tail.count;
	size_t step = law->sample_count / MEASURED_SAMPLES_MAX + 1;

	for (size_t i = 0; i < law->part_count; i++)
		variance += fixed_delay_measured_variance(fixed, &law->parts[i], share * law->shares[i], beside, measured);
	if (law->type != &delay_empirical)
		return variance;
	*measured = true;
	if (law->tail.count) { /* how many lie beyond is an error too, and what they cost on average another one */
		beyond = tail_average(fixed, &law->tail, law->tail.shape, law->tail.scale_s, beside);
		variance = law->tail.share * law->tail.share * tail_variance(fixed, &law->tail, beside);
	}
	for (size_t i = step / 2; i < law->sample_count; i += step) {
		double value = i < body ? average_beside(fixed, beside, law->samples[i]) : beyond, delta = value - mean;

		n += 1;
		mean += delta / n;
		squares += delta * (value - mean);
	}
	return n > 1 ? share * share * (squares / (n - 1) / (double)law->sample_count + variance) : NAN;
}

int fixed_delay_tabulate(struct fixed_delay *fixed, const struct quadrature *rules, size_t rule_count, double added_max,
			 double expected)
{
	double low = INFINITY, high = 0, bound = 0;

	for (size_t i = 0; i < fixed->asset_count; i++)
		for (size_t j = 0; j < fixed->assets[i].count; j++)
			bound += fixed->assets[i].items[j].value * exp(fixed->assets[i].items[j].moneyness);
	fixed->mass_left_out = bound > 0 ? 1e-12 * fmin(1, expected / bound) : 0;
	for (size_t k = 0; k < rule_count; k++) {
		for (size_t i = 0; i < rules[k].count && rules[k].above[i] + rules[k].weight[i] > fixed->mass_left_out; i++) {
			high = fmax(high, rules[k].node[i] + added_max);
			if (rules[k].node[i] > 0)
				low = fmin(low, rules[k].node[i]);
		}
	}
	low = fmin(low, added_max);
	return curve_build(&fixed->by_log_time, loss_at_log_delay, fixed, log(low) - 1e-9, log(high) + 1e-9, INFINITY, true, 0);
}
