/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Base64 text (RFC 4648 section 4) and bytes. */
#ifndef PL_BASE_BASE64_H
#define PL_BASE_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* Decodes into out[0..cap). Padding may be left out, but not be wrong; no white space. Returns the number of bytes, or -1. */
long base64_decode(const char *text, size_t text_len, uint8_t *out, size_t cap);

#endif
