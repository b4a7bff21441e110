// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Feeds against each other: messages of oracle feeds; shreds, sets and slots of block feeds; nodes and their heads. */
#include <math.h>

#include "latency/race.h"
#include "latency/race_blocks.h"
#include "latency/race_heads.h"
#include "output/report_parts.h"

static const struct table_column columns[] = {
	{"race", "of", TABLE_LEFT},		  {"feed", "feed", TABLE_LEFT},
	{"carried", "seen", TABLE_RIGHT},	  {"also on another feed", "contested", TABLE_RIGHT},
	{"first", "wins", TABLE_RIGHT},		  {"share first", "win_rate", TABLE_RIGHT},
	{"lead, median", "lead_p50_ns", TABLE_RIGHT}, {"lead, p99", "lead_p99_ns", TABLE_RIGHT},
	{"behind, median", "behind_p50_ns", TABLE_RIGHT}, {"behind, p99", "behind_p99_ns", TABLE_RIGHT},
	{"only here", "only_here", TABLE_RIGHT},
};

static bool race_present(const struct report *report)
{
	return report_integer(report, "SELECT max(n) FROM (SELECT count(*) AS n FROM feed GROUP BY decoder = 'solana-shred'"
				      " UNION ALL SELECT count(*) FROM chain GROUP BY network)") > 1;
}

static void add_race(struct report *report, const struct race *race, const char *title, struct table *table)
{
	const struct race_feed *best = NULL;
	char lead[FORMAT_MAX];

	for (size_t i = 0; i < race->feed_count; i++) {
		const struct race_feed *feed = &race->feeds[i];

		table_text(table, title);
		table_text(table, feed->feed);
		table_count(table, feed->seen);
		table_count(table, feed->contested);
		table_count(table, feed->wins);
		table_share(table, feed->contested ? (double)feed->wins / (double)feed->contested : NAN);
		table_duration(table, feed->lead.p50_ns);
		table_duration(table, feed->lead.p99_ns);
		table_duration(table, feed->behind.p50_ns);
		table_duration(table, feed->behind.p99_ns);
		table_count(table, feed->only_here);
		if (feed->wins && (!best || feed->wins > best->wins))
			best = feed;
	}
	if (best)
		report_say(report, "%s: %llu came over more than one feed. %s had %llu of them first, half of these by more than %s.",
			   title, (unsigned long long)race->contested, best->feed, (unsigned long long)best->wins,
			   format_duration(best->lead.p50_ns, lead, sizeof(lead)));
	else
		report_say(report, "%s: none came over more than one feed, so there is no race between them.", title);
}

static int race_write(struct report *report)
{
	struct block_races blocks = {0};
	struct head_races heads = {0};
	struct race messages;
	struct table *table;
	int status = race_compute(report->db, &messages, report->err);

	if (!status)
		status = block_races_compute(report->db, &blocks, report->err);
	if (!status)
		status = head_races_compute(report->db, &heads, report->err);
	if (!status) {
		table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
		if (messages.feed_count > 1)
			add_race(report, &messages, "messages", table);
		for (int i = 0; i < BLOCK_RACES; i++)
			if (blocks.of[i].feed_count > 1 && blocks.of[i].count)
				add_race(report, &blocks.of[i], block_race_names[i].title, table);
		for (size_t i = 0; i < heads.count; i++) {
			char title[128];

			snprintf(title, sizeof(title), "heads of %s", heads.items[i].network);
			add_race(report, &heads.items[i].race, title, table);
		}
		html_table(report->out, table);
		table_free(table);
	}
	race_free(&messages);
	block_races_free(&blocks);
	head_races_free(&heads);
	return status;
}

const struct report_section report_section_race = {"race", "Feeds", "Feeds against each other", race_present, race_write};
