// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "output/table.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"

struct cell {
	char *shown; /* for people; NULL = unknown */
	char *raw;   /* for CSV where it differs, otherwise NULL */
};

struct table {
	const struct table_column *columns;
	size_t column_count;
	struct cell *cells; /* row by row */
	size_t count, room;
	bool failed; /* out of memory at some point */
};

struct table *table_new(const struct table_column *columns, size_t column_count)
{
	struct table *table = calloc(1, sizeof(*table));

	if (table) {
		table->columns = columns;
		table->column_count = column_count;
	}
	return table;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->count; i++) {
		free(table->cells[i].shown);
		free(table->cells[i].raw);
	}
	free(table->cells);
	free(table);
}

static struct cell *add(struct table *table)
{
	if (!table || table->failed)
		return NULL;
	if (array_grow((void **)&table->cells, table->count, &table->room, sizeof(*table->cells))) {
		table->failed = true;
		return NULL;
	}
	table->cells[table->count] = (struct cell){0};
	return &table->cells[table->count++];
}

static void add_both(struct table *table, const char *shown, const char *raw)
{
	struct cell *cell = add(table);

	if (!cell)
		return;
	cell->shown = strdup(shown);
	cell->raw = raw ? strdup(raw) : NULL;
	if (!cell->shown || (raw && !cell->raw))
		table->failed = true;
}

void table_unknown(struct table *table)
{
	add(table);
}

void table_text(struct table *table, const char *text)
{
	char *printable;

	if (!text || !*text) {
		table_unknown(table);
		return;
	}
	printable = text_printable(text);
	if (printable)
		add_both(table, printable, strcmp(printable, text) ? text : NULL);
	else if (table)
		table->failed = true;
	free(printable);
}

void table_count(struct table *table, uint64_t count)
{
	char text[FORMAT_MAX];

	snprintf(text, sizeof(text), "%" PRIu64, count);
	add_both(table, text, NULL);
}

void table_integer(struct table *table, int64_t value)
{
	char text[FORMAT_MAX];

	snprintf(text, sizeof(text), "%" PRId64, value);
	add_both(table, text, NULL);
}

void table_duration(struct table *table, int64_t ns)
{
	char shown[FORMAT_MAX], raw[FORMAT_MAX];

	if (ns == TIME_UNKNOWN) {
		table_unknown(table);
		return;
	}
	snprintf(raw, sizeof(raw), "%" PRId64, ns);
	add_both(table, format_duration(ns, shown, sizeof(shown)), raw);
}

void table_interval(struct table *table, const int64_t interval_ns[2])
{
	char low[FORMAT_MAX], high[FORMAT_MAX], text[2 * FORMAT_MAX + 8];

	if (interval_ns[0] == TIME_UNKNOWN && interval_ns[1] == TIME_UNKNOWN) {
		table_text(table, FORMAT_UNKNOWN);
		return;
	}
	snprintf(text, sizeof(text), "(%s … %s)", format_duration(interval_ns[0], low, sizeof(low)),
		 format_duration(interval_ns[1], high, sizeof(high)));
	table_text(table, text);
}

void table_time(struct table *table, int64_t utc_ns)
{
	char shown[FORMAT_MAX], raw[FORMAT_MAX];

	if (utc_ns == TIME_UNKNOWN) {
		table_unknown(table);
		return;
	}
	snprintf(raw, sizeof(raw), "%" PRId64, utc_ns);
	add_both(table, format_time(utc_ns, shown, sizeof(shown)), raw);
}

void table_number(struct table *table, double value, int decimals)
{
	char shown[512], raw[FORMAT_MAX]; /* %f of DBL_MAX has 309 digits before the point */

	if (!isfinite(value)) {
		table_unknown(table);
		return;
	}
	snprintf(shown, sizeof(shown), "%.*f", decimals, value);
	add_both(table, shown, format_number(value, raw, sizeof(raw)));
}

void table_share(struct table *table, double share)
{
	char shown[512], raw[FORMAT_MAX];

	if (!isfinite(share)) {
		table_unknown(table);
		return;
	}
	snprintf(shown, sizeof(shown), "%.1f %%", 100 * share);
	add_both(table, shown, format_number(share, raw, sizeof(raw)));
}

size_t table_rows(const struct table *table)
{
	return table ? table->count / table->column_count : 0;
}

size_t table_columns(const struct table *table)
{
	return table ? table->column_count : 0;
}

const struct table_column *table_column(const struct table *table, size_t column)
{
	return &table->columns[column];
}

static const char *shown(const struct cell *cell)
{
	return cell->shown ? cell->shown : FORMAT_UNKNOWN;
}

const char *table_cell(const struct table *table, size_t row, size_t column)
{
	return shown(&table->cells[row * table->column_count + column]);
}

static void print_cell(FILE *out, const char *text, size_t width, enum table_align align, bool last)
{
	size_t own = utf8_width(text);
	int pad = own < width ? (int)(width - own) : 0;

	fprintf(out, "%*s%s", align == TABLE_RIGHT ? pad : 0, "", text);
	if (!last) /* no blanks at the end of a line */
		fprintf(out, "%*s  ", align == TABLE_LEFT ? pad : 0, "");
}

static int finish(FILE *out)
{
	return fflush(out) || ferror(out) ? -EIO : 0;
}

int table_print(const struct table *table, FILE *out)
{
	size_t *width, columns = table ? table->column_count : 0;
	bool bold = isatty(fileno(out)) && !getenv("NO_COLOR");

	if (!table || table->failed)
		return -ENOMEM;
	assert(table->count % columns == 0);
	width = calloc(columns, sizeof(*width));
	if (!width)
		return -ENOMEM;
	for (size_t c = 0; c < columns; c++)
		width[c] = utf8_width(table->columns[c].title);
	for (size_t i = 0; i < table->count; i++) {
		size_t own = utf8_width(shown(&table->cells[i]));

		if (own > width[i % columns])
			width[i % columns] = own;
	}

	fputs(bold ? "\033[1m" : "", out);
	for (size_t c = 0; c < columns; c++)
		print_cell(out, table->columns[c].title, width[c], table->columns[c].align, c + 1 == columns);
	fputs(bold ? "\033[0m\n" : "\n", out);
	for (size_t i = 0; i < table->count; i++) {
		size_t c = i % columns;

		print_cell(out, shown(&table->cells[i]), width[c], table->columns[c].align, c + 1 == columns);
		if (c + 1 == columns)
			fputc('\n', out);
	}
	free(width);
	return finish(out);
}

void csv_field(FILE *out, const char *text)
{
	if (!text)
		return;
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

int table_csv(const struct table *table, FILE *out)
{
	size_t columns = table ? table->column_count : 0;

	if (!table || table->failed)
		return -ENOMEM;
	assert(table->count % columns == 0);
	for (size_t c = 0; c < columns; c++) {
		csv_field(out, table->columns[c].key);
		fputs(c + 1 == columns ? "\r\n" : ",", out);
	}
	for (size_t i = 0; i < table->count; i++) {
		csv_field(out, table->cells[i].raw ? table->cells[i].raw : table->cells[i].shown);
		fputs((i + 1) % columns ? "," : "\r\n", out);
	}
	return finish(out);
}

int table_finish(struct table *table, bool csv, struct error *err)
{
	int status = csv ? table_csv(table, stdout) : table_print(table, stdout);

	table_free(table);
	return status ? error_set(err, status, "stdout: the table cannot be written") : 0;
}
