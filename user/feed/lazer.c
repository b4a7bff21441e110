// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Decoder `pyth-lazer`: Pyth Pro (Lazer), as text {"type":"streamUpdated","parsed":{…},"solana":{"encoding":…,"data":…}}
 * and as binary messages: magic 73 77 88 1b, subscription u64, then for each format a u16 length and its bytes, integers
 * big endian. One format alone, as it goes into a transaction, is read as well.
 *
 * All formats of a message hold the same updates; they are read from one: the signed ones first, then the unsigned one,
 * then `parsed`. Shapes: pyth-network/pyth-crosschain, lazer/sdk/rust/protocol/src/router.rs, message.rs, binary_update.rs.
 *
 * The key is the payload's timestamp in microseconds, which with the feed's number names an update.
 */
#include "feed/lazer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "feed/cursor.h"
#include "feed/raw.h"

#define MAGIC_LEN 4

static const uint8_t update_magic[MAGIC_LEN] = {0x73, 0x77, 0x88, 0x1b};

/* In the order in which they are preferred; the names are the JSON's keys. */
static const struct format {
	const char *name;
	uint8_t magic[MAGIC_LEN];
} formats[] = {
	{"solana", {0xb9, 0x01, 0x1a, 0x82}},	 {"evm", {0x2a, 0x22, 0x99, 0x9a}},
	{"leEcdsa", {0xe4, 0xbd, 0x47, 0x4d}},	 {"leUnsigned", {0x0c, 0x4d, 0x63, 0x59}},
	{"parsed", {0x9a, 0x10, 0xda, 0xc4}},
};
#define FORMATS	     (sizeof(formats) / sizeof(formats[0]))
#define FORMAT_PARSED (FORMATS - 1)

static size_t format_of(const uint8_t *data, size_t len)
{
	size_t i = 0;

	while (i < FORMATS && (len < MAGIC_LEN || memcmp(data, formats[i].magic, MAGIC_LEN)))
		i++;
	return i;
}

int lazer_begin(const struct lazer *lazer, uint64_t feed, struct feed_message *message, struct feed_details *details,
		struct error *err)
{
	message_clear(message);
	message->details = details;
	message->signature = lazer->signature;
	snprintf(message->id, sizeof(message->id), "%" PRIu64, feed);
	snprintf(message->key, sizeof(message->key), "%" PRIu64, lazer->timestamp_us);
	details_text(details, "format", lazer->format);
	if (*lazer->signer)
		details_text(details, "signer", lazer->signer);
	if (lazer->timestamp_us > INT64_MAX || message_set_time(message, (int64_t)lazer->timestamp_us, -6))
		return error_set(err, -EBADMSG, "timestamp: %s is no time in microseconds", message->key);
	return 0;
}

int lazer_finish(struct lazer *lazer, struct feed_message *message, const char *price, bool has_exponent, int exponent,
		 struct error *err)
{
	const struct decode_options *o = lazer->options;

	if (!has_exponent && o->has_exponent) {
		has_exponent = true;
		exponent = o->exponent;
	}
	if (price && message_set_mantissa(message, price, has_exponent, exponent))
		return error_set(err, -EBADMSG, "price: %se%d is beyond a double", price, exponent);
	lazer->emit(lazer->context, message);
	lazer->updates++;
	return 0;
}

/* ---- binary --------------------------------------------------------------------------------------------------------- */

static int read_embedded_json(struct lazer *lazer, const uint8_t *data, size_t len, struct error *err)
{
	struct json_object *parsed;
	int ret = json_read(&parsed, data + MAGIC_LEN, len - MAGIC_LEN, err);

	if (ret)
		return ret;
	ret = lazer_read_parsed(lazer, parsed, err);
	json_object_put(parsed);
	return ret;
}

static int read_format(struct lazer *lazer, size_t format, const uint8_t *data, size_t len, struct error *err)
{
	int ret;

	lazer->format = formats[format].name;
	ret = format == FORMAT_PARSED ? read_embedded_json(lazer, data, len, err) : lazer_read_binary(lazer, data, len, err);
	return ret ? error_prefix(err, ret, "%s", formats[format].name) : 0;
}

