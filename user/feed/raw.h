/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Binary messages that come as text: bare hex, or hex and base64 inside JSON. */
#ifndef PL_FEED_RAW_H
#define PL_FEED_RAW_H

#include <json-c/json_object.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Bytes to read; `owned` is what raw_free() frees, NULL where they are the message's own. */
struct raw {
	const uint8_t *data;
	size_t len;
	uint8_t *owned;
};

/* A message that consists of hex digits only (an optional 0x before, white space behind) is decoded; any other is taken as
 * it is: no binary format here is made of hex digits alone. 0 or -ENOMEM; -EBADMSG for an odd number of digits. */
int raw_message(const uint8_t *data, size_t len, struct raw *out, struct error *err);

/* A JSON text in `encoding`, "hex" or "base64" (NULL: hex). -EBADMSG for other encodings, other types, and bad digits. */
int raw_encoded(struct json_object *text, const char *encoding, struct raw *out, struct error *err);

void raw_free(struct raw *raw);

/* The two faces of a format, each for its reader with its own `context`. Readers return 0 or a negative errno with `err`. */
struct raw_readers {
	int (*json)(void *context, struct json_object *root, struct error *err);
	int (*binary)(void *context, const uint8_t *data, size_t len, struct error *err);
};

/* Gives a message to the reader for it: JSON is what begins with { or [ and has no zero byte, which every binary message
 * here has; the rest is binary, after raw_message(). */
int raw_read(const struct raw_readers *readers, void *context, const uint8_t *data, size_t len, struct error *err);

#endif
