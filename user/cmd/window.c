// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pricelag window: the arbitrage window in time and in money, per feed and asset. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/losses.h"
#include "cmd/session_arguments.h"
#include "latency/window.h"
#include "output/json_out.h"
#include "output/table.h"
#include "session/session.h"

enum { KEY_FEE = KEY_OWN, KEY_GAS, KEY_POSITION };

struct arguments {
	struct session_arguments common;
	struct latency_choice choice;
	struct window_terms terms;
};

static const struct argp_option options[] = {
	{"fee-bps", KEY_FEE, "N", 0, "fee of a trade against the stale price, in hundredths of a percent", 0},
	{"gas", KEY_GAS, "N", 0, "what a transaction costs, in the numeraire", 0},
	{"position", KEY_POSITION, "N", 0, "what is traded against a stale price, in the numeraire", 0},
	{"from", KEY_FROM, "STAGE", 0, "the window begins here (wire)", 1},
	{"to", KEY_TO, "STAGE", 0, "and ends here (seen)", 1},
	{"feed", KEY_FEED, "NAME", 0, "only this feed", 1},
	{"asset", KEY_ASSET, "NAME", 0, "only this asset", 1},
	OPTION_JSON("pricelag.window/1", 2),
	OPTION_CSV(2),
	{0},
};

static double parse_amount(const char *text, const char *option, struct argp_state *state)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= 0) || !isfinite(value))
		argp_error(state, "%s: '%s' is not a number from 0 up", option, text);
	return value;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case KEY_FEE:
		a->terms.fee = parse_amount(arg, "--fee-bps", state) / 1e4;
		return 0;
	case KEY_GAS:
		a->terms.gas = parse_amount(arg, "--gas", state);
		return 0;
	case KEY_POSITION:
		a->terms.position = parse_amount(arg, "--position", state);
		return 0;
	}
	if (!latency_choice_parse(&a->choice, key, arg, state))
		return 0;
	return session_parse(&a->common, &one_session, key, arg, state);
}

static const struct argp argp = {
	options, parse, "S.db",
	"The arbitrage window: how long a price is known here before the chain has it, how far the price moves meanwhile, "
	"and what that is worth."
	"\v'moves' is the mean |change of ln P| of the feed's own price over the windows, 'brownian' what a Brownian price "
	"of the realised volatility would do over the same windows, sigma sqrt(2 tau / pi). 'corrects' is the mean |change| "
	"that an update brings to the price on chain: known here for the whole window. 'beyond fee' is the mean of what is "
	"left of it after the fee (0 where it is less). 'arb blocks' is the share of blocks with an arbitrage against a "
	"constant-product pool of that fee, and 'LVR' what such a pool loses a day, at the measured volatility and block "
	"interval (Milionis, Moallemi, Roughgarden 2023). 'per update' is the position times 'corrects' beyond the fee, less "
	"gas, where that is a gain. What depends on a number that was not given is unknown.",
	NULL, NULL, NULL};

/* ---- output ---- */

static void add_mean(struct json_object *item, const char *key, const char *interval_key,
		     const struct mean_estimate *mean)
{
	double interval[2];

	mean_interval(mean, interval);
	json_add_number(item, key, mean->mean);
	json_add_number_pair(item, interval_key, interval);
}

static struct json_object *json_window(const struct window *w)
{
	struct json_object *item = json_object_new_object();
	const struct latency *l = w->latency;

	json_add_name(item, "feed", l->feed);
	json_add_name(item, "asset", l->asset);
	json_add_name(item, "chain", w->chain);
	json_add_text(item, "from", stages[l->from].name);
	json_add_text(item, "to", stages[l->to].name);
	json_add_count(item, "count", l->count);
	json_add_count(item, "censored", l->censored);
	json_add_ns(item, "window_p50_ns", l->p50_ns);
	json_add_ns_pair(item, "window_p50_ci95_ns", l->p50_ci95_ns);
	json_add_ns(item, "window_p99_ns", l->p99_ns);
	json_add_ns(item, "window_mean_ns", l->mean_ns);
	json_add_ns(item, "clock_error_ns", l->clock_error_ns);
	json_add_number(item, "volatility", w->volatility);
	json_add_number_pair(item, "volatility_ci95", w->volatility_ci95);
	json_add_ns(item, "volatility_scale_ns", w->volatility_scale_ns);
	add_mean(item, "move_mean", "move_ci95", &w->move);
	json_add_number(item, "move_brownian", w->move_brownian);
	json_add_number(item, "move_beyond_fee", w->move_beyond);
	json_add_number(item, "move_brownian_beyond_fee", w->brownian_beyond);
	add_mean(item, "correction_mean", "correction_ci95", &w->correction);
	json_add_number(item, "correction_beyond_fee", w->correction_beyond);
	json_add_ns(item, "block_interval_ns", w->block_interval_ns);
	json_add_number(item, "arbitrage_share", w->arbitrage_share);
	json_add_number(item, "lvr_per_day", w->lvr_day);
	json_add_number(item, "lvr_with_fee_per_day", w->lvr_fee_day);
	json_add_number(item, "lvr_even_blocks_per_day", w->lvr_even_day);
	json_add_number(item, "value_per_update", w->value_update);
	json_add_number(item, "value_per_update_beyond_gas", w->value_update_beyond_gas);
	json_add_number(item, "worthwhile_share", w->worthwhile_share);
	return item;
}

