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

/* Who bounds the distance of CLOCK_REALTIME from UTC. */
enum clock_source {
	CLOCK_SOURCE_NONE,
	CLOCK_SOURCE_KERNEL,	 /* adjtimex(2) maxerror, as the time daemon set it last, growing by 500 µs a second */
	CLOCK_SOURCE_CHRONY,	 /* chronyd, asked directly */
	CLOCK_SOURCE_CHRONY_ENA, /* chronyd on the network card's clock of an EC2 instance, plus that clock's own bound */
	CLOCK_SOURCES
};

/* "kernel", "chrony", "chrony+ena": as a session and JSON have them; NULL for CLOCK_SOURCE_NONE. */
extern const char *const clock_source_names[CLOCK_SOURCES];

struct clock_reading {
	int64_t mono_ns;       /* CLOCK_MONOTONIC, middle of the bracket */
	int64_t real_ns;       /* CLOCK_REALTIME read inside the bracket */
	int64_t half_width_ns; /* half the bracket: the error of this pairing */
	bool synchronized;     /* a time daemon steers the clock: the source says so */
	int64_t max_error_ns;  /* bound on |UTC - CLOCK_REALTIME|; TIME_UNKNOWN where nobody gives one */
	enum clock_source source; /* of max_error_ns */
};

int64_t clock_mono_ns(void);
int64_t clock_real_ns(void);

/* The narrowest of ten MONOTONIC-REALTIME-MONOTONIC brackets, with adjtimex(2)'s state. base/clock_watch.h asks further. */
void clock_read(struct clock_reading *out);

#endif
