/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A table that a command describes once and prints for people (aligned, UTF-8 aware, durations with units) or for
 * machines (CSV by RFC 4180, times and durations as integers of ns, unknown as an empty field).
 *
 * Cells are added row by row in the order of the columns; no function but table_print(), table_csv() and table_finish()
 * needs checking: a failed allocation is remembered and reported by those.
 */
#ifndef PL_OUTPUT_TABLE_H
#define PL_OUTPUT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/format.h"

enum table_align { TABLE_LEFT, TABLE_RIGHT };

struct table_column {
	const char *title; /* for people: "p50" */
	const char *key;   /* in CSV: "p50_ns" */
	enum table_align align;
};

struct table;

/* The columns must outlive the table. NULL if out of memory (every other function accepts that). */
struct table *table_new(const struct table_column *columns, size_t column_count);
void table_free(struct table *table);

/* The next cell. NULL and "" are unknown. */
void table_text(struct table *table, const char *text);
void table_count(struct table *table, uint64_t count);
void table_integer(struct table *table, int64_t value);
/* ns; TIME_UNKNOWN is unknown. */
void table_duration(struct table *table, int64_t ns);
/* "(1.2 ms … 3.4 ms)", for people only: in CSV the two ends are columns. */
void table_interval(struct table *table, const int64_t interval_ns[2]);
/* UTC in ns; TIME_UNKNOWN is unknown. */
void table_time(struct table *table, int64_t utc_ns);
/* Shown with `decimals` digits after the point, in CSV in full; NAN is unknown. */
void table_number(struct table *table, double value, int decimals);
/* A share of 1, shown as "12.3 %", in CSV as the share; NAN is unknown. */
void table_share(struct table *table, double share);
void table_unknown(struct table *table);

size_t table_rows(const struct table *table);
size_t table_columns(const struct table *table);
const struct table_column *table_column(const struct table *table, size_t column);
/* As people read it, FORMAT_UNKNOWN included. */
const char *table_cell(const struct table *table, size_t row, size_t column);

/* Heading and rows, two spaces between columns; the heading is bold where `out` is a terminal and NO_COLOR is not set. 0, -ENOMEM or -EIO. */
int table_print(const struct table *table, FILE *out);

/* Keys, then rows, each ended by CRLF as RFC 4180 has it. 0, -ENOMEM or -EIO. */
int table_csv(const struct table *table, FILE *out);

/* One of the two on stdout, and releases the table. 0, or negative errno with its text. */
int table_finish(struct table *table, bool csv, struct error *err);

/* One CSV field with quotes where it needs them, for whoever streams rows too many to hold. NULL is an empty field. */
void csv_field(FILE *out, const char *text);

#endif
