// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Every preset against a message as the venue's documentation shows it, and against the answer to a subscription. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "cmd/site_parts.h"
#include "feed/preset.h"
#include "feed_sink.h"

static const struct {
	const char *preset, *message, *id, *key;
	double price;
	int64_t published_ns;
} examples[] = {
	{"binance-book-ticker", "{\"u\":400900217,\"s\":\"BNBUSDT\",\"b\":\"25.35190000\",\"B\":\"31.21\",\"a\":\"25.36520000\",\"A\":\"40.66\"}",
	 "BNBUSDT", "400900217", 25.3519, TIME_UNKNOWN},
	{"binance-futures-agg-trade",
	 "{\"e\":\"aggTrade\",\"E\":123456789,\"s\":\"BTCUSDT\",\"a\":5933014,\"p\":\"0.001\",\"q\":\"100\",\"f\":100,\"l\":105,\"T\":123456785,\"m\":true}",
	 "BTCUSDT", "5933014", 0.001, 123456789000000},
	{"binance-futures-book-ticker",
	 "{\"e\":\"bookTicker\",\"u\":400900217,\"E\":1568014460893,\"T\":1568014460891,\"s\":\"BNBUSDT\",\"b\":\"25.35190000\",\"B\":\"31\",\"a\":\"25.36\",\"A\":\"40\"}",
	 "BNBUSDT", "400900217", 25.3519, 1568014460893000000},
	{"binance-mark-price",
	 "{\"e\":\"markPriceUpdate\",\"E\":1562305380000,\"s\":\"BTCUSDT\",\"p\":\"11794.15000000\",\"i\":\"11784.62659091\",\"r\":\"0.00038167\",\"T\":1562306400000}",
	 "BTCUSDT", "1562305380000", 11794.15, 1562305380000000000},
	{"binance-trade-combined",
	 "{\"stream\":\"bnbbtc@trade\",\"data\":{\"e\":\"trade\",\"E\":1672515782136,\"s\":\"BNBBTC\",\"t\":12345,\"p\":\"0.001\",\"q\":\"100\",\"T\":1672515782136,\"m\":true}}",
	 "BNBBTC", "12345", 0.001, 1672515782136000000},
	{"binance-trade",
	 "{\"e\":\"trade\",\"E\":1672515782136,\"s\":\"BNBBTC\",\"t\":12345,\"p\":\"0.001\",\"q\":\"100\",\"T\":1672515782136,\"m\":true,\"M\":true}",
	 "BNBBTC", "12345", 0.001, 1672515782136000000},
	{"bitstamp-live-trades",
	 "{\"data\":{\"id\":157699738,\"timestamp\":\"1615877939\",\"amount\":0.02,\"amount_str\":\"0.02000000\",\"price\":55008.3,"
	 "\"price_str\":\"55008.30\",\"type\":0,\"microtimestamp\":\"1615877939649000\",\"buy_order_id\":1339567984607234},"
	 "\"channel\":\"live_trades_btcusd\",\"event\":\"trade\"}",
	 "live_trades_btcusd", "157699738", 55008.3, 1615877939649000000},
	{"bybit-public-trade",
	 "{\"topic\":\"publicTrade.BTCUSDT\",\"type\":\"snapshot\",\"ts\":1672304486868,\"data\":[{\"T\":1672304486865,\"s\":\"BTCUSDT\",\"S\":\"Buy\","
	 "\"v\":\"0.001\",\"p\":\"16578.50\",\"L\":\"PlusTick\",\"i\":\"20f43950-d8dd-5b31-9112-a178eb6023af\",\"BT\":false}]}",
	 "BTCUSDT", "20f43950-d8dd-5b31-9112-a178eb6023af", 16578.5, 1672304486865000000},
	{"coinbase-advanced-trades",
	 "{\"channel\":\"market_trades\",\"client_id\":\"\",\"timestamp\":\"2023-02-09T20:19:35.39625135Z\",\"sequence_num\":0,\"events\":[{\"type\":\"update\","
	 "\"trades\":[{\"trade_id\":\"12345\",\"product_id\":\"ETH-USD\",\"price\":\"1260.01\",\"size\":\"0.3\",\"side\":\"BUY\",\"time\":\"2019-08-14T20:42:27.265Z\"}]}]}",
	 "ETH-USD", "12345", 1260.01, 1565815347265000000},
	{"coinbase-matches",
	 "{\"type\":\"match\",\"trade_id\":10,\"sequence\":50,\"maker_order_id\":\"ac928c66\",\"taker_order_id\":\"132fb6ae\",\"time\":\"2014-11-07T08:19:27.028459Z\","
	 "\"product_id\":\"BTC-USD\",\"size\":\"5.23512\",\"price\":\"400.23\",\"side\":\"sell\"}",
	 "BTC-USD", "10", 400.23, 1415348367028459000},
	{"coinbase-ticker",
	 "{\"type\":\"ticker\",\"sequence\":37475248783,\"product_id\":\"ETH-USD\",\"price\":\"1285.22\",\"open_24h\":\"1310.79\",\"side\":\"buy\","
	 "\"time\":\"2022-10-19T23:28:22.061769Z\",\"trade_id\":370843401,\"last_size\":\"11.4396987\"}",
	 "ETH-USD", "37475248783", 1285.22, 1666222102061769000},
	{"deribit-trades",
	 "{\"params\":{\"data\":[{\"trade_seq\":30289442,\"trade_id\":\"48079269\",\"timestamp\":1590484512188,\"tick_direction\":2,\"price\":8950.0,"
	 "\"instrument_name\":\"BTC-PERPETUAL\",\"direction\":\"sell\",\"amount\":10.0}],\"channel\":\"trades.BTC-PERPETUAL.raw\"},\"method\":\"subscription\",\"jsonrpc\":\"2.0\"}",
	 "BTC-PERPETUAL", "48079269", 8950, 1590484512188000000},
	{"hyperliquid-trades",
	 "{\"channel\":\"trades\",\"data\":[{\"coin\":\"ETH\",\"side\":\"A\",\"px\":\"3000.5\",\"sz\":\"0.1\",\"hash\":\"0x00\",\"time\":1700000000123,\"tid\":118906512037719}]}",
	 "ETH", "118906512037719", 3000.5, 1700000000123000000},
	{"kraken-trade",
	 "{\"channel\":\"trade\",\"type\":\"update\",\"data\":[{\"symbol\":\"MATIC/USD\",\"side\":\"sell\",\"price\":0.5117,\"qty\":40.0,\"ord_type\":\"market\","
	 "\"trade_id\":4665906,\"timestamp\":\"2023-09-25T07:49:37.708706Z\"}]}",
	 "MATIC/USD", "4665906", 0.5117, 1695628177708706000},
	{"okx-trades",
	 "{\"arg\":{\"channel\":\"trades\",\"instId\":\"BTC-USDT\"},\"data\":[{\"instId\":\"BTC-USDT\",\"tradeId\":\"130639474\",\"px\":\"42219.9\",\"sz\":\"0.12060306\","
	 "\"side\":\"buy\",\"ts\":\"1630048897897\",\"count\":\"3\"}]}",
	 "BTC-USDT", "130639474", 42219.9, 1630048897897000000},
};
#define EXAMPLES (sizeof(examples) / sizeof(examples[0]))

