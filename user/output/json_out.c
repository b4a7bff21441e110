// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "output/json_out.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/format.h"

static void *must(void *pointer)
{
	if (!pointer) {
		fputs("pricelag: out of memory while building the JSON document\n", stderr);
		exit(EXIT_FAILURE);
	}
	return pointer;
}

struct json_object *json_ns(int64_t ns)
{
	return ns == TIME_UNKNOWN ? NULL : must(json_object_new_int64(ns));
}

struct json_object *json_number(double value)
{
	char text[FORMAT_MAX];

	if (!isfinite(value))
		return NULL;
	return must(json_object_new_double_s(value, format_number(value, text, sizeof(text))));
}

struct json_object *json_string(const char *text)
{
	struct json_object *object;
	char *valid, *at;
	size_t taken;
	uint32_t cp;

	if (!text)
		return NULL;
	/* json-c escapes control characters, but passes bytes that are not UTF-8 as they are */
	valid = at = must(malloc(3 * strlen(text) + 1));
	for (; (taken = utf8_next(text, &cp)); text += taken) {
		bool bad = cp == 0xfffd;

		memcpy(at, bad ? "\xef\xbf\xbd" : text, bad ? 3 : taken);
		at += bad ? 3 : taken;
	}
	*at = '\0';
	object = must(json_object_new_string(valid));
	free(valid);
	return object;
}

void json_add(struct json_object *object, const char *key, struct json_object *value)
{
	if (json_object_object_add(object, key, value))
		must(NULL);
}

struct json_object *json_document(const char *schema)
{
	struct json_object *object = must(json_object_new_object());

	json_add_text(object, "schema", schema);
	return object;
}

void json_add_ns(struct json_object *object, const char *key, int64_t ns)
{
	json_add(object, key, json_ns(ns));
}

void json_add_count(struct json_object *object, const char *key, uint64_t count)
{
	json_add(object, key, must(json_object_new_uint64(count)));
}

void json_add_number(struct json_object *object, const char *key, double value)
{
	json_add(object, key, json_number(value));
}

void json_add_bool(struct json_object *object, const char *key, bool value)
{
	json_add(object, key, must(json_object_new_boolean(value)));
}

void json_add_text(struct json_object *object, const char *key, const char *text)
{
	json_add(object, key, json_string(text));
}

void json_add_name(struct json_object *object, const char *key, const char *text)
{
	json_add(object, key, json_string(text && *text ? text : NULL));
}

void json_add_number_pair(struct json_object *object, const char *key, const double pair[2])
{
	struct json_object *array = must(json_object_new_array_ext(2));

	for (int i = 0; i < 2; i++) {
		if (json_object_array_add(array, json_number(pair[i])))
			must(NULL);
	}
	json_add(object, key, array);
}

void json_add_ns_pair(struct json_object *object, const char *key, const int64_t pair_ns[2])
{
	struct json_object *array = must(json_object_new_array_ext(2));

	for (int i = 0; i < 2; i++) {
		if (json_object_array_add(array, json_ns(pair_ns[i])))
			must(NULL);
	}
	json_add(object, key, array);
}

int json_add_losses(struct json_object *object, const char *key, sqlite3 *db, struct error *err)
{
	static const char sql[] = "SELECT source || '.' || name, count FROM loss WHERE is_loss ORDER BY source, name";
	struct json_object *losses;
	sqlite3_stmt *statement;
	int result;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		return error_set(err, -EIO, "table loss: %s", sqlite3_errmsg(db));
	losses = must(json_object_new_object());
	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		struct json_object *name = json_string((const char *)sqlite3_column_text(statement, 0));

		json_add_count(losses, json_object_get_string(name), (uint64_t)sqlite3_column_int64(statement, 1));
		json_object_put(name);
	}
	sqlite3_finalize(statement);
	json_add(object, key, losses);
	return result == SQLITE_DONE ? 0 : error_set(err, -EIO, "table loss: %s", sqlite3_errmsg(db));
}

int json_print(struct json_object *document, FILE *out, struct error *err)
{
	const char *text = must((void *)json_object_to_json_string_ext(
		document, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE));
	int result = 0;

	errno = 0;
	if (fputs(text, out) == EOF || fputc('\n', out) == EOF || fflush(out))
		result = error_set(err, -EIO, "cannot write the JSON document: %s", strerror(errno ? errno : EIO));
	json_object_put(document);
	return result;
}

int json_print_session(struct json_object *document, sqlite3 *db, struct error *err)
{
	int status = json_add_losses(document, "losses", db, err);

	if (!status)
		return json_print(document, stdout, err);
	json_object_put(document);
	return status;
}
