// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What watches found inside Solana blocks: oracle updates and keepers, at the packets that carried them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "output/report_parts.h"
#include "output/watch_table.h"

enum { INSIDE_FIRST, INSIDE_ORACLE, INSIDE_COLUMNS };
static const char *const names[INSIDE_COLUMNS] = {
	[INSIDE_FIRST] = "block's first packet → transaction",
	[INSIDE_ORACLE] = "feed's wire → transaction",
};

static int add_watch(struct report *report, const struct block_transaction_list *list, const struct watch_summary *watch,
		     struct json_object *spec)
{
	struct report_rows rows;
	int status = report_rows_init(&rows, INSIDE_COLUMNS, report->err);

	for (size_t i = 0; i < list->count && !status; i++) {
		const struct block_transaction *t = &list->items[i];
		const int64_t values[INSIDE_COLUMNS] = {t->after_first_ns, t->after_oracle_ns};

		if (!strcmp(t->watch, watch->watch) && !strcmp(t->feed, watch->feed))
			status = report_rows_add(&rows, t->block_wire_ns, values, report->err);
	}
	if (!status)
		report_add_set(report, spec, watch->watch, &rows, names, "transactions");
	report_rows_free(&rows);
	return status;
}

static void say(struct report *report, const struct watch_summary *watch)
{
	char count[64], first[FORMAT_MAX], oracle[FORMAT_MAX];

	report_say(report, "%s: %s on %s, half of them within %s of their block's first packet.", watch->watch,
		   report_plural((int64_t)watch->transactions, "transaction", count, sizeof(count)), watch->feed,
		   format_duration(watch->after_first[WATCH_P50].ns, first, sizeof(first)));
	if (watch->prices)
		report_say(report, "%s that they post had come over a feed of this session, half of them %s or more before the "
				   "packets of the block that carried them.",
			   report_plural((int64_t)watch->prices, "price", count, sizeof(count)),
			   format_duration(watch->after_oracle[WATCH_P50].ns, oracle, sizeof(oracle)));
}

static bool inside_present(const struct report *report)
{
	return report_integer(report, "SELECT count(*) FROM block_transaction") > 0;
}

static int inside_write(struct report *report)
{
	struct json_object *spec = report_spec("time", "time");
	struct block_transaction_list list = {0};
	struct watch_summary *watches = NULL;
	struct table *table;
	size_t count = 0;
	int status = block_transactions_load(report->db, &list, report->err);

	if (!status && watch_summaries(&list, &watches, &count))
		status = error_set(report->err, -ENOMEM, "no memory for %zu transactions", list.count);
	for (size_t i = 0; i < count && !status; i++) {
		say(report, &watches[i]);
		status = add_watch(report, &list, &watches[i], spec);
	}
	if (!status && json_object_object_get(spec, "sets"))
		report_figure(report, spec);
	else
		json_object_put(spec);
	if (!status) {
		table = watch_table(watches, count);
		html_table(report->out, table);
		table_free(table);
	}
	free(watches);
	block_transaction_list_free(&list);
	return status;
}

const struct report_section report_section_inside = {"inside", "Inside blocks", "Transactions inside blocks", inside_present,
						     inside_write};
