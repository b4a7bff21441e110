// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Decoder `binance-sbe`: Binance's spot market data streams in Simple Binary Encoding, little endian, schema 1
 * (binance/binance-spot-api-docs, sbe/schemas/stream_1_0.xml). After a head of block length, template, schema and version,
 * u16 each, the block, of which later versions may make more:
 *
 *   10000 trades            event time i64 us, transact time i64 us, price exponent i8, quantity exponent i8,
 *                           group {block length u16, number u32} of {id i64, price i64, quantity i64, buyer is maker u8}, symbol
 *   10001 best bid and ask  event time i64 us, book update i64, price exponent i8, quantity exponent i8,
 *                           bid, bid quantity, ask, ask quantity i64, symbol
 *
 * A symbol is a length u8 and that many bytes. The key is the trade's or the book's id, the time the event's. The price of
 * a book is its bid, as the message has it; the ask is a detail. Templates 10002 and 10003 (depth) are passed over. So are
 * the JSON texts that answer a subscription on the same connection.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "feed/build.h"
#include "feed/cursor.h"
#include "feed/decoder.h"
#include "feed/raw.h"

#define SCHEMA 1
#define NONE   INT64_MIN /* SBE's null of an int64 */

enum { TRADES = 10000, BEST_BID_ASK = 10001, DEPTH_SNAPSHOT = 10002, DEPTH_DIFF = 10003 };

struct sbe {
	struct cursor c;
	unsigned block;
	decode_emit_fn emit;
	void *context;
	int updates;
};

static int read_symbol(struct sbe *sbe, char out[FEED_TEXT_MAX])
{
	size_t len = (size_t)cursor_be(&sbe->c, 1, "symbol length");
	const uint8_t *text = cursor_bytes(&sbe->c, len, "symbol");

	if (cursor_end(&sbe->c))
		return -EBADMSG;
	if (!len || len >= FEED_TEXT_MAX || memchr(text, 0, len))
		return error_set(sbe->c.err, -EBADMSG, "symbol: not a text of 1 to 95 characters");
	memcpy(out, text, len);
	out[len] = '\0';
	return 0;
}

static int finish(struct sbe *sbe, struct feed_message *message, const char *symbol, int64_t key, int64_t event_us,
		  int64_t price, int exponent)
{
	char digits[24];

	memcpy(message->id, symbol, strlen(symbol) + 1);
	snprintf(message->key, sizeof(message->key), "%" PRId64, key);
	snprintf(digits, sizeof(digits), "%" PRId64, price);
	if (price != NONE && message_set_mantissa(message, digits, true, exponent))
		return error_set(sbe->c.err, -EBADMSG, "price: %se%d is beyond a double", digits, exponent);
	if (event_us == NONE || message_set_time(message, event_us, -6))
		return error_set(sbe->c.err, -EBADMSG, "event time: %" PRId64 " is no time in us", event_us);
	sbe->emit(sbe->context, message);
	sbe->updates++;
	return 0;
}

/* The rest of a block that is longer than what is known of it. */
static void skip(struct cursor *c, size_t from, size_t block, const char *field)
{
	if (!c->failed && c->at - from < block)
		cursor_bytes(c, block - (c->at - from), field);
}

static int block_too_short(struct sbe *sbe, unsigned least, const char *what)
{
	return error_set(sbe->c.err, -EBADMSG, "%s: a block of %u bytes, but %u are needed", what, sbe->block, least);
}

static int read_best(struct sbe *sbe)
{
	struct cursor *c = &sbe->c;
	struct feed_details details = {.count = 0};
	struct feed_message message;
	int64_t event_us, book, bid, bid_quantity, ask, ask_quantity;
	char symbol[FEED_TEXT_MAX];
	size_t from = c->at;
	int exponent, quantity_exponent;

	if (sbe->block < 50)
		return block_too_short(sbe, 50, "best bid and ask");
	event_us = cursor_le_signed(c, 8, "event time");
	book = cursor_le_signed(c, 8, "book update");
	exponent = (int)cursor_le_signed(c, 1, "price exponent");
	quantity_exponent = (int)cursor_le_signed(c, 1, "quantity exponent");
	bid = cursor_le_signed(c, 8, "bid");
	bid_quantity = cursor_le_signed(c, 8, "bid quantity");
	ask = cursor_le_signed(c, 8, "ask");
	ask_quantity = cursor_le_signed(c, 8, "ask quantity");
	skip(c, from, sbe->block, "block");
	if (read_symbol(sbe, symbol))
		return -EBADMSG;
	message_clear(&message);
	message.details = &details;
	details_text(&details, "kind", "best_bid_ask");
	details_int(&details, "bid", bid);
	details_int(&details, "bid_quantity", bid_quantity);
	details_int(&details, "ask", ask);
	details_int(&details, "ask_quantity", ask_quantity);
	details_int(&details, "quantity_exponent", quantity_exponent);
	return finish(sbe, &message, symbol, book, event_us, bid, exponent);
}

