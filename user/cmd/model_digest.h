/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What makes a question of pricelag model this one: the program, every value of the file in its order, and the files that
 * values name (by size and time of their last change). Comments and the way it is written down do not count.
 */
#ifndef PL_CMD_MODEL_DIGEST_H
#define PL_CMD_MODEL_DIGEST_H

#include <stdint.h>

#include "base/error.h"

/* 0, or -1 with the file's mistake. Sessions NULL: none. */
int model_digest(const char *path, const char *session, const char *against, uint64_t *out, struct error *err);

#endif
