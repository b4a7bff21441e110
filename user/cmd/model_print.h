/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A model's result as the JSON document pricelag.model/1 and as text for people. */
#ifndef PL_CMD_MODEL_PRINT_H
#define PL_CMD_MODEL_PRINT_H

#include <stdio.h>

#include "margin/market.h"
#include "margin/requirement.h"

struct model_answer {
	struct model model;
	struct model_result result;
	struct market market; /* without rules: the expectation answered, and `more` holds nothing */
	struct market_result more;
	struct requirement requirement; /* `below` 0: not asked for */
	struct requirement_answer required;
};

int model_print_json(const struct model_answer *answer, FILE *out, struct error *err);
int model_print_text(const struct model_answer *answer, FILE *out, struct error *err);

#endif
