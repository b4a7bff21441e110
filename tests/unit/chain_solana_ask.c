// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a Solana node is asked over HTTP, and what it may answer. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "solana_node.h"

#define HASH   "Ez5cZ6gGvhCvvP2Wk8HK3LoPRKdpkLSdvSpKxoQ8BXwB"
#define PARENT "5Vd7pF7TqYxXfdjLbRTCSWCqS9VCMSYQ8MHdbWLYv71Y"
#define BLOCK(time) "{\"jsonrpc\":\"2.0\",\"result\":{\"blockHeight\":7,\"blockTime\":" time ",\"blockhash\":\"" HASH "\",\"parentSlot\":9," \
		    "\"previousBlockhash\":\"" PARENT "\"},\"id\":1}"
#define ERROR(code) "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":" code ",\"message\":\"Slot 10 was skipped\"},\"id\":1}"

/* A slot with an update, confirmed. */
static void begin(struct node *node)
{
	node_start(node, false);
	node_connect(node);
	node_slot_at(node, "firstShredReceived", 10, "", 1000);
	node_slot_at(node, "completed", 10, "", 2000);
	node_bank(node, 10, 9);
	node_posts(node, 10);
	assert_string_equal(node_asks(node), ""); /* not before it is confirmed */
	node_slot(node, "optimisticConfirmation", 10, "");
}

static void test_a_block(void **state)
{
	struct node node;

	(void)state;
	begin(&node);
	assert_string_equal(node_asks(&node), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"getBlock\",\"params\":[10,{\"commitment\":\"confirmed\","
					      "\"transactionDetails\":\"none\",\"rewards\":false,\"maxSupportedTransactionVersion\":0}]}");
	assert_false(node_answers(&node, 200, BLOCK("1789699387")));
	assert_int_equal(node.block_count, 1);
	assert_int_equal(node.blocks[0].number, 10);
	assert_string_equal(node.blocks[0].hash, HASH);
	assert_string_equal(node.blocks[0].parent, PARENT);
	assert_int_equal(node.blocks[0].block_ns, 1789699387000000000);
	assert_int_equal(node.blocks[0].stamps.first_mono_ns, 1000);
	assert_int_equal(node.blocks[0].stamps.wire_mono_ns, 2000);
	assert_string_equal(node_asks(&node), "");
	node_notifies(&node, &(struct node_account){.which = 1, .price = 3, .publish_time = 4, .posted_slot = 10}, 11);
	assert_string_equal(node_asks(&node), ""); /* it is known already */
	node_notifies(&node, &(struct node_account){.which = 1, .price = 3, .publish_time = 4, .posted_slot = 8}, 11);
	assert_non_null(strstr(node_asks(&node), "[8,{\"commitment\":\"confirmed\"")); /* confirmed before it was seen */
	chain_finish(node.chain);
	assert_int_equal(node.block_count, 2); /* without an answer it has its stamps alone */
	assert_string_equal(node.blocks[1].hash, "");
	assert_int_equal(node.blocks[1].block_ns, TIME_UNKNOWN);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_UNKNOWN_BLOCKS), 0); /* it only was not waited for */
	node_stop(&node);
}

static void test_a_block_without_a_time(void **state)
{
	struct node node;

	(void)state;
	begin(&node);
	node_asks(&node);
	node_answers(&node, 200, BLOCK("null"));
	assert_string_equal(node.blocks[0].hash, HASH);
	assert_int_equal(node.blocks[0].block_ns, TIME_UNKNOWN);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 0);
	node_stop(&node);
}

static void test_limits(void **state)
{
	static const struct {
		int status;
		const char *text;
	} limits[] = {
		{429, ""}, {429, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":429,\"message\":\"Too many requests\"}}"}, {503, "<html>"},
		{200, ERROR("-32005")}, {200, ERROR("429")},
	};
	struct node node;

	(void)state;
	begin(&node);
	node_asks(&node);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		assert_true(node_answers(&node, limits[i].status, limits[i].text));
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_RATE_LIMITED), 5);
	assert_false(node_answers(&node, 200, BLOCK("1789699387")));
	assert_int_equal(node.block_count, 1);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_RPC_ERRORS) + node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 0);
	node_stop(&node);
}

