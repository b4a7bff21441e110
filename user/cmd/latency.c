// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pricelag latency: how long from one stage of an update's life to another, per feed and asset. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "cmd/cmd.h"
#include "cmd/latency_print.h"
#include "cmd/losses.h"
#include "cmd/session_arguments.h"
#include "latency/latency.h"
#include "output/json_out.h"
#include "output/loss_words.h"
#include "session/loss.h"
#include "session/session.h"

enum { KEY_BY = KEY_OWN, KEY_TAIL, KEY_CHANGES };

struct arguments {
	struct session_arguments common;
	struct latency_choice choice;
	bool has_by, tail, changes;
	enum part_by by;
};

static const struct argp_option options[] = {
	{"from", KEY_FROM, "STAGE", 0, "together with --to: one pair of stages instead of the usual ones", 0},
	{"to", KEY_TO, "STAGE", 0, NULL, 0},
	{"feed", KEY_FEED, "NAME", 0, "only this feed", 0},
	{"asset", KEY_ASSET, "NAME", 0, "only this asset", 0},
	{"by", KEY_BY, "PART", 0, "in parts: by hour (of the day, UTC), regime (of volatility) or feed (all its assets together)", 0},
	{"tail", KEY_TAIL, NULL, 0, "fit the tail beyond a threshold, for p99.99 and how heavy it is", 0},
	{"changes", KEY_CHANGES, NULL, 0, "when the level changed during the session", 0},
	OPTION_JSON("pricelag.latency/1", 1),
	OPTION_CSV(1),
	{0},
};

static enum part_by parse_by(const char *text, struct argp_state *state)
{
	for (int by = 0; by < PART_BYS; by++)
		if (!strcmp(text, part_names[by]))
			return (enum part_by)by;
	argp_error(state, "--by: '%s' is none of hour, regime, feed", text);
	return PART_HOUR;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case KEY_BY:
		a->by = parse_by(arg, state);
		a->has_by = true;
		return 0;
	case KEY_TAIL:
		a->tail = true;
		return 0;
	case KEY_CHANGES:
		a->changes = true;
		return 0;
	case ARGP_KEY_END:
		if (a->common.csv && (a->tail || a->changes))
			argp_error(state, "--csv holds one table: give --json with --tail and --changes");
	}
	if (!latency_choice_parse(&a->choice, key, arg, state))
		return 0;
	return session_parse(&a->common, &one_session, key, arg, state);
}

static const struct argp argp = {
	options, parse, "S.db",
	"Distributions of the time from one stage of an update to another, per feed and asset."
	"\vStages, in the order of an update's life: published (the publisher's clock), nic, wire (the packet that completes "
	"the message arrives), app (decoded), sent (the keeper's reaction leaves), pending (the update's transaction arrives, to wait for its block), "
	"block (the block's timestamp), "
	"block_wire, block_complete, seen (visible on chain here), final (its block can no longer be replaced).\n\n"
	"'open' are messages that had not landed when the session ended: they count as lasting at least that long "
	"(Kaplan-Meier). 'overtaken' are messages that a newer one of the asset replaced on chain: they are left out. "
	"'unmatched' are updates on chain for which the feed had no message. 'clock' is the bound on what the clocks may "
	"add to or take from each value. A quantile or bound that the data cannot reach is shown as unknown.",
	NULL, NULL, NULL};

/* ---- output ---- */

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

/* Beyond the latencies themselves. */
static int add_more(struct json_object *document, sqlite3 *db, const struct arguments *a, const struct latency_list *list,
		    struct error *err)
{
	struct latency_part_list parts;
	struct json_object *changes;
	int status;

	if (a->has_by) {
		status = latency_parts(db, list, a->by, &parts, err);
		if (status)
			return status;
		json_add(document, "parts", latency_json_parts(&parts));
		latency_parts_free(&parts);
	}
	if (a->changes) {
		if (latency_json_changes(list, &changes))
			return error_set(err, -ENOMEM, "session: no memory for the changes");
		json_add(document, "changes", changes);
	}
	status = latency_json_joins(document, db, err);
	if (!status)
		status = latency_json_readers(document, db, a->choice.feed, err);
	if (!status)
		status = latency_json_clock(document, db, err);
	return status ? status : json_add_losses(document, "losses", db, err);
}

static int print_json(sqlite3 *db, const struct arguments *a, const struct latency_list *list, struct error *err)
{
	struct json_object *document = json_document("pricelag.latency/1"), *latencies = json_object_new_array();
	int status = 0;

	for (size_t i = 0; !status && i < list->count; i++) {
		struct json_object *item = latency_json(&list->items[i]), *tail;

		if (a->tail && latency_json_tail(&list->items[i], &tail))
			status = error_set(err, -ENOMEM, "session: no memory for the tail");
		else if (a->tail)
			json_add(item, "tail", tail);
		json_object_array_add(latencies, item);
	}
	json_add(document, "latencies", latencies);
	if (!status)
		status = add_more(document, db, a, list, err);
	if (status) {
		json_object_put(document);
		return status;
	}
	return json_print(document, stdout, err);
}

static int print_main(sqlite3 *db, const struct arguments *a, const struct latency_list *list, struct error *err)
{
	struct latency_part_list parts;
	int status;

	if (!a->has_by)
		return a->common.csv ? latency_print_csv(list, err) : latency_print_table(list, err);
	status = latency_parts(db, list, a->by, &parts, err);
	if (status)
		return status;
	status = latency_print_parts(&parts, a->common.csv, err);
	latency_parts_free(&parts);
	return status;
}

static int print(sqlite3 *db, const struct arguments *a, const struct latency_list *list, struct error *err)
{
	int status = print_main(db, a, list, err);

	if (status || a->common.csv)
		return status;
	if (!a->has_by) {
		latency_print_drawn(list);
		latency_print_memory(list);
	}
	if (a->tail)
		status = latency_print_tails(list);
	if (!status && a->changes)
		status = latency_print_changes(list);
	if (status)
		return error_set(err, status, "stdout: the table cannot be written");
	status = latency_print_joins(db, a->choice.feed, a->choice.asset, err);
	if (!status && !a->choice.asset)
		status = latency_print_readers(db, a->choice.feed, err);
	if (!status)
		status = latency_print_clock(db, err);
	return status ? status : print_losses(db, err);
}

static int run(sqlite3 *db, const struct arguments *a, struct latency_list *list, struct error *err)
{
	const struct latency_choice *choice = &a->choice;
	int status = choice->feed ? latency_check_feed(db, choice->feed, err) : 0;

	if (!status)
		status = (a->has_by || a->tail || a->changes ? latency_compute : latency_figures)(
			db, choice->has_from ? &choice->from : NULL, choice->has_to ? &choice->to : NULL, list, err);
	if (status)
		return status;
	latency_list_keep(list, choice->feed, choice->asset);
	return a->common.json ? print_json(db, a, list, err) : print(db, a, list, err);
}

int cmd_latency(int argc, char **argv)
{
	struct arguments a = {0};
	struct latency_list list = {0};
	sqlite3 *db = NULL;
	struct error err;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	status = session_open_read(&db, a.common.files[0], &err);
	if (!status)
		status = run(db, &a, &list, &err);
	if (status) {
		fprintf(stderr, "pricelag latency: %s\n", err.text);
		status = EXIT_FAILED;
	} else {
		status = doubts_print(db, &list);
	}
	latency_list_free(&list);
	sqlite3_close(db);
	return status;
}
