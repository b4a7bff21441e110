// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pricelag race: the same message, shred, FEC set or block over several feeds, and the same head from several nodes. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/cmd.h"
#include "cmd/losses.h"
#include "cmd/race_arbitration.h"
#include "cmd/session_arguments.h"
#include "latency/race.h"
#include "latency/race_blocks.h"
#include "latency/race_heads.h"
#include "output/json_out.h"
#include "output/table.h"
#include "session/session.h"

static const struct argp_option options[] = {
	OPTION_JSON("pricelag.race/1", 0),
	OPTION_CSV(0),
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	return session_parse(state->input, &one_session, key, arg, state);
}

static const struct argp argp = {
	options, parse, "S.db",
	"The same message, shred, FEC set or slot over several feeds: which one had it first on the wire, and by how much."
	"\vMessages are the same where asset and key agree (the key alone for feeds without an asset) and neither tells "
	"another publish time; of block feeds where the block's hash (without one its number) and the part agree, and the "
	"first message about it counts, of whichever kind. A feed wins what two or more feeds carried when it was the first; equal stamps are a tie and "
	"nobody's win. 'lead' is the distance to the next feed where it wins, 'behind' the distance to the winner where it does "
	"not, each with its median and 99th percentile; the interval is at 95 %. 'only here' is what no other feed delivered. "
	"Copies on one feed count once, as their first arrival.\n"
	"A set is carried by a feed that could decode it, and its time is that of the packet which made it decodable. A slot "
	"runs twice: with its first packet, and when all of its sets were decodable, as far as any of the feeds knows them. "
	"Shreds run where the site says 'packets: all'; repair responses do not.\n"
	"For feeds that number their messages (cme-mdp3, moldudp64) it also tells what each lost of the numbers that all of "
	"them could see, how much of that another feed delivered, and what came over none.\n"
	"Chains of one 'network' race with their newHeads notifications: the node whose last packet of a block's head came "
	"first wins it. Heads are the same where the block's hash is.",
	NULL, NULL, NULL};

/* One race of the document: its key in JSON and CSV, and what people read. */
struct run {
	char key[128], title[160];
	const struct race *race;
};

#define RUNS_FIXED (1 + BLOCK_RACES) /* then those of the networks */

struct races {
	struct race messages;
	struct block_races blocks;
	struct arbitration_list arbitration;
	struct head_races heads;
	struct run *runs;
	size_t run_count;
};

static void add_run(struct races *races, const char *key, const char *title, const char *of, const struct race *race)
{
	struct run *run = &races->runs[races->run_count++];

	snprintf(run->key, sizeof(run->key), "%s%s%s", key, *of ? ":" : "", of);
	snprintf(run->title, sizeof(run->title), "%s%s", title, of);
	run->race = race;
}

static int compute(sqlite3 *db, struct races *races, struct error *err)
{
	int status = race_compute(db, &races->messages, err);

	if (!status)
		status = block_races_compute(db, &races->blocks, err);
	if (!status)
		status = arbitration_load(db, &races->arbitration, err);
	if (!status)
		status = head_races_compute(db, &races->heads, err);
	if (status)
		return status;
	races->runs = calloc(RUNS_FIXED + races->heads.count, sizeof(*races->runs));
	if (!races->runs)
		return error_set(err, -ENOMEM, "no memory for the races");
	add_run(races, "messages", "messages", "", &races->messages);
	for (int i = 0; i < BLOCK_RACES; i++)
		add_run(races, block_race_names[i].key, block_race_names[i].title, "", &races->blocks.of[i]);
	for (size_t i = 0; i < races->heads.count; i++)
		add_run(races, "heads", "heads of ", races->heads.items[i].network, &races->heads.items[i].race);
	return 0;
}

/* ---- JSON --------------------------------------------------------------------------------------------------------- */

static double win_rate(const struct race_feed *feed)
{
	return feed->contested ? (double)feed->wins / (double)feed->contested : NAN;
}

static void add_distance(struct json_object *item, const char *name, const struct race_distance *distance)
{
	char key[32];

	snprintf(key, sizeof(key), "%s_p50_ci95_ns", name);
	json_add_ns_pair(item, key, distance->p50_ci95_ns);
	snprintf(key, sizeof(key), "%s_p99_ns", name);
	json_add_ns(item, key, distance->p99_ns);
	snprintf(key, sizeof(key), "%s_p99_ci95_ns", name);
	json_add_ns_pair(item, key, distance->p99_ci95_ns);
}