/* Answers to a subscription, as these venues give them, are no updates. */
static const char *const answers[] = {"{\"result\":null,\"id\":1}", "{\"event\":\"subscribe\",\"channel\":\"x\",\"data\":{}}",
				      "{\"success\":true,\"ret_msg\":\"\",\"op\":\"subscribe\"}"};

static void test_every_preset_reads_its_message(void **state)
{
	struct decode_options options;
	const struct decoder *decoder;
	struct feed_sink sink;
	struct error err;
	size_t i = 0;

	(void)state;
	for (const struct preset *p = presets; p->name; p++, i++) {
		assert_true(i < EXAMPLES);
		assert_string_equal(p->name, examples[i].preset);
		assert_true(p->text[0] == '#' && p->text[1] == ' ');
		if (site_preset(p->name, &decoder, &options, &err))
			fail_msg("%s", err.text);
		assert_null(decoder_find(p->name));
		assert_int_equal(feed_sink_run(&sink, decoder->decode, &options, examples[i].message, strlen(examples[i].message)), 1);
		assert_string_equal(sink.messages[0].id, examples[i].id);
		assert_string_equal(sink.messages[0].key, examples[i].key);
		assert_true(sink.messages[0].price == examples[i].price);
		assert_true(sink.messages[0].published_ns == examples[i].published_ns);
		for (size_t k = 0; k < sizeof(answers) / sizeof(answers[0]); k++)
			assert_int_equal(feed_sink_run(&sink, decoder->decode, &options, answers[k], strlen(answers[k])), 0);
	}
	assert_int_equal(i, EXAMPLES);
}

static void test_an_unknown_preset(void **state)
{
	struct decode_options options;
	const struct decoder *decoder;
	struct error err;

	(void)state;
	assert_int_equal(site_preset("binance", &decoder, &options, &err), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_preset_reads_its_message),
		cmocka_unit_test(test_an_unknown_preset),
	};

	return cmocka_run_group_tests_name("cmd_preset", tests, NULL, NULL);
}
