// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What `pricelag latency` tells when asked: --tail, --changes and --by. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/format.h"
#include "cmd/latency_print.h"
#include "stats/change.h"
#include "stats/tail.h"

/* ---- tails ---- */

static int fit(const struct latency *l, struct tail *tail)
{
	const struct survival survival = samples_survival(&l->samples);

	return tail_fit(&survival, l->drawn ? (double)l->drawn / l->effective_count : 1, tail);
}

int latency_json_tail(const struct latency *l, struct json_object **out)
{
	struct tail tail;
	int status = fit(l, &tail);

	*out = NULL;
	if (status || !tail.count)
		return status;
	*out = json_object_new_object();
	json_add_ns(*out, "threshold_ns", tail.threshold_ns);
	json_add_count(*out, "count", tail.count);
	json_add_number(*out, "share", tail.share);
	json_add_number(*out, "shape", tail.shape);
	json_add_number(*out, "shape_stderr", tail.shape_se);
	json_add_number(*out, "scale_ns", tail.scale_ns);
	json_add_number(*out, "scale_stderr_ns", tail.scale_se_ns);
	json_add_number(*out, "p_value", tail.p_value);
	json_add_number(*out, "shape_above", tail.shape_above);
	json_add_number(*out, "mean_excess_ns", tail.mean_excess_ns);
	json_add_number(*out, "mean_excess_fit_ns", tail.mean_excess_fit_ns);
	json_add_ns(*out, "p9999_ns", tail.p9999_ns);
	json_add_ns_pair(*out, "p9999_ci95_ns", tail.p9999_ci95_ns);
	return 0;
}

static void table_names(struct table *table, const struct latency *l)
{
	table_text(table, l->feed);
	table_text(table, l->asset);
	table_text(table, stages[l->from].name);
	table_text(table, stages[l->to].name);
}

static const struct table_column tail_columns[] = {
	{"feed", "", TABLE_LEFT},	   {"asset", "", TABLE_LEFT},	     {"from", "", TABLE_LEFT},
	{"to", "", TABLE_LEFT},		   {"tail from", "", TABLE_RIGHT},   {"share", "", TABLE_RIGHT},
	{"count", "", TABLE_RIGHT},	   {"shape", "", TABLE_RIGHT},	     {"higher up", "", TABLE_RIGHT},
	{"scale", "", TABLE_RIGHT},	   {"fit p", "", TABLE_RIGHT},	     {"p99.99", "", TABLE_RIGHT},
	{"(95 %)", "", TABLE_LEFT},
};

static void table_tail(struct table *table, const struct latency *l, const struct tail *tail)
{
	char shape[48];

	table_names(table, l);
	if (!tail->count) {
		for (size_t i = 4; i < sizeof(tail_columns) / sizeof(tail_columns[0]); i++)
			table_unknown(table);
		return;
	}
	table_duration(table, tail->threshold_ns);
	table_share(table, tail->share);
	table_count(table, tail->count);
	snprintf(shape, sizeof(shape), "%.2f ± %.2f", tail->shape, tail->shape_se);
	table_text(table, shape);
	table_number(table, tail->shape_above, 2);
	table_duration(table, (int64_t)fmin(tail->scale_ns, 9e18));
	table_number(table, tail->p_value, 2);
	table_duration(table, tail->p9999_ns);
	table_interval(table, tail->p9999_ci95_ns);
}

int latency_print_tails(const struct latency_list *list)
{
	struct table *table = table_new(tail_columns, sizeof(tail_columns) / sizeof(tail_columns[0]));
	int status = 0;

	for (size_t i = 0; !status && i < list->count; i++) {
		struct tail tail;

		status = fit(&list->items[i], &tail);
		if (!status)
			table_tail(table, &list->items[i], &tail);
	}
	putchar('\n');
	if (!status)
		status = table_print(table, stdout);
	table_free(table);
	if (!status)
		puts("shape 0: exponential; above: heavier, from 1 on without a mean; below: bounded. fit p below 0.10: no threshold fits");
	return status;
}

/* ---- changes ---- */

/* Calls each() for every change of every latency. */
static int each_change(const struct latency_list *list,
		       void (*each)(void *context, const struct latency *l, const struct change *change, int64_t at_ns),
		       void *context)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct latency *l = &list->items[i];
		struct change changes[CHANGES_MAX];
		size_t count;

		if (changes_find(l->samples.series, l->samples.series_count, changes, &count))
			return -ENOMEM;
		for (size_t k = 0; k < count; k++)
			each(context, l, &changes[k], l->samples.series[changes[k].index].at_ns);
	}
	return 0;
}

static void json_change(void *context, const struct latency *l, const struct change *change, int64_t at_ns)
{
	struct json_object *item = json_object_new_object();

	json_add_name(item, "feed", l->feed);
	json_add_name(item, "asset", l->asset);
	json_add_text(item, "from", stages[l->from].name);
	json_add_text(item, "to", stages[l->to].name);
	json_add_ns(item, "at_ns", at_ns);
	json_add_ns(item, "before_p50_ns", change->before_p50_ns);
	json_add_ns(item, "after_p50_ns", change->after_p50_ns);
	json_add_count(item, "before_count", change->before_count);
	json_add_count(item, "after_count", change->after_count);
	json_add_number(item, "p_value", change->p_value);
	json_object_array_add(context, item);
}

