// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Blocks that came in messages of a block feed: announced, in parts or whole. What nodes told stands in report_blocks.c. */
#include <errno.h>
#include <string.h>

#include "latency/block_messages.h"
#include "output/report_parts.h"

enum { TOLD_PUBLISHED, TOLD_LAST, TOLD_WHOLE, TOLD_BEHIND, TOLD_COLUMNS };
static const char *const names[TOLD_COLUMNS] = {
	[TOLD_PUBLISHED] = "published → first packet",
	[TOLD_LAST] = "first packet → last message",
	[TOLD_WHOLE] = "first packet → whole block",
	[TOLD_BEHIND] = "behind the first feed",
};

static const struct table_column columns[] = {
	{"feed", "feed", TABLE_LEFT},
	{"blocks", "blocks", TABLE_RIGHT},
	{"messages", "messages", TABLE_RIGHT},
	{"repeats", "repeats", TABLE_RIGHT},
	{"published → first p50", "published_p50", TABLE_RIGHT},
	{"p99", "published_p99", TABLE_RIGHT},
	{"first → last p50", "last_p50", TABLE_RIGHT},
	{"p99", "last_p99", TABLE_RIGHT},
	{"first → whole p50", "whole_p50", TABLE_RIGHT},
	{"p99", "whole_p99", TABLE_RIGHT},
	{"behind p50", "behind_p50", TABLE_RIGHT},
	{"p99", "behind_p99", TABLE_RIGHT},
};

static int collect(struct report *report, const struct told_blocks *blocks, const char *feed, struct report_rows *rows,
		   uint64_t *messages, uint64_t *repeats)
{
	int status = 0;

	for (size_t i = 0; i < blocks->count && !status; i++) {
		const struct told_block *block = &blocks->items[i];
		int64_t values[TOLD_COLUMNS] = {
			[TOLD_PUBLISHED] = report_difference(block->published_ns, block->first_ns),
			[TOLD_LAST] = report_difference(block->first_ns, block->last_ns),
			[TOLD_WHOLE] = report_difference(block->first_ns, block->complete_ns),
			[TOLD_BEHIND] = block->behind_ns,
		};

		if (strcmp(block->feed, feed))
			continue;
		*messages += block->messages;
		*repeats += block->repeats;
		status = report_rows_add(rows, block->first_ns, values, report->err);
	}
	return status;
}

static int add_feed(struct report *report, const void *context, const char *feed, struct table *table,
		    struct json_object *spec)
{
	const struct told_blocks *blocks = context;
	static const double p[] = {0.5, 0.99};
	char p50[FORMAT_MAX], count[64], text[64];
	uint64_t messages = 0, repeats = 0;
	int64_t at[TOLD_COLUMNS][2];
	struct report_rows rows;
	int status = report_rows_init(&rows, TOLD_COLUMNS, report->err);

	if (!status)
		status = collect(report, blocks, feed, &rows, &messages, &repeats);
	if (!status) {
		table_text(table, feed);
		table_count(table, rows.count);
		table_count(table, messages);
		table_count(table, repeats);
		for (int c = 0; c < TOLD_COLUMNS; c++) {
			report_quantiles(rows.values[c], rows.count, p, 2, at[c]);
			table_duration(table, at[c][0]);
			table_duration(table, at[c][1]);
		}
		report_say(report, "%s told of %s in %s; from the first packet about a block to the last message half took %s or less.",
			   feed, report_plural((int64_t)rows.count, "block", count, sizeof(count)),
			   report_plural((int64_t)messages, "message", text, sizeof(text)),
			   format_duration(at[TOLD_LAST][0], p50, sizeof(p50)));
		report_add_set(report, spec, feed, &rows, names, "blocks");
	}
	report_rows_free(&rows);
	return status;
}

static bool told_present(const struct report *report)
{
	return report_integer(report, "SELECT count(*) FROM block_message") > 0;
}

static int told_write(struct report *report)
{
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	struct told_blocks blocks = {0};
	int status = told_blocks_load(report->db, &blocks, report->err);

	if (!status)
		status = report_feeds(report, "block_message", add_feed, &blocks, table);
	table_free(table);
	told_blocks_free(&blocks);
	return status;
}

const struct report_section report_section_told = {"told", "Messages", "Blocks told in messages", told_present, told_write};
