// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pricelag leadlag: which of two prices leads, where no key says which messages are the same. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/duration.h"
#include "cmd/cmd.h"
#include "cmd/losses.h"
#include "cmd/session_arguments.h"
#include "margin/price_csv.h"
#include "latency/prices.h"
#include "output/json_out.h"
#include "output/table.h"
#include "session/session.h"
#include "stats/leadlag.h"

enum { KEY_MAX_LAG = KEY_OWN, KEY_COLUMNS };

#define MAX_LAG_NS 60000000000
#define CHANCE_MAX 0.05 /* a relation that chance makes more often is none */

struct arguments {
	struct session_arguments common;
	const char *asset;
	char *time_name, *price_name;
	int64_t max_lag_ns;
};

static const struct session_files session_or_csv = {1, 2, "a session file is missing, or two CSV files of prices",
						    "one session, or two CSV files"};

static const struct argp_option options[] = {
	{"max-lag", KEY_MAX_LAG, "TIME", 0, "look for lags up to this, either way (60s)", 0},
	{"asset", KEY_ASSET, "NAME", 0, "only this asset of the session", 0},
	{"columns", KEY_COLUMNS, "TIME,PRICE", 0, "names of the columns of CSV files (time_s,price)", 0},
	OPTION_JSON("pricelag.leadlag/1", 1),
	OPTION_CSV(1),
	{0},
};

static void parse_columns(struct arguments *a, const char *arg, struct argp_state *state)
{
	char *copy = strdup(arg), *comma = copy ? strchr(copy, ',') : NULL;

	if (!comma || comma == copy || !comma[1] || strchr(comma + 1, ','))
		argp_error(state, "--columns: '%s' is not two names with a comma between", arg);
	*comma = '\0';
	free(a->time_name);
	a->time_name = copy;
	a->price_name = comma + 1;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case KEY_MAX_LAG:
		if (duration_parse(arg, &a->max_lag_ns) || a->max_lag_ns < 1000000 || a->max_lag_ns > 86400000000000)
			argp_error(state, "--max-lag: '%s' is not a time between 1ms and 1d", arg);
		return 0;
	case KEY_ASSET:
		a->asset = arg;
		return 0;
	case KEY_COLUMNS:
		parse_columns(a, arg, state);
		return 0;
	}
	return session_parse(&a->common, &session_or_csv, key, arg, state);
}

static const struct argp argp = {
	options, parse, "S.db\nA.csv B.csv",
	"Which of two prices of one asset leads, and by how much, where no key says which messages are the same: for all "
	"pairs of feeds of a session, or for two CSV files."
	"\vThe lag is the shift in time at which the moves of one price go best with those of the other (Hayashi and Yoshida "
	"2005; Hoffmann, Rosenbaum and Yoshida 2013); 'contrast' is their correlation at that shift. The intervals come of "
	"drawing blocks of time again, and 'same side' is the share of draws in which the same feed leads. 'chance' is how "
	"often as good a contrast is found with one price turned round the clock, at least 0.05. A lead is claimed where the "
	"interval of the lag excludes zero and chance is at most 0.05.",
	NULL, NULL, NULL};

/* ---- pairs ---- */

struct pair {
	const struct price_series *a, *b;
	struct leadlag result;
};

struct pairs {
	struct pair *items;
	size_t count;
};

static int add_pair(struct pairs *pairs, const struct price_series *a, const struct price_series *b, int64_t max_lag_ns,
		    struct error *err)
{
	struct pair *grown = realloc(pairs->items, (pairs->count + 1) * sizeof(*grown)), *pair;

	if (!grown)
		return error_set(err, -ENOMEM, "no memory for the pairs");
	pairs->items = grown;
	pair = &grown[pairs->count++];
	*pair = (struct pair){.a = a, .b = b};
	if (leadlag_of(a->ticks, a->count, b->ticks, b->count, max_lag_ns, &pair->result))
		return error_set(err, -ENOMEM, "no memory for the lags");
	return 0;
}

/* -1: A leads, 1: B does, 0: neither can be claimed. */
static int leader_of(const struct leadlag *result)
{
	if (result->lag_ns == TIME_UNKNOWN || result->lag_ci95_ns[0] == TIME_UNKNOWN || !(result->p_value <= CHANCE_MAX))
		return 0;
	return result->lag_ci95_ns[0] > 0 ? -1 : result->lag_ci95_ns[1] < 0 ? 1 : 0;
}

