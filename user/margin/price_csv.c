// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/price_csv.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 100000000u

struct reader {
	const char *path, *time_name, *price_name;
	FILE *file;
	char *line;
	size_t size, number;
	int time_column, price_column;
	size_t capacity;
};

/* The cell of a column, NULL past the last one; changes the line. */
static char *cell(char *line, int column)
{
	for (int i = 0; line && i < column; i++)
		strsep(&line, ",");
	return strsep(&line, ",");
}

static int read_header(struct reader *reader, struct error *err)
{
	char *rest = reader->line, *name;

	reader->time_column = reader->price_column = -1;
	rest[strcspn(rest, "\r\n")] = '\0';
	for (int i = 0; (name = strsep(&rest, ",")); i++) {
		if (!strcmp(name, reader->time_name))
			reader->time_column = i;
		else if (!strcmp(name, reader->price_name))
			reader->price_column = i;
	}
	if (reader->time_column < 0 || reader->price_column < 0)
		return error_set(err, -EINVAL, "%s:1: no column '%s'; the file begins with a line that names %s and %s",
				 reader->path, reader->time_column < 0 ? reader->time_name : reader->price_name,
				 reader->time_name, reader->price_name);
	return 0;
}

static int read_number(struct reader *reader, int column, const char *name, double *out, struct error *err)
{
	char *copy = strdup(reader->line), *text = copy ? cell(copy, column) : NULL, *end = NULL;
	int rc = 0;

	if (!copy)
		return error_set(err, -ENOMEM, "out of memory");
	if (text)
		*out = strtod(text, &end);
	if (!text || end == text || *end || !isfinite(*out))
		rc = error_set(err, -EINVAL, "%s:%zu: %s is not a number: '%.40s'", reader->path, reader->number, name,
			       text ? text : "");
	free(copy);
	return rc;
}

static int append(struct reader *reader, struct series *out, double time_s, double price, struct error *err)
{
	if (!(price > 0))
		return error_set(err, -EINVAL, "%s:%zu: %s is %g; it should be above 0", reader->path, reader->number, reader->price_name, price);
	if (out->count && !(time_s > out->time_s[out->count - 1]))
		return error_set(err, -EINVAL, "%s:%zu: %s %.10g is not after the row before", reader->path, reader->number,
				 reader->time_name, time_s);
	if (out->count == reader->capacity) {
		size_t capacity = reader->capacity ? 2 * reader->capacity : 4096;
		double *times = realloc(out->time_s, capacity * sizeof(double)), *prices;

		if (times)
			out->time_s = times;
		prices = realloc(out->log_price, capacity * sizeof(double));
		if (prices)
			out->log_price = prices;
		if (!times || !prices || capacity > ROWS_MAX)
			return error_set(err, -ENOMEM, "%s:%zu: too many rows", reader->path, reader->number);
		reader->capacity = capacity;
	}
	out->time_s[out->count] = time_s;
	out->log_price[out->count++] = log(price);
	return 0;
}

static int read_rows(struct reader *reader, struct series *out, struct error *err)
{
	int rc = 0;

	if (getline(&reader->line, &reader->size, reader->file) < 0)
		return error_set(err, -EINVAL, "%s: the file is empty", reader->path);
	reader->number = 1;
	rc = read_header(reader, err);
	while (!rc && getline(&reader->line, &reader->size, reader->file) >= 0) {
		double time_s, price;

		reader->number++;
		reader->line[strcspn(reader->line, "\r\n")] = '\0';
		if (!*reader->line)
			continue;
		rc = read_number(reader, reader->time_column, reader->time_name, &time_s, err);
		if (!rc)
			rc = read_number(reader, reader->price_column, reader->price_name, &price, err);
		if (!rc)
			rc = append(reader, out, time_s, price, err);
	}
	if (!rc && out->count < 2)
		rc = error_set(err, -EINVAL, "%s: %zu rows; at least two are needed", reader->path, out->count);
	return rc;
}

int price_csv_parse(FILE *file, const char *name, const char *time_name, const char *price_name, struct series *out, struct error *err)
{
	struct reader reader = {.path = name, .time_name = time_name, .price_name = price_name, .file = file};
	int rc;

	*out = (struct series){0};
	rc = read_rows(&reader, out, err);
	free(reader.line);
	if (rc)
		price_csv_free(out);
	return rc;
}

int price_csv_read(const char *path, struct series *out, struct error *err)
{
	return price_csv_read_columns(path, "time_s", "price", out, err);
}

int price_csv_read_columns(const char *path, const char *time_name, const char *price_name, struct series *out,
			   struct error *err)
{
	FILE *file = fopen(path, "re");
	int rc;

	*out = (struct series){0};
	if (!file) {
		int code = errno;

		return error_set(err, -code, "%s: %s", path, strerror(code));
	}
	rc = price_csv_parse(file, path, time_name, price_name, out, err);
	fclose(file);
	return rc;
}

void price_csv_free(struct series *series)
{
	free(series->time_s);
	free(series->log_price);
	*series = (struct series){0};
}
