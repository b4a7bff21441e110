// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Blocks: as the chain's node told them, and as their packets arrived. */
#include <errno.h>
#include <string.h>

#include "latency/blocks.h"
#include "output/report_parts.h"

/* ---- the chain's blocks ---- */

enum { HEAD_DELAY, HEAD_SPREAD, HEAD_INTERVAL, HEAD_COLUMNS };
static const char *const head_names[HEAD_COLUMNS] = {
	[HEAD_DELAY] = "block → block_wire",
	[HEAD_SPREAD] = "block_wire → block_complete",
	[HEAD_INTERVAL] = "since the block before",
};

static const struct table_column head_columns[] = {
	{"chain", "chain", TABLE_LEFT},
	{"blocks", "blocks", TABLE_RIGHT},
	{"block → block_wire p50", "delay_p50", TABLE_RIGHT},
	{"p99", "delay_p99", TABLE_RIGHT},
	{"block_wire → block_complete p50", "spread_p50", TABLE_RIGHT},
	{"p99", "spread_p99", TABLE_RIGHT},
	{"between arrivals p50", "interval_p50", TABLE_RIGHT},
	{"p99", "interval_p99", TABLE_RIGHT},
};

static int load_heads(struct report *report, const char *chain, struct report_rows *out)
{
	sqlite3_stmt *rows = report_query(report,
		"SELECT block_ns, block_wire_mono_ns, block_complete_mono_ns FROM chain_block"
		" WHERE chain = ?1 AND block_wire_mono_ns IS NOT NULL ORDER BY block_wire_mono_ns");
	int64_t before_ns = TIME_UNKNOWN;
	int step = SQLITE_ERROR, status = rows ? 0 : -EIO;

	if (rows)
		sqlite3_bind_text(rows, 1, chain, -1, SQLITE_STATIC);
	while (!status && (step = sqlite3_step(rows)) == SQLITE_ROW) {
		int64_t wire_ns = clockmap_utc(report->clock, column_ns(rows, 1));
		int64_t values[HEAD_COLUMNS] = {
			[HEAD_DELAY] = report_difference(column_ns(rows, 0), wire_ns),
			[HEAD_SPREAD] = report_difference(wire_ns, clockmap_utc(report->clock, column_ns(rows, 2))),
			[HEAD_INTERVAL] = report_difference(before_ns, wire_ns),
		};

		before_ns = wire_ns;
		status = report_rows_add(out, wire_ns, values, report->err);
	}
	if (status) {
		sqlite3_finalize(rows);
		return status;
	}
	return report_query_end(report, rows, step);
}

static int add_chain(struct report *report, const char *chain, int64_t blocks, struct table *table, struct json_object *spec)
{
	static const double p[] = {0.5, 0.99};
	char p50[FORMAT_MAX], between[FORMAT_MAX];
	int64_t at[HEAD_COLUMNS][2];
	struct report_rows rows;
	int status = report_rows_init(&rows, HEAD_COLUMNS, report->err);

	if (!status)
		status = load_heads(report, chain, &rows);
	if (!status) {
		for (int c = 0; c < HEAD_COLUMNS; c++)
			report_quantiles(rows.values[c], rows.count, p, 2, at[c]);
		table_text(table, chain);
		table_count(table, (uint64_t)blocks);
		for (int c = 0; c < HEAD_COLUMNS; c++) {
			table_duration(table, at[c][0]);
			table_duration(table, at[c][1]);
		}
		if (at[HEAD_DELAY][0] != TIME_UNKNOWN)
			report_say(report, "Half of the %lld blocks of %s were announced here within %s of their timestamp (which is in whole "
					   "seconds); one came every %s.", (long long)blocks, chain,
				   format_duration(at[HEAD_DELAY][0], p50, sizeof(p50)),
				   format_duration(at[HEAD_INTERVAL][0], between, sizeof(between)));
		else
			report_say(report, "%lld blocks of %s were announced; when their packets arrived is not known.", (long long)blocks,
				   chain);
		report_add_set(report, spec, chain, &rows, head_names, "blocks");
	}
	report_rows_free(&rows);
	return status;
}

static bool chain_present(const struct report *report)
{
	return report_integer(report, "SELECT count(*) FROM chain_block") > 0;
}

static int chain_write(struct report *report)
{
	struct table *table = table_new(head_columns, sizeof(head_columns) / sizeof(head_columns[0]));
	struct json_object *spec = report_spec("time", "time");
	sqlite3_stmt *chains = report_query(report, "SELECT chain, count(*) FROM chain_block GROUP BY chain ORDER BY 2 DESC, 1");
	int step = SQLITE_ERROR, status = chains ? 0 : -EIO;

	while (!status && (step = sqlite3_step(chains)) == SQLITE_ROW)
		status = add_chain(report, column_text(chains, 0), sqlite3_column_int64(chains, 1), table, spec);
	if (!status)
		status = report_query_end(report, chains, step);
	else
		sqlite3_finalize(chains);
	if (!status && json_object_object_get(spec, "sets"))
		report_figure(report, spec);
	else
		json_object_put(spec);
	html_table(report->out, table);
	table_free(table);
	return status;
}

