// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "solana/price_update.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "feed/build.h"
#include "feed/cursor.h"

#define DISCRIMINATOR_BYTES 8
#define FEED_ID_BYTES 32

enum { PARTIAL = 0, FULL = 1 };

static const uint8_t discriminator[DISCRIMINATOR_BYTES] = {0x22, 0xf1, 0x23, 0x63, 0x9d, 0x7e, 0xf4, 0xcd};

static int read_head(struct cursor *c, struct price_update *out)
{
	const uint8_t *kind = cursor_bytes(c, DISCRIMINATOR_BYTES, "discriminator"), *authority;
	unsigned int level;

	if (kind && memcmp(kind, discriminator, sizeof(discriminator)))
		return error_set(c->err, -EBADMSG, "the account is no PriceUpdateV2: another discriminator at offset 0");
	authority = cursor_bytes(c, SOLANA_KEY_BYTES, "write authority");
	level = (unsigned int)cursor_le(c, 1, "verification level");
	if (c->failed)
		return -EBADMSG;
	if (level != PARTIAL && level != FULL)
		return error_set(c->err, -EBADMSG, "verification level: %u at offset %zu, where 0 is partial and 1 full", level, c->at - 1);
	memcpy(out->write_authority, authority, sizeof(out->write_authority));
	out->full = level == FULL;
	out->signatures = out->full ? 0 : (unsigned int)cursor_le(c, 1, "number of signatures");
	return 0;
}

int price_update_read(const uint8_t *data, size_t len, struct price_update *out, struct feed_message *message,
		      struct feed_details *details, struct error *err)
{
	struct cursor c = cursor_over(data, len, err);
	struct feed_details unwanted = {.count = 0};
	const uint8_t *id;
	int64_t price, publish_time;
	int exponent;
	char digits[24];

	if (!details)
		details = &unwanted;
	if (read_head(&c, out))
		return -EBADMSG;
	message_clear(message);
	id = cursor_bytes(&c, FEED_ID_BYTES, "feed id");
	price = cursor_le_signed(&c, 8, "price");
	details_uint(details, "confidence", cursor_le(&c, 8, "confidence"));
	exponent = (int)cursor_le_signed(&c, 4, "exponent");
	publish_time = cursor_le_signed(&c, 8, "publish time");
	out->previous_s = cursor_le_signed(&c, 8, "previous publish time");
	details_int(details, "prev_publish_time_s", out->previous_s);
	details_int(details, "ema_price", cursor_le_signed(&c, 8, "EMA price"));
	details_uint(details, "ema_confidence", cursor_le(&c, 8, "EMA confidence"));
	out->posted_slot = cursor_le(&c, 8, "posted slot");
	details_uint(details, "posted_slot", out->posted_slot);
	if (c.failed)
		return -EBADMSG;
	message_set_hex_id(message, id, FEED_ID_BYTES);
	snprintf(digits, sizeof(digits), "%" PRId64, price);
	if (message_set_mantissa(message, digits, true, exponent))
		return error_set(err, -EBADMSG, "price: %se%d is beyond a double", digits, exponent);
	snprintf(message->key, sizeof(message->key), "%" PRId64, publish_time);
	if (message_set_time(message, publish_time, 0))
		return error_set(err, -EBADMSG, "publish time: %s is no time in seconds", message->key);
	return 0;
}

int price_update_data(struct json_object *account, struct raw *out, struct error *err)
{
	struct json_object *data = json_member(account, "data");
	const char *encoding;

	*out = (struct raw){0};
	if (!json_object_is_type(data, json_type_array) || json_object_array_length(data) != 2)
		return error_set(err, -EBADMSG, "data: a pair of text and encoding belongs here");
	encoding = json_text(json_object_array_get_idx(data, 1));
	if (!encoding || strcmp(encoding, "base64"))
		return error_set(err, -EBADMSG, "data: another encoding than base64");
	return raw_encoded(json_object_array_get_idx(data, 0), encoding, out, err);
}
