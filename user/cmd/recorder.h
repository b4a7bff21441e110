/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A running recording: one thread that waits on the subscribers' sockets, drains the ring every millisecond, and hands
 * rows to the session's writer thread. Everything that could block (disk, name resolution) happens elsewhere or first.
 */
#ifndef PL_CMD_RECORDER_H
#define PL_CMD_RECORDER_H

#include <signal.h>
#include <stdint.h>

#include "base/error.h"
#include "cmd/site.h"
#include "session/session.h"

struct recorder;

/*
 * Attaches, gives up privileges, creates the session and opens the connections. `site` and `session_path` must outlive the
 * recorder. duration_ns: how long recorder_run() goes on, 0 = without limit.
 */
int recorder_open(struct recorder **out, const struct site *site, const char *session_path, int64_t duration_ns,
		  struct error *err);

/* Runs until *stop or the end of the duration. Negative errno when the session cannot be written any more. */
int recorder_run(struct recorder *recorder, const volatile sig_atomic_t *stop, struct error *err);

/* Detaches, writes the last rows and counters, and closes the session file. */
int recorder_close(struct recorder *recorder, struct error *err);

#endif
