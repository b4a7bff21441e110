/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A model's result as the JSON document pricelag.model/1 and as text for people. */
#ifndef PL_CMD_MODEL_PRINT_H
#define PL_CMD_MODEL_PRINT_H

#include <stdio.h>

#include <json-c/json_object.h>

#include "margin/gain.h"
#include "margin/requirement.h"
#include "output/table.h"

/* The same delays drawn apart from prices, where the model draws them together: the difference is the risk of going wrong both ways at once. */
struct model_apart {
	bool asked;
	struct estimate bad_debt;
	double es99, es99_stderr;
};

struct model_answer {
	struct model model;
	struct model_result result;
	struct market market; /* without rules: the expectation answered, and `more` holds nothing */
	struct market_result more;
	struct model_apart apart;
	struct requirement requirement; /* `below` 0: not asked for */
	struct requirement_answer required;
	const char *against; /* the other site's session; NULL: not asked for */
	struct gain_answer gain;
};

/* model_print_against.c: the other site. */
struct json_object *model_against_json(const struct model_answer *answer);
void model_against_text(const struct model_answer *answer, FILE *out);

/* model_print_required.c: what a budget allows and asks for. */
struct json_object *model_budget_json(const struct model_answer *answer);
void model_budget_text(const struct model *model, const struct model_result *result, bool walked, FILE *out);
struct json_object *model_requirement_json(const struct model_answer *answer);
void model_requirement_text(const struct model_answer *answer, FILE *out);

struct json_object *model_estimate_json(const struct estimate *estimate);
struct json_object *model_pair_json(const double pair[2]);
/* Probability of any loss, its upper bound, values at risk and shortfalls: of the book, or of a group of its accounts. */
void model_add_law(struct json_object *object, const struct loss_law *law);

/* A cell with so many significant digits; unknown where NAN. */
void model_add_amount(struct table *table, double value, int digits);

/* model_print_groups.c: the groups of accounts, if there are any; the text 0 or a negative errno. */
struct json_object *model_groups_json(const struct model_answer *answer);
int model_groups_text(const struct model_answer *answer, FILE *out);

/* model_print_keepers.c: each class of keepers, and those beside; the text only where there are classes. */
struct json_object *model_keepers_json(const struct model_answer *answer);
int model_keepers_text(const struct model_answer *answer, FILE *out);

int model_print_json(const struct model_answer *answer, FILE *out, struct error *err);
int model_print_text(const struct model_answer *answer, FILE *out, struct error *err);

#endif
