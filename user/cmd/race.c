// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pricelag race: the same message over several feeds. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/losses.h"
#include "latency/race.h"
#include "output/json_out.h"
#include "output/table.h"
#include "session/session.h"

struct arguments {
	const char *session;
	bool json, csv;
};

static const struct argp_option options[] = {
	{"json", 'j', NULL, 0, "one JSON document on stdout (schema pricelag.race/1)", 0},
	{"csv", 'c', NULL, 0, "comma-separated values on stdout: durations in ns, unknown is empty", 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
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
		if (a->json && a->csv)
			argp_error(state, "give --json or --csv, not both");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options, parse, "S.db",
	"The same message over several feeds: which one had it first on the wire, and by how much."
	"\vMessages are the same where asset and key agree (the key alone for feeds without an asset) and neither tells "
	"another publish time; of block feeds where the block's hash (without one its number) and the part agree, and the "
	"first message about it counts, of whichever kind. A feed wins a message that two or more feeds carried when it was the first; equal stamps "
	"are a tie and nobody's win. 'lead' is the median distance to the next feed where it wins, 'behind' the median "
	"distance to the winner where it does not. Copies of a message on one feed count once, as its first arrival.",
	NULL, NULL, NULL};

static int print_json(sqlite3 *db, const struct race *race, struct error *err)
{
	struct json_object *document = json_document("pricelag.race/1"), *feeds = json_object_new_array();
	int status;

	json_add_count(document, "messages", race->messages);
	json_add_count(document, "contested", race->contested);
	json_add_count(document, "ties", race->ties);
	for (size_t i = 0; i < race->feed_count; i++) {
		const struct race_feed *feed = &race->feeds[i];
		struct json_object *item = json_object_new_object();

		json_add_name(item, "feed", feed->feed);
		json_add_count(item, "seen", feed->seen);
		json_add_count(item, "wins", feed->wins);
		json_add_ns(item, "lead_p50_ns", feed->lead_p50_ns);
		json_add_ns(item, "behind_p50_ns", feed->behind_p50_ns);
		json_add_count(item, "contested", feed->contested);
		json_add_count(item, "ties", feed->ties);
		json_add_count(item, "only_here", feed->only_here);
		json_add_count(item, "repeats", feed->repeats);
		json_add_count(item, "without_key", feed->without_key);
		json_add_count(item, "without_wire", feed->without_wire);
		json_object_array_add(feeds, item);
	}
	json_add(document, "feeds", feeds);
	status = json_add_losses(document, "losses", db, err);
	if (status) {
		json_object_put(document);
		return status;
	}
	return json_print(document, stdout, err);
}

static const struct table_column columns[] = {
	{"feed", "feed", TABLE_LEFT},
	{"seen", "seen", TABLE_RIGHT},
	{"contested", "contested", TABLE_RIGHT},
	{"wins", "wins", TABLE_RIGHT},
	{"win rate", "win_rate", TABLE_RIGHT},
	{"ties", "ties", TABLE_RIGHT},
	{"lead p50", "lead_p50_ns", TABLE_RIGHT},
	{"behind p50", "behind_p50_ns", TABLE_RIGHT},
	{"only here", "only_here", TABLE_RIGHT},
	{"repeats", "repeats", TABLE_RIGHT},
	{"no key", "without_key", TABLE_RIGHT},
	{"no wire", "without_wire", TABLE_RIGHT},
};

static int print_table(const struct race *race, bool csv, struct error *err)
{
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	int status;

	for (size_t i = 0; i < race->feed_count; i++) {
		const struct race_feed *feed = &race->feeds[i];

		table_text(table, feed->feed);
		table_count(table, feed->seen);
		table_count(table, feed->contested);
		table_count(table, feed->wins);
		table_share(table, feed->contested ? (double)feed->wins / (double)feed->contested : NAN);
		table_count(table, feed->ties);
		table_duration(table, feed->lead_p50_ns);
		table_duration(table, feed->behind_p50_ns);
		table_count(table, feed->only_here);
		table_count(table, feed->repeats);
		table_count(table, feed->without_key);
		table_count(table, feed->without_wire);
	}
	status = csv ? table_csv(table, stdout) : table_print(table, stdout);
	table_free(table);
	if (status)
		return error_set(err, status, "stdout: the table cannot be written");
	if (!csv)
		printf("\n%" PRIu64 " messages, %" PRIu64 " on two feeds or more, %" PRIu64 " ties\n", race->messages,
		       race->contested, race->ties);
	return 0;
}

int cmd_race(int argc, char **argv)
{
	struct arguments a = {0};
	struct race race = {0};
	sqlite3 *db = NULL;
	struct error err;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	status = session_open_read(&db, a.session, &err);
	if (!status)
		status = race_compute(db, &race, &err);
	if (!status)
		status = a.json ? print_json(db, &race, &err) : print_table(&race, a.csv, &err);
	if (status) {
		fprintf(stderr, "pricelag race: %s\n", err.text);
		status = EXIT_FAILED;
	} else {
		status = losses_print(db, NULL);
		if (!race.contested) {
			fprintf(stderr, "no message was seen on two feeds: there is no race to report; do the feeds give the "
					"same 'asset' and 'key' in their decode section, or the same blocks?\n");
			status = EXIT_UNTRUSTED;
		}
	}
	race_free(&race);
	sqlite3_close(db);
	return status;
}
