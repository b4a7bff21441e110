// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Decoder `redstone`: signed data packages of RedStone, as bytes appended to calldata and as JSON of its gateways. The
 * bytes are big endian and read from their end, since whatever stands before them is the call's own:
 *
 *   … packages · number of packages u16 · metadata · its length u24 · marker 00 00 02 ed 57 01 1e 00 00
 *   package: points {feed id 32 bytes, value} · timestamp u48 ms · size of a value u32 · number of points u24 · signature 65
 *
 * redstone-finance/redstone-oracles-monorepo, packages/protocol/src/common/redstone-constants.ts and
 * redstone-payload/RedstonePayloadParser.ts. The signature is over the package without it.
 *
 * The key is the timestamp in ms. A value is an integer whose power of ten (mostly -8) the contract knows, not the
 * message: it is the option `exponent`. In JSON a value is a decimal.
 */
#include <errno.h>
#include <inttypes.h>
#include <json-c/linkhash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/wide.h"
#include "feed/build.h"
#include "feed/cursor.h"
#include "feed/decoder.h"
#include "feed/digest.h"
#include "feed/raw.h"
#include "feed/redstone.h"

#define FEED_ID	     32
#define SIGNATURE    (SIGNATURE_LEN + 1)
#define PACKAGE_TAIL (6 + 4 + 3) /* timestamp, size of a value, number of points */
#define PACKAGE_MIN  (PACKAGE_TAIL + SIGNATURE)

static const uint8_t marker[] = {0x00, 0x00, 0x02, 0xed, 0x57, 0x01, 0x1e, 0x00, 0x00};

struct redstone {
	const struct decode_options *options;
	decode_emit_fn emit;
	void *context;
	int updates;
};

/* Where a package lies, and the numbers behind its points. */
struct package {
	size_t start, end; /* with the signature */
	uint64_t timestamp_ms;
	size_t points, value;
};

static uint64_t number(const uint8_t *at, size_t width)
{
	uint64_t value = 0;

	for (size_t i = 0; i < width; i++)
		value = value << 8 | at[i];
	return value;
}

/* The package that ends at `end`. */
static int locate(const uint8_t *data, size_t end, struct package *out, struct error *err)
{
	const uint8_t *tail;
	uint64_t body;

	if (end < PACKAGE_MIN)
		return error_set(err, -EBADMSG, "a package has at least %d bytes, but %zu are left before offset %zu", PACKAGE_MIN,
				 end, end);
	tail = data + end - PACKAGE_MIN;
	*out = (struct package){.end = end, .timestamp_ms = number(tail, 6), .value = (size_t)number(tail + 6, 4),
				.points = (size_t)number(tail + 10, 3)};
	body = (uint64_t)out->points * (FEED_ID + out->value); /* below 2^24 * (2^32 + 32) */
	if (body > end - PACKAGE_MIN)
		return error_set(err, -EBADMSG, "a package of %zu points of %zu bytes that ends at offset %zu begins before the message",
				 out->points, FEED_ID + out->value, end);
	out->start = end - PACKAGE_MIN - (size_t)body;
	return 0;
}

/* Text padded with zeros, as most feed ids are; the bytes in hex otherwise. */
static void set_id(struct feed_message *message, const uint8_t id[FEED_ID])
{
	size_t len = 0;

	while (len < FEED_ID && id[len] > ' ' && id[len] < 0x7f)
		len++;
	for (size_t i = len; i < FEED_ID; i++)
		if (id[i])
			len = 0;
	if (!len) {
		message_set_hex_id(message, id, FEED_ID);
		return;
	}
	memcpy(message->id, id, len);
	message->id[len] = '\0';
}

static int set_time(struct feed_message *message, uint64_t timestamp_ms, struct error *err)
{
	snprintf(message->key, sizeof(message->key), "%" PRIu64, timestamp_ms);
	return timestamp_ms > INT64_MAX || message_set_time(message, (int64_t)timestamp_ms, -3)
		       ? error_set(err, -EBADMSG, "timestamp: %s is no time in ms", message->key)
		       : 0;
}

static int read_point(struct redstone *redstone, const uint8_t *at, const struct package *package, struct feed_message *message,
		      struct error *err)
{
	const struct decode_options *o = redstone->options;
	char digits[WIDE_TEXT];

