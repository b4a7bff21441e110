// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "output/report_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "output/series.h"
#include "session/session.h"
#include "stats/survival.h"

const char *report_meta(const struct report *report, const char *key, char *out, size_t size)
{
	session_meta(report->db, key, out, size);
	return out;
}

bool report_is_replay(const struct report *report)
{
	char kind[16];

	return !strcmp(report_meta(report, "kind", kind, sizeof(kind)), "replay");
}

int64_t report_integer(const struct report *report, const char *sql)
{
	sqlite3_stmt *rows = NULL;
	int64_t value = TIME_UNKNOWN;

	if (sqlite3_prepare_v2(report->db, sql, -1, &rows, NULL) == SQLITE_OK && sqlite3_step(rows) == SQLITE_ROW)
		value = column_ns(rows, 0);
	sqlite3_finalize(rows);
	return value;
}

sqlite3_stmt *report_query(struct report *report, const char *sql)
{
	sqlite3_stmt *rows = NULL;

	if (sqlite3_prepare_v2(report->db, sql, -1, &rows, NULL) != SQLITE_OK)
		error_set(report->err, -EIO, "session: %s", sqlite3_errmsg(report->db));
	return rows;
}

int report_query_end(struct report *report, sqlite3_stmt *rows, int step)
{
	int status = step == SQLITE_DONE ? 0 : error_set(report->err, -EIO, "session: %s", sqlite3_errmsg(report->db));

	sqlite3_finalize(rows);
	return status;
}

const char *report_plural(int64_t count, const char *noun, char *out, size_t size)
{
	snprintf(out, size, "%lld %s%s", (long long)count, noun, count == 1 ? "" : "s");
	return out;
}

int64_t report_difference(int64_t from, int64_t to)
{
	int64_t result;

	if (from == TIME_UNKNOWN || to == TIME_UNKNOWN || __builtin_sub_overflow(to, from, &result))
		return TIME_UNKNOWN;
	return result;
}

const char *report_name(const char *feed, const char *asset, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s", feed, *feed && *asset ? " " : "", asset);
	if (!*out)
		snprintf(out, size, "all feeds");
	return out;
}

struct json_object *report_spec(const char *kind, const char *title)
{
	struct json_object *spec = json_object_new_object();

	json_add_text(spec, "kind", kind);
	json_add_text(spec, "title", title);
	return spec;
}

struct json_object *report_child(struct json_object *parent, const char *list, const char *name)
{
	struct json_object *array = json_object_object_get(parent, list), *child = json_object_new_object();

	if (!array) {
		array = json_object_new_array();
		json_add(parent, list, array);
	}
	json_add_text(child, "name", name);
	json_object_array_add(array, child);
	return child;
}

void report_figure(struct report *report, struct json_object *spec)
{
	fprintf(report->out, "<figure class=\"plot\" data-plot=\"%zu\"></figure>\n",
		json_object_array_length(report->plots));
	json_object_array_add(report->plots, spec);
}

int report_rows_init(struct report_rows *rows, size_t columns, struct error *err)
{
	*rows = (struct report_rows){.columns = columns, .values = calloc(columns, sizeof(*rows->values))};
	return rows->values ? 0 : error_set(err, -ENOMEM, "out of memory");
}

static int grow(int64_t **column, size_t room)
{
	int64_t *grown = reallocarray(*column, room, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	*column = grown;
	return 0;
}

int report_rows_add(struct report_rows *rows, int64_t time_ns, const int64_t *values, struct error *err)
{
	if (rows->count == rows->room) {
		size_t room = rows->room ? 2 * rows->room : 256;
		int status = grow(&rows->time_ns, room);

		for (size_t c = 0; c < rows->columns && !status; c++)
			status = grow(&rows->values[c], room);
		if (status)
			return error_set(err, status, "out of memory for %zu rows of a plot", room);
		rows->room = room;
	}
	rows->time_ns[rows->count] = time_ns;
	for (size_t c = 0; c < rows->columns; c++)
		rows->values[c][rows->count] = values[c];
	rows->count++;
	return 0;
}

void report_rows_free(struct report_rows *rows)
{
	for (size_t c = 0; rows->values && c < rows->columns; c++)
		free(rows->values[c]);
	free(rows->values);
	free(rows->time_ns);
	*rows = (struct report_rows){0};
}

static bool has_value(const int64_t *column, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (column[i] != TIME_UNKNOWN)
			return true;
	}
	return false;
}

