/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a row gets into the queue: claimed, filled, published. By the one thread that puts rows. Not for other folders. */
#ifndef PL_SESSION_QUEUE_H
#define PL_SESSION_QUEUE_H

#include "session/row.h"

/* The next free row; NULL where the queue is full or the writer has failed: the row is then counted as lost. */
struct row *session_claim(struct session *session, enum row_kind kind);
void session_publish(struct session *session);
/* Counts a row that is not to be had. */
void session_lose(struct session *session);

/* Cut to fit; NULL is "". */
void session_copy_text(char *out, size_t size, const char *text);

#endif
