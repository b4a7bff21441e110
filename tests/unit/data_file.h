/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Published messages for tests, from PRICELAG_DATA. Include after cmocka.h. */
#ifndef PL_TESTS_DATA_FILE_H
#define PL_TESTS_DATA_FILE_H

#include <json-c/json_object.h>
#include <json-c/json_util.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/json.h"

static inline void data_path(const char *name, char *out, size_t size)
{
	const char *folder = getenv("PRICELAG_DATA");
	FILE *there;

	snprintf(out, size, "%s/%s", folder ? folder : "../shared/data", name);
	there = fopen(out, "rb");
	if (!there) {
		printf("skip: %s is not there\n", out);
		skip();
	}
	fclose(there);
}

/* The bytes of a file; skips the test where it is absent. */
static inline uint8_t *data_read(const char *name, size_t *len)
{
	char path[512];
	uint8_t *data = malloc(1 << 20);
	FILE *in;

	data_path(name, path, sizeof(path));
	in = fopen(path, "rb");
	assert_non_null(data);
	*len = fread(data, 1, 1 << 20, in);
	fclose(in);
	return data;
}

static inline struct json_object *data_json(const char *name)
{
	char path[512];
	struct json_object *root;

	data_path(name, path, sizeof(path));
	root = json_object_from_file(path);
	assert_non_null(root);
	return root;
}

/* The hex text of a member as bytes. */
static inline uint8_t *data_hex(struct json_object *object, const char *key, size_t *len)
{
	const char *text = json_text(json_member(object, key));
	uint8_t *bytes;
	long n;

	assert_non_null(text);
	bytes = malloc(strlen(text));
	assert_non_null(bytes);
	n = hex_decode(text, strlen(text), bytes, strlen(text));
	assert_true(n >= 0);
	*len = (size_t)n;
	return bytes;
}

#endif