/* Of one asset, and that one asked for. */
static bool is_pair(const struct price_series *a, const struct price_series *b, const struct arguments *arguments)
{
	return !strcmp(a->asset, b->asset) && (!arguments->asset || !strcmp(arguments->asset, a->asset));
}

/* A pair takes seconds: how many there are, and which is at work, on a terminal. */
static void show_progress(size_t done, size_t total)
{
	if (!isatty(STDERR_FILENO))
		return;
	if (done < total)
		fprintf(stderr, "\rpair %zu of %zu", done + 1, total);
	else
		fprintf(stderr, "\r\033[K");
	fflush(stderr);
}

static int compute(struct pairs *pairs, const struct price_series_list *prices, const struct arguments *a,
		   struct error *err)
{
	size_t total = 0;
	int status = 0;

	for (size_t i = 0; i < prices->count; i++)
		for (size_t k = i + 1; k < prices->count; k++)
			total += is_pair(&prices->items[i], &prices->items[k], a);
	for (size_t i = 0; i < prices->count; i++) {
		for (size_t k = i + 1; !status && k < prices->count; k++) {
			if (!is_pair(&prices->items[i], &prices->items[k], a))
				continue;
			show_progress(pairs->count, total);
			status = add_pair(pairs, &prices->items[i], &prices->items[k], a->max_lag_ns, err);
		}
	}
	if (total)
		show_progress(total, total);
	return status;
}

/* Two CSV files are two feeds of one asset without a name; a feed is called as its file. */
static int load_csv(struct price_series_list *prices, const struct arguments *a, struct error *err)
{
	int status = 0;

	prices->items = calloc(2, sizeof(*prices->items));
	if (!prices->items)
		return error_set(err, -ENOMEM, "no memory for the prices");
	for (int i = 0; !status && i < 2; i++) {
		struct price_series *out = &prices->items[prices->count++];
		const char *slash = strrchr(a->common.files[i], '/');
		struct series series;

		status = price_csv_read_columns(a->common.files[i], a->time_name ? a->time_name : "time_s",
						a->price_name ? a->price_name : "price", &series, err);
		if (status)
			break;
		snprintf(out->feed, sizeof(out->feed), "%s", slash ? slash + 1 : a->common.files[i]);
		out->ticks = malloc(series.count * sizeof(*out->ticks));
		if (!out->ticks)
			status = error_set(err, -ENOMEM, "no memory for the prices");
		for (size_t k = 0; !status && k < series.count; k++) {
			double ns = series.time_s[k] * 1e9;

			if (!(fabs(ns) < (double)TICK_LIMIT_NS))
				status = error_set(err, -ERANGE, "%s: time %g s is beyond 126 years from 1970", a->common.files[i],
						   series.time_s[k]);
			else
				out->ticks[out->count++] = (struct tick){(int64_t)ns, series.log_price[k]};
		}
		price_csv_free(&series);
	}
	return status;
}

/* ---- output ---- */

static struct json_object *json_pair(const struct pair *pair)
{
	struct json_object *item = json_object_new_object();
	const struct leadlag *r = &pair->result;
	int leader = leader_of(r);

	json_add_name(item, "asset", pair->a->asset);
	json_add_name(item, "a", pair->a->feed);
	json_add_name(item, "b", pair->b->feed);
	json_add_count(item, "ticks_a", pair->a->count);
	json_add_count(item, "ticks_b", pair->b->count);
	json_add_text(item, "leader", leader < 0 ? pair->a->feed : leader > 0 ? pair->b->feed : NULL);
	json_add_ns(item, "lag_ns", r->lag_ns);
	json_add_ns_pair(item, "lag_ci95_ns", r->lag_ci95_ns);
	json_add_number(item, "contrast", r->contrast);
	json_add_number_pair(item, "contrast_ci95", r->contrast_ci95);
	json_add_number(item, "same_side", r->same_side);
	json_add_number(item, "ratio", r->ratio);
	json_add_number(item, "p_value", r->p_value);
	return item;
}

static int print_json(sqlite3 *db, const struct pairs *pairs, struct error *err)
{
	struct json_object *document = json_document("pricelag.leadlag/1"), *items = json_object_new_array();

	for (size_t i = 0; i < pairs->count; i++)
		json_object_array_add(items, json_pair(&pairs->items[i]));
	json_add(document, "pairs", items);
	return db ? json_print_session(document, db, err) : json_print(document, stdout, err);
}

