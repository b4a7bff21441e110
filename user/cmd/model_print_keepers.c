// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A model's answer, class by class of keepers. */
#include <math.h>

#include "cmd/model_print.h"
#include "output/json_out.h"
#include "output/table.h"

static const struct delay_law *delay_of(const struct model_answer *answer, unsigned kind)
{
	return keepers_delay(&answer->market.keepers, &answer->model.delays[DELAY_KEEPER], kind);
}

struct json_object *model_keepers_json(const struct model_answer *answer)
{
	const struct keepers *keepers = &answer->market.keepers;
	struct json_object *list = json_object_new_array();

	for (unsigned kind = 0; answer->market.rules.type && kind < keepers_kinds(keepers); kind++) {
		const struct market_keeper *came = &answer->more.keepers[kind];
		struct json_object *object;

		if (!keepers_count(keepers, kind))
			continue;
		object = json_object_new_object();
		json_add_text(object, "name", keepers_name(keepers, kind));
		json_add_count(object, "count", keepers_count(keepers, kind));
		json_add_number(object, "capital", keepers_capital(keepers, kind));
		json_add_number(object, "delay_p50_s", delay_quantile(delay_of(answer, kind), 0.5));
		json_add_number(object, "delay_p99_s", delay_quantile(delay_of(answer, kind), 0.99));
		json_add_number(object, "win_rate", came->win_rate.value);
		json_add_number(object, "win_rate_stderr", came->win_rate.stderr_);
		json_add_number(object, "liquidations_mean", came->liquidations.value);
		json_add_number(object, "liquidations_stderr", came->liquidations.stderr_);
		json_add_number(object, "profit_mean", came->profit.value);
		json_add_number(object, "profit_stderr", came->profit.stderr_);
		json_object_array_add(list, object);
	}
	return list;
}

int model_keepers_text(const struct model_answer *answer, FILE *out)
{
	static const struct table_column columns[] = {
		{"keepers", "keepers", TABLE_LEFT}, {"count", "count", TABLE_RIGHT}, {"capital", "capital", TABLE_RIGHT},
		{"delay p50", "delay_p50_ns", TABLE_RIGHT}, {"p99", "delay_p99_ns", TABLE_RIGHT}, {"win rate", "win_rate", TABLE_RIGHT}, {"±", "win_rate_stderr", TABLE_RIGHT},
		{"liquidations", "liquidations", TABLE_RIGHT}, {"±", "liquidations_stderr", TABLE_RIGHT},
		{"profit", "profit", TABLE_RIGHT}, {"±", "profit_stderr", TABLE_RIGHT},
	};
	const struct keepers *keepers = &answer->market.keepers;
	struct table *table;
	int status;

	if (!keepers->class_count)
		return 0;
	table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	for (unsigned kind = 0; kind < keepers_kinds(keepers); kind++) {
		const struct market_keeper *came = &answer->more.keepers[kind];

		if (!keepers_count(keepers, kind))
			continue;
		table_text(table, keepers_name(keepers, kind));
		table_count(table, keepers_count(keepers, kind));
		model_add_amount(table, isfinite(keepers_capital(keepers, kind)) ? keepers_capital(keepers, kind) : NAN, 6);
		table_duration(table, llround(delay_quantile(delay_of(answer, kind), 0.5) * 1e9));
		table_duration(table, llround(delay_quantile(delay_of(answer, kind), 0.99) * 1e9));
		model_add_amount(table, came->win_rate.value, 3);
		model_add_amount(table, came->win_rate.stderr_, 2);
		model_add_amount(table, came->liquidations.value, 4);
		model_add_amount(table, came->liquidations.stderr_, 2);
		model_add_amount(table, came->profit.value, 4);
		model_add_amount(table, came->profit.stderr_, 2);
	}
	fputc('\n', out);
	status = table_print(table, out);
	table_free(table);
	return status;
}
