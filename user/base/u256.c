// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/u256.h"

#include <math.h>

struct u256 u256(uint64_t value)
{
	return (struct u256){.limb = {value}};
}

struct u256 u256_max(void)
{
	return (struct u256){.limb = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};
}

struct u256 u256_power_of_ten(unsigned exponent)
{
	struct u256 power = u256(1);

	while (exponent--)
		power = u256_mul(power, u256(10));
	return power;
}

struct u256 u256_add(struct u256 a, struct u256 b)
{
	struct u256 sum = {.overflow = a.overflow || b.overflow};
	unsigned __int128 carry = 0;

	for (int i = 0; i < 4; i++) {
		carry += (unsigned __int128)a.limb[i] + b.limb[i];
		sum.limb[i] = (uint64_t)carry;
		carry >>= 64;
	}
	sum.overflow |= carry != 0;
	return sum;
}

struct u256 u256_sub(struct u256 a, struct u256 b)
{
	struct u256 difference = {.overflow = a.overflow || b.overflow};
	uint64_t borrow = 0;

	for (int i = 0; i < 4; i++) {
		unsigned __int128 taken = (unsigned __int128)b.limb[i] + borrow;

		difference.limb[i] = a.limb[i] - (uint64_t)taken;
		borrow = taken > a.limb[i];
	}
	difference.overflow |= borrow;
	return difference;
}

struct u256 u256_mul(struct u256 a, struct u256 b)
{
	struct u256 product = {.overflow = a.overflow || b.overflow};

	for (int i = 0; i < 4; i++) {
		uint64_t carry = 0;

		for (int j = 0; j < 4; j++) {
			unsigned __int128 part = (unsigned __int128)a.limb[i] * b.limb[j] + carry;

			if (i + j < 4) {
				part += product.limb[i + j];
				product.limb[i + j] = (uint64_t)part;
			} else {
				product.overflow |= part != 0;
			}
			carry = (uint64_t)(part >> 64);
		}
		product.overflow |= carry != 0;
	}
	return product;
}

/* Bit by bit, as by hand: a liquidation has some thirty divisions. */
static struct u256 divide(struct u256 a, struct u256 b, struct u256 *rest)
{
	struct u256 quotient = {.overflow = a.overflow || b.overflow || u256_is_zero(b)};

	*rest = u256(0);
	if (u256_is_zero(b))
		return quotient;
	for (int bit = 255; bit >= 0; bit--) {
		bool beyond = rest->limb[3] >> 63; /* the doubled rest has a 257th bit, and is more than b */

		for (int i = 3; i > 0; i--)
			rest->limb[i] = rest->limb[i] << 1 | rest->limb[i - 1] >> 63;
		rest->limb[0] = rest->limb[0] << 1 | (a.limb[bit / 64] >> (bit % 64) & 1);
		if (beyond || u256_compare(*rest, b) >= 0) {
			*rest = u256_sub(*rest, b);
			rest->overflow = false;
			quotient.limb[bit / 64] |= 1ULL << (bit % 64);
		}
	}
	return quotient;
}

struct u256 u256_div(struct u256 a, struct u256 b, enum u256_rounding rounding)
{
	struct u256 quotient, rest;

	if (rounding == U256_HALF_UP)
		a = u256_add(a, divide(b, u256(2), &rest));
	quotient = divide(a, b, &rest);
	return rounding == U256_UP && !u256_is_zero(rest) ? u256_add(quotient, u256(1)) : quotient;
}

int u256_compare(struct u256 a, struct u256 b)
{
	for (int i = 3; i >= 0; i--)
		if (a.limb[i] != b.limb[i])
			return a.limb[i] < b.limb[i] ? -1 : 1;
	return 0;
}

bool u256_is_zero(struct u256 a)
{
	return !(a.limb[0] | a.limb[1] | a.limb[2] | a.limb[3]);
}

bool u256_parse(const char *text, struct u256 *out)
{
	uint8_t bytes[32];

	*out = u256(0);
	if (*text == '-' || !wide_parse(text, bytes, sizeof(bytes)))
		return false;
	for (int i = 0; i < 32; i++)
		out->limb[i / 8] |= (uint64_t)bytes[31 - i] << (8 * (i % 8));
	return true;
}

void u256_text(struct u256 a, char out[WIDE_TEXT])
{
	uint8_t bytes[32];

	for (int i = 0; i < 32; i++)
		bytes[31 - i] = (uint8_t)(a.limb[i / 8] >> (8 * (i % 8)));
	wide_text(bytes, sizeof(bytes), false, out);
}

double u256_double(struct u256 a)
{
	double value = 0;

	for (int i = 3; i >= 0; i--)
		value += ldexp((double)a.limb[i], 64 * i);
	return value;
}
