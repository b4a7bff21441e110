/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hexadecimal text and bytes. */
#ifndef PL_BASE_HEX_H
#define PL_BASE_HEX_H

#include <stddef.h>
#include <stdint.h>

/*
 * Decodes `text` (an optional 0x, an even number of digits) into out[0..cap). Returns the number of bytes, or -1 on a bad
 * digit, an odd length or too little room.
 */
long hex_decode(const char *text, size_t text_len, uint8_t *out, size_t cap);

/* Writes 2*len lower-case digits and a NUL; out must hold 2*len + 1. */
void hex_encode(const uint8_t *data, size_t len, char *out);

#endif
