// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Stork Fast: payloads of the tests of Stork's own contract library; and the JSON of its documentation. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed_sink.h"

#define ONE                                                                                                            \
	"690a1cce3cf72e889b699ef800fb80ba47c123ce7422517bfcd2ce0c701423a12938fb6fcf4424c21e39688cd41dd8919b149642b59032" \
	"8ada7532c88b5f0d6b010001187f4dcc627041f8000100000000000000056bc75e2d63100000"
#define SIX                                                                                                            \
	"5985a517300f6b80a8b6fa7cb2477ef9b57f9cf27706f42e38e096e5350b034730c755a25a416ecd0021ef32a1b36de88f051a5125fb6a" \
	"e1306dce7c4e9ffa03010001187f4dda764f46c0000100000000000000056bc75e2d631000000002000000000000000ad78ebc5ac6200000" \
	"0003000000000000001043561a882930000000040000000000000015af1d78b58c4000000005000000000000001b1ae4d6e2ef5000000006" \
	"000000000000002086ac351052600000"
#define NEGATIVE                                                                                                       \
	"e2c0c8ed493d2a7ced7092010bf670c59c33a54d374416a612ebc4064faac878430e96f68a1d2a7f530b51770340e56edca3d587646ee2" \
	"3aef36a3c09321da0e000001187f506ddec854e00007ffffffffffffffda0d8c6cc24a900000"
#define SIGNER "c4a02e7d370402f4afc36032076b05e74ff81786"

static struct decode_options options;
static struct feed_sink sink;

static int decode(const char *text)
{
	return feed_sink_run(&sink, stork_decode, &options, text, strlen(text));
}

static void assert_fault(const char *text, const char *words)
{
	assert_int_equal(decode(text), -EBADMSG);
	if (!strstr(sink.err.text, words))
		fail_msg("\"%s\" does not say %s", sink.err.text, words);
}

static void test_fast(void **state)
{
	(void)state;
	options = (struct decode_options){.explain = true};
	assert_int_equal(decode(ONE), 1);
	assert_string_equal(sink.messages[0].id, "1");
	assert_string_equal(sink.messages[0].key, "1765215119172715000");
	assert_int_equal(sink.messages[0].published_ns, 1765215119172715000);
	assert_string_equal(sink.messages[0].mantissa, "100000000000000000000");
	assert_true(sink.messages[0].price == 100);
	assert_string_equal(feed_sink_detail(&sink, 0, "signer"), SIGNER);
	assert_int_equal(sink.messages[0].signature, FEED_SIGNATURE_UNCHECKED);
	assert_int_equal(decode_signer_parse(SIGNER, &options), 0);
	assert_int_equal(decode(SIX), 6);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(atoi(sink.messages[i].id), i + 1);
		assert_true(sink.messages[i].price == 100 * (i + 1));
		assert_string_equal(sink.messages[i].key, "1765215179635640000");
		assert_int_equal(sink.messages[i].signature, FEED_SIGNATURE_VERIFIED);
	}
	assert_int_equal(decode(NEGATIVE), 1);
	assert_string_equal(sink.messages[0].mantissa, "-700000000000000000000");
	assert_true(sink.messages[0].price == -700);
	assert_int_equal(sink.messages[0].signature, FEED_SIGNATURE_VERIFIED);
}

/* Nobody asked who signed, and nobody is expected: no time is spent on it. */
static void test_a_live_feed_without_signer(void **state)
{
	(void)state;
	options = (struct decode_options){.explain = false};
	assert_int_equal(decode(ONE), 1);
	assert_string_equal(feed_sink_detail(&sink, 0, "signer"), "");
	assert_int_equal(sink.messages[0].signature, FEED_SIGNATURE_UNCHECKED);
}

static void test_a_changed_update_is_not_signed(void **state)
{
	char changed[] = SIX;

	(void)state;
	options = (struct decode_options){.explain = true};
	assert_int_equal(decode_signer_parse(SIGNER, &options), 0);
	changed[sizeof(changed) - 2] = '1';
	assert_int_equal(decode(changed), 6);
	assert_int_equal(sink.messages[5].signature, FEED_SIGNATURE_BAD);
}

static void test_faults(void **state)
{
	char cut[] = ONE;

	(void)state;
	options = (struct decode_options){.explain = true};
	assert_fault("", "signature: 65 bytes at offset 0");
	assert_fault("0000", "signature: 65 bytes at offset 0");
	assert_fault(ONE "00", "19 bytes of assets");
	cut[2 * 66] = '\0';
	assert_fault(cut, "taxonomy: 2 bytes at offset 65");
}