static void test_a_block_that_is_not_stored_yet(void **state)
{
	struct node node;

	(void)state;
	begin(&node);
	for (int i = 0; i < 5; i++) {
		assert_non_null(strstr(node_asks(&node), "[10,"));
		assert_false(node_answers(&node, 200, ERROR("-32004")));
		assert_string_equal(node_asks(&node), "");
		node.clock_ns += 2000000000;
	}
	assert_string_equal(node_asks(&node), ""); /* it was asked for often enough */
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_UNKNOWN_BLOCKS), 1);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_RPC_ERRORS), 1);
	assert_non_null(strstr(node.warning, "Slot 10 was skipped"));
	assert_int_equal(node.block_count, 1);
	node_stop(&node);
}

/* Not on the fork that is confirmed now: the root has the last word. */
static void test_a_slot_that_was_skipped(void **state)
{
	static const char *const codes[] = {ERROR("-32007"), ERROR("-32009")};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct node node;

		begin(&node);
		node_asks(&node);
		node_answers(&node, 200, codes[i]);
		assert_string_equal(node_asks(&node), "");
		assert_int_equal(node.update_count, 1);
		node_slot(&node, "root", 12, ""); /* of which nobody said what it stands on */
		assert_non_null(strstr(node_asks(&node), "[10,{\"commitment\":\"finalized\""));
		node_answers(&node, 200, codes[i]);
		assert_int_equal(node.update_count, 2);
		assert_true(node.updates[1].removed);
		assert_int_equal(node_counter(&node, CHAIN_COUNTER_LEFT_SLOTS), 1);
		assert_int_equal(node.block_count, 1);
		assert_string_equal(node.blocks[0].hash, "");
		assert_int_equal(node_counter(&node, CHAIN_COUNTER_UNKNOWN_BLOCKS) + node_counter(&node, CHAIN_COUNTER_RPC_ERRORS), 0);
		node_stop(&node);
	}
}

