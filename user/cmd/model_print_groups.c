// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A model's answer, group by group of accounts. */
#include <math.h>

#include "cmd/model_print.h"
#include "output/json_out.h"
#include "output/table.h"

static bool holds_positions(const struct model_answer *answer)
{
	return answer->market.rules.type && answer->market.rules.type->perpetual;
}

struct json_object *model_groups_json(const struct model_answer *answer)
{
	struct json_object *list = json_object_new_array();
	bool positions = holds_positions(answer);

	for (size_t g = 0; g < answer->model.group_count; g++) {
		const struct model_group *group = &answer->result.groups[g];
		struct json_object *object = json_object_new_object(), *bad_debt = model_estimate_json(&group->bad_debt), *part;

		json_add_name(object, "name", answer->model.group_names[g]);
		json_add_count(object, "accounts", group->accounts);
		json_add_number(object, "debt", positions ? NAN : group->debt);
		json_add_number(object, "notional", positions ? group->debt : NAN);
		model_add_law(bad_debt, &group->law);
		json_add(bad_debt, "sampled", model_estimate_json(&group->sampled));
		json_add(object, "bad_debt", bad_debt);
		part = json_object_new_object();
		json_add_number(part, "count_mean", group->triggers.value);
		json_add_number(part, "count_stderr", group->triggers.stderr_);
		json_add(object, "liquidations", part);
		json_object_array_add(list, object);
	}
	return list;
}

/* A bound where nothing was seen. */
static void add_probability(struct table *table, const struct loss_law *law)
{
	char text[32];

	snprintf(text, sizeof(text), law->probability > 0 ? "%.3g" : "< %.3g", law->probability > 0 ? law->probability : law->probability_upper95);
	table_text(table, isnan(law->probability) ? NULL : text);
}

int model_groups_text(const struct model_answer *answer, FILE *out)
{
	const struct table_column columns[] = {
		{"group", "group", TABLE_LEFT}, {"accounts", "accounts", TABLE_RIGHT},
		{holds_positions(answer) ? "notional" : "debt", "debt", TABLE_RIGHT},
		{"bad debt", "bad_debt", TABLE_RIGHT}, {"±", "stderr", TABLE_RIGHT}, {"probability", "probability", TABLE_RIGHT},
		{"VaR 95 %", "var95", TABLE_RIGHT}, {"99 %", "var99", TABLE_RIGHT}, {"99.9 %", "var999", TABLE_RIGHT}, {"ES 99 %", "es99", TABLE_RIGHT},
		{"±", "es99_stderr", TABLE_RIGHT}, {"liquidations", "liquidations", TABLE_RIGHT},
	};
	struct table *table;
	int status;

	if (!answer->model.group_count)
		return 0;
	table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t g = 0; g < answer->model.group_count; g++) {
		const struct model_group *group = &answer->result.groups[g];
		const char *name = answer->model.group_names[g];
		bool seen = group->law.losses > 0; /* what no path shows is not 0 */

		table_text(table, *name ? name : "(no group)");
		table_count(table, group->accounts);
		model_add_amount(table, group->debt, 6);
		model_add_amount(table, group->bad_debt.value, 6);
		model_add_amount(table, group->bad_debt.stderr_, 2);
		add_probability(table, &group->law);
		model_add_amount(table, seen ? group->law.risks[0].var : NAN, 4);
		model_add_amount(table, seen ? group->law.risks[1].var : NAN, 4);
		model_add_amount(table, seen ? group->law.risks[2].var : NAN, 4);
		model_add_amount(table, seen ? group->law.risks[1].es : NAN, 4);
		model_add_amount(table, seen ? group->law.risks[1].es_stderr : NAN, 2);
		model_add_amount(table, group->triggers.value, 4);
	}
	fputc('\n', out);
	status = table_print(table, out);
	table_free(table);
	return status;
}
