// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/interval.h"

#include <math.h>

double student_t975(double freedom)
{
	const double z = 1.959963984540054, z2 = z * z;
	double n = freedom;

	return z * (1 + (z2 + 1) / (4 * n) + (5 * z2 * z2 + 16 * z2 + 3) / (96 * n * n) +
		    (3 * z2 * z2 * z2 + 19 * z2 * z2 + 17 * z2 - 15) / (384 * n * n * n) +
		    (79 * z2 * z2 * z2 * z2 + 776 * z2 * z2 * z2 + 1482 * z2 * z2 - 1920 * z2 - 945) / (92160 * n * n * n * n));
}

void interval95(double value, const struct error_part *parts, size_t count, double out[2])
{
	double variance = 0, spread = 0, reach = 0;

	for (size_t i = 0; i < count; i++) {
		double own = parts[i].stderr_ * parts[i].stderr_;

		if (isnan(own))
			continue;
		variance += own;
		spread += own * own / parts[i].freedom;
	}
	if (variance > 0)
		reach = student_t975(spread > 0 ? variance * variance / spread : INFINITY) * sqrt(variance);
	out[0] = value - reach;
	out[1] = value + reach;
}
