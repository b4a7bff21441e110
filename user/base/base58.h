/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Base58 with Bitcoin's alphabet, as Solana writes keys (32 bytes) and signatures (64). Time grows with the square of the length. */
#ifndef PL_BASE_BASE58_H
#define PL_BASE_BASE58_H

#include <stddef.h>
#include <stdint.h>

#define BASE58_BYTES_MAX 64
#define BASE58_TEXT_MAX 89 /* digits of 64 bytes (at most 88), and the NUL */

/* Decodes `text` into exactly `len` bytes (at most BASE58_BYTES_MAX). -EINVAL: another character, -ERANGE: not of this length. */
int base58_decode(const char *text, uint8_t *out, size_t len);

/* Writes the digits of data[0..len), len <= BASE58_BYTES_MAX, and a NUL; out must hold BASE58_TEXT_MAX. */
void base58_encode(const uint8_t *data, size_t len, char *out);

#endif
