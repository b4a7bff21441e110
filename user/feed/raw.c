// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "feed/raw.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/hex.h"
#include "base/json.h"

static int decode(const char *text, size_t len, long (*decoder)(const char *, size_t, uint8_t *, size_t), struct raw *out,
		  const char *what, struct error *err)
{
	long bytes;

	out->owned = malloc(len + 1);
	if (!out->owned)
		return error_set(err, -ENOMEM, "no memory for a message of %zu bytes", len);
	bytes = decoder(text, len, out->owned, len);
	if (bytes < 0) {
		raw_free(out);
		return error_set(err, -EBADMSG, "%s", what);
	}
	out->data = out->owned;
	out->len = (size_t)bytes;
	return 0;
}

static bool all_hex(const uint8_t *data, size_t len)
{
	size_t i = len > 2 && data[0] == '0' && (data[1] | 0x20) == 'x' ? 2 : 0;

	for (; i < len && isxdigit(data[i]); i++)
		;
	return len && i == len;
}

int raw_message(const uint8_t *data, size_t len, struct raw *out, struct error *err)
{
	size_t text = len;

	while (text && isspace(data[text - 1]))
		text--;
	*out = (struct raw){.data = data, .len = len};
	if (!all_hex(data, text))
		return 0;
	return decode((const char *)data, text, hex_decode, out, "hex of an odd number of digits", err);
}

int raw_encoded(struct json_object *text, const char *encoding, struct raw *out, struct error *err)
{
	const char *value = json_text(text);

	*out = (struct raw){0};
	if (!value)
		return error_set(err, -EBADMSG, "%s where text belongs", json_kind(text));
	if (!encoding || !strcmp(encoding, "hex"))
		return decode(value, strlen(value), hex_decode, out, "no hex (an even number of digits)", err);
	if (!strcmp(encoding, "base64"))
		return decode(value, strlen(value), base64_decode, out, "no base64", err);
	return error_set(err, -EBADMSG, "an encoding other than hex and base64");
}

static bool is_json(const uint8_t *data, size_t len)
{
	return len && (data[0] == '{' || data[0] == '[') && !memchr(data, 0, len);
}

int raw_read(const struct raw_readers *readers, void *context, const uint8_t *data, size_t len, struct error *err)
{
	struct json_object *root;
	struct raw raw;
	int ret;

	if (is_json(data, len)) {
		ret = json_read(&root, data, len, err);
		if (ret)
			return ret;
		ret = readers->json(context, root, err);
		json_object_put(root);
		return ret;
	}
	ret = raw_message(data, len, &raw, err);
	if (!ret)
		ret = readers->binary(context, raw.data, raw.len, err);
	raw_free(&raw);
	return ret;
}

void raw_free(struct raw *raw)
{
	free(raw->owned);
	*raw = (struct raw){0};
}