static int print_json(sqlite3 *db, const struct arguments *a, const struct window_list *list, struct error *err)
{
	struct json_object *document = json_document("pricelag.window/1"), *windows = json_object_new_array();

	json_add_number(document, "fee_bps", 1e4 * a->terms.fee);
	json_add_number(document, "gas", a->terms.gas);
	json_add_number(document, "position", a->terms.position);
	for (size_t i = 0; i < list->count; i++)
		json_object_array_add(windows, json_window(&list->items[i]));
	json_add(document, "windows", windows);
	return json_print_session(document, db, err);
}

static const struct table_column columns[] = {
	{"feed", "feed", TABLE_LEFT},
	{"asset", "asset", TABLE_LEFT},
	{"chain", "chain", TABLE_LEFT},
	{"count", "count", TABLE_RIGHT},
	{"p50", "window_p50_ns", TABLE_RIGHT},
	{"mean", "window_mean_ns", TABLE_RIGHT},
	{"vol/yr", "volatility", TABLE_RIGHT},
	{"moves", "move_mean", TABLE_RIGHT},
	{"brownian", "move_brownian", TABLE_RIGHT},
	{"beyond fee", "move_beyond_fee", TABLE_RIGHT},
	{"corrects", "correction_mean", TABLE_RIGHT},
	{"beyond fee", "correction_beyond_fee", TABLE_RIGHT},
	{"block", "block_interval_ns", TABLE_RIGHT},
	{"arb blocks", "arbitrage_share", TABLE_RIGHT},
	{"LVR/day", "lvr_per_day", TABLE_RIGHT},
	{"with fee", "lvr_with_fee_per_day", TABLE_RIGHT},
	{"even blocks", "lvr_even_blocks_per_day", TABLE_RIGHT},
	{"per update", "value_per_update_beyond_gas", TABLE_RIGHT},
	{"worth it", "worthwhile_share", TABLE_RIGHT},
};

/* Shares of a price, as people speak of them: basis points. In CSV the share itself. */
static void table_bps(struct table *table, double share, bool csv)
{
	char text[48];

	if (csv || isnan(share)) {
		table_number(table, share, 6);
		return;
	}
	snprintf(text, sizeof(text), "%.3g bp", 1e4 * share);
	table_text(table, text);
}

static int print_table(const struct window_list *list, bool csv, struct error *err)
{
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));

	for (size_t i = 0; i < list->count; i++) {
		const struct window *w = &list->items[i];

		table_text(table, w->latency->feed);
		table_text(table, w->latency->asset);
		table_text(table, w->chain);
		table_count(table, w->latency->count);
		table_duration(table, w->latency->p50_ns);
		table_duration(table, w->latency->mean_ns);
		table_share(table, w->volatility);
		table_bps(table, w->move.mean, csv);
		table_bps(table, w->move_brownian, csv);
		table_bps(table, w->move_beyond, csv);
		table_bps(table, w->correction.mean, csv);
		table_bps(table, w->correction_beyond, csv);
		table_duration(table, w->block_interval_ns);
		table_share(table, w->arbitrage_share);
		table_bps(table, w->lvr_day, csv);
		table_bps(table, w->lvr_fee_day, csv);
		table_bps(table, w->lvr_even_day, csv);
		table_number(table, w->value_update_beyond_gas, 2);
		table_share(table, w->worthwhile_share);
	}
	return table_finish(table, csv, err);
}

static int print(sqlite3 *db, const struct arguments *a, const struct window_list *list, struct error *err)
{
	int status;

	if (a->common.json)
		return print_json(db, a, list, err);
	status = print_table(list, a->common.csv, err);
	if (status)
		return status;
	if (!a->common.csv && isnan(a->terms.fee))
		puts("\nwithout --fee-bps nothing is known of fees, of blocks with an arbitrage and of values");
	else if (!a->common.csv && (isnan(a->terms.position) || isnan(a->terms.gas)))
		puts("\nwhat an update is worth takes --position and --gas");
	return 0;
}

int cmd_window(int argc, char **argv)
{
	struct arguments a = {.choice = {true, true, STAGE_WIRE, STAGE_SEEN, NULL, NULL}, .terms = {NAN, NAN, NAN}};
	struct latency_list latencies = {0};
	struct window_list list = {0};
	sqlite3 *db = NULL;
	struct error err;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	status = session_open_read(&db, a.common.files[0], &err);
	if (!status && a.choice.feed)
		status = latency_check_feed(db, a.choice.feed, &err);
	if (!status)
		status = latency_figures(db, &a.choice.from, &a.choice.to, &latencies, &err);
	if (!status) {
		latency_list_keep(&latencies, a.choice.feed, a.choice.asset);
		status = window_compute(db, &latencies, &a.terms, &list, &err);
	}
	if (!status)
		status = print(db, &a, &list, &err);
	if (status) {
		fprintf(stderr, "pricelag window: %s\n", err.text);
		status = EXIT_FAILED;
	} else {
		status = doubts_print(db, &latencies);
	}
	window_list_free(&list);
	latency_list_free(&latencies);
	sqlite3_close(db);
	return status;
}
