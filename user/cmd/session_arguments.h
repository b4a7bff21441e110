/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the sub-commands that read sessions have in common on their command line. A command's parser answers the keys that
 * are its own, and hands on the others, and ARGP_KEY_END, to the parsers here instead of returning ARGP_ERR_UNKNOWN. What is
 * wrong ends the process by argp_error(), with EXIT_USAGE.
 */
#ifndef PL_CMD_SESSION_ARGUMENTS_H
#define PL_CMD_SESSION_ARGUMENTS_H

#include <argp.h>
#include <stdbool.h>

#include "latency/stage.h"

/* ---- files, --json and --csv ---- */

#define OPTION_JSON(schema, group) {"json", 'j', NULL, 0, "one JSON document on stdout (schema " schema ")", group}
#define OPTION_CSV(group) {"csv", 'c', NULL, 0, "comma-separated values on stdout: times and durations in ns, unknown is empty", group}

#define SESSION_FILES_MAX 2

struct session_arguments {
	const char *files[SESSION_FILES_MAX];
	int count;
	bool json, csv; /* not both */
};

/* How many files a command takes, and what it says of fewer and of more. */
struct session_files {
	int least, most;
	const char *missing, *instead;
};
extern const struct session_files one_session;

/* 0; ARGP_ERR_UNKNOWN: a key of somebody else. */
error_t session_parse(struct session_arguments *arguments, const struct session_files *wanted, int key, char *arg,
		      struct argp_state *state);

/* ---- which latencies ---- */

enum { KEY_FROM = 0x100, KEY_TO, KEY_FEED, KEY_ASSET, KEY_OWN /* the first that a command may give itself */ };

struct latency_choice {
	bool has_from, has_to;
	enum stage from, to;
	const char *feed, *asset; /* NULL: all */
};

/* The values of those four keys. ARGP_ERR_UNKNOWN for others and, after its check of the stages, for ARGP_KEY_END. */
error_t latency_choice_parse(struct latency_choice *choice, int key, char *arg, struct argp_state *state);

#endif
