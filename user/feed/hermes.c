// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Decoder `pyth-hermes`: Pyth's Hermes, as WebSocket messages {"type":"price_update","price_feed":{…}} and as the events
 * of /v2/updates/price/stream {"binary":{…},"parsed":[{…}]}; `binary` is read where there is no `parsed`, and for the digests
 * where there is (`vaa` over WebSocket, where binary was asked for). Shapes: pyth-network/pyth-crosschain,
 * apps/hermes/server/src/api/ws.rs (ServerMessage) and types.rs (RpcPriceFeed, ParsedPriceUpdate).
 *
 * The key is publish_time in whole seconds, as PriceFeedUpdate carries it on chain. The price is text in the message
 * ("stored as a string to avoid precision loss") and expo its power of ten.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/json.h"
#include "feed/build.h"
#include "feed/decoder.h"
#include "feed/raw.h"

/* What else the feed says that is a number, or the text of one. */
static void add_details(struct json_object *feed, struct feed_details *details)
{
	static const struct {
		const char *name, *place;
	} known[] = {
		{"confidence", "/price/conf"},	{"ema_price", "/ema_price/price"},
		{"slot", "/metadata/slot"},	{"proof_available_time_s", "/metadata/proof_available_time"},
		{"prev_publish_time_s", "/metadata/prev_publish_time"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const char *text = json_number_text(json_at(feed, known[i].place));
		struct decimal number;
		char *end;
		long long value;

		if (!text || decimal_parse(text, &number) || number.exponent)
			continue;
		errno = 0;
		value = strtoll(number.mantissa, &end, 10);
		if (!errno && !*end)
			details_int(details, known[i].name, value);
	}
}

static int read_feed(struct json_object *feed, struct feed_message *message, struct feed_details *details, struct error *err)
{
	struct json_object *price = json_member(feed, "price");
	const char *id = json_text(json_member(feed, "id")), *text = json_number_text(json_member(price, "price"));
	struct decimal value, seconds = {0};
	int64_t expo, publish_time;

	message_clear(message);
	details->count = 0;
	add_details(feed, details);
	message->details = details;
	if (!id || !*id || message_set_id(message, id))
		return error_set(err, -EBADMSG, "id: missing, or no text of up to 95 characters");
	for (char *c = message->id; *c; c++)
		*c |= *c >= 'A' && *c <= 'Z' ? 'a' - 'A' : 0;
	if (!text || decimal_parse(text, &value) || value.exponent)
		return error_set(err, -EBADMSG, "price/price: missing, or no integer of up to 80 digits");
	if (!json_integer(json_member(price, "expo"), &expo) || expo < -DECIMAL_EXPONENT_MAX || expo > DECIMAL_EXPONENT_MAX)
		return error_set(err, -EBADMSG, "price/expo: missing, or no integer between -308 and 308");
	if (!json_integer(json_member(price, "publish_time"), &publish_time))
		return error_set(err, -EBADMSG, "price/publish_time: missing, or no integer");
	value.exponent = (int)expo;
	if (message_set_price(message, &value))
		return error_set(err, -EBADMSG, "price: %se%d is beyond a double", value.mantissa, value.exponent);
	snprintf(message->key, sizeof(message->key), "%lld", (long long)publish_time);
	memcpy(seconds.mantissa, message->key, sizeof(seconds.mantissa));
	if (decimal_time_ns(&seconds, 0, &message->published_ns))
		return error_set(err, -EBADMSG, "price/publish_time: %s is no time in seconds", message->key);
	return 0;
}

/* ---- digests: of the signed bytes that come beside the parsed prices ---- */

struct signed_updates {
	struct signed_update {
		char id[FEED_TEXT_MAX], key[FEED_TEXT_MAX], mantissa[FEED_TEXT_MAX], digest[33];
	} *list;
	size_t count, room;
};

static void keep_signed(void *context, const struct feed_message *message)
{
	struct signed_updates *all = context;
	struct signed_update *one;

	if (array_grow((void **)&all->list, all->count, &all->room, sizeof(*one)))
		return;
	one = &all->list[all->count++];
	memcpy(one->id, message->id, sizeof(one->id));
	memcpy(one->key, message->key, sizeof(one->key));
	memcpy(one->mantissa, message->mantissa, sizeof(one->mantissa));
	memcpy(one->digest, message->digest, sizeof(one->digest));
}

/* The parsed prices stand by themselves: bytes that cannot be read only leave them without digests. */
static void read_signed(struct json_object *text, const char *encoding, struct signed_updates *out)
{
	static const struct decode_options none;
	struct raw raw;

	if (!raw_encoded(text, encoding, &raw, NULL))
		pnau_decode(&none, raw.data, raw.len, keep_signed, out, NULL);
	raw_free(&raw);
}

/* The same update, not just the same feed. */
static void set_digest(const struct signed_updates *all, struct feed_message *message)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct signed_update *one = &all->list[i];

		if (!strcmp(one->id, message->id) && !strcmp(one->key, message->key) && !strcmp(one->mantissa, message->mantissa)) {
			memcpy(message->digest, one->digest, sizeof(message->digest));
			return;
		}
	}
}

