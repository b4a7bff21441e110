/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keeps a replay from outrunning the session's writer: its queue is bounded and never waited for (session.h), which is
 * right for packets off the wire and wrong for a file that can wait.
 *
 * Every few thousand rows a marker goes into the queue behind them, and the replay goes on once the marker before it can
 * be read in the file. So never more than two windows of rows wait, and the writer never has to wait for the replay.
 */
#ifndef PL_CMD_PACE_H
#define PL_CMD_PACE_H

#include <stdint.h>

#include "base/error.h"
#include "session/session.h"

struct pace;

int pace_new(struct pace **out, struct session *session, const char *session_path, struct error *err);

/* `rows` more were put into the session: waits where that is needed. Negative errno once the writer has failed. */
int pace_rows(struct pace *pace, uint64_t rows, struct error *err);

void pace_free(struct pace *pace);

#endif
