/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pyth Pro (Lazer): the parts of decoder `pyth-lazer` that are files of their own. */
#ifndef PL_FEED_LAZER_H
#define PL_FEED_LAZER_H

#include <json-c/json_object.h>

#include "feed/build.h"
#include "feed/decoder.h"

/* What all updates of one message share. */
struct lazer {
	const struct decode_options *options;
	decode_emit_fn emit;
	void *context;
	const char *format;
	uint64_t timestamp_us;
	enum feed_signature signature;
	char signer[2 * 33 + 1]; /* hex; "" unknown */
	int updates;
};

/* One of the binary formats, from its magic to its last byte. */
int lazer_read_binary(struct lazer *lazer, const uint8_t *data, size_t len, struct error *err);

/* The signed payload: `big_endian` in the format evm. */
int lazer_read_payload(struct lazer *lazer, const uint8_t *data, size_t len, bool big_endian, struct error *err);

/* {"timestampUs":"…","priceFeeds":[…]} */
int lazer_read_parsed(struct lazer *lazer, struct json_object *parsed, struct error *err);

/* Names, key and time of an update, and an empty message otherwise; its details already in place. */
int lazer_begin(const struct lazer *lazer, uint64_t feed, struct feed_message *message, struct feed_details *details,
		struct error *err);

/* Price (NULL: none) and exponent, or the configured one, and out with it. */
int lazer_finish(struct lazer *lazer, struct feed_message *message, const char *price, bool has_exponent, int exponent,
		 struct error *err);

#endif
