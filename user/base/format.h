/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Values as people read them: durations with three significant digits, times in UTC, numbers without noise; and text
 * that came from the network made safe to print.
 */
#ifndef PL_BASE_FORMAT_H
#define PL_BASE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

#define FORMAT_UNKNOWN "–" /* TIME_UNKNOWN and NAN, in every human text */

/* Room for any result of the functions below, NUL included. */
#define FORMAT_MAX 48

/* Each fills out[0..size) with a NUL-terminated text and returns out. */

/* "812 ns", "14.2 µs", "3.20 ms", "1.05 s", "17.5 min", "3.20 h", "12.0 d"; the sign in front; TIME_UNKNOWN → "–". */
char *format_duration(int64_t ns, char *out, size_t size);

/* "2026-11-24 00:05:11.123456 UTC", cut (not rounded) to µs; TIME_UNKNOWN → "–". */
char *format_time(int64_t utc_ns, char *out, size_t size);

/* The shortest decimal text that reads back as the same double ("0.1", "1e+30"); NAN and infinities → "–". '.' whatever the locale. */
char *format_number(double value, char *out, size_t size);

/*
 * Decodes one code point of NUL-terminated UTF-8 and returns the bytes taken (0 at the end). A byte that is not valid UTF-8
 * counts as U+FFFD and takes 1.
 */
size_t utf8_next(const char *text, uint32_t *code_point);

/* Columns of a terminal that the text takes: 0 for combining marks, 2 for East Asian wide characters and emoji. */
size_t utf8_width(const char *text);

/*
 * A copy that is valid UTF-8 and holds no control or text-direction character (each becomes U+FFFD): a name out of a packet
 * cannot steer a terminal. NULL if out of memory. Free it.
 */
char *text_printable(const char *text);

#endif
