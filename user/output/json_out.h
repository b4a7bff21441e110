/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The one JSON document that a command prints on stdout: json-c objects with the project's conventions: unknown is null and
 * never 0, doubles in their shortest form, text always valid UTF-8.
 *
 * json_object_object_add() and _array_add() of json-c serve for nested values. The functions that add check nothing
 * for the caller: out of memory ends the process (json_print could not report a document with holes).
 */
#ifndef PL_OUTPUT_JSON_OUT_H
#define PL_OUTPUT_JSON_OUT_H

#include <json-c/json.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

/* A new object with {"schema": schema} first: "pricelag.latency/1". */
struct json_object *json_document(const char *schema);

/* A value by itself. TIME_UNKNOWN, NAN, infinities and NULL give null (which json-c has as a NULL pointer). */
struct json_object *json_ns(int64_t ns);
struct json_object *json_number(double value);
struct json_object *json_string(const char *text); /* bytes that are not UTF-8 become U+FFFD */

/* The same, added to an object under `key` (copied). */
void json_add(struct json_object *object, const char *key, struct json_object *value); /* takes value */
void json_add_ns(struct json_object *object, const char *key, int64_t ns);
void json_add_count(struct json_object *object, const char *key, uint64_t count);
void json_add_number(struct json_object *object, const char *key, double value);
void json_add_bool(struct json_object *object, const char *key, bool value);
void json_add_text(struct json_object *object, const char *key, const char *text);	   /* NULL → null */
void json_add_name(struct json_object *object, const char *key, const char *text);	   /* NULL and "" → null */
void json_add_number_pair(struct json_object *object, const char *key, const double pair[2]);
void json_add_ns_pair(struct json_object *object, const char *key, const int64_t pair_ns[2]); /* [lo, hi] */

/* {"source.name": count, …} of the counters in table loss that are losses, zeros included. Negative errno with the text of SQLite otherwise. */
int json_add_losses(struct json_object *object, const char *key, sqlite3 *db, struct error *err);

/* The document with those as its "losses", on stdout; releases it. 0, or negative errno with its text. */
int json_print_session(struct json_object *document, sqlite3 *db, struct error *err);

/* The document and a newline; releases it. 0, or -EIO with the text (a full disk, a closed pipe). */
int json_print(struct json_object *document, FILE *out, struct error *err);

#endif
