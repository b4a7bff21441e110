/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A network card's clock of a session → CLOCK_MONOTONIC, by interpolation between its readings, with the bound of the result. */
#ifndef PL_SESSION_NICMAP_H
#define PL_SESSION_NICMAP_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"

struct nicmap;

/* Loads table nic_clock, which is empty where no card was asked. */
int nicmap_load(struct nicmap **out, sqlite3 *db, struct error *err);

/* CLOCK_MONOTONIC of a stamp of card `nic_id`; TIME_UNKNOWN for a card with fewer than two readings, whose rate is not known. */
int64_t nicmap_mono(const struct nicmap *map, int64_t nic_id, int64_t nic_ns);

/*
 * Bound on the error of nicmap_mono, the largest of all cards: the widest half-bracket, plus by how much a reading misses
 * the line between its neighbours, for the card's rate changes meanwhile. TIME_UNKNOWN: a clock was set back, or no rate is known.
 */
int64_t nicmap_error_ns(const struct nicmap *map);

void nicmap_free(struct nicmap *map);

#endif
