// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pricelag compare: two sites, or two days, side by side. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "cmd/cmd.h"
#include "cmd/session_arguments.h"
#include "latency/compare.h"
#include "output/json_out.h"
#include "output/table.h"
#include "session/loss.h"
#include "session/session.h"

struct arguments {
	struct session_arguments common;
	struct latency_choice choice; /* its stages */
};

static const struct session_files two_sessions = {2, 2, "two session files are needed", "two sessions are compared"};

static const struct argp_option options[] = {
	{"from", KEY_FROM, "STAGE", 0, "together with --to: compare the latencies of this pair of stages, not joint messages", 0},
	{"to", KEY_TO, "STAGE", 0, NULL, 0},
	OPTION_JSON("pricelag.compare/1", 1),
	OPTION_CSV(1),
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	if (!latency_choice_parse(&a->choice, key, arg, state))
		return 0;
	return session_parse(&a->common, &two_sessions, key, arg, state);
}

static const struct argp argp = {
	options, parse, "A.db B.db",
	"Two sessions side by side, by the feeds and assets that both have: which is earlier, by how much, and whether that "
	"can be claimed."
	"\vMessages that both sites received (same feed, asset, key, publish time and price) are compared as pairs: how late "
	"each site was behind the earlier one. Where there are none (two days, one site), the latencies from wire to seen "
	"are compared, or those of --from and --to. Differences are A less B: below zero, A is earlier. Their 95 % intervals "
	"allow for autocorrelation and for what pairs have in common. A difference is claimed only where its interval, widened "
	"by what the clocks of both machines may be off, excludes zero; where the clocks alone forbid the claim the exit "
	"status is 3.",
	NULL, NULL, NULL};

static const char *const claim_names[] = {
	[CLAIM_NONE] = "none", [CLAIM_A] = "a", [CLAIM_B] = "b", [CLAIM_SWAMPED] = "clocks"};

/* ---- output ---- */

static struct json_object *json_comparison(const struct comparison *c)
{
	struct json_object *item = json_object_new_object(), *quantiles = json_object_new_array();
	char verdict[512];

	json_add_name(item, "feed", c->feed);
	json_add_name(item, "asset", c->asset);
	json_add_text(item, "basis", c->joint ? "joint" : "distributions");
	json_add_text(item, "from", c->joint ? NULL : stages[c->from].name);
	json_add_text(item, "to", c->joint ? stages[STAGE_WIRE].name : stages[c->to].name);
	json_add_count(item, "count_a", c->count_a);
	json_add_count(item, "count_b", c->count_b);
	json_add_count(item, "joint", c->count_joint);
	json_add_count(item, "first_a", c->first_a);
	json_add_count(item, "first_b", c->first_b);
	json_add_count(item, "only_a", c->only_a);
	json_add_count(item, "only_b", c->only_b);
	json_add_count(item, "far_apart", c->far_apart);
	json_add_ns(item, "clock_error_ns", c->clock_error_ns);
	for (int q = 0; q < COMPARE_QUANTILES; q++) {
		const struct comparison_quantile *quantile = &c->quantiles[q];
		struct json_object *entry = json_object_new_object();

		json_add_number(entry, "p", quantile->a.p);
		json_add_ns(entry, "a_ns", quantile->a.ns);
		json_add_ns(entry, "b_ns", quantile->b.ns);
		json_add_ns(entry, "difference_ns", quantile->difference.ns);
		json_add_ns_pair(entry, "difference_ci95_ns", quantile->difference.ci95_ns);
		json_add_text(entry, "claim", claim_names[quantile->claim]);
		json_object_array_add(quantiles, entry);
	}
	json_add(item, "quantiles", quantiles);
	json_add_text(item, "verdict", comparison_verdict(c, verdict, sizeof(verdict)));
	return item;
}

static int print_json(sqlite3 *const dbs[2], const struct arguments *a, const struct comparison_list *list,
		      struct error *err)
{
	struct json_object *document = json_document("pricelag.compare/1"), *items = json_object_new_array();
	int status;

	json_add_text(document, "a", a->common.files[0]);
	json_add_text(document, "b", a->common.files[1]);
	for (size_t i = 0; i < list->count; i++)
		json_object_array_add(items, json_comparison(&list->items[i]));
	json_add(document, "comparisons", items);
	status = json_add_losses(document, "losses_a", dbs[0], err);
	if (!status)
		status = json_add_losses(document, "losses_b", dbs[1], err);
	if (status) {
		json_object_put(document);
		return status;
	}
	return json_print(document, stdout, err);
}

static const struct table_column columns[] = {
	{"feed", "feed", TABLE_LEFT},
	{"asset", "asset", TABLE_LEFT},
	{"of", "basis", TABLE_LEFT},
	{"at", "p", TABLE_RIGHT},
	{"A", "a_ns", TABLE_RIGHT},
	{"B", "b_ns", TABLE_RIGHT},
	{"A - B", "difference_ns", TABLE_RIGHT},
	{"from", "difference_ci95_low_ns", TABLE_RIGHT},
	{"to (95 %)", "difference_ci95_high_ns", TABLE_RIGHT},
	{"clocks", "clock_error_ns", TABLE_RIGHT},
	{"earlier", "claim", TABLE_LEFT},
};

