// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/stage_option.h"

enum stage stage_option(const char *text, const char *option, struct argp_state *state)
{
	enum stage stage = STAGE_WIRE;

	if (stage_parse(text, &stage))
		argp_error(state, "%s: there is no stage '%s'; the stages are %s", option, text, stage_names());
	return stage;
}