/* count_key: what the number of things is called. */
static void add_race(struct json_object *object, const char *count_key, const struct race *race)
{
	struct json_object *feeds = json_object_new_array();

	json_add_count(object, count_key, race->count);
	json_add_count(object, "contested", race->contested);
	json_add_count(object, "ties", race->ties);
	json_add_count(object, "only_one", race->only_one);
	for (size_t i = 0; i < race->feed_count; i++) {
		const struct race_feed *feed = &race->feeds[i];
		struct json_object *item = json_object_new_object();

		json_add_name(item, "feed", feed->feed);
		json_add_count(item, "seen", feed->seen);
		json_add_count(item, "wins", feed->wins);
		json_add_ns(item, "lead_p50_ns", feed->lead.p50_ns);
		json_add_ns(item, "behind_p50_ns", feed->behind.p50_ns);
		json_add_count(item, "contested", feed->contested);
		json_add_number(item, "win_rate", win_rate(feed));
		json_add_count(item, "ties", feed->ties);
		json_add_count(item, "only_here", feed->only_here);
		json_add_count(item, "repeats", feed->repeats);
		json_add_count(item, "without_key", feed->without_key);
		json_add_count(item, "without_wire", feed->without_wire);
		add_distance(item, "lead", &feed->lead);
		add_distance(item, "behind", &feed->behind);
		json_object_array_add(feeds, item);
	}
	json_add(object, "feeds", feeds);
}

static int print_json(sqlite3 *db, const struct races *races, struct error *err)
{
	struct json_object *document = json_document("pricelag.race/1"), *heads = NULL;

	add_race(document, "messages", &races->messages);
	for (int i = 1; i < RUNS_FIXED; i++) {
		struct json_object *race = NULL;

		if (races->runs[i].race->count) {
			race = json_object_new_object();
			add_race(race, "count", races->runs[i].race);
		}
		json_add(document, races->runs[i].key, race);
	}
	for (size_t i = 0; i < races->heads.count; i++) {
		struct json_object *race = json_object_new_object();

		if (!heads)
			heads = json_object_new_array();
		json_add_name(race, "network", races->heads.items[i].network);
		add_race(race, "count", &races->heads.items[i].race);
		json_object_array_add(heads, race);
	}
	json_add(document, "heads", heads);
	json_add(document, "arbitration", arbitration_json(&races->arbitration));
	return json_print_session(document, db, err);
}

/* ---- tables ------------------------------------------------------------------------------------------------------- */

static const struct table_column csv_columns[] = {
	{"", "of", TABLE_LEFT},
	{"", "feed", TABLE_LEFT},
	{"", "seen", TABLE_RIGHT},
	{"", "contested", TABLE_RIGHT},
	{"", "wins", TABLE_RIGHT},
	{"", "win_rate", TABLE_RIGHT},
	{"", "ties", TABLE_RIGHT},
	{"", "lead_p50_ns", TABLE_RIGHT},
	{"", "behind_p50_ns", TABLE_RIGHT},
	{"", "only_here", TABLE_RIGHT},
	{"", "repeats", TABLE_RIGHT},
	{"", "without_key", TABLE_RIGHT},
	{"", "without_wire", TABLE_RIGHT},
	{"", "lead_p50_ci95_low_ns", TABLE_RIGHT},
	{"", "lead_p50_ci95_high_ns", TABLE_RIGHT},
	{"", "lead_p99_ns", TABLE_RIGHT},
	{"", "lead_p99_ci95_low_ns", TABLE_RIGHT},
	{"", "lead_p99_ci95_high_ns", TABLE_RIGHT},
	{"", "behind_p50_ci95_low_ns", TABLE_RIGHT},
	{"", "behind_p50_ci95_high_ns", TABLE_RIGHT},
	{"", "behind_p99_ns", TABLE_RIGHT},
	{"", "behind_p99_ci95_low_ns", TABLE_RIGHT},
	{"", "behind_p99_ci95_high_ns", TABLE_RIGHT},
};

static void csv_distance(struct table *table, const struct race_distance *distance)
{
	const int64_t values[] = {distance->p50_ci95_ns[0], distance->p50_ci95_ns[1], distance->p99_ns,
				  distance->p99_ci95_ns[0], distance->p99_ci95_ns[1]};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		table_duration(table, values[i]);
}

