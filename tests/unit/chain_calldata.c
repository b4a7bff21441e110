// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Transactions of updates: what is asked when, what is read of the answers, and a node that has had enough of questions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "chain_node.h"
#include "feed/calldata.h"

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
#define ASKS "eth_getTransactionByHash"

static void begin(struct node *node)
{
	node_start(node, false);
	node->config.calldata = true;
	chain_connected(node->chain);
	node_forget_requests(node);
}

/* An update in transaction `tx`. */
static void update(struct node *node, unsigned tx)
{
	node_logs_answer(node, 100, tx, 'a');
}

static const char *tx_hash(unsigned tx)
{
	static char hash[67];

	return node_hash(hash, tx, 'e');
}

static void answers(struct node *node, unsigned tx, const char *input)
{
	const char *request = node_request(node, tx_hash(tx), 0);
	char *member;

	assert_true(asprintf(&member, "\"result\":{\"hash\":\"%s\",\"blockNumber\":\"0x64\",\"input\":\"0x%s\"}", tx_hash(tx), input) > 0);
	node_answers(node, request, member);
	free(member);
}

/* OCR2's transmit of one observation, 1000.00000000. */
#define W(n) "00000000000000000000000000000000000000000000000000000000" n
#define TRANSMIT                                                                                                       \
	"b1dc65a4" W("00000001") W("00000002") W("00000000") W("000000e0") W("000001a0") W("000001a0") W("00000000")      \
	W("000000c0") W("6922f740") W("00000000") W("00000080") W("00000000") W("00000001")                               \
	"000000000000000000000000000000000000000000000000000000174876e800"

static void test_the_transaction_of_an_update(void **state)
{
	struct node node;

	(void)state;
	begin(&node);
	update(&node, 7);
	assert_int_equal(node.request_count, 0); /* not before the time to ask has come */
	chain_step(node.chain, SECOND);
	assert_int_equal(node.request_count, 1);
	assert_non_null(node_request(&node, ASKS, 0));
	answers(&node, 7, TRANSMIT);
	assert_int_equal(node.carried_count, 1);
	assert_string_equal(node.carried[0].tx_hash, node.updates[0].tx_hash);
	assert_string_equal(node.carried[0].type, "chainlink-ocr");
	assert_string_equal(node.carried[0].message.mantissa, "100000000000");
	assert_int_equal(strlen(node.carried[0].message.digest), 32);
	for (int i = 0; i < 100; i++)
		chain_step(node.chain, 2 * SECOND + i * 100 * MS);
	assert_int_equal(node.request_count, 1); /* once */
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_CALLDATA_FETCHED), 1);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 0);
	node_stop(&node);
}

static void test_only_where_it_is_wanted(void **state)
{
	struct node node;

	(void)state;
	begin(&node);
	node.config.calldata = false;
	update(&node, 7);
	chain_step(node.chain, SECOND);
	assert_int_equal(node.request_count, 0);
	node_stop(&node);
}

/* Two updates in one transaction are one question; many transactions are asked for one after the other, eight at a time. */
static void test_pace(void **state)
{
	struct node node;
	int64_t now = SECOND;

	(void)state;
	begin(&node);
	for (unsigned tx = 1; tx <= 12; tx++)
		update(&node, tx);
	for (int i = 0; i < 1000; i++, now += MS)
		chain_step(node.chain, now);
	assert_int_equal(node.request_count, 8);
	answers(&node, 1, TRANSMIT);
	for (int i = 0; i < 100; i++, now += MS)
		chain_step(node.chain, now);
	assert_int_equal(node.request_count, 9);
	assert_non_null(node_request(&node, tx_hash(9), 0));
	now += 60 * SECOND; /* eight never come, and free their places */
	for (int i = 0; i < 1000; i++, now += MS)
		chain_step(node.chain, now);
	assert_int_equal(node.request_count, 12);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_CALLDATA_MISSED), 8);
	node_stop(&node);
}

/* More than are kept: counted, not queued without end. */
static void test_too_many(void **state)
{
	static struct node node;

	(void)state;
	begin(&node);
	for (unsigned tx = 1; tx <= 300; tx++) {
		node.update_count = 0;
		node_logs_answer(&node, 100, tx, 'a');
	}
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_CALLDATA_MISSED), 300 - 256);
	node_stop(&node);
}

/* A node may tell of the log before its index has the transaction. */
static void test_not_there_yet(void **state)
{
	struct node node;
	int64_t now = SECOND;

	(void)state;
	begin(&node);
	update(&node, 7);
	for (int tries = 1; tries <= 4; tries++) {
		node_forget_requests(&node);
		for (int i = 0; i < 50 && !node.request_count; i++, now += 100 * MS)
			chain_step(node.chain, now);
		assert_int_equal(node.request_count, 1);
		assert_int_equal(node_counter(&node, CHAIN_COUNTER_CALLDATA_MISSED), 0);
		node_answers(&node, node.requests[0], "\"result\":null");
	}
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_CALLDATA_MISSED), 1);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 0);
	node_stop(&node);
}

