/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reading the tables of a session: queries row by row, and columns in which a value may be missing. */
#ifndef PL_SESSION_QUERY_H
#define PL_SESSION_QUERY_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Columns are numbered from 0. */
int64_t column_ns(sqlite3_stmt *row, int column);				   /* TIME_UNKNOWN for NULL */
double column_number(sqlite3_stmt *row, int column);				   /* NAN for NULL */
const char *column_text(sqlite3_stmt *row, int column);				   /* "" for NULL; valid until the next step */
void column_copy(sqlite3_stmt *row, int column, char *out, size_t size);	   /* the same, cut to size */

/* 0, or -ENOMEM, which ends the query. */
typedef int (*query_row_fn)(void *context, sqlite3_stmt *row);

/*
 * Calls each() for every row. argument: the text ?1 (NULL: there is none, or it is NULL). what: "table sent", of which the error
 * speaks. 0, or negative errno with its text: -ENOMEM as each() returned it, -EIO with what SQLite says.
 */
int query_each(sqlite3 *db, const char *sql, const char *argument, const char *what, query_row_fn each, void *context,
	       struct error *err);

#endif
