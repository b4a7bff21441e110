// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Lazer's payload, little endian (big endian in the format evm): magic u32 0x93c7d375, timestamp u64 us, channel u8, number
 * of feeds u8, each {feed u32, number of properties u8, each {id u8, value}}. And `parsed`, the same in JSON.
 * pyth-network/pyth-crosschain, lazer/sdk/rust/protocol/src/payload.rs and router.rs.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "feed/cursor.h"
#include "feed/digest.h"
#include "feed/lazer.h"

#define PAYLOAD_MAGIC 0x93c7d375u

enum kind {
	PRICE,	  /* i64, 0 = none */
	COUNT,	  /* u16 */
	SIGNED,	  /* i16 */
	OPTIONAL, /* u8 present, i64 */
};

enum { PROPERTY_PRICE = 0, PROPERTY_EXPONENT = 4 };

/* By id. `json` is the name in `parsed`. */
static const struct property {
	const char *name, *json;
	enum kind kind;
} properties[] = {
	{"price", "price", PRICE},
	{"best_bid_price", "bestBidPrice", PRICE},
	{"best_ask_price", "bestAskPrice", PRICE},
	{"publisher_count", "publisherCount", COUNT},
	{"exponent", "exponent", SIGNED},
	{"confidence", "confidence", PRICE},
	{"funding_rate", "fundingRate", OPTIONAL},
	{"funding_timestamp_us", "fundingTimestamp", OPTIONAL},
	{"funding_rate_interval_us", "fundingRateInterval", OPTIONAL},
	{"market_session", "marketSession", SIGNED},
	{"ema_price", "emaPrice", PRICE},
	{"ema_confidence", "emaConfidence", PRICE},
	{"feed_update_timestamp_us", "feedUpdateTimestamp", OPTIONAL},
};
#define PROPERTIES (sizeof(properties) / sizeof(properties[0]))

struct values {
	bool has[PROPERTIES];
	int64_t value[PROPERTIES];
};

typedef uint64_t (*read_fn)(struct cursor *c, unsigned width, const char *field);

static void read_property(struct cursor *c, read_fn read, struct values *out)
{
	unsigned id = (unsigned)cursor_be(c, 1, "property");
	const struct property *p;

	if (c->failed)
		return;
	if (id >= PROPERTIES) {
		c->failed = true;
		error_set(c->err, -EBADMSG, "property %u at offset %zu: not known, nor its length", id, c->at - 1);
		return;
	}
	p = &properties[id];
	out->has[id] = p->kind != OPTIONAL || cursor_be(c, 1, p->name);
	if (!out->has[id])
		return;
	switch (p->kind) {
	case COUNT:
		out->value[id] = (int64_t)read(c, 2, p->name);
		return;
	case SIGNED:
		out->value[id] = (int16_t)read(c, 2, p->name);
		return;
	default:
		out->value[id] = (int64_t)read(c, 8, p->name);
		out->has[id] = p->kind == OPTIONAL || out->value[id];
	}
}

/* The price and its exponent have their own places in a message. */
static void add_details(const struct values *values, struct feed_details *details)
{
	for (size_t i = 1; i < PROPERTIES; i++)
		if (values->has[i] && i != PROPERTY_EXPONENT)
			details_int(details, properties[i].name, values->value[i]);
}

/* Timestamp, channel and properties in one order of bytes, which the formats have not. */
static void set_digest(struct feed_message *message, uint64_t timestamp_us, unsigned channel, const struct values *values)
{
	uint64_t all[2 + 2 * PROPERTIES] = {timestamp_us, channel};
	uint8_t bytes[sizeof(all)];

	for (size_t i = 0; i < PROPERTIES; i++) {
		all[2 + 2 * i] = values->has[i];
		all[3 + 2 * i] = values->has[i] ? (uint64_t)values->value[i] : 0;
	}
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(all[i / 8] >> (56 - 8 * (i % 8)));
	message_set_digest(message, bytes, sizeof(bytes));
}

