/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The same message over several feeds: who had it first, and by how much.
 *
 * Blocks that come in messages race as well: the same block, or part of a block, where the hash agrees, or without a
 * hash the number; the first word of it counts, of whichever kind.
 *
 * Two feeds carried the same message where asset and key agree (the key alone for feeds without an asset) and neither
 * says another publish time: a sequence number that starts again, or two channels that count apart, do not meet. A feed
 * that gave no publish time joins its asset and key where only one publish time is known for them.
 */
#ifndef PL_LATENCY_RACE_H
#define PL_LATENCY_RACE_H

#include "latency/course.h"

/*
 * Reads tables oracle_message and block_message of a session; `without_key` of the feeds is filled in too. Negative errno
 * with the reason otherwise.
 */
int race_compute(sqlite3 *db, struct race *out, struct error *err);

#endif