static int read_update(struct lazer *lazer, const uint8_t *data, size_t len, struct error *err)
{
	struct cursor c = cursor_over(data, len, err);
	struct {
		const uint8_t *data;
		size_t len;
	} found[FORMATS + 1] = {{NULL, 0}};
	size_t best = 0;

	cursor_bytes(&c, MAGIC_LEN, "magic");
	cursor_be(&c, 8, "subscription");
	while (!c.failed && cursor_left(&c)) {
		size_t part = (size_t)cursor_be(&c, 2, "length"), format;
		const uint8_t *bytes = cursor_bytes(&c, part, "part");

		format = bytes ? format_of(bytes, part) : FORMATS;
		if (bytes && format == FORMATS)
			return error_set(err, -EBADMSG, "a part of a format that is not known, at offset %zu", c.at - part);
		found[format].data = bytes;
		found[format].len = part;
	}
	if (c.failed)
		return -EBADMSG;
	while (best < FORMATS && !found[best].data)
		best++;
	return best == FORMATS ? 0 : read_format(lazer, best, found[best].data, found[best].len, err);
}

/* ---- JSON ----------------------------------------------------------------------------------------------------------- */

static int read_json_format(struct lazer *lazer, size_t format, struct json_object *value, struct error *err)
{
	struct raw raw;
	int ret;

	if (format == FORMAT_PARSED) {
		lazer->format = formats[format].name;
		ret = lazer_read_parsed(lazer, value, err);
		return ret ? error_prefix(err, ret, "/parsed") : 0;
	}
	ret = raw_encoded(json_member(value, "data"), json_text(json_member(value, "encoding")), &raw, err);
	if (ret)
		return error_prefix(err, ret, "/%s/data", formats[format].name);
	if (format_of(raw.data, raw.len) != format)
		ret = error_set(err, -EBADMSG, "/%s/data: begins with another format's bytes", formats[format].name);
	else
		ret = read_format(lazer, format, raw.data, raw.len, err);
	raw_free(&raw);
	return ret;
}

static int read_message(void *context, struct json_object *root, struct error *err)
{
	struct lazer *lazer = context;
	const char *type = json_text(json_member(root, "type"));
	char text[300];

	if (type && (!strcmp(type, "error") || !strcmp(type, "subscriptionError"))) {
		json_printable(text, sizeof(text), json_text(json_member(root, "error")));
		return error_set(err, -EBADMSG, "Pyth answered with an error: %s", text);
	}
	if (type && strcmp(type, "streamUpdated"))
		return 0;
	for (size_t i = 0; i < FORMATS; i++) {
		struct json_object *value = json_member(root, formats[i].name);

		if (value)
			return read_json_format(lazer, i, value, err);
	}
	if (json_member(root, "priceFeeds")) { /* `parsed` by itself */
		lazer->format = formats[FORMAT_PARSED].name;
		return lazer_read_parsed(lazer, root, err);
	}
	return error_set(err, -EBADMSG, "no update: none of solana, evm, leEcdsa, leUnsigned and parsed is in it");
}

static int read_bytes(void *context, const uint8_t *data, size_t len, struct error *err)
{
	size_t format = format_of(data, len);

	if (len >= MAGIC_LEN && !memcmp(data, update_magic, MAGIC_LEN))
		return read_update(context, data, len, err);
	if (format < FORMATS)
		return read_format(context, format, data, len, err);
	return error_set(err, -EBADMSG, "neither JSON nor one of Lazer's magics in the first 4 bytes");
}

int lazer_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
		 struct error *err)
{
	static const struct raw_readers readers = {read_message, read_bytes};
	struct lazer lazer = {.options = options, .emit = emit, .context = context};
	int ret = raw_read(&readers, &lazer, data, len, err);

	return ret ? ret : lazer.updates;
}
