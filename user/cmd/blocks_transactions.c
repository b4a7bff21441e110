// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/blocks_transactions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "latency/watch_summary.h"
#include "output/json_out.h"
#include "output/watch_table.h"

static void add_index(struct json_object *item, const char *key, int64_t index)
{
	json_add_ns(item, key, index < 0 ? TIME_UNKNOWN : index);
}

static struct json_object *transaction_json(const struct block_transaction *t)
{
	struct json_object *item = json_object_new_object();

	json_add_name(item, "feed", t->feed);
	json_add_count(item, "number", t->number);
	add_index(item, "entry", t->entry);
	add_index(item, "position", t->position);
	json_add_count(item, "shred", t->shred);
	json_add_name(item, "watch", t->watch);
	json_add_name(item, "signature", t->signature);
	json_add_ns(item, "block_wire_ns", t->block_wire_ns);
	json_add_ns(item, "after_first_ns", t->after_first_ns);
	json_add_ns(item, "readable_ns", t->readable_ns);
	json_add_ns(item, "after_oracle_ns", t->after_oracle_ns);
	json_add_bool(item, "recovered", t->recovered);
	json_add_name(item, "id", t->message.id);
	json_add_name(item, "key", t->message.key);
	json_add_name(item, "mantissa", t->message.mantissa);
	json_add(item, "exponent", t->message.has_exponent ? json_object_new_int(t->message.exponent) : NULL);
	json_add_number(item, "price", t->message.price);
	json_add_ns(item, "published_ns", t->message.published_ns);
	return item;
}

static void add_quantiles(struct json_object *item, const char *const names[2 * WATCH_QUANTILES], const struct quantile *quantiles)
{
	for (int i = 0; i < WATCH_QUANTILES; i++) {
		json_add_ns(item, names[2 * i], quantiles[i].ns);
		json_add_ns_pair(item, names[2 * i + 1], quantiles[i].ci95_ns);
	}
}

static struct json_object *watch_json(const struct watch_summary *summary)
{
	static const char *const first[] = {"after_first_p50_ns", "after_first_p50_ci95_ns", "after_first_p99_ns",
					    "after_first_p99_ci95_ns"};
	static const char *const oracle[] = {"after_oracle_p50_ns", "after_oracle_p50_ci95_ns", "after_oracle_p99_ns",
					     "after_oracle_p99_ci95_ns"};
	struct json_object *item = json_object_new_object();

	json_add_name(item, "feed", summary->feed);
	json_add_name(item, "watch", summary->watch);
	json_add_count(item, "transactions", summary->transactions);
	json_add_count(item, "recovered", summary->recovered);
	add_quantiles(item, first, summary->after_first);
	json_add_count(item, "prices", summary->prices);
	add_quantiles(item, oracle, summary->after_oracle);
	return item;
}

/* What every way of printing starts from. */
struct transactions {
	struct block_transaction_list list;
	struct watch_summary *watches;
	size_t watch_count;
};

static int print_json(sqlite3 *db, const struct transactions *all, struct error *err)
{
	struct json_object *document = json_document("pricelag.block_transactions/1"), *items = json_object_new_array(),
			   *watches = json_object_new_array();

	for (size_t i = 0; i < all->watch_count; i++)
		json_object_array_add(watches, watch_json(&all->watches[i]));
	for (size_t i = 0; i < all->list.count; i++)
		json_object_array_add(items, transaction_json(&all->list.items[i]));
	json_add(document, "watches", watches);
	json_add(document, "transactions", items);
	return json_print_session(document, db, err);
}

static const struct table_column columns[] = {
	{"slot", "number", TABLE_RIGHT},
	{"feed", "feed", TABLE_LEFT},
	{"position", "position", TABLE_RIGHT},
	{"entry", "entry", TABLE_RIGHT},
	{"watch", "watch", TABLE_LEFT},
	{"block wire", "block_wire_ns", TABLE_LEFT},
	{"after first", "after_first_ns", TABLE_RIGHT},
	{"readable after", "readable_after_ns", TABLE_RIGHT},
	{"recovered", "recovered", TABLE_LEFT},
	{"price", "price", TABLE_RIGHT},
	{"published → wire", "published_to_block_wire_ns", TABLE_RIGHT},
	{"after oracle", "after_oracle_ns", TABLE_RIGHT},
	{"id", "id", TABLE_LEFT},
	{"signature", "signature", TABLE_LEFT},
};

static void index_cell(struct table *table, int64_t index)
{
	if (index < 0)
		table_unknown(table);
	else
		table_integer(table, index);
}

static int print_table(const struct block_transaction_list *list, bool csv, struct error *err)
{
	static const char *const yes[][2] = {{"no", "0"}, {"yes", "1"}};
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));

	for (size_t i = 0; i < list->count; i++) {
		const struct block_transaction *t = &list->items[i];

		table_count(table, t->number);
		table_text(table, t->feed);
		index_cell(table, t->position);
		index_cell(table, t->entry);
		table_text(table, t->watch);
		table_time(table, t->block_wire_ns);
		table_duration(table, t->after_first_ns);
		table_duration(table, t->readable_ns - t->block_wire_ns);
		table_text(table, yes[t->recovered][csv]);
		table_number(table, t->message.price, 4);
		table_duration(table, t->message.published_ns == TIME_UNKNOWN ? TIME_UNKNOWN :
									       t->block_wire_ns - t->message.published_ns);
		table_duration(table, t->after_oracle_ns);
		table_text(table, t->message.id);
		table_text(table, t->signature);
	}
	return table_finish(table, csv, err);
}

static int print_summaries(const struct transactions *all, struct error *err)
{
	struct table *table = watch_table(all->watches, all->watch_count);

	fputc('\n', stdout);
	return table_finish(table, false, err);
}

static int load(sqlite3 *db, struct transactions *out, struct error *err)
{
	int status = block_transactions_load(db, &out->list, err);

	if (!status && watch_summaries(&out->list, &out->watches, &out->watch_count))
		status = error_set(err, -ENOMEM, "no memory for %zu transactions", out->list.count);
	return status;
}

int blocks_print_transactions(sqlite3 *db, enum transactions_format format, size_t *count, struct error *err)
{
	struct transactions all = {0};
	int status = load(db, &all, err);

	*count = all.list.count;
	if (!status && format == TRANSACTIONS_JSON)
		status = print_json(db, &all, err);
	else if (!status)
		status = print_table(&all.list, format == TRANSACTIONS_CSV, err);
	if (!status && format == TRANSACTIONS_TABLE && all.watch_count)
		status = print_summaries(&all, err);
	block_transaction_list_free(&all.list);
	free(all.watches);
	return status;
}