bool report_add_set(struct report *report, struct json_object *spec, const char *name, const struct report_rows *rows,
		    const char *const *names, const char *what)
{
	const int64_t **shown = calloc(rows->columns + 1, sizeof(*shown));
	size_t *keep = calloc(rows->count + 1, sizeof(*keep)), shown_count = 0, kept;
	struct json_object *set, *times;
	char note[160];

	for (size_t c = 0; shown && c < rows->columns; c++) {
		if (has_value(rows->values[c], rows->count))
			shown[shown_count++] = rows->values[c];
	}
	if (!keep || !shown_count || rows->count < 2) {
		free(shown);
		free(keep);
		return false;
	}
	kept = thin_rows(shown, shown_count, rows->count, REPORT_POINTS, keep);
	set = report_child(spec, "sets", name);
	times = json_object_new_array_ext((int)kept);
	for (size_t i = 0; i < kept; i++)
		json_object_array_add(times, json_object_new_int64(report_difference(report->start_ns, rows->time_ns[keep[i]]) / 1000));
	json_add(set, "t", times);
	for (size_t c = 0; c < rows->columns; c++) {
		struct json_object *values;

		if (!has_value(rows->values[c], rows->count))
			continue;
		values = json_object_new_array_ext((int)kept);
		for (size_t i = 0; i < kept; i++)
			json_object_array_add(values, json_ns(rows->values[c][keep[i]]));
		json_add(report_child(set, "series", names[c]), "y", values);
	}
	if (kept < rows->count) {
		snprintf(note, sizeof(note),
			 "%zu of %zu %s are drawn: of each short stretch of time those with the smallest and the largest value.",
			 kept, rows->count, what);
		json_add_text(set, "note", note);
	}
	free(shown);
	free(keep);
	return true;
}

void report_quantiles(const int64_t *column, size_t count, const double *p, size_t p_count, int64_t *out)
{
	int64_t *known = calloc(count + 1, sizeof(*known));
	struct survival survival = {.ends = known};

	for (size_t i = 0; known && i < count; i++) {
		if (column[i] != TIME_UNKNOWN)
			known[survival.end_count++] = column[i];
	}
	if (known)
		sort_int64(known, survival.end_count);
	for (size_t i = 0; i < p_count; i++)
		out[i] = survival_quantile(&survival, p[i]);
	free(known);
}

bool report_prices_expected(const struct report *report)
{
	return report_integer(report, "SELECT count(*) FROM feed WHERE role = 'oracle' AND decoder <> 'reads'") > 0 ||
	       report_integer(report, "SELECT count(*) FROM chain_update") > 0 ||
	       report_integer(report, "SELECT (SELECT count(*) FROM feed) + (SELECT count(*) FROM chain_block)") == 0;
}

int report_feeds(struct report *report, const char *name, report_feed_fn each, const void *context, struct table *table)
{
	struct json_object *spec = report_spec("time", "time");
	sqlite3_stmt *feeds;
	int step = SQLITE_ERROR, status = 0;
	char sql[160];

	snprintf(sql, sizeof(sql), "SELECT name FROM feed WHERE id IN (SELECT feed_id FROM %s) ORDER BY id", name);
	feeds = report_query(report, sql);
	if (!feeds)
		status = -EIO;
	while (!status && (step = sqlite3_step(feeds)) == SQLITE_ROW)
		status = each(report, context, column_text(feeds, 0), table, spec);
	if (!status)
		status = report_query_end(report, feeds, step);
	else
		sqlite3_finalize(feeds);
	if (!status && json_object_object_get(spec, "sets"))
		report_figure(report, spec);
	else
		json_object_put(spec);
	html_table(report->out, table);
	return status;
}
