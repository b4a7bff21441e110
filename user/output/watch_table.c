// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "output/watch_table.h"

static const struct table_column columns[] = {
	{"watch", "watch", TABLE_LEFT},
	{"feed", "feed", TABLE_LEFT},
	{"transactions", "transactions", TABLE_RIGHT},
	{"recovered", "recovered", TABLE_RIGHT},
	{"after first p50", "after_first_p50_ns", TABLE_RIGHT},
	{"p99", "after_first_p99_ns", TABLE_RIGHT},
	{"prices", "prices", TABLE_RIGHT},
	{"after oracle p50", "after_oracle_p50_ns", TABLE_RIGHT},
	{"(from", "after_oracle_p50_low_ns", TABLE_RIGHT},
	{"to, 95 %)", "after_oracle_p50_high_ns", TABLE_RIGHT},
	{"p99", "after_oracle_p99_ns", TABLE_RIGHT},
};

struct table *watch_table(const struct watch_summary *watches, size_t count)
{
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));

	for (size_t i = 0; i < count; i++) {
		const struct watch_summary *summary = &watches[i];

		table_text(table, summary->watch);
		table_text(table, summary->feed);
		table_count(table, summary->transactions);
		table_count(table, summary->recovered);
		table_duration(table, summary->after_first[WATCH_P50].ns);
		table_duration(table, summary->after_first[WATCH_P99].ns);
		table_count(table, summary->prices);
		table_duration(table, summary->after_oracle[WATCH_P50].ns);
		table_duration(table, summary->after_oracle[WATCH_P50].ci95_ns[0]);
		table_duration(table, summary->after_oracle[WATCH_P50].ci95_ns[1]);
		table_duration(table, summary->after_oracle[WATCH_P99].ns);
	}
	return table;
}
