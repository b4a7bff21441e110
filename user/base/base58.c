// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/base58.h"

#include <errno.h>
#include <string.h>

static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/* Leading zero bytes stand as as many '1'; what follows is one big number in base 58. */
int base58_decode(const char *text, uint8_t *out, size_t len)
{
	size_t zeros = 0, used = 0; /* used: bytes of the number so far, at the end of out */

	memset(out, 0, len);
	while (text[zeros] == '1')
		zeros++;
	for (const char *at = text + zeros; *at; at++) {
		const char *digit = strchr(alphabet, *at);
		uint32_t carry;

		if (!digit)
			return -EINVAL;
		carry = (uint32_t)(digit - alphabet);
		for (size_t i = 0; i < used || carry; i++) {
			if (i == len)
				return -ERANGE;
			carry += 58 * (uint32_t)out[len - 1 - i];
			out[len - 1 - i] = (uint8_t)carry;
			carry >>= 8;
			if (i >= used)
				used = i + 1;
		}
	}
	return zeros + used == len ? 0 : -ERANGE;
}

void base58_encode(const uint8_t *data, size_t len, char *out)
{
	uint8_t digits[BASE58_TEXT_MAX]; /* least significant first */
	size_t zeros = 0, used = 0;

	while (zeros < len && !data[zeros])
		zeros++;
	for (size_t at = zeros; at < len; at++) {
		uint32_t carry = data[at];

		for (size_t i = 0; i < used || carry; i++) {
			carry += i < used ? 256 * (uint32_t)digits[i] : 0;
			digits[i] = (uint8_t)(carry % 58);
			carry /= 58;
			if (i >= used)
				used = i + 1;
		}
	}
	memset(out, '1', zeros);
	for (size_t i = 0; i < used; i++)
		out[zeros + i] = alphabet[digits[used - 1 - i]];
	out[zeros + used] = '\0';
}
