// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Blocks that are replaced: told by the node, by the heads alone, and logs that only seem to be of one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "chain_node.h"

/* As geth does it: the heads of the new branch, `removed` logs of the old one, the logs of the new one. */
static void test_reorg_told_by_the_node(void **state)
{
	struct node node;
	struct node_log log;

	(void)state;
	node_start_at(&node, "0x64");
	node_head(&node, 101, 'a', 'a');
	log = node_logs_answer(&node, 101, 7, 'a');
	log.removed = true;
	node_log(&node, &log);
	assert_int_equal(node.update_count, 2);
	assert_true(node.updates[1].removed);
	assert_string_equal(node.updates[1].message.key, "7");
	node_head(&node, 101, 'b', 'a');
	assert_int_equal(node.update_count, 2); /* not taken back twice */
	node_logs_answer(&node, 101, 7, 'b');
	assert_int_equal(node.update_count, 3);
	assert_false(node.updates[2].removed);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_REMOVED), 1);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_REORGS), 1);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_DUPLICATES), 0);
	node_stop(&node);
}

/* As anvil does it: only the heads of the new branch. */
static void test_reorg_told_by_the_heads_alone(void **state)
{
	struct node node;
	struct node_log log;

	(void)state;
	node_start_at(&node, "0x64");
	for (unsigned number = 101; number <= 103; number++) {
		node_head(&node, number, 'a', 'a');
		log = node_logs_answer(&node, number, number, 'a');
	}
	node_head(&node, 102, 'b', 'a');
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_REORGS), 1);
	assert_int_equal(node.update_count, 5); /* 102 and 103, not 101 */
	assert_true(node.updates[3].removed && node.updates[4].removed);
	assert_string_equal(node.updates[3].message.key, "102");
	assert_string_equal(node.updates[4].message.key, "103");
	log.removed = true; /* the node says so after all */
	node_log(&node, &log);
	assert_int_equal(node.update_count, 5);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_REMOVED), 2);

	node_head(&node, 103, 'b', 'b');
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_REORGS), 1);
	node_logs_answer(&node, 103, 102, 'b'); /* its transaction, included again */
	assert_int_equal(node.update_count, 6);
	assert_false(node.updates[5].removed);
	node_stop(&node);
}

/* The parent of the next head is not the block that was seen: that block is gone too. */
static void test_reorg_seen_at_the_parent(void **state)
{
	struct node node;

	(void)state;
	node_start_at(&node, "0x64");
	node_head(&node, 101, 'a', 'a');
	node_logs_answer(&node, 101, 7, 'a');
	node_head(&node, 102, 'b', 'b');
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_REORGS), 1);
	assert_int_equal(node.update_count, 2);
	assert_true(node.updates[1].removed);
	node_stop(&node);
}

/* A log that overtakes its head, and the head before it, belongs to no replaced block. */
static void test_logs_ahead_of_heads_are_not_taken_back(void **state)
{
	struct node node;

	(void)state;
	node_start_at(&node, "0x64");
	node_head(&node, 101, 'a', 'a');
	node_logs_answer(&node, 103, 7, 'a');
	node_head(&node, 102, 'a', 'a');
	node_head(&node, 103, 'a', 'a');
	node_head(&node, 104, 'a', 'a');
	assert_int_equal(node.update_count, 1);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_REMOVED), 0);
	node_stop(&node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reorg_told_by_the_node),
		cmocka_unit_test(test_reorg_told_by_the_heads_alone),
		cmocka_unit_test(test_reorg_seen_at_the_parent),
		cmocka_unit_test(test_logs_ahead_of_heads_are_not_taken_back),
	};

	return cmocka_run_group_tests_name("chain_reorg", tests, NULL, NULL);
}
