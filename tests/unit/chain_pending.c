// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Pending transactions: which of the network's are an oracle's, and nodes that tell them otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "chain_node.h"
#include "feed/calldata.h"

#define OTHER "0x1111111111111111111111111111111111111111"
#define NOTHING_KNOWN "a9059cbb"

/* OCR2's transmit of one observation, 1000.00000000. */
#define W(n) "00000000000000000000000000000000000000000000000000000000" n
#define TRANSMIT                                                                                                       \
	"b1dc65a4" W("00000001") W("00000002") W("00000000") W("000000e0") W("000001a0") W("000001a0") W("00000000")      \
	W("000000c0") W("6922f740") W("00000000") W("00000080") W("00000000") W("00000001")                               \
	"000000000000000000000000000000000000000000000000000000174876e800"

/* Stork's update of the feed that the node's second oracle has: 1000. */
#define STORK_OF(id)                                                                                                   \
	"41bd64ba" W("00000020") W("00000001") "000000000000000000000000000000000000000000000000187f4dcc627041f8"         \
	"00000000000000000000000000000000000000000000003635c9adc5dea00000" id W("00000003") W("00000004") W("00000005")    \
	W("00000006") W("0000001b")

static void wants_pending(struct chain_config *config)
{
	config->pending = true;
}

static void begin(struct node *node)
{
	node_start_as(node, false, wants_pending);
	chain_connected(node->chain);
}

static void pending(struct node *node, unsigned tx, const char *to, const char *input)
{
	char hash[67], *text;

	assert_true(asprintf(&text,
			     "{\"jsonrpc\":\"2.0\",\"method\":\"eth_subscription\",\"params\":{\"subscription\":\"0x9\",\"result\":{"
			     "\"hash\":\"%s\",\"blockHash\":null,\"to\":%s%s%s,\"input\":\"0x%s\"}}}",
			     node_hash(hash, tx, 'e'), to ? "\"" : "", to ? to : "null", to ? "\"" : "", input) > 0);
	node_says(node, text);
	free(text);
}

static void test_subscribed_only_where_it_is_wanted(void **state)
{
	struct node node;

	(void)state;
	begin(&node);
	assert_non_null(node_request(&node, "[\"newPendingTransactions\",true]", 0));
	node_stop(&node);
	node_start(&node, false);
	chain_connected(node.chain);
	assert_null(node_request(&node, "newPendingTransactions", 0));
	pending(&node, 1, AGGREGATOR, TRANSMIT);
	assert_int_equal(node.pending_count, 0);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 1);
	node_stop(&node);
}

static void test_what_goes_to_an_oracle(void **state)
{
	struct node node;
	char hash[67];

	(void)state;
	begin(&node);
	pending(&node, 1, AGGREGATOR, TRANSMIT);
	pending(&node, 1, AGGREGATOR, TRANSMIT); /* gossip comes again: the first stamp stands */
	pending(&node, 2, AGGREGATOR, NOTHING_KNOWN); /* whatever it says, it goes to the oracle */
	pending(&node, 3, OTHER, TRANSMIT); /* another network's aggregator, perhaps */
	pending(&node, 4, OTHER, NOTHING_KNOWN);
	pending(&node, 5, NULL, NOTHING_KNOWN);
	assert_int_equal(node.pending_count, 2);
	assert_string_equal(node.pending[0].tx_hash, node_hash(hash, 1, 'e'));
	assert_string_equal(node.pending[0].to, AGGREGATOR);
	assert_string_equal(node.pending[0].type, "chainlink-ocr");
	assert_string_equal(node.pending[0].message.mantissa, "100000000000");
	assert_int_equal(strlen(node.pending[0].message.digest), 32);
	assert_int_equal(node.pending[0].stamps.wire_mono_ns, node_stamps.wire_mono_ns);
	assert_null(node.pending[1].type);
	assert_string_equal(node.pending[1].message.digest, "");
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_PENDING), 6);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_PENDING_UPDATES), 2);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 0);
	node_stop(&node);
}

