// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/wide.h"

#include <string.h>

/* Long division by ten of `rest`, which is used up; prices are few digits, and this is not a hot path. */
static void unsigned_text(uint8_t *rest, size_t len, char *out)
{
	char digits[WIDE_TEXT];
	size_t count = 0;
	bool any;

	do {
		unsigned remainder = 0;

		any = false;
		for (size_t i = 0; i < len; i++) {
			unsigned value = remainder << 8 | rest[i];

			rest[i] = (uint8_t)(value / 10);
			remainder = value % 10;
			any |= rest[i];
		}
		digits[count++] = (char)('0' + remainder);
	} while (any);
	for (size_t i = 0; i < count; i++)
		out[i] = digits[count - 1 - i];
	out[count] = '\0';
}

/* In place; -0 is 0. */
static void negate(uint8_t *data, size_t len)
{
	unsigned carry = 1;

	for (size_t i = len; i-- > 0;) {
		carry += (uint8_t)~data[i];
		data[i] = (uint8_t)carry;
		carry >>= 8;
	}
}

bool wide_parse(const char *text, uint8_t *out, size_t len)
{
	bool negative = *text == '-';

	memset(out, 0, len);
	text += negative;
	if (!*text)
		return false;
	for (; *text; text++) {
		unsigned carry = (unsigned)(*text - '0');

		if (*text < '0' || *text > '9')
			return false;
		for (size_t i = len; i-- > 0;) {
			carry += 10u * out[i];
			out[i] = (uint8_t)carry;
			carry >>= 8;
		}
		if (carry)
			return false;
	}
	if (!negative)
		return true;
	negate(out, len);
	return !len || out[0] & 0x80 || !memcmp(out, (uint8_t[WIDE_MAX]){0}, len);
}

void wide_text(const uint8_t *data, size_t len, bool is_signed, char out[WIDE_TEXT])
{
	uint8_t magnitude[WIDE_MAX];
	bool negative = is_signed && len && data[0] & 0x80;

	memcpy(magnitude, data, len);
	if (negative) {
		negate(magnitude, len);
		*out++ = '-';
	}
	unsigned_text(magnitude, len, out);
}
