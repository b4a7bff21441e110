/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Times as feeds write them: ISO 8601 text, and numbers of a unit. */
#ifndef PL_FEED_TIMESTAMP_H
#define PL_FEED_TIMESTAMP_H

#include <stdint.h>

#include "feed/decoder.h"

/* "2026-11-23T12:00:00.123456789Z" → UTC ns since 1970. Also a space instead of T, lower-case t and z, ±hh:mm or ±hhmm; a
 * zone is required; digits below a nanosecond are cut; second 60 is read as the next minute's start. -EINVAL, -ERANGE. */
int timestamp_parse_iso(const char *text, int64_t *out);

/* 0, -3, -6, -9: the unit is 10^this seconds. */
int time_unit_exponent(enum time_unit unit);

/* "s", "ms", "us" or "ns"; -EINVAL otherwise. */
int time_unit_parse(const char *text, enum time_unit *out);

#endif
