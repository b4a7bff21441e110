/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Unsigned integers of 256 bits, as contracts calculate with. What does not fit (or falls below nothing, or is divided by
 * nothing) would make a contract revert; here the result says `overflow`, and so does everything calculated from it, as
 * with a NaN: whoever needs to know looks at the end.
 */
#ifndef PL_BASE_U256_H
#define PL_BASE_U256_H

#include <stdbool.h>
#include <stdint.h>

#include "base/wide.h"

struct u256 {
	uint64_t limb[4]; /* the lowest first */
	bool overflow;
};

enum u256_rounding { U256_DOWN, U256_HALF_UP, U256_UP };

struct u256 u256(uint64_t value);
struct u256 u256_max(void);
struct u256 u256_power_of_ten(unsigned exponent);

struct u256 u256_add(struct u256 a, struct u256 b);
struct u256 u256_sub(struct u256 a, struct u256 b);
struct u256 u256_mul(struct u256 a, struct u256 b);

/* Half up as contracts do it, (a + b/2)/b in integers: that the sum overflows counts. */
struct u256 u256_div(struct u256 a, struct u256 b, enum u256_rounding rounding);

/* < 0, 0 or > 0, whether or not they overflowed */
int u256_compare(struct u256 a, struct u256 b);
bool u256_is_zero(struct u256 a);

/* Decimal digits; false for anything else, and for what needs more than 256 bits. */
bool u256_parse(const char *text, struct u256 *out);
void u256_text(struct u256 a, char out[WIDE_TEXT]);

/* The nearest double, or nearly so. */
double u256_double(struct u256 a);

#endif
