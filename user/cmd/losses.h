/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Losses that a result about feeds of one role has to be read with. */
#ifndef PL_CMD_LOSSES_H
#define PL_CMD_LOSSES_H

#include <sqlite3.h>

#include "cmd/cmd.h"

/*
 * Prints one line on stderr for each counted loss of feeds of this role ("block", "oracle"; NULL: any) and of what
 * stands before all feeds (interface, tap, capture files, session), and returns EXIT_UNTRUSTED if there was one, EXIT_OK
 * otherwise.
 * Losses of chains and of feeds of another role are not of concern.
 */
enum exit_status losses_print(sqlite3 *db, const char *role);

#endif