static const struct table_column columns[] = {
	{"asset", "asset", TABLE_LEFT},
	{"A", "a", TABLE_LEFT},
	{"B", "b", TABLE_LEFT},
	{"ticks A", "ticks_a", TABLE_RIGHT},
	{"ticks B", "ticks_b", TABLE_RIGHT},
	{"B after A", "lag_ns", TABLE_RIGHT},
	{"from", "lag_ci95_low_ns", TABLE_RIGHT},
	{"to (95 %)", "lag_ci95_high_ns", TABLE_RIGHT},
	{"contrast", "contrast", TABLE_RIGHT},
	{"same side", "same_side", TABLE_RIGHT},
	{"chance", "p_value", TABLE_RIGHT},
};

/* "bitflyer leads btcbox by 17.4 s (11.3 s … 18.0 s)" */
static void print_verdict(const struct pair *pair)
{
	const struct leadlag *r = &pair->result;
	char lag[FORMAT_MAX], low[FORMAT_MAX], high[FORMAT_MAX];
	char *a = text_printable(pair->a->feed), *b = text_printable(pair->b->feed);
	int leader = leader_of(r);

	if (!leader)
		printf("%s and %s: no lead can be claimed\n", a ? a : "?", b ? b : "?");
	else
		printf("%s leads %s by %s (%s … %s)\n", leader < 0 ? a ? a : "?" : b ? b : "?",
		       leader < 0 ? b ? b : "?" : a ? a : "?", format_duration(llabs(r->lag_ns), lag, sizeof(lag)),
		       format_duration(llabs(r->lag_ci95_ns[leader > 0]), low, sizeof(low)),
		       format_duration(llabs(r->lag_ci95_ns[leader < 0]), high, sizeof(high)));
	free(a);
	free(b);
}

static int print_table(const struct pairs *pairs, bool csv, struct error *err)
{
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	int status;

	for (size_t i = 0; i < pairs->count; i++) {
		const struct pair *pair = &pairs->items[i];
		const struct leadlag *r = &pair->result;

		table_text(table, pair->a->asset);
		table_text(table, pair->a->feed);
		table_text(table, pair->b->feed);
		table_count(table, pair->a->count);
		table_count(table, pair->b->count);
		table_duration(table, r->lag_ns);
		table_duration(table, r->lag_ci95_ns[0]);
		table_duration(table, r->lag_ci95_ns[1]);
		table_number(table, r->contrast, 3);
		table_share(table, r->same_side);
		table_number(table, r->p_value, 2);
	}
	status = table_finish(table, csv, err);
	if (!csv && pairs->count)
		putchar('\n');
	for (size_t i = 0; !csv && i < pairs->count; i++)
		print_verdict(&pairs->items[i]);
	return status;
}

/* What the result cannot be trusted for. */
static enum exit_status doubt(sqlite3 *db, const struct pairs *pairs)
{
	enum exit_status status = db ? losses_print(db, "oracle") : EXIT_OK;

	if (!pairs->count) {
		fprintf(stderr, "no two feeds carry the same asset: there is nothing to set against each other\n");
		return EXIT_UNTRUSTED;
	}
	for (size_t i = 0; i < pairs->count; i++) {
		if (!isnan(pairs->items[i].result.p_value))
			continue;
		fprintf(stderr, "%s and %s have too few prices in common time for any certainty: at least %d, over 40 times "
				"the largest lag (--max-lag)\n", pairs->items[i].a->feed, pairs->items[i].b->feed, LEADLAG_TICKS_MIN);
		status = EXIT_UNTRUSTED;
	}
	return status;
}

int cmd_leadlag(int argc, char **argv)
{
	struct arguments a = {.max_lag_ns = MAX_LAG_NS};
	struct price_series_list prices = {0};
	struct pairs pairs = {0};
	sqlite3 *db = NULL;
	struct error err;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (a.common.count == 2) {
		status = load_csv(&prices, &a, &err);
	} else {
		status = session_open_read(&db, a.common.files[0], &err);
		if (!status)
			status = prices_load(db, &prices, &err);
	}
	if (!status)
		status = compute(&pairs, &prices, &a, &err);
	if (!status)
		status = a.common.json ? print_json(db, &pairs, &err) : print_table(&pairs, a.common.csv, &err);
	fflush(stdout);
	if (status) {
		fprintf(stderr, "pricelag leadlag: %s\n", err.text);
		status = EXIT_FAILED;
	} else {
		status = doubt(db, &pairs);
	}
	free(pairs.items);
	prices_free(&prices);
	free(a.time_name);
	sqlite3_close(db);
	return status;
}
