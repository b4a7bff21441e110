// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/latency_print.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "latency/account.h"
#include "session/clockmap.h"
#include "session/session.h"
#include "output/table.h"

/* ---- JSON ---- */

struct json_object *latency_json(const struct latency *l)
{
	struct json_object *item = json_object_new_object();

	json_add_name(item, "feed", l->feed);
	json_add_name(item, "asset", l->asset);
	json_add_text(item, "from", stages[l->from].name);
	json_add_text(item, "to", stages[l->to].name);
	json_add_count(item, "count", l->count);
	json_add_count(item, "censored", l->censored);
	json_add_count(item, "unmatched", l->unmatched);
	json_add_count(item, "superseded", l->superseded);
	json_add_count(item, "before_start", l->before_start);
	json_add_count(item, "negative", l->negative);
	json_add_ns(item, "min_ns", l->min_ns);
	json_add_ns(item, "mean_ns", l->mean_ns);
	json_add_ns(item, "p50_ns", l->p50_ns);
	json_add_ns(item, "p90_ns", l->p90_ns);
	json_add_ns(item, "p99_ns", l->p99_ns);
	json_add_ns(item, "p999_ns", l->p999_ns);
	json_add_ns(item, "max_ns", l->max_ns);
	json_add_ns_pair(item, "p50_ci95_ns", l->p50_ci95_ns);
	json_add_ns_pair(item, "p99_ci95_ns", l->p99_ci95_ns);
	json_add_text(item, "interval", l->count ? interval_names[l->basis.method] : NULL);
	json_add_number(item, "autocorrelation", l->basis.autocorrelation);
	json_add_number(item, "effective_count", l->effective_count);
	json_add_count(item, "drawn", l->drawn);
	json_add_ns(item, "clock_error_ns", l->clock_error_ns);
	return item;
}

int latency_json_joins(struct json_object *document, sqlite3 *db, struct error *err)
{
	struct json_object *joins = json_object_new_array();
	struct join_account_list accounts;
	int status = join_accounts_load(db, &accounts, err);

	for (size_t i = 0; i < accounts.count; i++) {
		const struct join_account *a = &accounts.items[i];
		struct json_object *item = json_object_new_object(), *methods = json_object_new_object();

		for (int m = 0; m < JOIN_METHODS; m++)
			json_add_count(methods, join_method_names[m], a->by[m]);
		json_add_name(item, "feed", a->feed);
		json_add_name(item, "asset", a->asset);
		json_add_bool(item, "updated", a->updated);
		json_add_name(item, "joined_by", a->joined_by);
		json_add_count(item, "total", a->total);
		json_add_count(item, "matched", a->matched);
		json_add(item, "matched_by", methods);
		json_add_count(item, "censored", a->censored);
		json_add_count(item, "superseded", a->superseded);
		json_add_count(item, "unmatched", a->unmatched);
		json_add_count(item, "before_start", a->before_start);
		json_add_count(item, "repeated", a->repeated);
		json_add_number(item, "false_match_rate", a->false_matches.share);
		json_add_number_pair(item, "false_match_ci95", a->false_matches.ci95);
		json_object_array_add(joins, item);
	}
	json_add(document, "joins", joins);
	join_accounts_free(&accounts);
	return status;
}

int latency_json_clock(struct json_object *document, sqlite3 *db, struct error *err)
{
	struct json_object *item;
	struct clockmap *clock;
	int status = clockmap_load(&clock, db, err);

	if (status)
		return status;
	item = json_object_new_object();
	json_add_text(item, "source", clock_source_names[clockmap_source(clock)]);
	json_add_ns(item, "utc_error_ns", clockmap_utc_error_ns(clock));
	json_add_ns(item, "bracket_ns", clockmap_bracket_ns(clock));
	json_add(document, "clock", item);
	clockmap_free(clock);
	return 0;
}

/* ---- CSV ---- */

static const struct table_column csv_columns[] = {
	{"", "feed", TABLE_LEFT},
	{"", "asset", TABLE_LEFT},
	{"", "from", TABLE_LEFT},
	{"", "to", TABLE_LEFT},
	{"", "count", TABLE_RIGHT},
	{"", "censored", TABLE_RIGHT},
	{"", "unmatched", TABLE_RIGHT},
	{"", "superseded", TABLE_RIGHT},
	{"", "before_start", TABLE_RIGHT},
	{"", "negative", TABLE_RIGHT},
	{"", "min_ns", TABLE_RIGHT},
	{"", "mean_ns", TABLE_RIGHT},
	{"", "p50_ns", TABLE_RIGHT},
	{"", "p90_ns", TABLE_RIGHT},
	{"", "p99_ns", TABLE_RIGHT},
	{"", "p999_ns", TABLE_RIGHT},
	{"", "max_ns", TABLE_RIGHT},
	{"", "p50_ci95_low_ns", TABLE_RIGHT},
	{"", "p50_ci95_high_ns", TABLE_RIGHT},
	{"", "p99_ci95_low_ns", TABLE_RIGHT},
	{"", "p99_ci95_high_ns", TABLE_RIGHT},
	{"", "clock_error_ns", TABLE_RIGHT},
};

