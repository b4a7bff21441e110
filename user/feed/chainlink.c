// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Decoder `chainlink-streams`: reports of Chainlink Data Streams, as {"report":{"feedID":…,"fullReport":"0x…",…}} of the
 * WebSocket, {"reports":[…]} of the REST interface, or the full report alone, as it goes into the verifier's calldata:
 *
 *   abi.encode(bytes32[3] context, bytes report, bytes32[] rs, bytes32[] ss, bytes32 vs)
 *   report, in words of 32 bytes: feed id, valid from, observations timestamp, native fee, LINK fee, expires at, then by the
 *   schema's version, the low 12 bits of the id's first two bytes; the 4 bits above them say the unit of the times
 *
 * smartcontractkit/data-streams-sdk, go/report/report.go, go/report/vN/data.go, go/feed/feed.go. Prices are integers of
 * 10^-18. The key is the observations timestamp in the report's own unit. The oracles' signatures are checked only where the
 * options name them: who may sign stands in the verifier's configuration on chain.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/keccak.h"
#include "base/wide.h"
#include "feed/build.h"
#include "feed/chainlink_signature.h"
#include "feed/decoder.h"
#include "feed/digest.h"
#include "feed/raw.h"

#define WORD	      32
#define CONTEXT_WORDS 3
#define HEAD_WORDS    7 /* context, three offsets, vs */
#define COMMON_WORDS  6
#define VALUES_MAX    8
#define DECIMALS      18
#define VERSION_MASK  0x0fff

enum { FEED_ID, VALID_FROM, OBSERVED, NATIVE_FEE, LINK_FEE, EXPIRES };

enum kind { NONE, PRICE, SIGNED, UNSIGNED };

/* What follows the common words, and which of it is the price. By version. */
static const struct schema {
	struct value {
		const char *name;
		enum kind kind;
	} values[VALUES_MAX];
} schemas[] = {
	[2] = {{{"benchmark_price", PRICE}}},
	[3] = {{{"benchmark_price", PRICE}, {"bid", SIGNED}, {"ask", SIGNED}}},
	[4] = {{{"benchmark_price", PRICE}, {"market_status", UNSIGNED}}},
	[5] = {{{"rate", PRICE}, {"rate_timestamp", UNSIGNED}, {"duration", UNSIGNED}}},
	[6] = {{{"price", PRICE}, {"price2", SIGNED}, {"price3", SIGNED}, {"price4", SIGNED}, {"price5", SIGNED}}},
	[7] = {{{"exchange_rate", PRICE}}},
	[8] = {{{"last_update_timestamp", UNSIGNED}, {"mid_price", PRICE}, {"market_status", UNSIGNED}}},
	[9] = {{{"nav_per_share", PRICE}, {"nav_date", UNSIGNED}, {"aum", SIGNED}, {"ripcord", UNSIGNED}}},
	[10] = {{{"last_update_timestamp", UNSIGNED}, {"price", PRICE}, {"market_status", UNSIGNED}, {"current_multiplier", SIGNED},
		 {"new_multiplier", SIGNED}, {"activation_time", UNSIGNED}, {"tokenized_price", SIGNED}}},
	[11] = {{{"mid", PRICE}, {"last_seen_timestamp_ns", UNSIGNED}, {"bid", SIGNED}, {"bid_volume", SIGNED}, {"ask", SIGNED},
		 {"ask_volume", SIGNED}, {"last_traded_price", SIGNED}, {"market_status", UNSIGNED}}},
	[12] = {{{"nav_per_share", PRICE}, {"next_nav_per_share", SIGNED}, {"nav_date", UNSIGNED}, {"ripcord", UNSIGNED}}},
	[13] = {{{"best_ask", SIGNED}, {"best_bid", SIGNED}, {"ask_volume", UNSIGNED}, {"bid_volume", UNSIGNED},
		 {"last_traded_price", PRICE}}},
};
#define VERSIONS (sizeof(schemas) / sizeof(schemas[0]))

struct chainlink {
	const struct decode_options *options;
	decode_emit_fn emit;
	void *context;
	int updates;
};

/* A word that 64 bits hold; -EBADMSG otherwise. */
static int small(const uint8_t *word, uint64_t *out, const char *name, struct error *err)
{
	uint8_t high = 0;

	*out = 0;
	for (int i = 0; i < WORD - 8; i++)
		high |= word[i];
	for (int i = WORD - 8; i < WORD; i++)
		*out = *out << 8 | word[i];
	return high ? error_set(err, -EBADMSG, "%s: beyond 64 bits", name) : 0;
}

/* What the head's word `index` points to: a length in units of `unit` bytes, and that many of them, padded to words. */
static int tail(const uint8_t *data, size_t len, int index, size_t unit, const uint8_t **out, size_t *bytes, size_t *end,
		struct error *err)
{
	uint64_t offset, count;
	size_t padded;