const struct report_section report_section_chain = {"chain", "Blocks", "Chain blocks", chain_present, chain_write};

/* ---- slots, by their packets ---- */

enum { SLOT_DECODABLE, SLOT_LAST, SLOT_BEHIND, SLOT_COLUMNS };
static const char *const slot_names[SLOT_COLUMNS] = {
	[SLOT_DECODABLE] = "first packet → decodable",
	[SLOT_LAST] = "first packet → last packet",
	[SLOT_BEHIND] = "behind the first feed",
};

static const struct table_column slot_columns[] = {
	{"feed", "feed", TABLE_LEFT},
	{"slots", "slots", TABLE_RIGHT},
	{"complete", "complete", TABLE_RIGHT},
	{"incomplete", "incomplete", TABLE_RIGHT},
	{"cannot tell", "unknown", TABLE_RIGHT},
	{"first → decodable p50", "decodable_p50", TABLE_RIGHT},
	{"p99", "decodable_p99", TABLE_RIGHT},
	{"behind first feed p50", "behind_p50", TABLE_RIGHT},
	{"packets", "packets", TABLE_RIGHT},
	{"duplicates", "duplicates", TABLE_RIGHT},
	{"sets missing", "sets_missing", TABLE_RIGHT},
};

struct slot_sums {
	uint64_t slots, states[3], packets, duplicates, missing;
};

static int add_slot_feed(struct report *report, const void *context, const char *feed, struct table *table,
			 struct json_object *spec)
{
	const struct block_list *list = context;
	static const double p[] = {0.5, 0.99};
	int64_t at[SLOT_COLUMNS][2];
	char p50[FORMAT_MAX], p99[FORMAT_MAX], slots[64];
	struct slot_sums sums = {0};
	struct report_rows rows;
	int status = report_rows_init(&rows, SLOT_COLUMNS, report->err);

	for (size_t i = 0; i < list->count && !status; i++) {
		const struct block *block = &list->items[i];
		int64_t values[SLOT_COLUMNS] = {
			[SLOT_DECODABLE] = report_difference(block->first_ns, block->decodable_ns),
			[SLOT_LAST] = report_difference(block->first_ns, block->last_ns),
			[SLOT_BEHIND] = block->behind_ns,
		};

		if (strcmp(block->feed, feed))
			continue;
		sums.slots++;
		sums.states[block->state]++;
		sums.packets += block->packets;
		sums.duplicates += block->duplicates;
		sums.missing += block->sets_missing;
		status = report_rows_add(&rows, block->first_ns, values, report->err);
	}
	if (!status) {
		for (int c = 0; c < SLOT_COLUMNS; c++)
			report_quantiles(rows.values[c], rows.count, p, 2, at[c]);
		table_text(table, feed);
		table_count(table, sums.slots);
		table_count(table, sums.states[BLOCK_COMPLETE]);
		table_count(table, sums.states[BLOCK_INCOMPLETE]);
		table_count(table, sums.states[BLOCK_UNKNOWN]);
		table_duration(table, at[SLOT_DECODABLE][0]);
		table_duration(table, at[SLOT_DECODABLE][1]);
		table_duration(table, at[SLOT_BEHIND][0]);
		table_count(table, sums.packets);
		table_count(table, sums.duplicates);
		table_count(table, sums.missing);
		report_say(report, "%s carried %s: %llu complete, %llu incomplete, and %llu of which all that came could be decoded but "
				   "the end was not seen. From its first packet a slot took %s to be decodable in half of the cases, "
				   "%s in one of a hundred.", feed, report_plural((int64_t)sums.slots, "slot", slots, sizeof(slots)),
			   (unsigned long long)sums.states[BLOCK_COMPLETE],
			   (unsigned long long)sums.states[BLOCK_INCOMPLETE],
			   (unsigned long long)sums.states[BLOCK_UNKNOWN],
			   format_duration(at[SLOT_DECODABLE][0], p50, sizeof(p50)),
			   format_duration(at[SLOT_DECODABLE][1], p99, sizeof(p99)));
		report_add_set(report, spec, feed, &rows, slot_names, "slots");
	}
	report_rows_free(&rows);
	return status;
}

static bool slots_present(const struct report *report)
{
	return report_integer(report, "SELECT count(*) FROM block_arrival") > 0;
}

static int slots_write(struct report *report)
{
	struct table *table = table_new(slot_columns, sizeof(slot_columns) / sizeof(slot_columns[0]));
	struct block_list list = {0};
	int status = blocks_load(report->db, &list, report->err);

	if (!status)
		status = report_feeds(report, "block_arrival", add_slot_feed, &list, table);
	table_free(table);
	block_list_free(&list);
	return status;
}

const struct report_section report_section_slots = {"slots", "Packets", "Block packets", slots_present, slots_write};
