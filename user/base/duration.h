/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Durations as people write them: 150ms, 2.5s, 24h. */
#ifndef PL_BASE_DURATION_H
#define PL_BASE_DURATION_H

#include <stdint.h>

/* A decimal number with ns, us, ms, s, m, h or d, nothing else → nanoseconds, rounded. -EINVAL if it is none, -ERANGE below 0 or above 9e18 ns. */
int duration_parse(const char *text, int64_t *out_ns);

#endif