	if (package->value > WIDE_MAX) /* not a number: the protocol carries any bytes */
		return error_set(err, -EBADMSG, "a value of %zu bytes: more than a number has", package->value);
	message_clear(message);
	set_id(message, at);
	wide_text(at + FEED_ID, package->value, false, digits);
	if (message_set_mantissa(message, digits, o->has_exponent, o->exponent))
		return error_set(err, -EBADMSG, "value: %se%d is beyond a double", digits, o->exponent);
	return set_time(message, package->timestamp_ms, err);
}

static int read_package(struct redstone *redstone, const uint8_t *data, size_t index, const struct package *package,
			struct error *err)
{
	struct feed_details details = {.count = 0};
	size_t signed_len = package->end - SIGNATURE - package->start;
	uint8_t signed_hash[KECCAK256_LEN];
	char signer[SIGNER_TEXT];
	enum feed_signature signature = ecdsa_check(redstone->options, data + package->start, signed_len,
						    data + package->end - SIGNATURE, signer);
	int first_fault = 0;

	keccak256(data + package->start, signed_len, signed_hash);
	details_uint(&details, "package", index);
	if (*signer)
		details_text(&details, "signer", signer);
	for (size_t i = 0; i < package->points; i++) {
		const uint8_t *at = data + package->start + i * (FEED_ID + package->value);
		struct feed_details all = details;
		struct feed_message message;
		int ret = read_point(redstone, at, package, &message, first_fault ? NULL : err);

		if (ret) {
			if (!first_fault)
				first_fault = error_prefix(err, ret, "package %zu: point %zu", index, i);
			continue;
		}
		details_hex(&all, "feed_id", at, FEED_ID);
		message.signature = signature;
		message.details = &all;
		message_set_digest_of(&message, signed_hash);
		redstone->emit(redstone->context, &message);
		redstone->updates++;
	}
	return first_fault;
}

/* Finds the packages from the last to the first, and reads them in their own order. */
static int read_packages(struct redstone *redstone, const uint8_t *data, size_t end, size_t count, struct error *err)
{
	struct package *packages;
	int first_fault = 0;

	if (count > end / PACKAGE_MIN)
		return error_set(err, -EBADMSG, "%zu packages do not fit into the %zu bytes before them", count, end);
	packages = calloc(count + 1, sizeof(*packages));
	if (!packages)
		return error_set(err, -ENOMEM, "no memory for %zu packages", count);
	for (size_t i = count; i-- > 0 && !first_fault; end = packages[i].start) {
		first_fault = locate(data, end, &packages[i], err);
		if (first_fault)
			error_prefix(err, first_fault, "package %zu", i);
	}
	for (size_t i = 0; i < count && !(first_fault && !packages[i].end); i++) {
		int ret = first_fault ? first_fault : read_package(redstone, data, i, &packages[i], err);

		first_fault = first_fault ? first_fault : ret;
	}
	free(packages);
	return first_fault;
}

static bool ends_with_marker(const uint8_t *data, size_t len)
{
	return len >= sizeof(marker) && !memcmp(data + len - sizeof(marker), marker, sizeof(marker));
}

static int read_payload(void *context, const uint8_t *data, size_t len, struct error *err)
{
	struct redstone *redstone = context;
	size_t end, metadata;

	if (len < sizeof(marker) + 3 || !ends_with_marker(data, len))
		return error_set(err, -EBADMSG, "does not end with RedStone's marker 000002ed57011e0000");
	end = len - sizeof(marker) - 3;
	metadata = (size_t)number(data + end, 3);
	if (metadata + 2 > end)
		return error_set(err, -EBADMSG, "%zu bytes of metadata do not fit before offset %zu", metadata, end);
	end -= metadata + 2;
	return read_packages(redstone, data, end, (size_t)number(data + end, 2), err);
}

/* ---- JSON ----------------------------------------------------------------------------------------------------------- */

/* What the points of a package share. */
struct json_package {
	int64_t timestamp_ms;
	enum feed_signature signature;
	struct feed_details details;
	bool is_signed; /* its values are numbers */
	uint8_t signed_hash[KECCAK256_LEN];
};