int latency_json_changes(const struct latency_list *list, struct json_object **out)
{
	int status;

	*out = json_object_new_array();
	status = each_change(list, json_change, *out);
	if (status)
		json_object_put(*out);
	return status;
}

static const struct table_column change_columns[] = {
	{"feed", "", TABLE_LEFT},	   {"asset", "", TABLE_LEFT},	     {"from", "", TABLE_LEFT},
	{"to", "", TABLE_LEFT},		   {"changed", "", TABLE_LEFT},	     {"p50 before", "", TABLE_RIGHT},
	{"of", "", TABLE_RIGHT},	   {"after", "", TABLE_RIGHT},	     {"of", "", TABLE_RIGHT},
	{"chance", "", TABLE_RIGHT},
};

static void table_change(void *context, const struct latency *l, const struct change *change, int64_t at_ns)
{
	struct table *table = context;

	table_names(table, l);
	table_time(table, at_ns);
	table_duration(table, change->before_p50_ns);
	table_count(table, change->before_count);
	table_duration(table, change->after_p50_ns);
	table_count(table, change->after_count);
	table_number(table, change->p_value, 3);
}

int latency_print_changes(const struct latency_list *list)
{
	struct table *table = table_new(change_columns, sizeof(change_columns) / sizeof(change_columns[0]));
	int status = each_change(list, table_change, table);

	putchar('\n');
	if (!status && !table_rows(table))
		puts("no level changed during the session");
	else if (!status)
		status = table_print(table, stdout);
	table_free(table);
	return status;
}

/* ---- parts ---- */

struct json_object *latency_json_parts(const struct latency_part_list *parts)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < parts->count; i++) {
		const struct latency_part *part = &parts->items[i];
		struct json_object *item = json_object_new_object();

		json_add_name(item, "feed", part->feed);
		json_add_name(item, "asset", part->asset);
		json_add_text(item, "from", stages[part->from].name);
		json_add_text(item, "to", stages[part->to].name);
		json_add_name(item, "part", part->part);
		json_add_number_pair(item, "volatility", part->volatility);
		json_add_count(item, "count", part->count);
		json_add_count(item, "censored", part->censored);
		json_add_ns(item, "p50_ns", part->quantiles[0].ns);
		json_add_ns(item, "p90_ns", part->quantiles[1].ns);
		json_add_ns(item, "p99_ns", part->quantiles[2].ns);
		json_add_ns_pair(item, "p50_ci95_ns", part->quantiles[0].ci95_ns);
		json_add_ns_pair(item, "p99_ci95_ns", part->quantiles[2].ci95_ns);
		json_add_text(item, "interval", interval_names[part->basis.method]);
		json_object_array_add(array, item);
	}
	return array;
}

static const struct table_column part_columns[] = {
	{"feed", "feed", TABLE_LEFT},
	{"asset", "asset", TABLE_LEFT},
	{"from", "from", TABLE_LEFT},
	{"to", "to", TABLE_LEFT},
	{"part", "part", TABLE_LEFT},
	{"vol/yr", "volatility_low", TABLE_RIGHT},
	{"to", "volatility_high", TABLE_RIGHT},
	{"count", "count", TABLE_RIGHT},
	{"open", "censored", TABLE_RIGHT},
	{"p50", "p50_ns", TABLE_RIGHT},
	{"from", "p50_ci95_low_ns", TABLE_RIGHT},
	{"to (95 %)", "p50_ci95_high_ns", TABLE_RIGHT},
	{"p90", "p90_ns", TABLE_RIGHT},
	{"p99", "p99_ns", TABLE_RIGHT},
	{"from", "p99_ci95_low_ns", TABLE_RIGHT},
	{"to (95 %)", "p99_ci95_high_ns", TABLE_RIGHT},
};

int latency_print_parts(const struct latency_part_list *parts, bool csv, struct error *err)
{
	struct table *table = table_new(part_columns, sizeof(part_columns) / sizeof(part_columns[0]));

	for (size_t i = 0; i < parts->count; i++) {
		const struct latency_part *part = &parts->items[i];

		table_text(table, part->feed);
		table_text(table, part->asset);
		table_text(table, stages[part->from].name);
		table_text(table, stages[part->to].name);
		table_text(table, part->part);
		table_share(table, part->volatility[0]);
		table_share(table, part->volatility[1]);
		table_count(table, part->count);
		table_count(table, part->censored);
		table_duration(table, part->quantiles[0].ns);
		table_duration(table, part->quantiles[0].ci95_ns[0]);
		table_duration(table, part->quantiles[0].ci95_ns[1]);
		table_duration(table, part->quantiles[1].ns);
		table_duration(table, part->quantiles[2].ns);
		table_duration(table, part->quantiles[2].ci95_ns[0]);
		table_duration(table, part->quantiles[2].ci95_ns[1]);
	}
	return table_finish(table, csv, err);
}
