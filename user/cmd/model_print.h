/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A model's result as the JSON document of DESIGN and as text for people. */
#ifndef PL_CMD_MODEL_PRINT_H
#define PL_CMD_MODEL_PRINT_H

#include <stdio.h>

#include "margin/model.h"

int model_print_json(const struct model *model, const struct model_result *result, FILE *out, struct error *err);
int model_print_text(const struct model *model, const struct model_result *result, FILE *out, struct error *err);

#endif