static int print_csv(const struct races *races, struct error *err)
{
	struct table *table = table_new(csv_columns, sizeof(csv_columns) / sizeof(csv_columns[0]));

	for (size_t run = 0; run < races->run_count; run++) {
		const struct race *race = races->runs[run].race;

		for (size_t i = 0; race->count && i < race->feed_count; i++) {
			const struct race_feed *feed = &race->feeds[i];

			table_text(table, races->runs[run].key);
			table_text(table, feed->feed);
			table_count(table, feed->seen);
			table_count(table, feed->contested);
			table_count(table, feed->wins);
			table_number(table, win_rate(feed), 4);
			table_count(table, feed->ties);
			table_duration(table, feed->lead.p50_ns);
			table_duration(table, feed->behind.p50_ns);
			table_count(table, feed->only_here);
			table_count(table, feed->repeats);
			table_count(table, feed->without_key);
			table_count(table, feed->without_wire);
			csv_distance(table, &feed->lead);
			csv_distance(table, &feed->behind);
		}
	}
	return table_finish(table, true, err);
}

static const struct table_column columns[] = {
	{"feed", "", TABLE_LEFT},	  {"seen", "", TABLE_RIGHT},	   {"contested", "", TABLE_RIGHT},
	{"wins", "", TABLE_RIGHT},	  {"win rate", "", TABLE_RIGHT},   {"ties", "", TABLE_RIGHT},
	{"lead p50", "", TABLE_RIGHT},	  {"(95 %)", "", TABLE_LEFT},	   {"p99", "", TABLE_RIGHT},
	{"behind p50", "", TABLE_RIGHT},  {"(95 %)", "", TABLE_LEFT},	   {"p99", "", TABLE_RIGHT},
	{"only here", "", TABLE_RIGHT},	  {"repeats", "", TABLE_RIGHT},	   {"no key", "", TABLE_RIGHT},
	{"no wire", "", TABLE_RIGHT},
};

static void table_distance(struct table *table, const struct race_distance *distance)
{
	table_duration(table, distance->p50_ns);
	table_interval(table, distance->p50_ci95_ns);
	table_duration(table, distance->p99_ns);
}

static int print_race(const struct run *run, struct error *err)
{
	const struct race *race = run->race;
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));

	printf("%s: %" PRIu64 ", of these %" PRIu64 " on two feeds or more, %" PRIu64 " on a single one (%.1f %%), %" PRIu64
	       " ties\n", run->title, race->count, race->contested, race->only_one,
	       100 * (double)race->only_one / (double)race->count, race->ties);
	for (size_t i = 0; i < race->feed_count; i++) {
		const struct race_feed *feed = &race->feeds[i];

		table_text(table, feed->feed);
		table_count(table, feed->seen);
		table_count(table, feed->contested);
		table_count(table, feed->wins);
		table_share(table, win_rate(feed));
		table_count(table, feed->ties);
		table_distance(table, &feed->lead);
		table_distance(table, &feed->behind);
		table_count(table, feed->only_here);
		table_count(table, feed->repeats);
		table_count(table, feed->without_key);
		table_count(table, feed->without_wire);
	}
	return table_finish(table, false, err);
}

static int print_tables(const struct races *races, struct error *err)
{
	bool any = false;
	int status = 0;

	for (size_t i = 0; i < races->run_count && !status; i++) {
		if (!races->runs[i].race->count)
			continue;
		if (any)
			putchar('\n');
		any = true;
		status = print_race(&races->runs[i], err);
	}
	if (!status)
		arbitration_print(&races->arbitration);
	return status;
}

/* ------------------------------------------------------------------------------------------------------------------- */

static int print(sqlite3 *db, const struct races *races, const struct session_arguments *a, struct error *err)
{
	if (a->json)
		return print_json(db, races, err);
	return a->csv ? print_csv(races, err) : print_tables(races, err);
}

static bool any_contested(const struct races *races)
{
	for (size_t i = 0; i < races->run_count; i++)
		if (races->runs[i].race->contested)
			return true;
	return false;
}

int cmd_race(int argc, char **argv)
{
	struct session_arguments a = {0};
	struct races races = {0};
	sqlite3 *db = NULL;
	struct error err;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	status = session_open_read(&db, a.files[0], &err);
	if (!status)
		status = compute(db, &races, &err);
	if (!status)
		status = print(db, &races, &a, &err);
	if (status) {
		fprintf(stderr, "pricelag race: %s\n", err.text);
		status = EXIT_FAILED;
	} else {
		status = losses_print(db, NULL);
		if (!any_contested(&races)) {
			fprintf(stderr, "nothing was seen on two feeds: there is no race to report; do the feeds give the same "
					"'asset' and 'key' in their decode section, or the same blocks? Do chains that are nodes of one network say so (network)?\n");
			status = EXIT_UNTRUSTED;
		}
	}
	race_free(&races.messages);
	block_races_free(&races.blocks);
	head_races_free(&races.heads);
	free(races.runs);
	arbitration_free(&races.arbitration);
	sqlite3_close(db);
	return status;
}