static void test_answers_that_are_none(void **state)
{
	struct node node;
	char *text = malloc(2 * CALLDATA_MAX + 8);
	int64_t now = SECOND;

	(void)state;
	assert_non_null(text);
	begin(&node);
	for (unsigned tx = 1; tx <= 6; tx++) {
		update(&node, tx);
		chain_step(node.chain, now += SECOND);
	}
	node_answers(&node, node_request(&node, tx_hash(1), 0), "\"result\":\"0x12\"");
	node_answers(&node, node_request(&node, tx_hash(2), 0),
		     "\"result\":{\"hash\":\"0x1111111111111111111111111111111111111111111111111111111111111111\",\"input\":\"0x\"}");
	answers(&node, 3, "xyz");
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 3);
	answers(&node, 4, ""); /* a transfer: nothing in it */
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_CALLDATA_EMPTY), 1);
	memset(text, '0', 2 * CALLDATA_MAX + 2);
	text[2 * CALLDATA_MAX + 2] = 0;
	answers(&node, 5, text);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_CALLDATA_OVERSIZED), 1);
	node_answers(&node, node_request(&node, tx_hash(6), 0), "\"error\":{\"code\":-32601,\"message\":\"method \\u001b[2J not found\"}");
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_CALLDATA_MISSED), 1);
	assert_non_null(strstr(node.warning, "allow eth_getTransactionByHash"));
	assert_null(strchr(node.warning, '\x1b'));
	assert_int_equal(node.carried_count, 0);
	free(text);
	node_stop(&node);
}

/* What was asked of a connection that broke is asked of the next one; its answers are those of nothing. */
static void test_reconnect(void **state)
{
	struct node node;
	char request[400];

	(void)state;
	begin(&node);
	update(&node, 7);
	chain_step(node.chain, SECOND);
	snprintf(request, sizeof(request), "%s", node_request(&node, ASKS, 0));
	chain_disconnected(node.chain);
	node_forget_requests(&node);
	chain_step(node.chain, 2 * SECOND);
	assert_int_equal(node.request_count, 0);
	chain_connected(node.chain);
	node_answers(&node, request, "\"result\":null");
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 1);
	chain_step(node.chain, 3 * SECOND);
	answers(&node, 7, TRANSMIT);
	assert_int_equal(node.carried_count, 1);
	node_stop(&node);
}

/* Without requests of its own, a reader of captures takes a transaction for what it is. */
static void test_passive(void **state)
{
	struct node node;
	char *text;

	(void)state;
	node_start(&node, true);
	assert_true(asprintf(&text, "{\"jsonrpc\":\"2.0\",\"id\":44,\"result\":{\"hash\":\"%s\",\"input\":\"0x" TRANSMIT "\"}}", tx_hash(9)) > 0);
	node_says(&node, text);
	free(text);
	assert_int_equal(node.carried_count, 1);
	assert_string_equal(node.carried[0].tx_hash, tx_hash(9));
	node_stop(&node);
}

/* ---- limits ------------------------------------------------------------------------------------------------------------ */

#define TOO_MANY "\"error\":{\"code\":429,\"message\":\"Too Many Requests\"}"

/* Everything waits while the node has had enough, longer each time; then what was refused is asked once more. */
static void test_too_many_requests(void **state)
{
	struct node node;
	char id[16];
	int64_t now = SECOND;

	(void)state;
	begin(&node);
	update(&node, 7);
	chain_step(node.chain, now);
	assert_int_equal(sscanf(node_request(&node, ASKS, 0), "{\"jsonrpc\":\"2.0\",\"id\":%15[0-9]", id), 1);
	for (int64_t pause = 1; pause <= 8; pause *= 2) {
		node_answers(&node, node_request(&node, ASKS, 0), TOO_MANY);
		update(&node, 7 + (unsigned)pause);
		node_forget_requests(&node);
		chain_step(node.chain, now + pause * SECOND - MS);
		assert_int_equal(node.request_count, 0);
		now += pause * SECOND;
		chain_step(node.chain, now);
		assert_int_equal(node.request_count, 1);
		assert_non_null(node_request(&node, tx_hash(7), 0));
		assert_non_null(strstr(node.requests[0], id)); /* the very same request */
	}
	answers(&node, 7, TRANSMIT);
	assert_int_equal(node.carried_count, 1);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_RATE_LIMITED), 4);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_RPC_ERRORS), 0);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_CALLDATA_MISSED), 0);
	assert_int_equal(node.warning_count, 1);
	assert_non_null(strstr(node.warning, "too many"));
	chain_step(node.chain, now + SECOND); /* and the others */
	assert_non_null(node_request(&node, tx_hash(8), 0));
	node_stop(&node);
}

