// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "chain/abi.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/wide.h"

int abi_quantity(const char *text, uint64_t *out)
{
	uint8_t bytes[8];
	char padded[2 * sizeof(bytes) + 1];
	size_t digits;

	if (!text || text[0] != '0' || text[1] != 'x')
		return -EINVAL;
	digits = strlen(text + 2);
	if (!digits || digits > 2 * sizeof(bytes))
		return -EINVAL;
	memset(padded, '0', sizeof(padded));
	memcpy(padded + 2 * sizeof(bytes) - digits, text + 2, digits);
	if (hex_decode(padded, 2 * sizeof(bytes), bytes, sizeof(bytes)) != sizeof(bytes))
		return -EINVAL;
	*out = 0;
	for (size_t i = 0; i < sizeof(bytes); i++)
		*out = *out << 8 | bytes[i];
	return 0;
}

int abi_block_number(const char *text, uint64_t *out)
{
	return abi_quantity(text, out) || *out >> 62 ? -EINVAL : 0;
}

int abi_bytes(const char *text, uint8_t *out, size_t len)
{
	if (!text || text[0] != '0' || text[1] != 'x' || strlen(text) != 2 + 2 * len)
		return -EINVAL;
	return hex_decode(text, 2 + 2 * len, out, len) == (long)len ? 0 : -EINVAL;
}

bool abi_uint64(const uint8_t word[ABI_WORD], uint64_t *out)
{
	uint8_t high = 0;

	*out = 0;
	for (int i = 0; i < ABI_WORD - 8; i++)
		high |= word[i];
	for (int i = ABI_WORD - 8; i < ABI_WORD; i++)
		*out = *out << 8 | word[i];
	return !high;
}

void abi_uint256_text(const uint8_t word[ABI_WORD], char *out)
{
	wide_text(word, ABI_WORD, false, out);
}

void abi_int256_text(const uint8_t word[ABI_WORD], char *out)
{
	wide_text(word, ABI_WORD, true, out);
}

int64_t abi_seconds_ns(uint64_t seconds)
{
	return seconds <= INT64_MAX / 1000000000 ? (int64_t)seconds * 1000000000 : TIME_UNKNOWN;
}
