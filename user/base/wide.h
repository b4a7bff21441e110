/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Integers wider than 64 bits, big endian as contracts and oracles write them (int128, int192, uint256), as decimal text. */
#ifndef PL_BASE_WIDE_H
#define PL_BASE_WIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIDE_MAX  32 /* bytes */
#define WIDE_TEXT 80 /* 2^256 - 1 has 78 digits; a sign; NUL */

/* Decimal text of data[0..len), len <= WIDE_MAX; two's complement where it is signed. No bytes are "0". */
void wide_text(const uint8_t *data, size_t len, bool is_signed, char out[WIDE_TEXT]);

/* Decimal text, "-?digits", into len <= WIDE_MAX bytes, two's complement. False for anything else, and for what needs more
 * bits than there are (a sign takes one, where there is one). */
bool wide_parse(const char *text, uint8_t *out, size_t len);

#endif
