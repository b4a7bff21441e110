// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* ABI words, topics, the events of each oracle, and the memory of what was seen. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chain/abi.h"
#include "chain/event.h"
#include "chain/seen.h"
#include "chain_node.h"

static void test_quantities(void **state)
{
	static const char *const bad[] = {"", "0x", "1", "x1", "0X1", "0xg", "0x1 ", "0x11112222333344445", "0x-1", "0x0x12345678901234"};
	uint64_t value;

	(void)state;
	assert_int_equal(abi_quantity("0x0", &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(abi_quantity("0x6922f740", &value), 0);
	assert_int_equal(value, 1763899200);
	assert_int_equal(abi_quantity("0xffffffffffffffff", &value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(abi_quantity(NULL, &value), -EINVAL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(abi_quantity(bad[i], &value), -EINVAL);
	assert_int_equal(abi_block_number("0x3fffffffffffffff", &value), 0);
	assert_int_equal(abi_block_number("0x4000000000000000", &value), -EINVAL);
}

static void test_words_as_decimals(void **state)
{
	static const struct {
		const char *hex, *is_unsigned, *is_signed;
	} cases[] = {
		{"0000000000000000000000000000000000000000000000000000000000000000", "0", "0"},
		{"00000000000000000000000000000000000000000000000000000045d42b384e", "299912345678", "299912345678"},
		{"ffffffffffffffffffffffffffffffffffffffffffffffffffffffba2bd4c7b2",
		 "115792089237316195423570985008687907853269984665640564039457584007613217294258", "-299912345678"},
		{"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		 "115792089237316195423570985008687907853269984665640564039457584007913129639935", "-1"},
		{"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		 "57896044618658097711785492504343953926634992332820282019728792003956564819967",
		 "57896044618658097711785492504343953926634992332820282019728792003956564819967"},
		{"8000000000000000000000000000000000000000000000000000000000000000",
		 "57896044618658097711785492504343953926634992332820282019728792003956564819968",
		 "-57896044618658097711785492504343953926634992332820282019728792003956564819968"},
		{"0000000000000000000000000000000000000000000000010000000000000000", "18446744073709551616",
		 "18446744073709551616"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t word[ABI_WORD];
		char text[ABI_DECIMAL_TEXT];

		assert_int_equal(hex_decode(cases[i].hex, 64, word, sizeof(word)), ABI_WORD);
		abi_uint256_text(word, text);
		assert_string_equal(text, cases[i].is_unsigned);
		abi_int256_text(word, text);
		assert_string_equal(text, cases[i].is_signed);
	}
}

static void test_seconds(void **state)
{
	(void)state;
	assert_int_equal(abi_seconds_ns(1763899200), 1763899200000000000);
	assert_int_equal(abi_seconds_ns(9223372036), 9223372036000000000);
	assert_int_equal(abi_seconds_ns(9223372037), TIME_UNKNOWN);
	assert_int_equal(abi_seconds_ns(UINT64_MAX), TIME_UNKNOWN);
}

/* Computed from the signatures; these are the constants that explorers show for the contracts. */
static void test_topics(void **state)
{
	static const char *const expected[EVENT_COUNT] = {
		[EVENT_ANSWER_UPDATED] = ANSWER_UPDATED,
		[EVENT_OCR2_TRANSMISSION] = OCR2,
		[EVENT_OCR1_TRANSMISSION] = OCR1,
		[EVENT_NEW_ROUND] = NEW_ROUND,
		[EVENT_PYTH_UPDATE] = PYTH_UPDATE,
		[EVENT_STORK_UPDATE] = "0xe24720f45cb74f2d55f1deebb6098f50f10b511dab8a7d47c4819a08dcd0b895",
		[EVENT_CHRONICLE_POKED] = "0x7045db5134e0c7ca4bff0c0e096616ef4ebb36b719cd00c5f0ba4f4475ecceee",
	};
	struct event_topics topics;

	(void)state;
	event_topics_init(&topics);
	for (int i = 0; i < EVENT_COUNT; i++) {
		char text[2 * ABI_WORD + 1];

		hex_encode(topics.topic0[i], ABI_WORD, text);
		assert_string_equal(text, expected[i] + 2);
	}
}

/* data as a public ABI encoder wrote it: answer 299912345678, observed 1763899195, three observations, epoch and round */
static const char ocr2_data[] =
	"00000000000000000000000000000000000000000000000000000045d42b384e"
	"00000000000000000000000057cd4848b12469618b689163f507817940acca02"
	"000000000000000000000000000000000000000000000000000000006922f73b"
	"0000000000000000000000000000000000000000000000000000000000000100"
	"0000000000000000000000000000000000000000000000000000000000000180"
	"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffb"
	"abababababababababababababababababababababababababababababababab"
	"0000000000000000000000000000000000000000000000000000000012345607"
	"0000000000000000000000000000000000000000000000000000000000000003"
	"00000000000000000000000000000000000000000000000000000045d42b384d"
	"00000000000000000000000000000000000000000000000000000045d42b384e"
	"00000000000000000000000000000000000000000000000000000045d42b384f"
	"0000000000000000000000000000000000000000000000000000000000000003"
	"0102030000000000000000000000000000000000000000000000000000000000";

/* answer -299912345678 */
static const char ocr1_data[] =
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffba2bd4c7b2"
	"00000000000000000000000057cd4848b12469618b689163f507817940acca02"
	"00000000000000000000000000000000000000000000000000000000000000a0"
	"0000000000000000000000000000000000000000000000000000000000000100"
	"0000000000000000000000a28766ee17e4e4cc19db120da149000200003ae605"
	"0000000000000000000000000000000000000000000000000000000000000002"
	"0000000000000000000000000000000000000000000000000000000000000001"
	"0000000000000000000000000000000000000000000000000000000000000002"
	"0000000000000000000000000000000000000000000000000000000000000002"
	"0102000000000000000000000000000000000000000000000000000000000000";

static const char pyth_data[] =
	"000000000000000000000000000000000000000000000000000000006922f740"
	"00000000000000000000000000000000000000000000000000000045d42b384e"
	"0000000000000000000000000000000000000000000000000000000007270e00";

static const char round_77[] = "\"0x000000000000000000000000000000000000000000000000000000000000004d\"";

static void assert_update(const struct node *node, const char *key, const char *mantissa, double price, int64_t published_ns)
{
	const struct feed_message *m = &node->updates[0].message;

	assert_int_equal(node->update_count, 1);
	assert_string_equal(m->key, key);
	assert_string_equal(m->mantissa, mantissa);
	assert_int_equal(m->exponent, -8);
	assert_true(m->has_exponent);
	assert_true(m->price == price);
	assert_int_equal(m->published_ns, published_ns);
}

static void test_ocr2_transmission(void **state)
{
	struct node node;
	char topics[400];
	struct node_log log = {.address = AGGREGATOR, .topics = topics, .data = ocr2_data, .block = 100, .tx = 1, .branch = 'a'};

	(void)state;
	node_start(&node, true);
	snprintf(topics, sizeof(topics), "\"" OCR2 "\",%s", round_77);
	node_log(&node, &log);
	assert_update(&node, "77", "299912345678", 2999.12345678, 1763899195000000000);
	assert_ptr_equal(node.updates[0].oracle, &node.oracles[0]);
	assert_string_equal(node.updates[0].message.id, "");
	node_stop(&node);
}

static void test_ocr1_transmission(void **state)
{
	struct node node;
	char topics[400];
	struct node_log log = {.address = AGGREGATOR, .topics = topics, .data = ocr1_data, .block = 100, .tx = 1, .branch = 'a'};

	(void)state;
	node_start(&node, true);
	snprintf(topics, sizeof(topics), "\"" OCR1 "\",%s", round_77);
	node_log(&node, &log);
	assert_update(&node, "77", "-299912345678", -2999.12345678, TIME_UNKNOWN);
	node_stop(&node);
}

static void test_answer_updated(void **state)
{
	struct node node;

	(void)state;
	node_start(&node, true);
	node_logs_answer(&node, 100, 77, 'a');
	assert_update(&node, "77", "100000000000", 1000, 1763899200000000000);
	assert_int_equal(node.updates[0].block_number, 100);
	assert_int_equal(node.updates[0].log_index, 5);
	assert_false(node.updates[0].removed);
	assert_false(node.updates[0].backfilled);
	assert_int_equal(node.updates[0].stamps.wire_mono_ns, 200);
	node_stop(&node);
}

/* The whole range of int256, whatever the contract may emit, and a time that no ns can hold. */
static void test_answers_of_256_bits(void **state)
{
	struct node node;
	struct node_log log = {
		.address = AGGREGATOR,
		.topics = "\"" ANSWER_UPDATED "\",\"0x8000000000000000000000000000000000000000000000000000000000000000\","
			  "\"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"",
		.data = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		.block = 100,
		.tx = 1,
		.branch = 'a'};

	(void)state;
	node_start(&node, true);
	node_log(&node, &log);
	assert_update(&node, "115792089237316195423570985008687907853269984665640564039457584007913129639935",
		      "-57896044618658097711785492504343953926634992332820282019728792003956564819968",
		      -578960446186580977117854925043439539266349923328202820197287920039565.64819968, TIME_UNKNOWN);
	node_stop(&node);
}

static void test_pyth_update(void **state)
{
	struct node node;
	struct node_log log = {.address = PYTH,
			       .topics = "\"" PYTH_UPDATE "\",\"0x" PYTH_ID "\"",
			       .data = pyth_data,
			       .block = 100,
			       .tx = 1,
			       .branch = 'a'};

	(void)state;
	node_start(&node, true);
	node_log(&node, &log);
	assert_update(&node, "1763899200", "299912345678", 2999.12345678, 1763899200000000000);
	assert_string_equal(node.updates[0].message.id, PYTH_ID);
	assert_ptr_equal(node.updates[0].oracle, &node.oracles[1]);
	log.topics = "\"" PYTH_UPDATE "\",\"0x0000000000000000000000000000000000000000000000000000000000000001\"";
	log.index = 1;
	node_log(&node, &log);
	assert_int_equal(node.update_count, 1);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_OTHER_LOGS), 1);
	node_stop(&node);
}

/* An event with too few topics or words, and members that are missing or malformed: counted, never an update. */
static void test_malformed_logs(void **state)
{
	static const struct {
		const char *from, *to;
	} edits[] = {
		{"\"blockNumber\":\"0x64\"", "\"blockNumber\":null"},
		{"\"blockNumber\":\"0x64\"", "\"blockNumber\":100"},
		{"\"blockNumber\":\"0x64\"", "\"blockNumber\":\"0xffffffffffffffff\""},
		{"\"blockHash\":\"0x", "\"blockHash\":\"0xg"},
		{"\"blockHash\":", "\"blockhash\":"},
		{"\"transactionHash\":\"0x", "\"transactionHash\":\"0x00"},
		{"\"logIndex\":\"0x5\"", "\"logIndex\":\"0x100000000\""},
		{"\"logIndex\":\"0x5\"", "\"logIndex\":{}"},
		{"\"data\":\"0x0", "\"data\":\"0x"},
		{"\"data\":\"0x00", "\"data\":\"0xzz"},
		{"\"data\":\"0x", "\"data\":\""},
		{"\"data\":\"0x00", "\"data\":\"0x"},
		{"\"topics\":[", "\"topics\":[7,"},
		{"\"topics\":[", "\"topics\":[\"0x00\","},
		{"\"topics\":[", "\"topics\":[null,"},
		{"\"address\":\"0x5f", "\"address\":\"0x"},
		{"\"logIndex\"", "\"blockTimestamp\":1763899200,\"logIndex\""},
		{",\"0x000000000000000000000000000000000000000000000000000000000000004d\"]", "]"},
	};
	struct node node;
	char object[4096], edited[5000];
	struct node_log log;

	(void)state;
	node_start(&node, true);
	log = node_answer_updated(&node, 100, 77, 'a');
	node_log_text(object, sizeof(object), &log);
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		const char *at = strstr(object, edits[i].from);

		assert_non_null(at);
		snprintf(edited, sizeof(edited), "{\"method\":\"eth_subscription\",\"params\":{\"result\":%.*s%s%s}}",
			 (int)(at - object), object, edits[i].to, at + strlen(edits[i].from));
		node_says(&node, edited);
		if (node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES) != i + 1)
			fail_msg("edit %zu (%s) was taken", i, edits[i].to);
	}
	assert_int_equal(node.update_count, 0);
	node_stop(&node);
}

static void test_logs_of_others(void **state)
{
	struct node node;
	struct node_log log;

	(void)state;
	node_start(&node, true);
	log = node_answer_updated(&node, 100, 77, 'a');
	log.address = PYTH; /* the event of a Chainlink aggregator at Pyth's contract */
	node_log(&node, &log);
	log.address = AGGREGATOR;
	log.topics = "";
	node_log(&node, &log);
	log.topics = "\"0x0209fc6f55cf40689f02fbaad7af7fe7bbac8a3d2186600afc7d3e10cac60271\""; /* of no event here */
	node_log(&node, &log);
	assert_int_equal(node.update_count, 0);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_OTHER_LOGS), 3);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 0);
	node_stop(&node);
}