#define JSON(price, stamp)                                                                                             \
	"{\"type\":\"oracle_prices\",\"data\":{\"BTCUSD\":{\"timestamp\":1725003294628238268,\"asset_id\":\"BTCUSD\",\"price\":\"1\","     \
	"\"stork_signed_price\":{\"public_key\":\"0x0a803F9b1CCe32e2773e0d2e98b37E0775cA5d44\",\"encoded_asset_id\":"                     \
	"\"0x7404e3d104ea7841c3d9e6fd20adfe99b4ad586bc08d8f3bd3afef894cf184de\",\"price\":" price                              \
	",\"timestamped_signature\":{\"timestamp\":" stamp "}}}}}"

static void test_json(void **state)
{
	(void)state;
	options = (struct decode_options){.explain = true};
	assert_int_equal(decode(JSON("\"59518067955999998000000\"", "1725003294635520242")), 1);
	assert_string_equal(sink.messages[0].id, "7404e3d104ea7841c3d9e6fd20adfe99b4ad586bc08d8f3bd3afef894cf184de");
	assert_string_equal(sink.messages[0].key, "1725003294635520242");
	assert_int_equal(sink.messages[0].published_ns, 1725003294635520242);
	assert_string_equal(sink.messages[0].mantissa, "59518067955999998000000");
	assert_true(sink.messages[0].price == 59518.067955999998);
	assert_string_equal(feed_sink_detail(&sink, 0, "asset_id"), "BTCUSD");
	assert_int_equal(decode("{\"type\":\"subscribe\",\"data\":[]}"), 0);
	assert_fault(JSON("\"5.5\"", "1"), "/data/BTCUSD: price");
	assert_fault(JSON("\"5\"", "1.5"), "/data/BTCUSD: timestamp");
	assert_fault("{\"type\":\"oracle_prices\"}", "/data: missing");
	assert_fault("{\"error\":\"no such asset\"}", "no such asset");
}

/* A published answer, shortened by the publishers' own prices. */
#define SIGNED                                                                                                         \
	"{\"data\":{\"BTCUSD\":{\"timestamp\":1725003294628238268,\"asset_id\":\"BTCUSD\",\"signature_type\":\"evm\",\"trigger\":\"clock\","    \
	"\"price\":\"59518067955999998000000\",\"stork_signed_price\":{\"public_key\":\"0x0a803F9b1CCe32e2773e0d2e98b37E0775cA5d44\","          \
	"\"encoded_asset_id\":\"0x7404e3d104ea7841c3d9e6fd20adfe99b4ad586bc08d8f3bd3afef894cf184de\",\"price\":\"59518067955999998000000\","   \
	"\"timestamped_signature\":{\"signature\":{\"r\":\"0xada5b62117378477fc177c66b271ee6223eb5c868961b017c97e5635195f04d0\","              \
	"\"s\":\"0x470ffea7918d2f9da46ae98165bd5a926d4ad9101172522e3d7fd8b6d060d1d0\",\"v\":\"0x1c\"},\"timestamp\":1725003294635520242,"      \
	"\"msg_hash\":\"0xf0ca177c265464931f9cb9e7aeddfbcfc26f1409abccfb53f7b7a94a73e77565\"},\"publisher_merkle_root\":"                     \
	"\"0x912b1298e1130ec7d05d26c71e1681bfb7a84575a7f5f6fa1a3516d365f02590\",\"calculation_alg\":{\"type\":\"median\",\"version\":\"v1\","  \
	"\"checksum\":\"9be7e9f9ed459417d96112a7467bd0b27575a2c7847195c68f805b70ce1795ba\"}}}}}"

static void test_signed_json(void **state)
{
	static char changed[] = SIGNED;

	(void)state;
	options = (struct decode_options){.explain = true};
	assert_int_equal(decode(SIGNED), 1);
	assert_string_equal(feed_sink_detail(&sink, 0, "signer"), "0a803f9b1cce32e2773e0d2e98b37e0775ca5d44");
	assert_int_equal(sink.messages[0].signature, FEED_SIGNATURE_VERIFIED);
	assert_int_equal(decode_signer_parse("0a803f9b1cce32e2773e0d2e98b37e0775ca5d44", &options), 0);
	assert_int_equal(decode(SIGNED), 1);
	assert_int_equal(sink.messages[0].signature, FEED_SIGNATURE_VERIFIED);
	options = (struct decode_options){.explain = false};
	assert_int_equal(decode_signer_parse(SIGNER, &options), 0);
	assert_int_equal(decode(SIGNED), 1);
	assert_int_equal(sink.messages[0].signature, FEED_SIGNATURE_BAD);
	options = (struct decode_options){.explain = true};
	strstr(strstr(changed, "stork_signed_price"), "59518067955999998000000")[22] = '1';
	assert_int_equal(decode(changed), 1);
	assert_int_equal(sink.messages[0].signature, FEED_SIGNATURE_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fast),
		cmocka_unit_test(test_a_live_feed_without_signer),
		cmocka_unit_test(test_a_changed_update_is_not_signed),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_signed_json),
	};

	return cmocka_run_group_tests_name("feed_stork", tests, NULL, NULL);
}
