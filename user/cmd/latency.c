// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pricelag latency: how long from one stage of an update's life to another, per feed and asset. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "cmd/cmd.h"
#include "latency/account.h"
#include "latency/latency.h"
#include "output/json_out.h"
#include "output/loss_words.h"
#include "output/table.h"
#include "session/loss.h"
#include "session/session.h"

enum { KEY_FROM = 0x100, KEY_TO, KEY_FEED, KEY_ASSET };

struct arguments {
	const char *session, *feed, *asset;
	bool has_from, has_to, json, csv;
	enum stage from, to;
};

static const struct argp_option options[] = {
	{"from", KEY_FROM, "STAGE", 0, "together with --to: one pair of stages instead of the usual ones", 0},
	{"to", KEY_TO, "STAGE", 0, NULL, 0},
	{"feed", KEY_FEED, "NAME", 0, "only this feed", 0},
	{"asset", KEY_ASSET, "NAME", 0, "only this asset", 0},
	{"json", 'j', NULL, 0, "one JSON document on stdout (schema pricelag.latency/1)", 1},
	{"csv", 'c', NULL, 0, "comma-separated values on stdout: durations in ns, unknown is empty", 1},
	{0},
};

static enum stage parse_stage(const char *text, const char *option, struct argp_state *state)
{
	enum stage stage = STAGE_PUBLISHED;

	if (stage_parse(text, &stage))
		argp_error(state, "%s: there is no stage '%s'; the stages are %s", option, text, stage_names());
	return stage;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case KEY_FROM:
		a->from = parse_stage(arg, "--from", state);
		a->has_from = true;
		return 0;
	case KEY_TO:
		a->to = parse_stage(arg, "--to", state);
		a->has_to = true;
		return 0;
	case KEY_FEED:
		a->feed = arg;
		return 0;
	case KEY_ASSET:
		a->asset = arg;
		return 0;
	case 'j':
		a->json = true;
		return 0;
	case 'c':
		a->csv = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->session)
			argp_error(state, "'%s' is not expected here: one session at a time", arg);
		a->session = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->session)
			argp_error(state, "the session file is missing");
		if (a->has_from != a->has_to)
			argp_error(state, "--from and --to go together; the stages are %s", stage_names());
		if (a->has_from && a->from == a->to)
			argp_error(state, "--from and --to name the same stage");
		if (a->json && a->csv)
			argp_error(state, "give --json or --csv, not both");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options, parse, "S.db",
	"Distributions of the time from one stage of an update to another, per feed and asset."
	"\vStages, in the order of an update's life: published (the publisher's clock), nic, wire (the packet that completes "
	"the message arrives), app (decoded), sent (the keeper's reaction leaves), block (the block's timestamp), "
	"block_wire, block_complete, seen (visible on chain here).\n\n"
	"'open' are messages that had not landed when the session ended: they count as lasting at least that long "
	"(Kaplan-Meier). 'overtaken' are messages that a newer one of the asset replaced on chain: they are left out. "
	"'unmatched' are updates on chain for which the feed had no message. 'clock' is the bound on what the clocks may "
	"add to or take from each value. A quantile or bound that the data cannot reach is shown as unknown.",
	NULL, NULL, NULL};

/* ---- output ---- */

static int json_add_joins(struct json_object *document, sqlite3 *db, struct error *err)
{
	struct json_object *joins = json_object_new_array();
	struct join_account_list accounts;
	int status = join_accounts_load(db, &accounts, err);

	for (size_t i = 0; i < accounts.count; i++) {
		const struct join_account *a = &accounts.items[i];
		struct json_object *item = json_object_new_object(), *interval = json_object_new_array_ext(2);

		json_add_name(item, "feed", a->feed);
		json_add_name(item, "asset", a->asset);
		json_add_name(item, "joined_by", a->joined_by);
		json_add_count(item, "total", a->total);
		json_add_count(item, "matched", a->matched);
		json_add_count(item, "censored", a->censored);
		json_add_count(item, "superseded", a->superseded);
		json_add_count(item, "unmatched", a->unmatched);
		json_add_count(item, "before_start", a->before_start);
		json_add_count(item, "repeated", a->repeated);
		json_add_number(item, "false_match_rate", a->false_matches.share);
		json_object_array_add(interval, json_number(a->false_matches.ci95[0]));
		json_object_array_add(interval, json_number(a->false_matches.ci95[1]));
		json_add(item, "false_match_ci95", interval);
		json_object_array_add(joins, item);
	}
	json_add(document, "joins", joins);
	join_accounts_free(&accounts);
	return status;
}

static int print_json(sqlite3 *db, const struct latency_list *list, struct error *err)
{
	struct json_object *document = json_document("pricelag.latency/1"), *latencies = json_object_new_array();
	int status;

	for (size_t i = 0; i < list->count; i++) {
		const struct latency *l = &list->items[i];
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
		json_add_ns(item, "clock_error_ns", l->clock_error_ns);
		json_object_array_add(latencies, item);
	}
	json_add(document, "latencies", latencies);
	status = json_add_joins(document, db, err);
	if (!status)
		status = json_add_losses(document, "losses", db, err);
	if (status) {
		json_object_put(document);
		return status;
	}
	return json_print(document, stdout, err);
}

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

static int print_csv(const struct latency_list *list)
{
	struct table *table = table_new(csv_columns, sizeof(csv_columns) / sizeof(csv_columns[0]));
	int status;

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
	status = table_csv(table, stdout);
	table_free(table);
	return status;
}