static void test_seen_is_bounded_and_forgets_the_oldest(void **state)
{
	struct seen *seen = seen_new(8);
	uint8_t digest[KECCAK256_LEN];

	(void)state;
	assert_non_null(seen);
	for (uint32_t i = 0; i < 100; i++) {
		keccak256(&i, sizeof(i), digest);
		assert_true(seen_mark(seen, digest, false));
		assert_false(seen_mark(seen, digest, false));
		if (i >= 7) { /* the eighth from the end is still there */
			uint32_t old = i - 7;

			keccak256(&old, sizeof(old), digest);
			assert_false(seen_mark(seen, digest, false));
		}
	}
	for (uint32_t i = 92; i < 100; i++) {
		keccak256(&i, sizeof(i), digest);
		assert_true(seen_mark(seen, digest, true));
		assert_false(seen_mark(seen, digest, true));
		assert_true(seen_mark(seen, digest, false));
	}
	keccak256(&(uint32_t){91}, sizeof(uint32_t), digest);
	assert_true(seen_mark(seen, digest, false));
	seen_free(seen);
	seen_free(NULL);
}

static void test_oracle_types(void **state)
{
	enum oracle_type type;

	(void)state;
	assert_int_equal(oracle_type_parse("pyth-evm", &type), 0);
	assert_int_equal(type, ORACLE_PYTH_EVM);
	assert_string_equal(oracle_type_name(type), "pyth-evm");
	assert_int_equal(oracle_type_parse("chainlink", &type), 0);
	assert_int_equal(oracle_type_parse("band", &type), -EINVAL);
	assert_non_null(strstr(oracle_type_names, "chainlink"));
	assert_non_null(strstr(oracle_type_names, "pyth-evm"));
}