/* What all trades of a message share. */
struct trades {
	const uint8_t *first;
	size_t block, count;
	int64_t event_us, transact_us;
	int exponent, quantity_exponent;
};

static int read_trade(struct sbe *sbe, const struct trades *trades, size_t i, const char *symbol)
{
	struct cursor t = cursor_over(trades->first + i * trades->block, trades->block, sbe->c.err);
	struct feed_details details = {.count = 0};
	struct feed_message message;
	int64_t id = cursor_le_signed(&t, 8, "trade id"), price = cursor_le_signed(&t, 8, "price");
	int64_t quantity = cursor_le_signed(&t, 8, "quantity");
	bool maker = cursor_le(&t, 1, "buyer is maker");

	message_clear(&message);
	message.details = &details;
	details_text(&details, "kind", "trade");
	details_int(&details, "transact_time_us", trades->transact_us);
	details_int(&details, "quantity", quantity);
	details_int(&details, "quantity_exponent", trades->quantity_exponent);
	details_bool(&details, "buyer_is_maker", maker);
	return finish(sbe, &message, symbol, id, trades->event_us, price, trades->exponent);
}

static int read_trades(struct sbe *sbe)
{
	struct cursor *c = &sbe->c;
	struct trades trades = {0};
	char symbol[FEED_TEXT_MAX];
	size_t from = c->at;
	int first_fault = 0;

	if (sbe->block < 18)
		return block_too_short(sbe, 18, "trades");
	trades.event_us = cursor_le_signed(c, 8, "event time");
	trades.transact_us = cursor_le_signed(c, 8, "transact time");
	trades.exponent = (int)cursor_le_signed(c, 1, "price exponent");
	trades.quantity_exponent = (int)cursor_le_signed(c, 1, "quantity exponent");
	skip(c, from, sbe->block, "block");
	trades.block = (size_t)cursor_le(c, 2, "trade length");
	trades.count = (size_t)cursor_le(c, 4, "number of trades");
	if (!c->failed && trades.count && trades.block < 25)
		return error_set(c->err, -EBADMSG, "trades: %zu bytes each, but 25 are needed", trades.block);
	trades.first = cursor_bytes(c, trades.block * trades.count, "trades"); /* below 2^48 */
	if (read_symbol(sbe, symbol))
		return -EBADMSG;
	for (size_t i = 0; i < trades.count; i++) {
		int ret = read_trade(sbe, &trades, i, symbol);

		if (ret && !first_fault) {
			first_fault = error_prefix(c->err, ret, "trade %zu", i);
			c->err = NULL; /* the first fault is the one that is told */
		}
	}
	return first_fault;
}

static int read_answer(void *context, struct json_object *root, struct error *err)
{
	struct json_object *refusal = json_member(root, "error");
	char text[300];

	(void)context;
	if (!refusal)
		return 0;
	json_printable(text, sizeof(text), json_text(json_member(refusal, "msg")));
	return error_set(err, -EBADMSG, "Binance answered with an error: %s", text);
}

static int read_message(void *context, const uint8_t *data, size_t len, struct error *err)
{
	struct sbe *sbe = context;
	struct cursor *c = &sbe->c;
	unsigned template, schema;

	*c = cursor_over(data, len, err);
	sbe->block = (unsigned)cursor_le(c, 2, "block length");
	template = (unsigned)cursor_le(c, 2, "template");
	schema = (unsigned)cursor_le(c, 2, "schema");
	cursor_le(c, 2, "version");
	if (c->failed)
		return -EBADMSG;
	if (schema != SCHEMA)
		return error_set(c->err, -EBADMSG, "schema %u, but only %d is known", schema, SCHEMA);
	switch (template) {
	case TRADES:
		return read_trades(sbe);
	case BEST_BID_ASK:
		return read_best(sbe);
	case DEPTH_SNAPSHOT:
	case DEPTH_DIFF:
		return 0;
	default:
		return error_set(c->err, -EBADMSG, "template %u is not known; 10000 to 10003 are", template);
	}
}

int binance_sbe_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit,
		       void *context, struct error *err)
{
	static const struct raw_readers readers = {read_answer, read_message};
	struct sbe sbe = {.emit = emit, .context = context};
	int ret = raw_read(&readers, &sbe, data, len, err);

	(void)options;
	return ret ? ret : sbe.updates;
}
