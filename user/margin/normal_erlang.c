// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/normal_erlang.h"

#include <math.h>

#include "margin/lognormal.h"

#define BACKWARD_FROM 1.0 /* Hh is the small solution of its recurrence: above this argument it is only stable backwards */
#define DIGITS 17.0	  /* half of ln of what may be left of the large solution: e^-34 */

/*
 * c[j] = a^j Hh_{j-1}(z) e^{z²/2}, j = 1 … count: ratios r_n = Hh_n/Hh_{n-1} = 1/(z + (n + 1) r_{n+1}), from far
 * enough up (the two solutions part like e^{2z√(2n)}).
 */
static void backward(double z, double a, size_t count, double *c)
{
	double start = DIGITS / z + sqrt(2.0 * (double)count), r = 0;
	size_t first = (size_t)(0.5 * start * start) + 2;

	for (size_t n = first; n >= 1; n--) {
		r = 1 / (z + ((double)n + 1) * r);
		if (n < count)
			c[n + 1] = a * r;
	}
	c[1] = a * mills_ratio(z);
	for (size_t j = 2; j <= count; j++)
		c[j] *= c[j - 1];
}

/* c[j] = a^j Hh_{j-1}(z), j = 0 … count: n Hh_n = Hh_{n-2} - z Hh_{n-1}, all terms positive for z < 0. */
static void forward(double z, double a, size_t count, double *c)
{
	c[0] = exp(-0.5 * z * z);
	c[1] = a * 2.5066282746310002 * normal_cdf(-z);
	for (size_t j = 1; j < count; j++)
		c[j + 1] = fmax(0, (a * a * c[j - 1] - z * a * c[j]) / (double)j);
}

void normal_erlang(double x, double mean, double sd, double rate, int sign, size_t count, double *below, double *density)
{
	double d = (x - mean) / sd, a = rate * sd, z = a - sign * d, scale;

	below[0] = normal_cdf(d);
	if (count && z > BACKWARD_FROM) {
		backward(z, a, count, density);
		scale = exp(-0.5 * d * d);
	} else if (count) {
		forward(z, a, count, density);
		scale = exp(0.5 * a * a - sign * a * d);
	} else {
		scale = 0;
	}
	scale *= 0.3989422804014327 / sd;
	for (size_t j = 1; j <= count; j++) { /* f_j' = ±rate (f_{j-1} - f_j), integrated */
		density[j] *= scale;
		below[j] = fmax(0, below[j - 1] - sign * density[j] / rate);
	}
	density[0] = 0.3989422804014327 / sd * exp(-0.5 * d * d);
}
