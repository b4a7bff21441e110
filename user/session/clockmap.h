/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* CLOCK_MONOTONIC of a session → UTC, by interpolation between its bracketed readings, with the bound of the result. */
#ifndef PL_SESSION_CLOCKMAP_H
#define PL_SESSION_CLOCKMAP_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"

struct clockmap;

/* Loads table clock. A session without a reading is an error. */
int clockmap_load(struct clockmap **out, sqlite3 *db, struct error *err);

/* UTC of a stamp; TIME_UNKNOWN passes through. Outside the readings the nearest two are extrapolated. */
int64_t clockmap_utc(const struct clockmap *map, int64_t mono_ns);

/* Bound on the error of clockmap_utc within this machine: the widest half-bracket. */
int64_t clockmap_bracket_ns(const struct clockmap *map);

/* Bound on |UTC - this machine's clock|, the largest of all readings; TIME_UNKNOWN if one of them had none. */
int64_t clockmap_utc_error_ns(const struct clockmap *map);

/* Who gave that bound; CLOCK_SOURCE_NONE where there is none, or the session does not say. */
enum clock_source clockmap_source(const struct clockmap *map);

/* "UTC within ±1.20 ms, by chrony; inside this machine exact to ±31 ns" in out[0..size), which is returned. */
char *clockmap_describe(const struct clockmap *map, char *out, size_t size);

void clockmap_free(struct clockmap *map);

#endif
