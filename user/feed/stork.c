// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Decoder `stork`: Stork's prices, integers of 10^-18.
 *
 *   Stork Fast, big endian: signature 65 (r, s, recovery 0 or 1), taxonomy u16, timestamp u64 ns, assets {id u16, price i128};
 *   the signature is over the Keccak-256 of all that follows it
 *   WebSocket and REST: {"type":"oracle_prices","data":{"ETHUSD":{"price":…,"stork_signed_price":{…}}}}
 *
 * Stork-Oracle/stork-external, chains/evm/sdks/stork_fast_evm_sdk/StorkFastDeserialize.sol; docs.stork.network, "Putting
 * data on chain". The key is the timestamp in ns, which ValueUpdate carries on chain; of the JSON the signed one.
 */
#include <errno.h>
#include <inttypes.h>
#include <json-c/linkhash.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/wide.h"
#include "feed/build.h"
#include "feed/cursor.h"
#include "feed/decoder.h"
#include "feed/digest.h"
#include "feed/raw.h"
#include "feed/stork.h"

#define DECIMALS 18
#define ASSET_LEN (2 + 16)

struct stork {
	const struct decode_options *options;
	decode_emit_fn emit;
	void *context;
	int updates;
};

static int set_time(struct feed_message *message, uint64_t timestamp_ns, struct error *err)
{
	snprintf(message->key, sizeof(message->key), "%" PRIu64, timestamp_ns);
	return timestamp_ns > INT64_MAX || message_set_time(message, (int64_t)timestamp_ns, -9)
		       ? error_set(err, -EBADMSG, "timestamp: %s is no time in ns", message->key)
		       : 0;
}

static int read_fast(void *context, const uint8_t *data, size_t len, struct error *err)
{
	struct stork *stork = context;
	struct cursor c = cursor_over(data, len, err);
	struct feed_details details = {.count = 0};
	const uint8_t *signature = cursor_bytes(&c, SIGNATURE_LEN + 1, "signature");
	uint64_t taxonomy = cursor_be(&c, 2, "taxonomy"), timestamp_ns = cursor_be(&c, 8, "timestamp");
	struct feed_message message;
	char signer[SIGNER_TEXT], price[WIDE_TEXT];
	enum feed_signature verdict;

	if (c.failed)
		return -EBADMSG;
	if (cursor_left(&c) % ASSET_LEN)
		return error_set(err, -EBADMSG, "%zu bytes of assets, of %d bytes each: the last is not whole", cursor_left(&c),
				 ASSET_LEN);
	verdict = ecdsa_check(stork->options, signature + SIGNATURE_LEN + 1, len - SIGNATURE_LEN - 1, signature, signer);
	details_uint(&details, "taxonomy", taxonomy);
	if (*signer)
		details_text(&details, "signer", signer);
	while (cursor_left(&c)) {
		message_clear(&message);
		message.signature = verdict;
		message.details = &details;
		snprintf(message.id, sizeof(message.id), "%" PRIu64, cursor_be(&c, 2, "asset"));
		wide_text(cursor_bytes(&c, 16, "price"), 16, true, price);
		/* 128 bits of 10^-18 fit a double */
		if (set_time(&message, timestamp_ns, err) || message_set_mantissa(&message, price, true, -DECIMALS))
			return -EBADMSG;
		stork->emit(stork->context, &message);
		stork->updates++;
	}
	return 0;
}

/* ---- JSON ----------------------------------------------------------------------------------------------------------- */

/* On chain an asset is known by its encoded id; the plain one stands in where an answer has no signature. */
static int read_asset(struct stork *stork, const char *name, struct json_object *asset, struct error *err)
{
	struct json_object *is_signed = json_member(asset, "stork_signed_price"), *holder = is_signed ? is_signed : asset;
	struct json_object *stamp = is_signed ? json_member(is_signed, "timestamped_signature") : asset;
	const char *id = json_text(json_member(is_signed, "encoded_asset_id")), *text = json_number_text(json_member(holder, "price"));
	struct feed_details details = {.count = 0};
	struct feed_message message;
	struct decimal price;
	uint8_t value[STORK_VALUE_LEN];
	int64_t timestamp_ns;
	char signer[SIGNER_TEXT];

	message_clear(&message);
	message.details = &details;
	details_text(&details, "asset_id", name);
	if (json_text(json_member(is_signed, "public_key")))
		details_text(&details, "claimed_signer", json_text(json_member(is_signed, "public_key")));
	if (message_set_id(&message, id ? id : name))
		return error_set(err, -EBADMSG, "encoded_asset_id: longer than 95 characters");
	if (!text || decimal_parse(text, &price) || price.exponent)
		return error_set(err, -EBADMSG, "price: missing, or no integer of up to 80 digits");
	if (!json_integer(json_member(stamp, "timestamp"), &timestamp_ns) || timestamp_ns < 0)
		return error_set(err, -EBADMSG, "timestamp: missing, or no integer");
	if (message_set_mantissa(&message, price.mantissa, true, -DECIMALS))
		return error_set(err, -EBADMSG, "price: %s is beyond a double", price.mantissa);
	if (set_time(&message, (uint64_t)timestamp_ns, err))
		return -EBADMSG;
	message.signature = stork_check(stork->options, is_signed, &price, signer);
	if (*signer)
		details_text(&details, "signer", signer);
	if (stork_value(is_signed, &price, value))
		message_set_digest(&message, value, sizeof(value));
	stork->emit(stork->context, &message);
	stork->updates++;
	return 0;
}

static int read_message(void *context, struct json_object *root, struct error *err)
{
	struct stork *stork = context;
	const char *type = json_text(json_member(root, "type"));
	struct json_object *data = json_member(root, "data"), *refusal = json_member(root, "error");
	int first_fault = 0;
	char name[300];

	if (refusal) {
		json_printable(name, sizeof(name), json_text(refusal));
		return error_set(err, -EBADMSG, "Stork answered with an error: %s", name);
	}
	if (type && strcmp(type, "oracle_prices"))
		return 0;
	if (!json_object_is_type(data, json_type_object))
		return error_set(err, -EBADMSG, "/data: missing, or no object");
	json_object_object_foreach(data, key, asset) {
		struct error later, *here = first_fault ? &later : err;
		int ret = read_asset(stork, key, asset, here);

		json_printable(name, 80, key);
		if (ret && !first_fault)
			first_fault = error_prefix(err, ret, "/data/%s", name);
	}
	return first_fault;
}

int stork_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
		 struct error *err)
{
	static const struct raw_readers readers = {read_message, read_fast};
	struct stork stork = {.options = options, .emit = emit, .context = context};
	int ret = raw_read(&readers, &stork, data, len, err);

	return ret ? ret : stork.updates;
}
