/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Results of `pricelag model --json`, read back from a file. */
#ifndef PL_CMD_MODEL_RESULT_H
#define PL_CMD_MODEL_RESULT_H

#include <json-c/json_object.h>

#include "base/error.h"

/* json_object_put() it. Negative errno, with the file and the remedy, for what is no result of the model. */
int model_result_read(const char *path, struct json_object **out, struct error *err);

#endif