static int read_json_point(struct redstone *redstone, struct json_object *point, const struct json_package *package,
			   struct error *err)
{
	struct json_object *id = json_member(point, "dataFeedId");
	const char *name = json_text(id ? id : json_member(point, "symbol")); /* its name before 2022 */
	const char *value = json_number_text(json_member(point, "value"));
	struct feed_message message;
	struct decimal price;

	message_clear(&message);
	message.details = &package->details;
	message.signature = package->signature;
	if (!name || !*name || message_set_id(&message, name))
		return error_set(err, -EBADMSG, "dataFeedId: missing, or no text of up to 95 characters");
	if (!value || decimal_parse(value, &price) || message_set_price(&message, &price))
		return error_set(err, -EBADMSG, "value: missing, or no number");
	if (set_time(&message, (uint64_t)package->timestamp_ms, err))
		return -EBADMSG;
	if (package->is_signed)
		message_set_digest_of(&message, package->signed_hash);
	redstone->emit(redstone->context, &message);
	redstone->updates++;
	return 0;
}

static int read_json_package(struct redstone *redstone, struct json_object *package, struct error *err)
{
	struct json_object *points = json_member(package, "dataPoints"), *signer = json_member(package, "signerAddress");
	struct json_package shared = {0};
	char recovered[SIGNER_TEXT];
	uint8_t *signed_bytes;
	size_t signed_len = 0;
	int first_fault = 0;

	if (!json_object_is_type(points, json_type_array))
		return error_set(err, -EBADMSG, "dataPoints: missing, or no list");
	if (!json_integer(json_member(package, "timestampMilliseconds"), &shared.timestamp_ms) || shared.timestamp_ms < 0)
		return error_set(err, -EBADMSG, "timestampMilliseconds: missing, or no integer");
	if (json_text(signer))
		details_text(&shared.details, "claimed_signer", json_text(signer));
	signed_bytes = redstone_signed(points, shared.timestamp_ms, &signed_len);
	shared.is_signed = signed_bytes;
	if (signed_bytes)
		keccak256(signed_bytes, signed_len, shared.signed_hash);
	shared.signature = redstone_check(redstone->options, package, signed_bytes, signed_len, recovered);
	free(signed_bytes);
	if (*recovered)
		details_text(&shared.details, "signer", recovered);
	for (size_t i = 0; i < json_object_array_length(points); i++) {
		int ret = read_json_point(redstone, json_object_array_get_idx(points, i), &shared, first_fault ? NULL : err);

		if (ret && !first_fault)
			first_fault = error_prefix(err, ret, "dataPoints/%zu", i);
	}
	return first_fault;
}

static int read_json_list(struct redstone *redstone, struct json_object *list, const char *place, struct error *err)
{
	int first_fault = 0;

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		int ret = read_json_package(redstone, json_object_array_get_idx(list, i), first_fault ? NULL : err);

		if (ret && !first_fault)
			first_fault = error_prefix(err, ret, "%s/%zu", place, i);
	}
	return first_fault;
}

/* One package, a list of them, or what a gateway answers: {"ETH":[…],"BTC":[…]}. */
static int read_json_packages(void *context, struct json_object *root, struct error *err)
{
	struct redstone *redstone = context;
	int first_fault = 0;
	char name[80];

	if (json_object_is_type(root, json_type_array))
		return read_json_list(redstone, root, "", err);
	if (json_member(root, "dataPoints"))
		return read_json_package(redstone, root, err);
	json_object_object_foreach(root, key, list) {
		json_printable(name, sizeof(name), key);
		if (json_object_is_type(list, json_type_array)) {
			struct error later, *here = first_fault ? &later : err;
			char place[sizeof(name) + 1];
			int ret;

			snprintf(place, sizeof(place), "/%s", name);
			ret = read_json_list(redstone, list, place, here);
			first_fault = first_fault ? first_fault : ret;
		} else if (!first_fault) {
			first_fault = error_set(err, -EBADMSG, "/%s: no list of data packages", name);
		}
	}
	return first_fault;
}

int redstone_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
		    struct error *err)
{
	static const struct raw_readers readers = {read_json_packages, read_payload};
	struct redstone redstone = {.options = options, .emit = emit, .context = context};
	int ret = raw_read(&readers, &redstone, data, len, err);

	return ret ? ret : redstone.updates;
}