static void test_configurations_that_cannot_work(void **state)
{
	struct oracle_config oracles[2] = {{.asset = "A", .type = ORACLE_PYTH_EVM, .id = "12"},
					   {.asset = "B", .type = ORACLE_CHAINLINK}};
	struct chain_config config = {.name = "test", .oracles = oracles, .oracle_count = 2};
	struct chain_callbacks callbacks = {0};
	struct chain *chain;
	struct error err;

	(void)state;
	assert_int_equal(chain_new(&chain, &config, &callbacks, &err), -EINVAL);
	assert_non_null(strstr(err.text, "oracles[0] (A)"));
	assert_null(chain);
	oracles[0] = oracles[1];
	assert_int_equal(chain_new(&chain, &config, &callbacks, &err), -EINVAL);
	assert_non_null(strstr(err.text, "oracles[1]"));
	strcpy(oracles[0].id, PYTH_ID);
	oracles[0].type = ORACLE_PYTH_EVM;
	assert_int_equal(chain_new(&chain, &config, &callbacks, &err), 0);
	chain_free(chain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantities),
		cmocka_unit_test(test_words_as_decimals),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_topics),
		cmocka_unit_test(test_ocr2_transmission),
		cmocka_unit_test(test_ocr1_transmission),
		cmocka_unit_test(test_answer_updated),
		cmocka_unit_test(test_answers_of_256_bits),
		cmocka_unit_test(test_pyth_update),
		cmocka_unit_test(test_malformed_logs),
		cmocka_unit_test(test_logs_of_others),
		cmocka_unit_test(test_seen_is_bounded_and_forgets_the_oldest),
		cmocka_unit_test(test_oracle_types),
		cmocka_unit_test(test_configurations_that_cannot_work),
	};

	return cmocka_run_group_tests_name("chain_event", tests, NULL, NULL);
}
