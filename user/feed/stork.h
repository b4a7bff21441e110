/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The signature of a price in Stork's JSON. */
#ifndef PL_FEED_STORK_H
#define PL_FEED_STORK_H

#include <json-c/json_object.h>

#include "feed/decimal.h"
#include "feed/signature.h"

#define STORK_WORD	 32
#define STORK_VALUE_WORDS 5 /* id, timestamp in ns, value, publishers' Merkle root, the algorithm's checksum */
#define STORK_VALUE_LEN	 (STORK_VALUE_WORDS * STORK_WORD)

/* What is signed of a price but the public key before it; false where a part is missing (another signature_type). */
bool stork_value(struct json_object *price, const struct decimal *value, uint8_t out[STORK_VALUE_LEN]);

/* `price` is the object stork_signed_price, `value` its price as a number. Checked where the options expect a signer or
 * ask to explain; else, and where a part of it is missing (another signature_type), it stays unchecked. */
enum feed_signature stork_check(const struct decode_options *options, struct json_object *price, const struct decimal *value,
				char signer[SIGNER_TEXT]);

#endif