	if (small(data + WORD * index, &offset, "offset", err))
		return -EBADMSG;
	if (offset % WORD || offset < WORD * HEAD_WORDS || offset > len || len - offset < WORD)
		return error_set(err, -EBADMSG, "the offset in word %d is %" PRIu64 ", but the report has %zu bytes", index, offset, len);
	if (small(data + offset, &count, "length", err))
		return -EBADMSG;
	if (count > (len - offset - WORD) / unit)
		return error_set(err, -EBADMSG, "%" PRIu64 " %s at offset %" PRIu64 ", but the report ends at %zu", count,
				 unit == 1 ? "bytes" : "words", offset + WORD, len);
	*bytes = (size_t)count * unit;
	padded = (*bytes + WORD - 1) / WORD * WORD;
	if (padded > len - offset - WORD)
		return error_set(err, -EBADMSG, "the report ends at %zu, before the padding of what stands at offset %" PRIu64, len,
				 offset + WORD);
	*out = data + offset + WORD;
	if (*end < offset + WORD + padded)
		*end = (size_t)offset + WORD + padded;
	return 0;
}

static const struct schema *schema_of(const uint8_t *id, unsigned *version)
{
	*version = (unsigned)(id[0] << 8 | id[1]) & VERSION_MASK;
	return *version < VERSIONS && schemas[*version].values[0].kind != NONE ? &schemas[*version] : NULL;
}

static size_t values_of(const struct schema *schema)
{
	size_t n = 0;

	while (n < VALUES_MAX && schema->values[n].kind != NONE)
		n++;
	return n;
}

/* Bits 4 to 7 of the id's first byte: 0 seconds, 1 milliseconds. Of another unit the time stays unknown. */
static int set_time(struct feed_message *message, const uint8_t *id, uint64_t observed)
{
	unsigned resolution = id[0] >> 4;

	if (resolution > 1)
		return 0;
	return observed > INT64_MAX ? -ERANGE : message_set_time(message, (int64_t)observed, resolution ? -3 : 0);
}

/* The values after the common words; the price goes into the message. */
static int read_values(const struct schema *schema, const uint8_t *words, struct feed_message *message,
		       struct feed_details *details, struct error *err)
{
	char text[WIDE_TEXT];

	for (size_t i = 0; i < values_of(schema); i++) {
		const struct value *value = &schema->values[i];

		wide_text(words + WORD * i, WORD, value->kind != UNSIGNED, text);
		if (value->kind != PRICE)
			details_text(details, value->name, text);
		else if (message_set_mantissa(message, text, true, -DECIMALS))
			return error_set(err, -EBADMSG, "%s: %s is beyond a double", value->name, text);
	}
	return 0;
}

/* What the oracles have signed, and whether they have. */
static void set_signed(const struct decode_options *options, struct feed_message *message, const uint8_t *context, const uint8_t *data,
		       size_t len, const struct chainlink_signatures *signatures)
{
	uint8_t signed_bytes[KECCAK256_LEN + CONTEXT_WORDS * WORD];

	keccak256(data, len, signed_bytes);
	memcpy(signed_bytes + KECCAK256_LEN, context, CONTEXT_WORDS * WORD);
	message_set_digest(message, signed_bytes, sizeof(signed_bytes));
	message->signature = chainlink_check(options, signed_bytes, sizeof(signed_bytes), signatures);
}

static int read_data(struct chainlink *chainlink, const uint8_t *context, const uint8_t *data, size_t len,
		     const struct chainlink_signatures *signatures, struct error *err)
{
	struct feed_details details = {.count = 0};
	const struct schema *schema;
	struct feed_message message;
	uint64_t observed, valid_from, expires;
	unsigned version;

	if (len < WORD)
		return error_set(err, -EBADMSG, "the report's data have %zu bytes: no room for a feed id", len);
	schema = schema_of(data, &version);
	if (!schema)
		return error_set(err, -EBADMSG, "a report of version %u; known are 2 to %zu", version, VERSIONS - 1);
	if (len != WORD * (COMMON_WORDS + values_of(schema)))
		return error_set(err, -EBADMSG, "a report of version %u has %zu bytes of data, not %zu", version,
				 WORD * (COMMON_WORDS + values_of(schema)), len);
	message_clear(&message);
	message.details = &details;
	if (small(data + WORD * VALID_FROM, &valid_from, "valid from", err) ||
	    small(data + WORD * OBSERVED, &observed, "observations timestamp", err) ||
	    small(data + WORD * EXPIRES, &expires, "expires at", err))
		return -EBADMSG;
	message_set_hex_id(&message, data, WORD);
	snprintf(message.key, sizeof(message.key), "%" PRIu64, observed);
	if (set_time(&message, data, observed))
		return error_set(err, -EBADMSG, "observations timestamp: %s is beyond 64 bits of nanoseconds", message.key);
	details_uint(&details, "report_version", version);
	details_uint(&details, "valid_from", valid_from);
	details_uint(&details, "expires_at", expires);
	details_uint(&details, "oracle_signatures", signatures->count);
	if (read_values(schema, data + WORD * COMMON_WORDS, &message, &details, err))
		return -EBADMSG;
	set_signed(chainlink->options, &message, context, data, len, signatures);
	chainlink->emit(chainlink->context, &message);
	chainlink->updates++;
	return 0;
}