static void add_rows(struct table *table, const struct comparison *c, bool csv)
{
	static const char *const words[] = {
		[CLAIM_NONE] = FORMAT_UNKNOWN, [CLAIM_A] = "A", [CLAIM_B] = "B", [CLAIM_SWAMPED] = "clocks forbid"};
	char basis[64], level[16];

	if (c->joint)
		snprintf(basis, sizeof(basis), csv ? "joint" : "behind the first");
	else
		snprintf(basis, sizeof(basis), "%s to %s", stages[c->from].name, stages[c->to].name);
	for (int q = 0; q < COMPARE_QUANTILES; q++) {
		const struct comparison_quantile *quantile = &c->quantiles[q];

		table_text(table, c->feed);
		table_text(table, c->asset);
		table_text(table, basis);
		snprintf(level, sizeof(level), csv ? "%g" : "p%g", (csv ? 1 : 100) * quantile->a.p);
		table_text(table, level);
		table_duration(table, quantile->a.ns);
		table_duration(table, quantile->b.ns);
		table_duration(table, quantile->difference.ns);
		table_duration(table, quantile->difference.ci95_ns[0]);
		table_duration(table, quantile->difference.ci95_ns[1]);
		table_duration(table, c->clock_error_ns);
		table_text(table, csv ? claim_names[quantile->claim] : words[quantile->claim]);
	}
}

static void print_verdict(const struct comparison *c)
{
	char *feed = text_printable(c->feed), *asset = text_printable(c->asset), verdict[512];

	printf("\n%s%s%s: %s\n", feed ? feed : "?", c->feed[0] && c->asset[0] ? " " : "", asset ? asset : "?",
	       comparison_verdict(c, verdict, sizeof(verdict)));
	if (c->joint) {
		printf("  %" PRIu64 " joint messages: A first %" PRIu64 ", B first %" PRIu64 ", together %" PRIu64
		       "; while both watched, only A had %" PRIu64 ", only B %" PRIu64, c->count_joint, c->first_a, c->first_b,
		       c->count_joint - c->first_a - c->first_b, c->only_a, c->only_b);
		if (c->far_apart)
			printf("; %" PRIu64 " alike but over a minute apart were left out", c->far_apart);
		putchar('\n');
	} else {
		printf("  %" PRIu64 " updates at A, %" PRIu64 " at B\n", c->count_a, c->count_b);
	}
	free(feed);
	free(asset);
}

static int print(sqlite3 *const dbs[2], const struct arguments *a, const struct comparison_list *list, struct error *err)
{
	struct table *table;
	int status;

	if (a->common.json)
		return print_json(dbs, a, list, err);
	table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < list->count; i++)
		add_rows(table, &list->items[i], a->common.csv);
	status = table_finish(table, a->common.csv, err);
	if (status)
		return status;
	for (size_t i = 0; !a->common.csv && i < list->count; i++)
		print_verdict(&list->items[i]);
	return 0;
}

/* ---- trust ---- */

/* Reasons against the result, on stderr. */
static enum exit_status doubt(sqlite3 *const dbs[2], const struct arguments *a, const struct comparison_list *list)
{
	enum exit_status status = EXIT_OK;

	fflush(stdout);
	if (!list->count) {
		fprintf(stderr, "the sessions have no feed and asset in common that can be compared: names must agree in both "
				"site.yaml, and messages need a key, or updates both stages\n");
		return EXIT_UNTRUSTED;
	}
	for (size_t i = 0; i < list->count; i++) {
		const struct comparison *c = &list->items[i];
		bool swamped = false;

		for (int q = 0; q < COMPARE_QUANTILES; q++)
			swamped |= c->quantiles[q].claim == CLAIM_SWAMPED;
		if (!swamped && c->clock_error_ns != TIME_UNKNOWN)
			continue;
		fprintf(stderr, "%s %s: %s\n", c->feed, c->asset, c->clock_error_ns == TIME_UNKNOWN ?
			"nothing bounds how far the clocks are apart; synchronize them ('pricelag doctor' tells how)" :
			"the clocks may be off by more than a difference that the samples would show");
		status = EXIT_UNTRUSTED;
	}
	for (int side = 0; side < 2; side++) {
		struct error err;
		uint64_t lost = 0;

		if (loss_total(dbs[side], &lost, &err))
			fprintf(stderr, "%s: %s\n", a->common.files[side], err.text);
		else if (!lost)
			continue;
		else
			fprintf(stderr, "%s: %" PRIu64 " lost or unreadable ('pricelag latency' names them)\n", a->common.files[side],
				lost);
		status = EXIT_UNTRUSTED;
	}
	return status;
}

int cmd_compare(int argc, char **argv)
{
	struct arguments a = {0};
	struct comparison_list list = {0};
	sqlite3 *dbs[2] = {NULL, NULL};
	struct error err;
	int status = 0;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	for (int side = 0; !status && side < 2; side++)
		status = session_open_read(&dbs[side], a.common.files[side], &err);
	if (!status)
		status = compare_sessions(dbs[0], dbs[1], a.choice.has_from ? &a.choice.from : NULL,
					  a.choice.has_to ? &a.choice.to : NULL, &list, &err);
	if (!status)
		status = print(dbs, &a, &list, &err);
	if (status) {
		fprintf(stderr, "pricelag compare: %s\n", err.text);
		status = EXIT_FAILED;
	} else {
		status = doubt(dbs, &a, &list);
	}
	comparison_list_free(&list);
	sqlite3_close(dbs[0]);
	sqlite3_close(dbs[1]);
	return status;
}
