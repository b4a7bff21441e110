// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/simplex.h"

#include <math.h>
#include <string.h>

#define EVALUATIONS_MAX 3000 /* of one start */
#define STARTS_MAX 6
#define FLAT 1e-5 /* spread of the values in a settled simplex, and the least gain of a restart */

struct corner {
	double x[SIMPLEX_DIMENSIONS_MAX], value;
};

struct simplex {
	double (*function)(void *context, const double *x);
	void *context;
	size_t n;
	unsigned evaluations;
	struct corner corners[SIMPLEX_DIMENSIONS_MAX + 1]; /* ascending by value */
};

static double evaluate(struct simplex *s, const double *x)
{
	double value = s->function(s->context, x);

	s->evaluations++;
	return isfinite(value) ? value : INFINITY;
}

static void sort(struct simplex *s)
{
	for (size_t i = 1; i <= s->n; i++) {
		struct corner moved = s->corners[i];
		size_t j = i;

		for (; j && s->corners[j - 1].value > moved.value; j--)
			s->corners[j] = s->corners[j - 1];
		s->corners[j] = moved;
	}
}

/* centre + factor · (worst - centre) */
static struct corner along(struct simplex *s, const double *centre, double factor)
{
	struct corner out = {.value = 0};

	for (size_t k = 0; k < s->n; k++)
		out.x[k] = centre[k] + factor * (s->corners[s->n].x[k] - centre[k]);
	out.value = evaluate(s, out.x);
	return out;
}

static void shrink(struct simplex *s)
{
	for (size_t i = 1; i <= s->n; i++) {
		for (size_t k = 0; k < s->n; k++)
			s->corners[i].x[k] = 0.5 * (s->corners[i].x[k] + s->corners[0].x[k]);
		s->corners[i].value = evaluate(s, s->corners[i].x);
	}
}

static void move(struct simplex *s)
{
	double centre[SIMPLEX_DIMENSIONS_MAX] = {0};
	struct corner reflected, other;

	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < s->n; k++)
			centre[k] += s->corners[i].x[k] / (double)s->n;
	reflected = along(s, centre, -1);
	if (reflected.value < s->corners[0].value) {
		other = along(s, centre, -2);
		s->corners[s->n] = other.value < reflected.value ? other : reflected;
	} else if (reflected.value < s->corners[s->n - 1].value) {
		s->corners[s->n] = reflected;
	} else {
		bool outside = reflected.value < s->corners[s->n].value;

		other = along(s, centre, outside ? -0.5 : 0.5);
		if (other.value < (outside ? reflected.value : s->corners[s->n].value))
			s->corners[s->n] = other;
		else
			shrink(s);
	}
}

static bool descend(struct simplex *s, const double *start, double step)
{
	s->evaluations = 0;
	for (size_t i = 0; i <= s->n; i++) {
		memcpy(s->corners[i].x, start, s->n * sizeof(double));
		if (i)
			s->corners[i].x[i - 1] += step;
		s->corners[i].value = evaluate(s, s->corners[i].x);
	}
	sort(s);
	while (s->evaluations < EVALUATIONS_MAX) {
		if (s->corners[s->n].value - s->corners[0].value < FLAT)
			return true;
		move(s);
		sort(s);
	}
	return false;
}

bool simplex_minimise(double (*function)(void *context, const double *x), void *context, double *x, size_t n, double step,
		      double *minimum)
{
	struct simplex s = {.function = function, .context = context, .n = n};
	double last = INFINITY;

	for (int i = 0; i < STARTS_MAX; i++, step *= 0.5) {
		bool settled = descend(&s, x, step);

		memcpy(x, s.corners[0].x, n * sizeof(double));
		*minimum = s.corners[0].value;
		if (settled && last - *minimum < 10 * FLAT)
			return true;
		last = *minimum;
	}
	return false;
}
