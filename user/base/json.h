/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading JSON that comes from the network (json-c): a nesting limit, UTF-8 checked, nothing after the document, and
 * look-ups that answer NULL instead of crashing on another type. Numbers keep their text, so that decimals stay exact.
 */
#ifndef PL_BASE_JSON_H
#define PL_BASE_JSON_H

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define JSON_DEPTH 32 /* deepest nesting accepted: the feeds and nodes that are read stay below 10 */

/* One document, an object or an array, from `len` bytes. 0, or -EBADMSG with the offset and the reason. Free with json_object_put(). */
int json_read(struct json_object **out, const void *data, size_t len, struct error *err);

/* A member of an object; NULL if `object` is none, has no such key, or the value is null. */
struct json_object *json_member(struct json_object *object, const char *key);

/* RFC 6901: "/data/0/price", "" is the value itself. NULL if nothing (or null) is there. */
struct json_object *json_at(struct json_object *value, const char *pointer);

/* True for "" and for "/…" whose every ~ is followed by 0 or 1. */
bool json_pointer_valid(const char *pointer);

/* Text of a string; NULL if the value is none or contains U+0000, which C text would cut. Lives as long as the value. */
const char *json_text(struct json_object *value);

/* Text of a number as it stood in the document, or of a string; NULL for other types and for integers beyond 64 bits
 * (json-c 0.16 saturates them: the two extremes are refused, since they may stand for anything larger). */
const char *json_number_text(struct json_object *value);

/* An integer number; false for other types, decimals and what 64 bits do not hold. */
bool json_integer(struct json_object *value, int64_t *out);

/*
 * Copies text of unknown origin for a message: printable ASCII stays, anything else (terminal escapes!) becomes '?'; cut to
 * fit. NULL reads as "(no text)".
 */
void json_printable(char *out, size_t size, const char *text);

/* "object", "array", …, "null": for messages. */
const char *json_kind(struct json_object *value);

#endif
