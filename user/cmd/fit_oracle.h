/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* pricelag fit --oracle: the policy of an oracle from a file of its reports. */
#ifndef PL_CMD_FIT_ORACLE_H
#define PL_CMD_FIT_ORACLE_H

#include <stdbool.h>

#include "base/error.h"

/* Prints it. 0, or a negative errno; *doubtful where the series does not tell it all, which is said on stderr. */
int fit_oracle_print(const char *path, bool json, bool *doubtful, struct error *err);

#endif