int latency_print_csv(const struct latency_list *list, struct error *err)
{
	struct table *table = table_new(csv_columns, sizeof(csv_columns) / sizeof(csv_columns[0]));

	for (size_t i = 0; i < list->count; i++) {
		const struct latency *l = &list->items[i];
		const uint64_t counts[] = {l->count, l->censored, l->unmatched, l->superseded, l->before_start, l->negative};
		const int64_t durations[] = {l->min_ns, l->mean_ns, l->p50_ns, l->p90_ns, l->p99_ns, l->p999_ns, l->max_ns,
					     l->p50_ci95_ns[0], l->p50_ci95_ns[1], l->p99_ci95_ns[0],
					     l->p99_ci95_ns[1], l->clock_error_ns};

		table_text(table, l->feed);
		table_text(table, l->asset);
		table_text(table, stages[l->from].name);
		table_text(table, stages[l->to].name);
		for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++)
			table_count(table, counts[k]);
		for (size_t k = 0; k < sizeof(durations) / sizeof(durations[0]); k++)
			table_duration(table, durations[k]);
	}
	return table_finish(table, true, err);
}

/* ---- for people ---- */

static const struct table_column columns[] = {
	{"feed", "", TABLE_LEFT},    {"asset", "", TABLE_LEFT},	     {"from", "", TABLE_LEFT},
	{"to", "", TABLE_LEFT},	     {"count", "", TABLE_RIGHT},     {"p50", "", TABLE_RIGHT},
	{"(95 %)", "", TABLE_LEFT}, {"p90", "", TABLE_RIGHT},	     {"p99", "", TABLE_RIGHT},
	{"(95 %)", "", TABLE_LEFT}, {"p99.9", "", TABLE_RIGHT},     {"max", "", TABLE_RIGHT},
	{"clock", "", TABLE_RIGHT}, {"open", "", TABLE_RIGHT},	     {"overtaken", "", TABLE_RIGHT},
	{"unmatched", "", TABLE_RIGHT},
};

int latency_print_table(const struct latency_list *list, struct error *err)
{
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	char bound[FORMAT_MAX], text[FORMAT_MAX + 8];

	for (size_t i = 0; i < list->count; i++) {
		const struct latency *l = &list->items[i];

		table_text(table, l->feed);
		table_text(table, l->asset);
		table_text(table, stages[l->from].name);
		table_text(table, stages[l->to].name);
		table_count(table, l->count);
		table_duration(table, l->p50_ns);
		table_interval(table, l->p50_ci95_ns);
		table_duration(table, l->p90_ns);
		table_duration(table, l->p99_ns);
		table_interval(table, l->p99_ci95_ns);
		table_duration(table, l->p999_ns);
		table_duration(table, l->max_ns);
		snprintf(text, sizeof(text), "%s%s", l->clock_error_ns == TIME_UNKNOWN ? "" : "±",
			 format_duration(l->clock_error_ns, bound, sizeof(bound)));
		table_text(table, text);
		table_count(table, l->censored);
		table_count(table, l->superseded);
		table_count(table, l->unmatched);
	}
	return table_finish(table, false, err);
}

/* Quantiles of what was drawn, where that is not all. */
void latency_print_drawn(const struct latency_list *list)
{
	const char *before = "\nquantiles and intervals come of durations that were drawn, all else of all:";

	for (size_t i = 0; i < list->count; i++) {
		const struct latency *l = &list->items[i];
		char *feed = text_printable(l->feed), *asset = text_printable(l->asset);

		if (l->drawn < l->count) {
			printf("%s %s %s %s to %s (%" PRIu64 " of %" PRIu64 ")", before, feed ? feed : "?", asset ? asset : "?",
			       stages[l->from].name, stages[l->to].name, l->drawn, l->count);
			before = ",";
		}
		free(feed);
		free(asset);
	}
	if (before[0] == ',')
		putchar('\n');
}