/* A subscription that is put off is made up for, and nothing that belongs to it is forgotten. */
static void test_a_subscription_that_is_put_off(void **state)
{
	static const char *const refusals[] = {
		TOO_MANY, "\"error\":{\"code\":-32005,\"message\":\"daily limit\"}", "\"error\":{\"code\":-32007,\"message\":\"50/second\"}",
		"\"error\":{\"code\":-32000,\"message\":\"Your app has exceeded its compute units per second capacity\"}",
	};
	struct node node;

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		node_start(&node, false);
		chain_connected(node.chain);
		chain_step(node.chain, SECOND);
		node_answers(&node, node_request(&node, "newHeads", 0), "\"result\":\"0x1\"");
		node_answers(&node, node_request(&node, "\"logs\"", 0), refusals[i]);
		node_answers(&node, node_request(&node, "\"logs\"", 1), "\"result\":\"0x3\"");
		assert_null(node_request(&node, "eth_blockNumber", 0)); /* one is still to come */
		chain_step(node.chain, 2 * SECOND);
		assert_non_null(node_request(&node, "\"logs\"", 2));
		node_answers(&node, node_request(&node, "\"logs\"", 2), "\"result\":\"0x2\"");
		assert_non_null(node_request(&node, "eth_blockNumber", 0));
		assert_int_equal(node_counter(&node, CHAIN_COUNTER_RATE_LIMITED), 1);
		assert_int_equal(node_counter(&node, CHAIN_COUNTER_RPC_ERRORS), 0);
		node_stop(&node);
	}
}

/* A node that leaves a question open: what depends on the answer goes on without it, and the node is told of. */
static void test_questions_that_are_never_answered(void **state)
{
	struct node node;
	int64_t now = SECOND;

	(void)state;
	node_start(&node, false);
	chain_step(node.chain, now);
	chain_connected(node.chain);
	node_answers(&node, node_request(&node, "newHeads", 0), "\"result\":\"0x1\"");
	node_answers(&node, node_request(&node, "\"logs\"", 0), "\"result\":\"0x2\"");
	for (int i = 0; i < 59; i++)
		chain_step(node.chain, now += SECOND);
	assert_null(node_request(&node, "eth_blockNumber", 0));
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_RPC_ERRORS), 0);
	for (int i = 0; i < 3; i++) /* one at a time; aggregator() was not answered either, which is nobody's loss */
		chain_step(node.chain, now += SECOND);
	assert_non_null(node_request(&node, "eth_blockNumber", 0));
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_RPC_ERRORS), 1);
	assert_non_null(strstr(node.warning, "nothing within a minute"));
	node_answers(&node, node_request(&node, "\"logs\"", 1), "\"result\":\"0x3\""); /* too late */
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 1);
	node_stop(&node);
}

/* -32005 is also the code of a range of logs that is too long, which no waiting makes shorter. */
static void test_a_range_that_is_too_long_is_no_rate_limit(void **state)
{
	struct node node;

	(void)state;
	begin(&node);
	node_head(&node, 100, 'a', 'a');
	chain_disconnected(node.chain);
	chain_connected(node.chain);
	node_answers(&node, node_request(&node, "\"logs\"", 0), "\"result\":\"0x2\"");
	node_answers(&node, node_request(&node, "\"logs\"", 1), "\"result\":\"0x3\"");
	node_answers(&node, node_request(&node, "eth_blockNumber", 0), "\"result\":\"0x78\"");
	node_answers(&node, node_request(&node, "eth_getLogs", 0),
		     "\"error\":{\"code\":-32005,\"message\":\"query returned more than 10000 results\"}");
	assert_non_null(node_request(&node, "eth_getLogs", 1)); /* at once, of half of it */
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_RATE_LIMITED), 0);
	node_stop(&node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_transaction_of_an_update),
		cmocka_unit_test(test_only_where_it_is_wanted),
		cmocka_unit_test(test_pace),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_not_there_yet),
		cmocka_unit_test(test_answers_that_are_none),
		cmocka_unit_test(test_reconnect),
		cmocka_unit_test(test_passive),
		cmocka_unit_test(test_too_many_requests),
		cmocka_unit_test(test_a_subscription_that_is_put_off),
		cmocka_unit_test(test_questions_that_are_never_answered),
		cmocka_unit_test(test_a_range_that_is_too_long_is_no_rate_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