static void test_answers_that_are_none(void **state)
{
	static const struct {
		int status;
		const char *text;
		enum chain_counter counter;
	} cases[] = {
		{200, "", CHAIN_COUNTER_BAD_MESSAGES},
		{200, "<html>", CHAIN_COUNTER_BAD_MESSAGES},
		{200, "[]", CHAIN_COUNTER_BAD_MESSAGES},
		{200, "{\"id\":1}", CHAIN_COUNTER_BAD_MESSAGES},
		{200, "{\"result\":null}", CHAIN_COUNTER_BAD_MESSAGES},
		{200, "{\"result\":{}}", CHAIN_COUNTER_BAD_MESSAGES},
		{200, "{\"result\":{\"blockhash\":\"0OIl\",\"previousBlockhash\":\"" PARENT "\"}}", CHAIN_COUNTER_BAD_MESSAGES},
		{200, "{\"result\":{\"blockhash\":\"" HASH HASH "\",\"previousBlockhash\":\"" PARENT "\"}}", CHAIN_COUNTER_BAD_MESSAGES},
		{200, BLOCK("\"1789699387\""), CHAIN_COUNTER_BAD_MESSAGES},
		{200, BLOCK("9223372036854775807"), CHAIN_COUNTER_BAD_MESSAGES},
		{200, ERROR("-32601"), CHAIN_COUNTER_RPC_ERRORS},
		{200, "{\"error\":\"no\"}", CHAIN_COUNTER_RPC_ERRORS},
		{401, "", CHAIN_COUNTER_RPC_ERRORS},
		{404, "{\"x\":1}", CHAIN_COUNTER_RPC_ERRORS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct node node;

		begin(&node);
		node_asks(&node);
		assert_false(node_answers(&node, cases[i].status, cases[i].text));
		if (node_counter(&node, cases[i].counter) != 1 || node_counter(&node, CHAIN_COUNTER_UNKNOWN_BLOCKS) != 1)
			fail_msg("%d %s", cases[i].status, cases[i].text);
		assert_int_equal(node.block_count, 1);
		assert_string_equal(node.blocks[0].hash, "");
		assert_string_equal(node_asks(&node), ""); /* it is not asked forever */
		node_stop(&node);
	}
}

static void test_a_reconnect(void **state)
{
	const struct node_account sol = {.price = 5, .publish_time = 6, .posted_slot = 14};
	char one[600], text[1400];
	struct node node;

	(void)state;
	node_start(&node, false);
	node_connect(&node);
	node_bank(&node, 9, 8);
	chain_disconnected(node.chain);
	node_posts(&node, 10); /* read before, and held back until its packet was known */
	assert_int_equal(node.update_count, 1);
	chain_connected(node.chain);
	node_posts(&node, 11); /* of a subscription of the last connection */
	assert_int_equal(node.update_count, 1);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 1);
	assert_non_null(strstr(node.requests[3], "\"id\":131072,\"method\":\"slotsUpdatesSubscribe\""));
	assert_string_equal(node_asks(&node), ""); /* not before the new subscriptions hold */
	node_confirm(&node, 2);
	assert_string_equal(node_asks(&node), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"getMultipleAccounts\",\"params\":[[\"" SOL_ACCOUNT
					      "\",\"" USDC_ACCOUNT "\"],{\"encoding\":\"base64\",\"commitment\":\"processed\"}]}");
	node_notifies(&node, &sol, 14); /* is overtaken by a notification */
	node_account_text(one, &sol);
	snprintf(text, sizeof(text), "{\"result\":{\"context\":{\"slot\":15},\"value\":[%s,", one);
	node_account_text(one, &(struct node_account){.which = 1, .price = 7, .publish_time = 8, .posted_slot = 13});
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s]}}", one);
	node_answers(&node, 200, text);
	assert_int_equal(node.update_count, 3);
	assert_false(node.updates[1].backfilled);
	assert_true(node.updates[2].backfilled);
	assert_ptr_equal(node.updates[2].oracle, &node.oracles[1]);
	assert_int_equal(node.updates[2].stamps.wire_mono_ns, TIME_UNKNOWN);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BACKFILLED), 1);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_DUPLICATES), 0);
	assert_string_equal(node_asks(&node), ""); /* what was posted last is not confirmed yet */
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BACKFILL_FAILED), 0);
	node_stop(&node);
}

static void test_accounts_that_do_not_come(void **state)
{
	static const struct {
		const char *text;
		enum chain_counter counter;
	} cases[] = {
		{ERROR("-32601"), CHAIN_COUNTER_RPC_ERRORS},
		{"{\"result\":{\"context\":{\"slot\":15},\"value\":[]}}", CHAIN_COUNTER_BAD_MESSAGES},
		{"{\"result\":{\"context\":{\"slot\":15},\"value\":{}}}", CHAIN_COUNTER_BAD_MESSAGES},
		{"{\"result\":7}", CHAIN_COUNTER_BAD_MESSAGES},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct node node;

		node_start(&node, false);
		node_connect(&node);
		node_posts(&node, 10);
		chain_disconnected(node.chain);
		chain_connected(node.chain);
		node_confirm(&node, 2);
		node_asks(&node);
		node_answers(&node, 200, cases[i].text);
		assert_int_equal(node_counter(&node, cases[i].counter), 1);
		assert_int_equal(node_counter(&node, CHAIN_COUNTER_BACKFILL_FAILED), 1);
		assert_int_equal(node.update_count, 1);
		assert_string_equal(node_asks(&node), "");
		node_stop(&node);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_block),
		cmocka_unit_test(test_a_block_without_a_time),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_a_block_that_is_not_stored_yet),
		cmocka_unit_test(test_a_slot_that_was_skipped),
		cmocka_unit_test(test_answers_that_are_none),
		cmocka_unit_test(test_a_reconnect),
		cmocka_unit_test(test_accounts_that_do_not_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