static int read_report(struct chainlink *chainlink, const uint8_t *data, size_t len, const uint8_t **id, struct error *err)
{
	const uint8_t *report, *rs, *ss;
	size_t report_len, rs_len, ss_len, end = 0;

	if (len < WORD * HEAD_WORDS)
		return error_set(err, -EBADMSG, "a full report begins with %d bytes, but there are %zu", WORD * HEAD_WORDS, len);
	if (tail(data, len, 3, 1, &report, &report_len, &end, err) || tail(data, len, 4, WORD, &rs, &rs_len, &end, err) ||
	    tail(data, len, 5, WORD, &ss, &ss_len, &end, err))
		return -EBADMSG;
	if (rs_len != ss_len)
		return error_set(err, -EBADMSG, "%zu r of signatures, but %zu s", rs_len / WORD, ss_len / WORD);
	if (end != len)
		return error_set(err, -EBADMSG, "%zu bytes are left over at offset %zu", len - end, end);
	if (id)
		*id = report_len >= WORD ? report : NULL;
	return read_data(chainlink, data, report, report_len,
			 &(struct chainlink_signatures){rs, ss, data + WORD * (HEAD_WORDS - 1), rs_len / WORD}, err);
}

/* ---- JSON ----------------------------------------------------------------------------------------------------------- */

/* The feed is named twice: an answer that contradicts itself is not to be believed. */
static int check_id(struct json_object *report, const uint8_t *id, struct error *err)
{
	const char *text = json_text(json_member(report, "feedID"));
	struct raw named;
	bool same;

	if (!text || !id)
		return 0;
	if (raw_encoded(json_member(report, "feedID"), "hex", &named, err))
		return error_prefix(err, -EBADMSG, "feedID");
	same = named.len == WORD && !memcmp(named.data, id, WORD);
	raw_free(&named);
	return same ? 0 : error_set(err, -EBADMSG, "feedID: not the feed of fullReport");
}

/* Emission comes last: a report whose feedID is another's is refused before. */
struct held {
	struct feed_message message;
	struct feed_details details;
	bool any;
};

static void hold(void *context, const struct feed_message *message)
{
	struct held *held = context;

	held->message = *message;
	held->details = *message->details;
	held->message.details = &held->details;
	held->any = true;
}

static int read_json_report(struct chainlink *chainlink, struct json_object *report, struct error *err)
{
	struct held held = {.any = false};
	struct chainlink inner = {.options = chainlink->options, .emit = hold, .context = &held};
	const uint8_t *id = NULL;
	struct raw raw;
	int ret = raw_encoded(json_member(report, "fullReport"), "hex", &raw, err);

	if (ret)
		return error_prefix(err, ret, "fullReport");
	ret = read_report(&inner, raw.data, raw.len, &id, err);
	if (ret)
		error_prefix(err, ret, "fullReport");
	else
		ret = check_id(report, id, err);
	raw_free(&raw);
	if (ret || !held.any)
		return ret;
	chainlink->emit(chainlink->context, &held.message);
	chainlink->updates++;
	return 0;
}

static int read_message(void *context, struct json_object *root, struct error *err)
{
	struct chainlink *chainlink = context;
	struct json_object *report = json_member(root, "report"), *reports = json_member(root, "reports");
	const char *refusal = json_text(json_member(root, "error"));
	int first_fault = 0;
	char text[300];

	if (refusal) {
		json_printable(text, sizeof(text), refusal);
		return error_set(err, -EBADMSG, "Data Streams answered with an error: %s", text);
	}
	if (report) {
		first_fault = read_json_report(chainlink, report, err);
		return first_fault ? error_prefix(err, first_fault, "/report") : 0;
	}
	if (!json_object_is_type(reports, json_type_array))
		return error_set(err, -EBADMSG, "neither `report` nor a list `reports`: not a message of Data Streams");
	for (size_t i = 0; i < json_object_array_length(reports); i++) {
		int ret = read_json_report(chainlink, json_object_array_get_idx(reports, i), first_fault ? NULL : err);

		if (ret && !first_fault)
			first_fault = error_prefix(err, ret, "/reports/%zu", i);
	}
	return first_fault;
}

static int read_alone(void *context, const uint8_t *data, size_t len, struct error *err)
{
	return read_report(context, data, len, NULL, err);
}

int chainlink_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
		     struct error *err)
{
	static const struct raw_readers readers = {read_message, read_alone};
	struct chainlink chainlink = {.options = options, .emit = emit, .context = context};
	int ret = raw_read(&readers, &chainlink, data, len, err);

	return ret ? ret : chainlink.updates;
}
