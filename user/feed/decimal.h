/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Exact decimals: a price is an integer mantissa, kept as text because oracles use up to 256 bits, and a power of ten.
 * The double beside it is the nearest one to the exact value (strtod rounds correctly).
 */
#ifndef PL_FEED_DECIMAL_H
#define PL_FEED_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

#include "feed/message.h"

#define DECIMAL_DIGITS_MAX   80	 /* 256 bits are 78 digits */
#define DECIMAL_EXPONENT_MAX 308 /* beyond it no double can follow */

struct decimal {
	char mantissa[FEED_TEXT_MAX]; /* "-?digits" without leading zeros */
	int exponent;		      /* value = mantissa * 10^exponent */
};

/* "2999.12" → 299912, -2; "3e3" → 3, 3; "-0.5" → -5, -1. Trailing zeros are kept, as written. -EINVAL for whatever is not a
 * JSON-like number in full; -ERANGE beyond the two limits above. */
int decimal_parse(const char *text, struct decimal *out);

/* mantissa * 10^exponent; NAN where the text is "", no number, or the value is beyond a double. */
double decimal_value(const char *mantissa, int exponent);

/* A time of `decimal` units of 10^unit_exponent seconds (0 s, -3 ms, -6 us, -9 ns) → ns, whole ns rounded down.
 * -ERANGE for what does not fit (TIME_UNKNOWN itself included). */
int decimal_time_ns(const struct decimal *decimal, int unit_exponent, int64_t *out);

#endif
