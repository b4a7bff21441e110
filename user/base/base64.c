// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/base64.h"

#include <stdbool.h>

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

long base64_decode(const char *text, size_t text_len, uint8_t *out, size_t cap)
{
	uint32_t bits = 0;
	unsigned held = 0;
	size_t n = 0, padding = 0;

	while (padding < 2 && text_len && text[text_len - 1] == '=') {
		text_len--;
		padding++;
	}
	if (text_len % 4 == 1 || (padding && (text_len + padding) % 4))
		return -1;
	for (size_t i = 0; i < text_len; i++) {
		int value = digit(text[i]);

		if (value < 0)
			return -1;
		bits = bits << 6 | (uint32_t)value;
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		if (n == cap)
			return -1;
		out[n++] = (uint8_t)(bits >> held);
	}
	return bits & ((1u << held) - 1) ? -1 : (long)n; /* left-over bits are zero */
}
