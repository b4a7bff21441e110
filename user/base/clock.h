/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Clocks of this machine: bracketed readings that tie CLOCK_MONOTONIC (all kernel stamps) to UTC, and what the kernel
 * says about how far UTC may be off.
 */
#ifndef PL_BASE_CLOCK_H
#define PL_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* "Unknown" for every signed time or duration of the program; NULL in SQL, null in JSON. */
#define TIME_UNKNOWN INT64_MIN

struct clock_reading {
	int64_t mono_ns;       /* CLOCK_MONOTONIC, middle of the bracket */
	int64_t real_ns;       /* CLOCK_REALTIME read inside the bracket */
	int64_t half_width_ns; /* half the bracket: the error of this pairing */
	bool synchronized;     /* the kernel's STA_UNSYNC is clear */
	int64_t max_error_ns;  /* adjtimex maxerror: bound on |UTC - CLOCK_REALTIME|; meaningless unless synchronized */
};

int64_t clock_mono_ns(void);
int64_t clock_real_ns(void);

/* The narrowest of ten MONOTONIC-REALTIME-MONOTONIC brackets, with adjtimex(2)'s state. */
void clock_read(struct clock_reading *out);

#endif
