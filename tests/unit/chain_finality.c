// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* When blocks become final, against scripted nodes: intervals, refusals, lagging nodes, and what is taken back all the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "chain_node.h"

#define SECOND INT64_C(1000000000)

static void begin(struct node *node)
{
	node_start(node, false);
	node->config.finality_ns = 12 * SECOND;
	chain_connected(node->chain);
	node_forget_requests(node);
}

static void answers_block(struct node *node, const char *tag, unsigned number, char branch)
{
	char hash[67], member[160];

	snprintf(member, sizeof(member), "\"result\":{\"number\":\"0x%x\",\"hash\":\"%s\",\"parentHash\":\"0x\"}", number,
		 node_hash(hash, number, branch));
	node_answers(node, node_request(node, tag, 0), member);
}

/* Asks at `seconds`, and both levels are answered. */
static void poll_at(struct node *node, int64_t seconds, unsigned safe, unsigned finalized)
{
	node_forget_requests(node);
	chain_step(node->chain, seconds * SECOND);
	answers_block(node, "[\"safe\",false]", safe, 'a');
	answers_block(node, "[\"finalized\",false]", finalized, 'a');
}

static void test_levels_and_their_bounds(void **state)
{
	struct node node;

	(void)state;
	begin(&node);
	poll_at(&node, 100, 70, 40);
	assert_int_equal(node.final_count, 2);
	assert_int_equal(node.finals[0].level, CHAIN_SAFE);
	assert_int_equal(node.finals[1].level, CHAIN_FINALIZED);
	assert_int_equal(node.finals[1].number, 40);
	assert_int_equal(node.finals[1].after_mono_ns, TIME_UNKNOWN); /* it was so before anybody asked */
	assert_int_equal(node.finals[1].stamps.wire_mono_ns, node_stamps.wire_mono_ns);
	poll_at(&node, 112, 71, 40); /* the same final block: nothing to say */
	assert_int_equal(node.final_count, 3);
	assert_int_equal(node.finals[2].after_mono_ns, 100 * SECOND);
	poll_at(&node, 124, 102, 72);
	assert_int_equal(node.final_count, 5);
	assert_int_equal(node.finals[4].number, 72);
	assert_int_equal(node.finals[4].after_mono_ns, 112 * SECOND); /* not final when that question was sent */
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 0);
	node_stop(&node);
}

static void test_asked_at_its_interval_only(void **state)
{
	struct node node;

	(void)state;
	begin(&node);
	poll_at(&node, 100, 70, 40);
	node_forget_requests(&node);
	for (int64_t ms = 0; ms < 12000; ms += 7)
		chain_step(node.chain, 100 * SECOND + ms * (SECOND / 1000));
	assert_int_equal(node.request_count, 0);
	chain_step(node.chain, 112 * SECOND);
	assert_int_equal(node.request_count, 2);
	chain_disconnected(node.chain); /* nobody to ask */
	node_forget_requests(&node);
	chain_step(node.chain, 1000 * SECOND);
	assert_int_equal(node.request_count, 0);
	chain_connected(node.chain);
	node_forget_requests(&node);
	node.config.finality_ns = 0; /* off */
	chain_step(node.chain, 2000 * SECOND);
	assert_int_equal(node.request_count, 0);
	node_stop(&node);
}

/* A node without the tags is told of once, asked seldom, and no update is lost by it. */
static void test_refused(void **state)
{
	struct node node;

	(void)state;
	begin(&node);
	chain_step(node.chain, 100 * SECOND);
	node_answers(&node, node_request(&node, "\"safe\"", 0), "\"error\":{\"code\":-32602,\"message\":\"unknown block tag\"}");
	node_answers(&node, node_request(&node, "\"finalized\"", 0), "\"error\":{\"code\":-32602,\"message\":\"unknown block tag\"}");
	assert_int_equal(node.warning_count, 1);
	assert_non_null(strstr(node.warning, "unknown block tag"));
	assert_non_null(strstr(node.warning, "safe and finalized"));
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_FINALITY_REFUSED), 2);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_RPC_ERRORS), 0);
	node_forget_requests(&node);
	chain_step(node.chain, 399 * SECOND);
	assert_int_equal(node.request_count, 0);
	chain_step(node.chain, 411 * SECOND); /* it may have been too young for an answer */
	assert_int_equal(node.request_count, 2);
	node_answers(&node, node_request(&node, "\"safe\"", 0), "\"error\":{\"code\":-39001,\"message\":\"safe block not found\"}");
	answers_block(&node, "[\"finalized\",false]", 40, 'a');
	assert_int_equal(node.final_count, 1);
	assert_int_equal(node.warning_count, 1);
	chain_disconnected(node.chain);
	chain_connected(node.chain); /* perhaps to another node */
	node_forget_requests(&node);
	chain_step(node.chain, 430 * SECOND);
	assert_int_equal(node.request_count, 2);
	node_stop(&node);
}

