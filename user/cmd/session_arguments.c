// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/session_arguments.h"

const struct session_files one_session = {1, 1, "the session file is missing", "one session at a time"};

error_t session_parse(struct session_arguments *arguments, const struct session_files *wanted, int key, char *arg,
		      struct argp_state *state)
{
	switch (key) {
	case 'j':
		arguments->json = true;
		return 0;
	case 'c':
		arguments->csv = true;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->count == wanted->most)
			argp_error(state, "'%s' is not expected here: %s", arg, wanted->instead);
		arguments->files[arguments->count++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (arguments->count < wanted->least)
			argp_error(state, "%s", wanted->missing);
		if (arguments->json && arguments->csv)
			argp_error(state, "give --json or --csv, not both");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static enum stage stage_of(const char *text, const char *option, struct argp_state *state)
{
	enum stage stage = STAGE_WIRE;

	if (stage_parse(text, &stage))
		argp_error(state, "%s: there is no stage '%s'; the stages are %s", option, text, stage_names());
	return stage;
}

error_t latency_choice_parse(struct latency_choice *choice, int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case KEY_FROM:
		choice->from = stage_of(arg, "--from", state);
		choice->has_from = true;
		return 0;
	case KEY_TO:
		choice->to = stage_of(arg, "--to", state);
		choice->has_to = true;
		return 0;
	case KEY_FEED:
		choice->feed = arg;
		return 0;
	case KEY_ASSET:
		choice->asset = arg;
		return 0;
	case ARGP_KEY_END:
		if (choice->has_from != choice->has_to)
			argp_error(state, "--from and --to go together; the stages are %s", stage_names());
		if (choice->has_from && choice->from == choice->to)
			argp_error(state, "--from and --to name the same stage");
	}
	return ARGP_ERR_UNKNOWN;
}