static int read_typed(const char *type, struct json_object *root, decode_emit_fn emit, void *context, struct error *err)
{
	struct json_object *feed = json_member(root, "price_feed");
	struct signed_updates all = {NULL, 0, 0};
	struct feed_details details;
	struct feed_message message;
	const char *status = json_text(json_member(root, "status"));
	char text[300];

	if (!strcmp(type, "response") && status && !strcmp(status, "error")) {
		json_printable(text, sizeof(text), json_text(json_member(root, "error")));
		return error_set(err, -EBADMSG, "Hermes answered with an error: %s", text);
	}
	if (strcmp(type, "price_update"))
		return 0;
	if (read_feed(feed, &message, &details, err))
		return error_prefix(err, -EBADMSG, "/price_feed");
	read_signed(json_member(feed, "vaa"), "base64", &all);
	set_digest(&all, &message);
	free(all.list);
	emit(context, &message);
	return 1;
}

static int read_parsed(struct json_object *parsed, struct json_object *binary, decode_emit_fn emit, void *context,
		       struct error *err)
{
	struct json_object *data = json_member(binary, "data");
	size_t count = json_object_array_length(parsed);
	struct signed_updates all = {NULL, 0, 0};
	struct error later;
	int updates = 0, first_fault = 0;

	for (size_t i = 0; json_object_is_type(data, json_type_array) && i < json_object_array_length(data); i++)
		read_signed(json_object_array_get_idx(data, i), json_text(json_member(binary, "encoding")), &all);
	for (size_t i = 0; i < count; i++) {
		struct error *here = first_fault ? &later : err;
		struct feed_details details;
		struct feed_message message;

		if (read_feed(json_object_array_get_idx(parsed, i), &message, &details, here)) {
			first_fault = error_prefix(here, -EBADMSG, "/parsed/%zu", i);
			continue;
		}
		set_digest(&all, &message);
		emit(context, &message);
		updates++;
	}
	free(all.list);
	return first_fault ? first_fault : updates;
}

/* {"encoding":"hex","data":["504e4155…"]}: accumulator updates, where no parsed prices were asked for. */
static int read_binary(const struct decode_options *options, struct json_object *binary, decode_emit_fn emit, void *context,
		       struct error *err)
{
	const char *encoding = json_text(json_member(binary, "encoding"));
	struct json_object *data = json_member(binary, "data");
	int updates = 0;

	if (!json_object_is_type(data, json_type_array))
		return error_set(err, -EBADMSG, "/binary/data: missing, or no list");
	for (size_t i = 0; i < json_object_array_length(data); i++) {
		struct raw raw;
		int ret = raw_encoded(json_object_array_get_idx(data, i), encoding, &raw, err);

		if (!ret)
			ret = pnau_decode(options, raw.data, raw.len, emit, context, err);
		raw_free(&raw);
		if (ret < 0)
			return error_prefix(err, ret, "/binary/data/%zu", i);
		updates += ret;
	}
	return updates;
}

int hermes_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit,
		  void *context, struct error *err)
{
	static const char event[] = "data:";
	struct json_object *root, *parsed;
	const char *type;
	int ret;

	if (len > sizeof(event) - 1 && !memcmp(data, event, sizeof(event) - 1)) { /* as curl shows it */
		data += sizeof(event) - 1;
		len -= sizeof(event) - 1;
	}
	ret = json_read(&root, data, len, err);
	if (ret)
		return ret;
	type = json_text(json_member(root, "type"));
	parsed = json_member(root, "parsed");
	if (type)
		ret = read_typed(type, root, emit, context, err);
	else if (json_object_is_type(parsed, json_type_array))
		ret = read_parsed(parsed, json_member(root, "binary"), emit, context, err);
	else if (json_member(root, "binary") && !parsed)
		ret = read_binary(options, json_member(root, "binary"), emit, context, err);
	else
		ret = error_set(err, -EBADMSG, "neither `type` nor a list `parsed`: not a message of Hermes");
	json_object_put(root);
	return ret;
}