static void test_answers_that_are_none(void **state)
{
	static const char *const members[] = {
		"\"result\":\"0x1\"", "\"result\":[]", "\"result\":{}", "\"result\":{\"number\":\"0x1\",\"hash\":\"0x12\"}",
		"\"result\":{\"number\":\"0xffffffffffffffff\",\"hash\":\"0x1111111111111111111111111111111111111111111111111111111111111111\"}",
		"\"result\":{\"number\":null,\"hash\":\"0x1111111111111111111111111111111111111111111111111111111111111111\"}",
	};
	struct node node;

	(void)state;
	begin(&node);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		node_forget_requests(&node);
		chain_step(node.chain, (int64_t)(i + 1) * 100 * SECOND);
		node_answers(&node, node_request(&node, "\"finalized\"", 0), members[i]);
		assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), i + 1);
	}
	node_forget_requests(&node);
	chain_step(node.chain, 5000 * SECOND);
	node_answers(&node, node_request(&node, "\"finalized\"", 0), "\"result\":null"); /* too young a chain: no fault */
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), sizeof(members) / sizeof(members[0]));
	assert_int_equal(node.final_count, 0);
	node_stop(&node);
}

static void test_a_node_that_lags_takes_nothing_back(void **state)
{
	struct node node;

	(void)state;
	begin(&node);
	poll_at(&node, 100, 70, 40);
	poll_at(&node, 112, 60, 30);
	assert_int_equal(node.final_count, 2);
	node_head(&node, 35, 'a', 'a'); /* old, but never contradicted */
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_FINAL_REVERTED), 0);
	assert_int_equal(node.warning_count, 0);
	node_stop(&node);
}

static void test_a_final_block_that_is_replaced(void **state)
{
	struct node node;
	struct node_log log;

	(void)state;
	begin(&node);
	node_head(&node, 40, 'a', 'a');
	log = node_logs_answer(&node, 40, 7, 'a');
	node_head(&node, 41, 'a', 'a');
	node_head(&node, 41, 'b', 'a'); /* an ordinary reorg: 41 is not final */
	poll_at(&node, 100, 41, 40);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_FINAL_REVERTED), 0);
	node_head(&node, 41, 'c', 'c'); /* builds on another block 40 */
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_FINAL_REVERTED), 1);
	assert_non_null(strstr(node.warning, "block 40 was replaced although the node had called block 40 final"));
	log.removed = true; /* the same, told by the log */
	node_log(&node, &log);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_FINAL_REVERTED), 1);
	assert_int_equal(node.warning_count, 1);
	node_stop(&node);
}

static void test_an_answer_that_contradicts_the_last(void **state)
{
	struct node node;

	(void)state;
	begin(&node);
	poll_at(&node, 100, 70, 40);
	for (int i = 1; i < 3; i++) { /* it stays with its new answer: one event */
		node_forget_requests(&node);
		chain_step(node.chain, (100 + 12 * i) * SECOND);
		answers_block(&node, "[\"finalized\",false]", 40, 'b');
		assert_int_equal(node_counter(&node, CHAIN_COUNTER_FINAL_REVERTED), 1);
	}
	node_stop(&node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels_and_their_bounds),
		cmocka_unit_test(test_asked_at_its_interval_only),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_answers_that_are_none),
		cmocka_unit_test(test_a_node_that_lags_takes_nothing_back),
		cmocka_unit_test(test_a_final_block_that_is_replaced),
		cmocka_unit_test(test_an_answer_that_contradicts_the_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
