// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/curve.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define DEPTH_MAX 36	    /* halvings towards a kink that nobody announced: 1e-11 of the range */
#define PANELS_MAX 4096	    /* a function with more noise than the tolerance ends here, not in 2^DEPTH_MAX panels */
#define LOG_FLOOR (-690.0) /* ln 1e-300 */

static double sample(const struct curve *curve, double x)
{
	double y = curve->function(curve->context, x);

	return !curve->logarithmic ? y : y > 1e-300 ? log(y) : LOG_FLOOR;
}

/* Coefficients on [low, high] by interpolation at the Chebyshev points; true if the last three are rounding. */
static bool fit(const struct curve *curve, double low, double high, double c[CURVE_TERMS])
{
	double value[CURVE_TERMS], largest = 0, tail;

	for (int k = 0; k < CURVE_TERMS; k++) {
		double x = cos(M_PI * (k + 0.5) / CURVE_TERMS);

		value[k] = sample(curve, 0.5 * (low + high) + 0.5 * (high - low) * x);
		largest = fmax(largest, fabs(value[k]));
	}
	for (int n = 0; n < CURVE_TERMS; n++) {
		c[n] = 0;
		for (int k = 0; k < CURVE_TERMS; k++)
			c[n] += value[k] * cos(M_PI * n * (k + 0.5) / CURVE_TERMS);
		c[n] *= (n ? 2.0 : 1.0) / CURVE_TERMS;
	}
	tail = fabs(c[CURVE_TERMS - 1]) + fabs(c[CURVE_TERMS - 2]) + fabs(c[CURVE_TERMS - 3]);
	return tail <= CURVE_TOLERANCE * (curve->logarithmic ? fmax(1, largest * 1e-2) : largest) ||
	       (!curve->logarithmic && low >= curve->kink && tail <= curve->noise);
}

static int append(struct curve *curve, double low, const double c[CURVE_TERMS])
{
	if (curve->panel_count == curve->capacity) {
		size_t capacity = curve->capacity ? 2 * curve->capacity : 32;
		double *edge = realloc(curve->edge, capacity * sizeof(*edge));
		void *coefficient;

		if (edge)
			curve->edge = edge;
		coefficient = realloc(curve->coefficient, capacity * sizeof(*curve->coefficient));
		if (coefficient)
			curve->coefficient = coefficient;
		if (!edge || !coefficient)
			return -ENOMEM;
		curve->capacity = capacity;
	}
	curve->edge[curve->panel_count] = low;
	for (int n = 0; n < CURVE_TERMS; n++)
		curve->coefficient[curve->panel_count][n] = c[n];
	curve->panel_count++;
	return 0;
}

static int divide(struct curve *curve, double low, double high, int depth)
{
	double c[CURVE_TERMS], middle = 0.5 * (low + high);
	int rc;

	if (fit(curve, low, high, c) || depth == DEPTH_MAX || curve->panel_count >= PANELS_MAX || !(middle > low && middle < high))
		return append(curve, low, c);
	rc = divide(curve, low, middle, depth + 1);
	return rc ? rc : divide(curve, middle, high, depth + 1);
}

int curve_build(struct curve *curve, double (*function)(const void *context, double x), const void *context, double low,
		double high, double kink, bool logarithmic, double noise)
{
	int rc = 0;

	*curve = (struct curve){.function = function, .context = context, .logarithmic = logarithmic, .high = high,
			       .kink = kink, .noise = noise};
	if (kink > low && kink < high) {
		rc = divide(curve, low, kink, 0);
		low = kink;
	}
	if (!rc)
		rc = divide(curve, low, high, 0);
	if (rc)
		curve_free(curve);
	return rc;
}

double curve_at(const struct curve *curve, double x)
{
	size_t first = 0, last = curve->panel_count;
	double low, high, y, b1 = 0, b2 = 0;
	const double *c;

	if (!last || !(x >= curve->edge[0] && x <= curve->high))
		return curve->function(curve->context, x);
	while (last - first > 1) {
		size_t middle = (first + last) / 2;

		if (curve->edge[middle] <= x)
			first = middle;
		else
			last = middle;
	}
	low = curve->edge[first];
	high = first + 1 < curve->panel_count ? curve->edge[first + 1] : curve->high;
	c = curve->coefficient[first];
	y = (2 * x - low - high) / (high - low);
	for (int n = CURVE_TERMS - 1; n >= 1; n--) { /* Clenshaw */
		double b0 = 2 * y * b1 + (c[n] - b2);

		b2 = b1;
		b1 = b0;
	}
	y = y * b1 - b2 + c[0];
	if (!curve->logarithmic)
		return y;
	return y > LOG_FLOOR + 0.5 ? exp(y) : 0;
}

void curve_free(struct curve *curve)
{
	free(curve->edge);
	free(curve->coefficient);
	*curve = (struct curve){0};
}
