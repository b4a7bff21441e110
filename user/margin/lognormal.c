// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/lognormal.h"

#include <math.h>

#define MILLS_FRACTION_FROM 5.0 /* the continued fraction has all digits in 30 terms from here on */

double normal_cdf(double x)
{
	return 0.5 * erfc(-x * M_SQRT1_2);
}

double normal_density(double x)
{
	return exp(-0.5 * x * x) * M_SQRT1_2 * M_2_SQRTPI * 0.5;
}

/* c in R(x) = 1/(x + c), c = 1/(x + 2/(x + 3/(x + …))) (Laplace) */
static double mills_fraction(double x)
{
	double c = 0;

	for (int n = 30; n >= 1; n--)
		c = n / (x + c);
	return c;
}

double mills_ratio(double x)
{
	if (x < MILLS_FRACTION_FROM)
		return 1.2533141373155002512 * erfc(x * M_SQRT1_2) * exp(0.5 * x * x);
	return 1 / (x + mills_fraction(x));
}

/* -R'(x) = 1 - x R(x); from the fraction it is c/(x + c), without the subtraction */
static double mills_slope(double x)
{
	double c;

	if (x < MILLS_FRACTION_FROM)
		return 1 - x * mills_ratio(x);
	c = mills_fraction(x);
	return c / (x + c);
}

/* R(x) - R(x + width). For a narrow interval the difference loses digits, and the integral of -R' does not (Gauss-Legendre, 4 points). */
static double mills_drop(double x, double width)
{
	static const double node[2] = {0.33998104358485626, 0.86113631159405258};
	static const double weight[2] = {0.65214515486254614, 0.34785484513745386};
	double middle = x + 0.5 * width, half = 0.5 * width, sum = 0;

	if (width > 0.05)
		return mills_ratio(x) - mills_ratio(x + width);
	for (int i = 0; i < 2; i++)
		sum += weight[i] * (mills_slope(middle - half * node[i]) + mills_slope(middle + half * node[i]));
	return half * sum;
}

double lognormal_put(double log_strike, double log_forward, double sd)
{
	double d1, d2, tail;

	if (sd <= 0)
		return log_strike > log_forward ? exp(log_forward) * expm1(log_strike - log_forward) : 0;
	d2 = (log_forward - log_strike) / sd - 0.5 * sd;
	d1 = d2 + sd;
	if (sd > 1) { /* strike and forward terms are far apart: the plain form keeps its digits */
		tail = normal_cdf(-d1);
		return exp(log_strike) * normal_cdf(-d2) - (tail > 0 ? exp(log_forward + log(tail)) : 0);
	}
	if (log_forward >= log_strike)
		return exp(log_strike) * normal_density(d2) * mills_drop(d2, sd);
	/* in the money: the call by the same form, and parity */
	return exp(log_strike) * normal_density(d2) * mills_drop(-d1, sd) +
	       exp(log_forward) * expm1(log_strike - log_forward);
}

void lognormal_put_gradient(double log_strike, double log_forward, double sd, double *by_sd, double *by_log_forward)
{
	double d2, tail;

	if (sd <= 0) {
		*by_sd = 0;
		*by_log_forward = log_strike > log_forward ? -exp(log_forward) : 0;
		return;
	}
	d2 = (log_forward - log_strike) / sd - 0.5 * sd;
	tail = normal_cdf(-(d2 + sd));
	*by_sd = exp(log_strike) * normal_density(d2);
	*by_log_forward = tail > 0 ? -exp(log_forward + log(tail)) : 0;
}
