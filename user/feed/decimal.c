// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "feed/decimal.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Appends a digit; leading zeros are dropped, so that only significant digits count against the limit. */
static int push(struct decimal *out, size_t sign, size_t *used, char digit)
{
	if (*used == sign && digit == '0')
		return 0;
	if (*used - sign == DECIMAL_DIGITS_MAX)
		return -ERANGE;
	out->mantissa[(*used)++] = digit;
	return 0;
}

/* "e-8" at the end of a number; bounded while it is read, so that no count of digits can overflow. */
static int parse_exponent(const char *text, long *out)
{
	bool negative = *text == '-';
	long value = 0;

	if (*text == '-' || *text == '+')
		text++;
	if (!is_digit(*text))
		return -EINVAL;
	for (; is_digit(*text); text++) {
		if (value <= 100000)
			value = value * 10 + (*text - '0');
	}
	if (*text)
		return -EINVAL;
	*out = negative ? -value : value;
	return 0;
}

int decimal_parse(const char *text, struct decimal *out)
{
	size_t sign = *text == '-', used = sign, places = 0, digits = 0;
	long exponent = 0;

	*out = (struct decimal){0};
	if (sign)
		*out->mantissa = *text++;
	for (; is_digit(*text); text++, digits++) {
		if (push(out, sign, &used, *text))
			return -ERANGE;
	}
	if (*text == '.') {
		for (text++; is_digit(*text); text++, digits++, places++) {
			if (push(out, sign, &used, *text))
				return -ERANGE;
		}
	}
	if (!digits)
		return -EINVAL;
	if (*text == 'e' || *text == 'E') {
		if (parse_exponent(text + 1, &exponent))
			return -EINVAL;
	} else if (*text) {
		return -EINVAL;
	}
	if (used == sign) /* zero, and no minus zero */
		strcpy(out->mantissa, "0");
	if (places > 2 * DECIMAL_EXPONENT_MAX)
		return -ERANGE;
	exponent -= (long)places;
	if (exponent < -DECIMAL_EXPONENT_MAX || exponent > DECIMAL_EXPONENT_MAX)
		return -ERANGE;
	out->exponent = (int)exponent;
	return 0;
}

double decimal_value(const char *mantissa, int exponent)
{
	char text[FEED_TEXT_MAX + 16], *end;
	double value;

	if (!*mantissa)
		return NAN;
	snprintf(text, sizeof(text), "%se%d", mantissa, exponent);
	value = strtod(text, &end);
	return *end || !isfinite(value) ? NAN : value;
}

int decimal_time_ns(const struct decimal *decimal, int unit_exponent, int64_t *out)
{
	const char *digit = decimal->mantissa;
	bool negative = *digit == '-';
	int exponent = decimal->exponent + unit_exponent + 9;
	bool inexact = false;
	__int128 value = 0;

	/* Digits below a nanosecond are cut before they are read: the mantissa may be longer than any integer. */
	digit += negative;
	for (size_t left = strlen(digit); left; left--, digit++) {
		if (exponent < 0 && (long)left <= -(long)exponent) {
			inexact |= *digit != '0';
			continue;
		}
		value = value * 10 + (*digit - '0');
		if (value > INT64_MAX)
			return -ERANGE;
	}
	for (; exponent > 0 && value; exponent--) {
		value *= 10;
		if (value > INT64_MAX)
			return -ERANGE;
	}
	if (negative)
		value = -value - inexact;
	if (value <= INT64_MIN)
		return -ERANGE;
	*out = (int64_t)value;
	return 0;
}