/* A keeper's contract passes an update on: the feed in it says whose it is. */
static void test_what_carries_a_message_of_a_feed(void **state)
{
	struct node node;

	(void)state;
	begin(&node);
	pending(&node, 1, OTHER, "12345678" STORK_OF(PYTH_ID));
	pending(&node, 2, OTHER, "12345678" STORK_OF("aa61491a931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace"));
	assert_int_equal(node.pending_count, 1);
	assert_string_equal(node.pending[0].to, OTHER);
	assert_string_equal(node.pending[0].message.id, PYTH_ID);
	assert_string_equal(node.pending[0].type, "stork");
	node_stop(&node);
}

/* Of hashes nothing can be said: one is told of, and the subscription ends; the next connection may be to another node. */
static void test_a_node_that_tells_hashes(void **state)
{
	static const char hash[] =
		"{\"jsonrpc\":\"2.0\",\"method\":\"eth_subscription\",\"params\":{\"subscription\":\"0x9f\",\"result\":"
		"\"0x1111111111111111111111111111111111111111111111111111111111111111\"}}";
	struct node node;

	(void)state;
	begin(&node);
	node_forget_requests(&node);
	node_says(&node, hash);
	node_says(&node, hash);
	assert_int_equal(node.request_count, 1);
	assert_non_null(node_request(&node, "\"eth_unsubscribe\",\"params\":[\"0x9f\"]", 0));
	node_answers(&node, node.requests[0], "\"result\":true");
	assert_int_equal(node.warning_count, 1);
	assert_non_null(strstr(node.warning, "hash alone"));
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_PENDING_HASHES), 2);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 0);
	chain_disconnected(node.chain);
	chain_connected(node.chain);
	node_forget_requests(&node);
	node_says(&node, hash);
	assert_int_equal(node.request_count, 1);
	node_stop(&node);
}

static void test_a_node_that_refuses(void **state)
{
	struct node node;

	(void)state;
	begin(&node);
	node_answers(&node, node_request(&node, "newPendingTransactions", 0), "\"error\":{\"code\":-32601,\"message\":\"not supported\"}");
	assert_non_null(strstr(node.warning, "no update is seen pending"));
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_RPC_ERRORS), 1);
	node_stop(&node);
}

static void test_what_is_no_transaction(void **state)
{
	static const char *const results[] = {
		"{\"input\":\"0x\"}", "{\"input\":\"0x\",\"hash\":\"0x12\"}",
		"{\"hash\":\"0x1111111111111111111111111111111111111111111111111111111111111111\",\"to\":\"0x12\",\"input\":\"0x\"}",
		"{\"hash\":\"0x1111111111111111111111111111111111111111111111111111111111111111\",\"to\":17,\"input\":\"0x\"}",
		"{\"hash\":\"0x2111111111111111111111111111111111111111111111111111111111111111\",\"to\":null,\"input\":\"0xz\"}",
		"{\"hash\":\"0x3111111111111111111111111111111111111111111111111111111111111111\",\"to\":null,\"input\":7}",
	};
	struct node node;
	char *text;

	(void)state;
	begin(&node);
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		assert_true(asprintf(&text, "{\"method\":\"eth_subscription\",\"params\":{\"subscription\":\"0x9\",\"result\":%s}}",
				     results[i]) > 0);
		node_says(&node, text);
		free(text);
		assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), i + 1);
	}
	text = malloc(2 * CALLDATA_MAX + 8);
	assert_non_null(text);
	memset(text, '0', 2 * CALLDATA_MAX + 2);
	text[2 * CALLDATA_MAX + 2] = 0;
	pending(&node, 9, AGGREGATOR, text);
	free(text);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_CALLDATA_OVERSIZED), 1);
	assert_int_equal(node.pending_count, 0);
	node_stop(&node);
}

/* A reader of captures that is told to look for them. */
static void test_passive(void **state)
{
	struct node node;

	(void)state;
	node_start_as(&node, true, wants_pending);
	pending(&node, 1, AGGREGATOR, TRANSMIT);
	assert_int_equal(node.pending_count, 1);
	node_stop(&node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subscribed_only_where_it_is_wanted),
		cmocka_unit_test(test_what_goes_to_an_oracle),
		cmocka_unit_test(test_what_carries_a_message_of_a_feed),
		cmocka_unit_test(test_a_node_that_tells_hashes),
		cmocka_unit_test(test_a_node_that_refuses),
		cmocka_unit_test(test_what_is_no_transaction),
		cmocka_unit_test(test_passive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