static int read_feed(struct lazer *lazer, struct cursor *c, read_fn read, unsigned channel)
{
	struct feed_details details = {.count = 0};
	struct feed_message message;
	struct values values = {.has = {false}};
	uint64_t feed = read(c, 4, "feed");
	unsigned count = (unsigned)cursor_be(c, 1, "number of properties");
	char price[24];

	for (unsigned i = 0; i < count && !c->failed; i++)
		read_property(c, read, &values);
	if (c->failed || lazer_begin(lazer, feed, &message, &details, c->err))
		return -EBADMSG;
	details_uint(&details, "channel", channel);
	add_details(&values, &details);
	set_digest(&message, lazer->timestamp_us, channel, &values);
	snprintf(price, sizeof(price), "%" PRId64, values.value[PROPERTY_PRICE]);
	return lazer_finish(lazer, &message, values.has[PROPERTY_PRICE] ? price : NULL, values.has[PROPERTY_EXPONENT],
			    (int)values.value[PROPERTY_EXPONENT], c->err);
}

int lazer_read_payload(struct lazer *lazer, const uint8_t *data, size_t len, bool big_endian, struct error *err)
{
	read_fn read = big_endian ? cursor_be : cursor_le;
	struct cursor c = cursor_over(data, len, err);
	uint64_t magic = read(&c, 4, "payload magic");
	unsigned channel, feeds;
	int first_fault = 0;

	if (!c.failed && magic != PAYLOAD_MAGIC)
		return error_set(err, -EBADMSG, "payload: does not begin with its magic");
	lazer->timestamp_us = read(&c, 8, "timestamp");
	channel = (unsigned)cursor_be(&c, 1, "channel");
	feeds = (unsigned)cursor_be(&c, 1, "number of feeds");
	for (unsigned i = 0; i < feeds && !c.failed; i++) {
		int ret = read_feed(lazer, &c, read, channel);

		if (ret && !first_fault) {
			first_fault = error_prefix(err, ret, "payload: feed %u of %u", i + 1, feeds);
			c.err = NULL; /* the first fault is the one that is told */
		}
	}
	if (first_fault)
		return first_fault;
	return cursor_end(&c) ? error_prefix(err, -EBADMSG, "payload") : 0;
}

/* ---- JSON ----------------------------------------------------------------------------------------------------------- */

static int read_parsed_feed(struct lazer *lazer, struct json_object *feed, struct error *err)
{
	const char *price = json_number_text(json_member(feed, "price"));
	struct feed_details details = {.count = 0};
	struct feed_message message;
	struct decimal digits;
	int64_t id, exponent = 0;
	bool has_exponent = json_member(feed, "exponent");

	if (!json_integer(json_member(feed, "priceFeedId"), &id) || id < 0)
		return error_set(err, -EBADMSG, "priceFeedId: missing, or no number of a feed");
	if (has_exponent && (!json_integer(json_member(feed, "exponent"), &exponent) || exponent < INT16_MIN || exponent > INT16_MAX))
		return error_set(err, -EBADMSG, "exponent: no integer of 16 bits");
	if (json_member(feed, "price") && (!price || decimal_parse(price, &digits) || digits.exponent))
		return error_set(err, -EBADMSG, "price: no integer of up to 80 digits");
	if (lazer_begin(lazer, (uint64_t)id, &message, &details, err))
		return -EBADMSG;
	for (size_t i = 1; i < PROPERTIES; i++) {
		struct json_object *value = json_member(feed, properties[i].json);
		int64_t number;

		if (i == PROPERTY_EXPONENT || !value)
			continue;
		if (json_integer(value, &number))
			details_int(&details, properties[i].name, number);
		else if (json_number_text(value))
			details_text(&details, properties[i].name, json_number_text(value));
	}
	return lazer_finish(lazer, &message, price ? digits.mantissa : NULL, has_exponent, (int)exponent, err);
}

int lazer_read_parsed(struct lazer *lazer, struct json_object *parsed, struct error *err)
{
	struct json_object *feeds = json_member(parsed, "priceFeeds");
	const char *text = json_number_text(json_member(parsed, "timestampUs"));
	struct decimal time;
	int64_t timestamp;
	int first_fault = 0;

	if (!text || decimal_parse(text, &time) || time.exponent || decimal_time_ns(&time, -9, &timestamp) || timestamp < 0)
		return error_set(err, -EBADMSG, "timestampUs: missing, or no integer");
	if (!json_object_is_type(feeds, json_type_array))
		return error_set(err, -EBADMSG, "priceFeeds: missing, or no list");
	lazer->timestamp_us = (uint64_t)timestamp;
	for (size_t i = 0; i < json_object_array_length(feeds); i++) {
		int ret = read_parsed_feed(lazer, json_object_array_get_idx(feeds, i), first_fault ? NULL : err);

		if (ret && !first_fault)
			first_fault = error_prefix(err, ret, "priceFeeds/%zu", i);
	}
	return first_fault;
}
