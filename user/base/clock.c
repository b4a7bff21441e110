// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/clock.h"

#include <sys/timex.h>
#include <time.h>

#define BRACKETS 10

const char *const clock_source_names[CLOCK_SOURCES] = {
	[CLOCK_SOURCE_KERNEL] = "kernel", [CLOCK_SOURCE_CHRONY] = "chrony", [CLOCK_SOURCE_CHRONY_ENA] = "chrony+ena"};

static int64_t read_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_mono_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

int64_t clock_real_ns(void)
{
	return read_ns(CLOCK_REALTIME);
}

void clock_read(struct clock_reading *out)
{
	struct timex tx = {0};
	int64_t best = INT64_MAX;

	for (int i = 0; i < BRACKETS; i++) {
		int64_t before = clock_mono_ns(), real = clock_real_ns(), after = clock_mono_ns();

		if (after - before < best) {
			best = after - before;
			out->mono_ns = before + best / 2;
			out->real_ns = real;
			out->half_width_ns = (best + 1) / 2;
		}
	}
	/* TIME_ERROR (5) only repeats STA_UNSYNC: the fields are filled all the same. */
	out->synchronized = adjtimex(&tx) >= 0 && !(tx.status & STA_UNSYNC);
	out->max_error_ns = out->synchronized ? (int64_t)tx.maxerror * 1000 : TIME_UNKNOWN;
	out->source = out->synchronized ? CLOCK_SOURCE_KERNEL : CLOCK_SOURCE_NONE;
}
