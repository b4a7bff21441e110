// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/model_result.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define MODEL_SCHEMA "pricelag.model/1"
#define MODEL_BYTES_MAX (64 << 20)

int model_result_read(const char *path, struct json_object **out, struct error *err)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	const char *schema;
	size_t len;
	int status = 0;

	if (!file)
		return error_set(err, -errno, "%s: %s; 'pricelag model --json > %s' makes it", path, strerror(errno), path);
	text = malloc(MODEL_BYTES_MAX);
	len = text ? fread(text, 1, MODEL_BYTES_MAX, file) : 0;
	if (!text)
		status = error_set(err, -ENOMEM, "%s: out of memory", path);
	else if (ferror(file))
		status = error_set(err, -EIO, "%s: cannot be read", path);
	else if (len == MODEL_BYTES_MAX)
		status = error_set(err, -EFBIG, "%s: larger than any result of 'pricelag model'", path);
	else if ((status = json_read(out, text, len, err)))
		error_prefix(err, status, "%s", path);
	fclose(file);
	free(text);
	if (status)
		return status;
	schema = json_text(json_member(*out, "schema"));
	if (schema && !strcmp(schema, MODEL_SCHEMA))
		return 0;
	json_object_put(*out);
	*out = NULL;
	return error_set(err, -EINVAL, "%s: not a result of the model (schema %s); 'pricelag model --json' prints one", path,
			 MODEL_SCHEMA);
}
