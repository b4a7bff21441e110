/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the sections of a report share; nothing outside report*.c includes this. */
#ifndef PL_OUTPUT_REPORT_PARTS_H
#define PL_OUTPUT_REPORT_PARTS_H

#include <json-c/json.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "latency/latency.h"
#include "output/html.h"
#include "output/json_out.h"
#include "output/table.h"
#include "session/clockmap.h"
#include "session/query.h"

/* Points that one series of a plot may have; a larger one is thinned, and the page says so. */
#define REPORT_POINTS 5000

struct report {
	sqlite3 *db;
	FILE *out;
	struct json_object *model; /* NULL: none */
	struct latency_list latencies;
	struct clockmap *clock;
	int64_t start_ns, end_ns;  /* UTC */
	const char *reasons;	   /* of latency_untrusted(), one sentence a line; "" trusted */
	struct json_object *plots; /* array: specifications for page.js */
	struct error *err;
};

/* Sections: each writes itself, or nothing where the session has nothing for it. 0 or a negative errno. */
struct report_section {
	const char *id, *link, *title; /* link: its short name in the page's navigation */
	bool (*present)(const struct report *report);
	int (*write)(struct report *report);
};
extern const struct report_section report_section_window, report_section_stages, report_section_timeline,
	report_section_race, report_section_losses, report_section_clock, report_section_chain, report_section_told, report_section_slots,
	report_section_inside, report_section_readers,
	report_section_model;

/* The windows in money, as a table; nothing where no update has both stages. 0 or a negative errno. */
int report_money(struct report *report);

/* A <p> of escaped text. */
#define report_say(report, ...) html_element((report)->out, "p", NULL, __VA_ARGS__)
#define report_note(report, ...) html_element((report)->out, "p", "soft", __VA_ARGS__)

/* Value of `key` in table session → out ("" if absent); returns out. */
const char *report_meta(const struct report *report, const char *key, char *out, size_t size);

/* First column of the first row as an integer; TIME_UNKNOWN where there is no row, or it is NULL. */
int64_t report_integer(const struct report *report, const char *sql);

/* Whether the session was made of capture files: its stamps are theirs. */
bool report_is_replay(const struct report *report);

/* Whether latencies of prices belong into the report: a session of blocks alone has none, and lacks none. */
bool report_prices_expected(const struct report *report);

/* Prepares a query; NULL with the error filled. */
sqlite3_stmt *report_query(struct report *report, const char *sql);
/* Finishes a loop over sqlite3_step(): 0, or -EIO with the text unless `step` is SQLITE_DONE. */
int report_query_end(struct report *report, sqlite3_stmt *rows, int step);

/* to - from; TIME_UNKNOWN where either is, or the difference is beyond 64 bits (a file may hold anything). */
int64_t report_difference(int64_t from, int64_t to);

/* "hermes ETH/USD"; "hermes", "ETH/USD" or "all feeds" where a part is unknown. Returns out. */
const char *report_name(const char *feed, const char *asset, char *out, size_t size);

/* "1 feed", "2 feeds". Returns out. */
const char *report_plural(int64_t count, const char *noun, char *out, size_t size);

/* Adds a plot's specification (taken over) and writes the <figure> that page.js fills. */
void report_figure(struct report *report, struct json_object *spec);
struct json_object *report_spec(const char *kind, const char *title);
/* New object with a name, appended to the array `list` of `parent` (made if absent). */
struct json_object *report_child(struct json_object *parent, const char *list, const char *name);

/* Rows that go over time together: a column of times, columns of durations. */
struct report_rows {
	size_t columns, count, room;
	int64_t *time_ns; /* UTC */
	int64_t **values; /* [column][row], TIME_UNKNOWN for unknown */
};
int report_rows_init(struct report_rows *rows, size_t columns, struct error *err);
/* Appends a row; values[columns]. 0 or -ENOMEM. */
int report_rows_add(struct report_rows *rows, int64_t time_ns, const int64_t *values, struct error *err);
void report_rows_free(struct report_rows *rows);

/* Quantiles of the known values of a column; TIME_UNKNOWN where there are none. */
void report_quantiles(const int64_t *column, size_t count, const double *p, size_t p_count, int64_t *out);

/*
 * Adds the rows, thinned to REPORT_POINTS a column, as one set of a plot over time. `names`: of the columns; columns without
 * a value are left out. `what` names the rows in the note: "updates". Returns false (adding nothing) where no column has a
 * value, or there is a single row.
 */
bool report_add_set(struct report *report, struct json_object *spec, const char *name, const struct report_rows *rows,
		    const char *const *names, const char *what);

/*
 * A plot over time and a table with a set and a row for each feed that has rows in `name` (of a table of the session):
 * `each` adds both for one feed, 0 or a negative errno. Nothing is drawn where no feed added a set.
 */
typedef int (*report_feed_fn)(struct report *report, const void *context, const char *feed, struct table *table,
			      struct json_object *spec);
int report_feeds(struct report *report, const char *name, report_feed_fn each, const void *context, struct table *table);

#endif
