/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What record and replay say when they are done. */
#ifndef PL_CMD_SUMMARY_H
#define PL_CMD_SUMMARY_H

/*
 * Joins the closed session, prints what is in it and every loss on stderr, and returns the exit status: EXIT_UNTRUSTED where
 * something was lost, or a feed or chain gave nothing.
 */
int summary_print(const char *session_path);

#endif
