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

void wide_text(const uint8_t *data, size_t len, bool is_signed, char out[WIDE_TEXT])
{
	uint8_t magnitude[WIDE_MAX];
	bool negative = is_signed && len && data[0] & 0x80;
	unsigned carry = 1;

	memcpy(magnitude, data, len);
	for (size_t i = len; negative && i-- > 0;) { /* two's complement */
		carry += (uint8_t)~data[i];
		magnitude[i] = (uint8_t)carry;
		carry >>= 8;
	}
	if (negative)
		*out++ = '-';
	unsigned_text(magnitude, len, out);
}