/* Where durations follow each other, the intervals are wider than as many independent samples would give: said once. */
void latency_print_memory(const struct latency_list *list)
{
	const char *before = "\nautocorrelated, so intervals come of a block bootstrap:";

	for (size_t i = 0; i < list->count; i++) {
		const struct latency *l = &list->items[i];
		char *feed = text_printable(l->feed), *asset = text_printable(l->asset);

		if (l->drawn && l->effective_count < 0.99 * (double)l->drawn) {
			printf("%s %s %s %s to %s (%" PRIu64 " worth %.0f)", before, feed ? feed : "?", asset ? asset : "?",
			       stages[l->from].name, stages[l->to].name, l->drawn, l->effective_count);
			before = ",";
		}
		free(feed);
		free(asset);
	}
	if (before[0] == ',')
		putchar('\n');
}

/* " by key", " by bytes 118, key 2". */
static void print_methods(const struct join_account *a)
{
	const char *before = " by";
	int methods = 0;

	for (int m = 0; m < JOIN_METHODS; m++)
		methods += a->by[m] > 0;
	for (int m = 0; m < JOIN_METHODS; m++) {
		if (!a->by[m])
			continue;
		printf("%s %s", before, join_method_names[m]);
		if (methods > 1)
			printf(" %" PRIu64, a->by[m]);
		before = ",";
	}
}

/* "venue ETH/USD by key: 410 rows = 120 matched + 3 open + 287 overtaken + 0 unmatched; …": nothing is left out. */
static void print_join(const struct join_account *a)
{
	char *feed = text_printable(a->feed), *asset = text_printable(a->asset);

	printf("join: %s%s%s", feed ? feed : "?", a->feed[0] ? " " : "", asset ? asset : "?");
	print_methods(a);
	printf(": %" PRIu64 " = %" PRIu64 " matched + %" PRIu64 " open + %" PRIu64 " overtaken + %" PRIu64 " unmatched", a->total,
	       a->matched, a->censored, a->superseded, a->unmatched);
	if (a->before_start)
		printf("; %" PRIu64 " updates of before the feed's first message", a->before_start);
	if (a->repeated)
		printf("; %" PRIu64 " updates repeat one that had landed", a->repeated);
	if (!isnan(a->false_matches.share))
		printf("; of the matches %.2g %% (%.2g … %.2g %%) may be wrong", 100 * a->false_matches.share,
		       100 * a->false_matches.ci95[0], 100 * a->false_matches.ci95[1]);
	putchar('\n');
	free(feed);
	free(asset);
}

#define NOT_UPDATED_NAMED 8

/* "join: nothing on chain updates venue DOGE/USD, venue XRP/USD and 312 more". */
static void print_not_updated(const struct join_account *a, size_t number)
{
	char *feed = text_printable(a->feed), *asset = text_printable(a->asset);

	if (number < NOT_UPDATED_NAMED)
		printf("%s %s %s", number ? "," : "join: nothing on chain updates", feed ? feed : "?", asset ? asset : "?");
	free(feed);
	free(asset);
}

int latency_print_joins(sqlite3 *db, const char *only_feed, const char *only_asset, struct error *err)
{
	struct join_account_list accounts;
	int status = join_accounts_load(db, &accounts, err);
	size_t chosen = 0, not_updated = 0;

	if (!status && accounts.count)
		putchar('\n');
	for (size_t i = 0; i < accounts.count; i++)
		if ((!only_feed || !strcmp(only_feed, accounts.items[i].feed)) &&
		    (!only_asset || !strcmp(only_asset, accounts.items[i].asset)))
			accounts.items[chosen++] = accounts.items[i];
	for (size_t i = 0; i < chosen; i++)
		if (accounts.items[i].updated)
			print_join(&accounts.items[i]);
	for (size_t i = 0; i < chosen; i++)
		if (!accounts.items[i].updated)
			print_not_updated(&accounts.items[i], not_updated++);
	if (not_updated > NOT_UPDATED_NAMED)
		printf(" and %zu more", not_updated - NOT_UPDATED_NAMED);
	if (not_updated)
		putchar('\n');
	join_accounts_free(&accounts);
	return status;
}

int latency_print_clock(sqlite3 *db, struct error *err)
{
	char text[160], kind[16];
	struct clockmap *clock;
	int status;

	session_meta(db, "kind", kind, sizeof(kind));
	if (!strcmp(kind, "replay")) {
		puts("\nclock: the captures' own stamps, taken as UTC");
		return 0;
	}
	status = clockmap_load(&clock, db, err);

	if (status)
		return status;
	printf("\nclock: %s\n", clockmap_describe(clock, text, sizeof(text)));
	clockmap_free(clock);
	return 0;
}
