// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/json.h"

#include <errno.h>
#include <json-c/json_tokener.h>
#include <json-c/json_util.h>
#include <limits.h>
#include <string.h>

int json_read(struct json_object **out, const void *data, size_t len, struct error *err)
{
	struct json_tokener *tokener;
	enum json_tokener_error status;
	size_t end;

	*out = NULL;
	if (len > INT_MAX)
		return error_set(err, -EBADMSG, "JSON of %zu bytes: too long", len);
	tokener = json_tokener_new_ex(JSON_DEPTH);
	if (!tokener)
		return error_set(err, -ENOMEM, "no memory for a JSON parser");
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	*out = json_tokener_parse_ex(tokener, data, (int)len);
	status = json_tokener_get_error(tokener);
	end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);

	if (status == json_tokener_continue)
		error_set(err, 0, "JSON ends early, at offset %zu", len);
	else if (status != json_tokener_success)
		error_set(err, 0, "no JSON at offset %zu: %s", end, json_tokener_error_desc(status));
	else if (!json_object_is_type(*out, json_type_object) && !json_object_is_type(*out, json_type_array))
		error_set(err, 0, "JSON %s where an object or an array belongs", json_kind(*out));
	else if (end < len)
		error_set(err, 0, "bytes after the JSON document, at offset %zu", end);
	else
		return 0;
	json_object_put(*out);
	*out = NULL;
	return -EBADMSG;
}

struct json_object *json_member(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_is_type(object, json_type_object) || !json_object_object_get_ex(object, key, &value))
		return NULL;
	return value;
}

bool json_pointer_valid(const char *pointer)
{
	if (*pointer && *pointer != '/')
		return false;
	for (const char *c = strchr(pointer, '~'); c; c = strchr(c + 1, '~')) {
		if (c[1] != '0' && c[1] != '1')
			return false;
	}
	return true;
}

/* An index is "0" or digits without a leading zero (RFC 6901 section 4). */
static struct json_object *element(struct json_object *array, const char *token)
{
	size_t index = 0;

	if (!*token || (token[0] == '0' && token[1]))
		return NULL;
	for (; *token; token++) {
		if (*token < '0' || *token > '9' || index > INT_MAX / 10 - 1)
			return NULL;
		index = index * 10 + (size_t)(*token - '0');
	}
	return index < json_object_array_length(array) ? json_object_array_get_idx(array, index) : NULL;
}

struct json_object *json_at(struct json_object *value, const char *pointer)
{
	while (value && *pointer) {
		char token[256];
		size_t used = 0;

		if (*pointer++ != '/')
			return NULL;
		for (; *pointer && *pointer != '/'; pointer++) {
			char c = *pointer;

			if (c == '~') {
				pointer++;
				if (*pointer != '0' && *pointer != '1')
					return NULL;
				c = *pointer == '0' ? '~' : '/';
			}
			if (used == sizeof(token) - 1)
				return NULL;
			token[used++] = c;
		}
		token[used] = '\0';
		value = json_object_is_type(value, json_type_array) ? element(value, token) : json_member(value, token);
	}
	return value;
}

const char *json_text(struct json_object *value)
{
	const char *text;

	if (!json_object_is_type(value, json_type_string))
		return NULL;
	text = json_object_get_string(value);
	return strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

const char *json_number_text(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_string:
		return json_text(value);
	case json_type_int:
		if (json_object_get_uint64(value) == UINT64_MAX || json_object_get_int64(value) == INT64_MIN)
			return NULL;
		return json_object_get_string(value);
	case json_type_double:
		return json_object_get_string(value);
	default:
		return NULL;
	}
}

bool json_integer(struct json_object *value, int64_t *out)
{
	/* Above INT64_MAX json-c answers INT64_MAX: only the unsigned reading tells them apart. */
	if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) == INT64_MIN ||
	    json_object_get_uint64(value) > INT64_MAX)
		return false;
	*out = json_object_get_int64(value);
	return true;
}

const char *json_kind(struct json_object *value)
{
	return json_type_to_name(json_object_get_type(value));
}

void json_printable(char *out, size_t size, const char *text)
{
	size_t used = 0;

	if (!text)
		text = "(no text)";
	for (; text[used] && used + 1 < size; used++)
		out[used] = text[used] >= ' ' && text[used] <= '~' ? text[used] : '?';
	out[used] = '\0';
}
