/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Privileges of a recording: needed to load and attach, given back right after. */
#ifndef PL_CMD_PRIVILEGE_H
#define PL_CMD_PRIVILEGE_H

#include "base/error.h"

/*
 * Keeps CAP_BPF alone (the flow table is written at each reconnect), empties the bounding set, forbids new privileges,
 * and becomes the owner of the folder that holds `output_path`, so that `sudo pricelag record` leaves a file that
 * belongs to whoever owns the place. Call after attaching and before the session file is created.
 */
int privilege_drop(const char *output_path, struct error *err);

#endif
