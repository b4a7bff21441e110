/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An option that names a stage. */
#ifndef PL_CMD_STAGE_OPTION_H
#define PL_CMD_STAGE_OPTION_H

#include <argp.h>

#include "latency/stage.h"

/* Ends the process with the list of stages where there is none of that name. */
enum stage stage_option(const char *text, const char *option, struct argp_state *state);

#endif
