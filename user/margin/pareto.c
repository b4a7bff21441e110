// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/pareto.h"

#include <math.h>

#define GRID (30 + 70) /* 30 + sqrt of as many excesses as anybody has use for */

static double sum_of_logs(const double *x, size_t count, double b)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += log1p(-b * x[i]);
	return sum;
}

/*
 * Zhang and Stephens: with b = -ξ/σ the likelihood of d ended and the open excesses is largest at ξ(b) = (Σ ln(1 - b x) over
 * all) / d, where it is d ln(-b/ξ) - Σ ln(1 - b x) over the ended - d. b is the mean over a grid, weighted by that; the grid
 * leans on the first quartile and ends below 1 / max.
 */
void pareto_fit(const struct excesses *x, double *shape, double *scale)
{
	double d = (double)x->ended_count, b[GRID], likelihood[GRID], top = -INFINITY, sum = 0, slope = 0;
	double largest = x->ended[x->ended_count - 1], quartile = x->ended[x->ended_count / 4];
	int grid = (int)(30 + sqrt(d));

	grid = grid > GRID ? GRID : grid;
	if (x->open_count && x->open[x->open_count - 1] > largest)
		largest = x->open[x->open_count - 1];
	for (int j = 0; j < grid; j++) {
		double ended, own_shape;

		b[j] = (1 - sqrt(grid / (j + 0.5))) / (3 * quartile) + 1 / largest;
		ended = sum_of_logs(x->ended, x->ended_count, b[j]);
		own_shape = (ended + x->open_weight * sum_of_logs(x->open, x->open_count, b[j])) / d;
		likelihood[j] = d * log(-b[j] / own_shape) - ended - d;
		top = likelihood[j] > top ? likelihood[j] : top;
	}
	for (int j = 0; j < grid; j++) {
		double weight = exp(likelihood[j] - top);

		if (isnan(weight))
			continue;
		sum += weight;
		slope += weight * b[j];
	}
	slope /= sum;
	*shape = (sum_of_logs(x->ended, x->ended_count, slope) +
		  x->open_weight * sum_of_logs(x->open, x->open_count, slope)) / d;
	*scale = -*shape / slope;
}

double pareto_excess(double shape, double scale, double e)
{
	return scale * (fabs(shape) < 1e-9 ? e : expm1(shape * e) / shape);
}

void pareto_covariance(double shape, double scale, double count, double out[3])
{
	out[0] = (1 + shape) * (1 + shape) / count;
	out[1] = -scale * (1 + shape) / count;
	out[2] = 2 * scale * scale * (1 + shape) / count;
}