static const struct table_column columns[] = {
	{"feed", "", TABLE_LEFT},    {"asset", "", TABLE_LEFT},	     {"from", "", TABLE_LEFT},
	{"to", "", TABLE_LEFT},	     {"count", "", TABLE_RIGHT},     {"p50", "", TABLE_RIGHT},
	{"(95 %)", "", TABLE_LEFT}, {"p90", "", TABLE_RIGHT},	     {"p99", "", TABLE_RIGHT},
	{"(95 %)", "", TABLE_LEFT}, {"p99.9", "", TABLE_RIGHT},     {"max", "", TABLE_RIGHT},
	{"clock", "", TABLE_RIGHT}, {"open", "", TABLE_RIGHT},	     {"overtaken", "", TABLE_RIGHT},
	{"unmatched", "", TABLE_RIGHT},
};

static int print_table(const struct latency_list *list)
{
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	char bound[FORMAT_MAX], text[FORMAT_MAX + 8];
	int status;

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
	status = table_print(table, stdout);
	table_free(table);
	return status;
}

/* Where durations follow each other, the intervals are wider than as many independent samples would give: said once. */
static void print_memory(const struct latency_list *list)
{
	const char *before = "\nautocorrelated, so intervals come of a block bootstrap:";

	for (size_t i = 0; i < list->count; i++) {
		const struct latency *l = &list->items[i];
		char *feed = text_printable(l->feed), *asset = text_printable(l->asset);

		if (l->count && l->effective_count < 0.99 * (double)l->count) {
			printf("%s %s %s %s to %s (%" PRIu64 " worth %.0f)", before, feed ? feed : "?", asset ? asset : "?",
			       stages[l->from].name, stages[l->to].name, l->count, l->effective_count);
			before = ",";
		}
		free(feed);
		free(asset);
	}
	if (before[0] == ',')
		putchar('\n');
}

/* "venue ETH/USD by key: 410 rows = 120 matched + 3 open + 287 overtaken + 0 unmatched; …": nothing is left out. */
static void print_join(const struct join_account *a)
{
	char *feed = text_printable(a->feed), *asset = text_printable(a->asset);

	printf("join: %s%s%s%s%s: %" PRIu64 " = %" PRIu64 " matched + %" PRIu64 " open + %" PRIu64 " overtaken + %" PRIu64
	       " unmatched", feed ? feed : "?", a->feed[0] ? " " : "", asset ? asset : "?", a->joined_by[0] ? " by " : "",
	       a->joined_by, a->total, a->matched, a->censored, a->superseded, a->unmatched);
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

static int print_joins(sqlite3 *db, const struct arguments *a, struct error *err)
{
	struct join_account_list accounts;
	int status = join_accounts_load(db, &accounts, err);

	if (!status && accounts.count)
		putchar('\n');
	for (size_t i = 0; i < accounts.count; i++)
		if ((!a->feed || !strcmp(a->feed, accounts.items[i].feed)) &&
		    (!a->asset || !strcmp(a->asset, accounts.items[i].asset)))
			print_join(&accounts.items[i]);
	join_accounts_free(&accounts);
	return status;
}

static void print_loss(void *context, const char *source, const char *name, uint64_t count)
{
	char *shown = count ? text_printable(source) : NULL;

	if (!count)
		return;
	printf("lost: %s.%s %" PRIu64 ": %s\n", shown ? shown : "?", name, count, loss_words(name));
	free(shown);
	*(bool *)context = true;
}

static int print_losses(sqlite3 *db, struct error *err)
{
	char closed[8];
	bool any = false;
	int status;

	putchar('\n');
	status = loss_each(db, print_loss, &any, err);
	if (status)
		return status;
	if (!any)
		puts("no losses");
	session_meta(db, "clean_close", closed, sizeof(closed));
	if (!closed[0])
		puts("the session is being recorded, or its recorder was killed: its last second may be missing");
	return 0;
}

/* ---- command ---- */

static int run(sqlite3 *db, const struct arguments *a, struct latency_list *list, struct error *err)
{
	int status = a->feed ? latency_check_feed(db, a->feed, err) : 0;

	if (!status)
		status = latency_compute(db, a->has_from ? &a->from : NULL, a->has_to ? &a->to : NULL, list, err);
	if (status)
		return status;
	latency_list_keep(list, a->feed, a->asset);
	if (a->json)
		return print_json(db, list, err);
	status = a->csv ? print_csv(list) : print_table(list);
	if (status)
		return error_set(err, status, "stdout: the table cannot be written");
	if (a->csv)
		return 0;
	print_memory(list);
	status = print_joins(db, a, err);
	return status ? status : print_losses(db, err);
}

int cmd_latency(int argc, char **argv)
{
	struct arguments a = {0};
	struct latency_list list = {0};
	sqlite3 *db = NULL;
	struct error err;
	char reason[4096];
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	status = session_open_read(&db, a.session, &err);
	if (!status)
		status = run(db, &a, &list, &err);
	if (status) {
		fprintf(stderr, "pricelag latency: %s\n", err.text);
		status = EXIT_FAILED;
	} else if (latency_untrusted(db, &list, reason, sizeof(reason))) {
		fflush(stdout);
		fprintf(stderr, "Not to be trusted as it stands:\n%s", reason);
		status = EXIT_UNTRUSTED;
	}
	latency_list_free(&list);
	sqlite3_close(db);
	return status;
}
