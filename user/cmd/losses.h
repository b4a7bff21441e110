/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a result has to be read with: losses of feeds of one role, and why its latencies may mislead. */
#ifndef PL_CMD_LOSSES_H
#define PL_CMD_LOSSES_H

#include <sqlite3.h>

#include "cmd/cmd.h"
#include "latency/latency.h"

/*
 * Prints one line on stderr for each counted loss of feeds of this role ("block", "oracle"; NULL: any) and of what
 * stands before all feeds (interface, tap, capture files, session), and returns EXIT_UNTRUSTED if there was one, EXIT_OK
 * otherwise.
 * Losses of chains and of feeds of another role are not of concern.
 */
enum exit_status losses_print(sqlite3 *db, const char *role);

/* Prints on stderr, behind what went to stdout, what latency_untrusted() says: EXIT_UNTRUSTED if it says anything, EXIT_OK otherwise. */
enum exit_status doubts_print(sqlite3 *db, const struct latency_list *list);

#endif
