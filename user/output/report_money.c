// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The arbitrage window in money, under the cards of the window: what a fee, gas or a position would add takes `pricelag window`. */
#include <math.h>
#include <stdio.h>

#include "latency/window.h"
#include "output/report_parts.h"

static const struct table_column columns[] = {
	{"feed", "feed", TABLE_LEFT},
	{"asset", "asset", TABLE_LEFT},
	{"volatility a year", "volatility", TABLE_RIGHT},
	{"price moves meanwhile", "move", TABLE_RIGHT},
	{"a Brownian price would", "brownian", TABLE_RIGHT},
	{"an update corrects", "correction", TABLE_RIGHT},
	{"block every", "block_interval_ns", TABLE_RIGHT},
	{"a pool loses a day", "lvr", TABLE_RIGHT},
};

static void table_bps(struct table *table, double share)
{
	char text[48];

	snprintf(text, sizeof(text), "%.3g bp", 1e4 * share);
	table_text(table, isnan(share) ? NULL : text);
}

int report_money(struct report *report)
{
	const struct window_terms none = {NAN, NAN, NAN};
	enum stage from = STAGE_WIRE, to = STAGE_SEEN;
	struct latency_list latencies;
	struct window_list list = {0};
	struct table *table;
	int status = latency_figures(report->db, &from, &to, &latencies, report->err);

	if (!status)
		status = window_compute(report->db, &latencies, &none, &list, report->err);
	if (status) {
		latency_list_free(&latencies);
		return status;
	}
	table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < list.count; i++) {
		const struct window *window = &list.items[i];

		if (!window->move.count)
			continue;
		table_text(table, window->latency->feed);
		table_text(table, window->latency->asset);
		table_share(table, window->volatility);
		table_bps(table, window->move.mean);
		table_bps(table, window->move_brownian);
		table_bps(table, window->correction.mean);
		table_duration(table, window->block_interval_ns);
		table_bps(table, window->lvr_day);
	}
	if (table_rows(table)) {
		html_table(report->out, table);
		report_note(report, "Means of the absolute change of ln P, over each window and by each update. The pool is a constant "
				    "product without fees, at this volatility. 'pricelag window' adds fees, gas and values.");
	}
	table_free(table);
	window_list_free(&list);
	latency_list_free(&latencies);
	return 0;
}
