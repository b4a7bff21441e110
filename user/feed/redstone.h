/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The signature of a RedStone data package in JSON. */
#ifndef PL_FEED_REDSTONE_H
#define PL_FEED_REDSTONE_H

#include <json-c/json_object.h>

#include "feed/signature.h"

/* The bytes that are signed of a package with these points, for free(); NULL where a value is no number. */
uint8_t *redstone_signed(struct json_object *points, int64_t timestamp_ms, size_t *len);

/* Checked where the options expect a signer, or ask to explain and the package names its signer; else it stays unchecked.
 * So does a package without signed bytes (NULL), or whose signature is of another kind. */
enum feed_signature redstone_check(const struct decode_options *options, struct json_object *package,
				   const uint8_t *signed_bytes, size_t len, char signer[SIGNER_TEXT]);

#endif
