/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `pricelag latency` prints: latencies and the account of the join (latency_print.c), and what was asked for beyond them (latency_more.c). */
#ifndef PL_CMD_LATENCY_PRINT_H
#define PL_CMD_LATENCY_PRINT_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/error.h"
#include "latency/latency.h"
#include "latency/parts.h"
#include "output/json_out.h"
#include "output/table.h"

struct json_object *latency_json(const struct latency *latency);
/* Adds "joins". 0, or negative errno with its text. */
int latency_json_joins(struct json_object *document, sqlite3 *db, struct error *err);

/* Tables on stdout: 0, or negative errno with its text. */
int latency_print_csv(const struct latency_list *list, struct error *err);
int latency_print_table(const struct latency_list *list, struct error *err);
void latency_print_drawn(const struct latency_list *list);		     /* of which not all durations made the quantiles */
void latency_print_memory(const struct latency_list *list);		     /* whose intervals allow for autocorrelation */
int latency_print_joins(sqlite3 *db, const char *only_feed, const char *only_asset, struct error *err);

/* The tail of one latency as JSON (NULL where there are too few samples), and of all as a table. */
int latency_json_tail(const struct latency *latency, struct json_object **out);
int latency_print_tails(const struct latency_list *list); /* 0, -ENOMEM or -EIO, as for the changes */

/* Changes of level of all. */
int latency_json_changes(const struct latency_list *list, struct json_object **out);
int latency_print_changes(const struct latency_list *list);

struct json_object *latency_json_parts(const struct latency_part_list *parts);
int latency_print_parts(const struct latency_part_list *parts, bool csv, struct error *err); /* as above */

/* The clock of the recording machine: as "clock" of a document, and as a line. */
int latency_json_clock(struct json_object *document, sqlite3 *db, struct error *err);
int latency_print_clock(sqlite3 *db, struct error *err);

/* Processes that are not ours, those of one feed or all; nothing where there are none. */
int latency_print_readers(sqlite3 *db, const char *only_feed, struct error *err);
int latency_json_readers(struct json_object *document, sqlite3 *db, const char *only_feed, struct error *err);

#endif
