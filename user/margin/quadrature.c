// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/quadrature.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define BINS_PER_UNIT 32 /* of ln t */

int quadrature_add(struct quadrature *rule, double node, double weight)
{
	if (weight <= 0)
		return 0;
	if (rule->count == rule->capacity) {
		size_t capacity = rule->capacity ? 2 * rule->capacity : 64;
		double *node_grown, *weight_grown;

		node_grown = realloc(rule->node, capacity * sizeof(*node_grown));
		if (node_grown)
			rule->node = node_grown;
		weight_grown = realloc(rule->weight, capacity * sizeof(*weight_grown));
		if (weight_grown)
			rule->weight = weight_grown;
		if (!node_grown || !weight_grown)
			return -ENOMEM;
		rule->capacity = capacity;
	}
	rule->node[rule->count] = node < DELAY_MIN_S ? 0 : fmin(node, DELAY_MAX_S);
	rule->weight[rule->count++] = weight;
	return 0;
}

void quadrature_free(struct quadrature *rule)
{
	free(rule->node);
	free(rule->weight);
	free(rule->above);
	*rule = (struct quadrature){0};
}

/* Moments of one bin, of y = t/centre - 1. */
struct bin {
	double mass, first, second, third;
};

/* The two-point rule with these moments (Golub-Welsch for n = 2). */
static int add_bin(struct quadrature *out, const struct bin *bin, double centre)
{
	double mean, variance, skew, root, low, high, share;
	int rc;

	if (bin->mass <= 0)
		return 0;
	mean = bin->first / bin->mass;
	variance = bin->second / bin->mass - mean * mean;
	if (variance < 1e-16) /* one point, but for rounding */
		return quadrature_add(out, centre * (1 + mean), bin->mass);
	skew = (bin->third / bin->mass - 3 * mean * variance - mean * mean * mean) / (variance * sqrt(variance));
	root = sqrt(1 + 0.25 * skew * skew);
	high = 0.5 * skew + root;
	low = -1 / high; /* = skew/2 - root, without the subtraction */
	if (skew < 0) {
		low = 0.5 * skew - root;
		high = -1 / low;
	}
	share = high / (high - low);
	rc = quadrature_add(out, centre * (1 + mean + low * sqrt(variance)), bin->mass * share);
	return rc ? rc : quadrature_add(out, centre * (1 + mean + high * sqrt(variance)), bin->mass * (1 - share));
}

static int sum_in_bins(struct quadrature *out, const struct quadrature *a, const struct quadrature *b)
{
	long first = (long)floor(log(DELAY_MIN_S) * BINS_PER_UNIT);
	long count = (long)ceil(log(DELAY_MAX_S) * BINS_PER_UNIT) - first + 1;
	struct bin *bins = calloc((size_t)count, sizeof(*bins));
	double at_zero = 0;
	int rc;

	if (!bins)
		return -ENOMEM;
	for (size_t i = 0; i < a->count; i++) {
		for (size_t j = 0; j < b->count; j++) {
			double t = fmin(a->node[i] + b->node[j], DELAY_MAX_S), weight = a->weight[i] * b->weight[j], y;
			struct bin *bin;
			long k;

			if (t < DELAY_MIN_S) {
				at_zero += weight;
				continue;
			}
			k = (long)floor(log(t) * BINS_PER_UNIT) - first;
			bin = &bins[k < 0 ? 0 : k >= count ? count - 1 : k];
			y = t / exp(((double)(bin - bins + first) + 0.5) / BINS_PER_UNIT) - 1;
			bin->mass += weight;
			bin->first += weight * y;
			bin->second += weight * y * y;
			bin->third += weight * y * y * y;
		}
	}
	rc = quadrature_add(out, 0, at_zero);
	for (long k = 0; !rc && k < count; k++)
		rc = add_bin(out, &bins[k], exp(((double)(k + first) + 0.5) / BINS_PER_UNIT));
	free(bins);
	return rc;
}

int quadrature_sum(struct quadrature *out, const struct quadrature *a, const struct quadrature *b)
{
	int rc = 0;

	if (a->count * b->count > QUADRATURE_EXACT)
		return sum_in_bins(out, a, b);
	for (size_t i = 0; !rc && i < a->count; i++)
		for (size_t j = 0; !rc && j < b->count; j++)
			rc = quadrature_add(out, a->node[i] + b->node[j], a->weight[i] * b->weight[j]);
	return rc;
}

int quadrature_compress(struct quadrature *rule)
{
	struct quadrature zero = {0}, out = {0};
	int rc;

	if (rule->count <= QUADRATURE_SMALL)
		return 0;
	rc = quadrature_add(&zero, 0, 1);
	if (!rc)
		rc = sum_in_bins(&out, rule, &zero);
	quadrature_free(&zero);
	quadrature_free(rc ? &out : rule);
	if (!rc)
		*rule = out;
	return rc;
}

struct pair {
	double node, weight;
};

static int by_node(const void *a, const void *b)
{
	double x = ((const struct pair *)a)->node, y = ((const struct pair *)b)->node;

	return (x > y) - (x < y);
}

int quadrature_sort(struct quadrature *rule)
{
	struct pair *sorted = calloc(rule->count + 1, sizeof(*sorted));
	double *above = realloc(rule->above, (rule->count + 1) * sizeof(*above)), mass = 0;

	if (above)
		rule->above = above;
	if (!sorted || !above) {
		free(sorted);
		return -ENOMEM;
	}
	for (size_t i = 0; i < rule->count; i++)
		sorted[i] = (struct pair){rule->node[i], rule->weight[i]};
	qsort(sorted, rule->count, sizeof(*sorted), by_node);
	for (size_t i = rule->count; i-- > 0;) {
		rule->node[i] = sorted[i].node;
		rule->weight[i] = sorted[i].weight;
		rule->above[i] = mass;
		mass += sorted[i].weight;
	}
	free(sorted);
	return 0;
}

double quadrature_quantile(const struct quadrature *rule, double level)
{
	double last_middle = 0, last_node = rule->node[0], below = 0;

	for (size_t i = 0; i < rule->count; i++) { /* a node stands for the middle of its mass */
		double middle = below + 0.5 * rule->weight[i];

		if (middle >= level)
			return last_node + (rule->node[i] - last_node) * (level - last_middle) / (middle - last_middle);
		below += rule->weight[i];
		last_middle = middle;
		last_node = rule->node[i];
	}
	return last_node;
}
