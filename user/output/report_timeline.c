// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What became of each message, update by update, and races between feeds. */
#include <errno.h>
#include <string.h>

#include "output/report_parts.h"

#define SETS_MAX 40 /* feeds and assets in the plot; the table has them all */

/* ---- counts ---- */

static const char counts_query[] =
	"SELECT feed, asset, sum(status <> 'unmatched'), sum(status = 'matched'),"
	" sum(status = 'matched' AND joined_by = 'bytes'), sum(status = 'matched' AND joined_by = 'price'),"
	" sum(status = 'superseded'), sum(status = 'censored'), sum(status = 'unmatched') FROM timeline GROUP BY feed, asset ORDER BY 4 DESC, 3 DESC, feed, asset";

static const struct table_column count_columns[] = {
	{"feed", "feed", TABLE_LEFT},		 {"asset", "asset", TABLE_LEFT},
	{"messages", "messages", TABLE_RIGHT},	 {"landed on chain", "matched", TABLE_RIGHT},
	{"of these by bytes", "by_bytes", TABLE_RIGHT}, {"by price", "by_price", TABLE_RIGHT},
	{"overtaken", "superseded", TABLE_RIGHT},
	{"still open", "censored", TABLE_RIGHT}, {"on chain without message", "unmatched", TABLE_RIGHT},
};

static int write_counts(struct report *report)
{
	enum { MESSAGES, MATCHED, BY_BYTES, BY_PRICE, SUPERSEDED, CENSORED, UNMATCHED, COUNTS }; /* as the query has them */
	struct table *table = table_new(count_columns, sizeof(count_columns) / sizeof(count_columns[0]));
	sqlite3_stmt *rows = report_query(report, counts_query);
	char messages[FORMAT_MAX], updates[FORMAT_MAX];
	uint64_t sums[COUNTS] = {0};
	int step = SQLITE_ERROR;

	while (rows && (step = sqlite3_step(rows)) == SQLITE_ROW) {
		table_text(table, column_text(rows, 0));
		table_text(table, column_text(rows, 1));
		for (int i = 0; i < COUNTS; i++) {
			uint64_t count = (uint64_t)sqlite3_column_int64(rows, 2 + i);

			table_count(table, count);
			sums[i] += count;
		}
	}
	report_say(report, "Of %s, %llu landed on chain, %llu w%s overtaken by a newer update of the same asset, and %llu w%s still "
			   "open when the session ended (or nothing on chain follows their asset). %s on chain had no message here.",
		   report_plural((int64_t)sums[MESSAGES], "message", messages, sizeof(messages)),
		   (unsigned long long)sums[MATCHED], (unsigned long long)sums[SUPERSEDED], sums[SUPERSEDED] == 1 ? "as" : "ere",
		   (unsigned long long)sums[CENSORED], sums[CENSORED] == 1 ? "as" : "ere",
		   report_plural((int64_t)sums[UNMATCHED], "update", updates, sizeof(updates)));
	if (sums[BY_BYTES])
		report_note(report, "%llu of those that landed were recognised by the very bytes that the feed delivered, which "
				    "their transactions carry.", (unsigned long long)sums[BY_BYTES]);
	if (sums[BY_PRICE])
		report_note(report, "%llu of those that landed were recognised by their price, not by a key that both sides carry.",
			    (unsigned long long)sums[BY_PRICE]);
	html_table(report->out, table);
	table_free(table);
	return rows ? report_query_end(report, rows, step) : -EIO;
}

/* ---- the plot ---- */

static const struct {
	enum stage from, to;
} plotted[] = {
	{STAGE_PUBLISHED, STAGE_WIRE}, {STAGE_WIRE, STAGE_APP}, {STAGE_WIRE, STAGE_SENT}, {STAGE_WIRE, STAGE_BLOCK_WIRE},
	{STAGE_WIRE, STAGE_SEEN}, /* the window itself on top of the others */
};
#define PLOTTED (sizeof(plotted) / sizeof(plotted[0]))

static int load_rows(struct report *report, const char *feed, const char *asset, struct report_rows *out)
{
	char sql[512] = "SELECT wire_ns";
	sqlite3_stmt *rows;
	int step = SQLITE_ERROR, status = 0;

	for (size_t i = 0; i < PLOTTED; i++)
		snprintf(sql + strlen(sql), sizeof(sql) - strlen(sql), ", %s, %s", stages[plotted[i].from].column,
			 stages[plotted[i].to].column);
	snprintf(sql + strlen(sql), sizeof(sql) - strlen(sql),
		 " FROM timeline WHERE feed IS ?1 AND asset IS ?2 AND wire_ns IS NOT NULL ORDER BY wire_ns");
	rows = report_query(report, sql);
	if (!rows)
		return -EIO;
	sqlite3_bind_text(rows, 1, feed, -1, SQLITE_STATIC); /* NULL binds NULL */
	sqlite3_bind_text(rows, 2, asset, -1, SQLITE_STATIC);
	while (!status && (step = sqlite3_step(rows)) == SQLITE_ROW) {
		int64_t values[PLOTTED];

		for (int i = 0; i < (int)PLOTTED; i++)
			values[i] = report_difference(column_ns(rows, 1 + 2 * i), column_ns(rows, 2 + 2 * i));
		status = report_rows_add(out, sqlite3_column_int64(rows, 0), values, report->err);
	}
	if (status) {
		sqlite3_finalize(rows);
		return status;
	}
	return report_query_end(report, rows, step);
}

static int add_group(struct report *report, struct json_object *spec, const char *feed, const char *asset)
{
	const char *names[PLOTTED];
	char texts[PLOTTED][64], name[256];
	struct report_rows rows;
	int status = report_rows_init(&rows, PLOTTED, report->err);

	for (size_t i = 0; i < PLOTTED; i++) {
		snprintf(texts[i], sizeof(texts[i]), "%s → %s", stages[plotted[i].from].name, stages[plotted[i].to].name);
		names[i] = texts[i];
	}
	if (!status)
		status = load_rows(report, feed, asset, &rows);
	if (!status)
		report_add_set(report, spec, report_name(feed ? feed : "", asset ? asset : "", name, sizeof(name)), &rows, names,
			       "updates");
	report_rows_free(&rows);
	return status;
}

static int write_plot(struct report *report)
{
	struct json_object *spec = report_spec("time", "latency");
	sqlite3_stmt *groups = report_query(report, counts_query);
	int step = SQLITE_ERROR, status = groups ? 0 : -EIO;

	for (int i = 0; !status && (step = sqlite3_step(groups)) == SQLITE_ROW && i < SETS_MAX; i++)
		status = add_group(report, spec, (const char *)sqlite3_column_text(groups, 0),
				   (const char *)sqlite3_column_text(groups, 1));
	sqlite3_finalize(groups);
	if (status || !json_object_object_get(spec, "sets")) {
		json_object_put(spec);
		return status;
	}
	report_say(report, "Each point is one update, at the time at which its packet arrived: a latency that grows, a clock that "
			   "steps or a burst shows here and not in a quantile.");
	report_figure(report, spec);
	return 0;
}

static bool timeline_present(const struct report *report)
{
	return report_integer(report, "SELECT count(*) FROM timeline") > 0;
}

static int timeline_write(struct report *report)
{
	int status = write_counts(report);

	return status ? status : write_plot(report);
}

const struct report_section report_section_timeline = {"timeline", "Updates", "Update by update", timeline_present, timeline_write};
