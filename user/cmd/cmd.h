/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sub-commands: one file each, one row each in the table in main.c. */
#ifndef PL_CMD_CMD_H
#define PL_CMD_CMD_H

#include <argp.h>

/* Exit statuses of every sub-command. */
enum exit_status {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_UNTRUSTED = 3, /* ran, but the result is not to be trusted: the reason is on stderr */
};

struct command {
	const char *name;
	const char *help; /* one line */
	int (*run)(int argc, char **argv); /* argv[0] is "pricelag NAME"; options by argp, so that --help comes by itself */
};

int cmd_blocks(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_decode(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_latency(int argc, char **argv);
int cmd_leadlag(int argc, char **argv);
int cmd_model(int argc, char **argv);
int cmd_race(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_window(int argc, char **argv);
int cmd_fit(int argc, char **argv);
int cmd_plot(int argc, char **argv);

#endif
