// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Numbers and times as text. What is taken reads back the same from its own mantissa and exponent. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "feed/decimal.h"
#include "feed/timestamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), again[FEED_TEXT_MAX + 16];
	struct decimal d, e;
	int64_t ns = TIME_UNKNOWN;

	require(text != NULL);
	if (!decimal_parse(text, &d)) {
		double value = decimal_value(d.mantissa, d.exponent);

		require(isnan(value) || value == strtod(text, NULL));
		snprintf(again, sizeof(again), "%se%d", d.mantissa, d.exponent);
		require(!decimal_parse(again, &e) && !strcmp(d.mantissa, e.mantissa) && d.exponent == e.exponent);
		for (int unit = 0; unit >= -9; unit -= 3) {
			if (decimal_time_ns(&d, unit, &ns))
				continue;
			require(ns != TIME_UNKNOWN);
			/* within a nanosecond and the double's own rounding */
			require(fabs((double)ns - value * pow(10, unit + 9)) <= 1 + fabs((double)ns) * 1e-15);
		}
		require(timestamp_parse_iso(text, &ns) != 0); /* nothing is both */
	}
	if (!timestamp_parse_iso(text, &ns))
		require(ns != TIME_UNKNOWN && size >= 20);
	free(text);
	return 0;
}
