// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The chain reader against scripted nodes: subscriptions, gaps, duplicates, errors, garbage. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "chain_node.h"

static void test_subscriptions(void **state)
{
	struct node node;
	struct json_object *object;

	(void)state;
	node_start_at(&node, "0x64");
	for (unsigned i = 0; i < node.request_count; i++) {
		assert_int_equal(json_read(&object, node.requests[i], strlen(node.requests[i]), NULL), 0);
		json_object_put(object);
	}
	/* Chainlink by address and three events; Pyth by address, event and the ids that are wanted. */
	assert_non_null(strstr(node_request(&node, "\"logs\"", 0),
			       "[\"logs\",{\"address\":[\"" AGGREGATOR "\"],\"topics\":[[\"" ANSWER_UPDATED "\",\"" OCR2 "\",\"" OCR1 "\",\"" NEW_ROUND
			       "\"]]}]"));
	assert_non_null(strstr(node_request(&node, "\"logs\"", 1), "[\"logs\",{\"address\":[\"" PYTH "\"],\"topics\":[[\"" PYTH_UPDATE
								   "\"],[\"0x" PYTH_ID "\"]]}]"));
	assert_null(node_request(&node, "eth_getLogs", 0)); /* nothing was missed before the first connection */
	assert_int_equal(node.warning_count, 0);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 0);
	node_stop(&node);
}

static void test_heads(void **state)
{
	struct node node;

	(void)state;
	node_start_at(&node, "0x64");
	node_head(&node, 101, 'a', 'a');
	node_head(&node, 102, 'a', 'a');
	node_head(&node, 102, 'a', 'a');
	assert_int_equal(node.block_count, 2);
	assert_int_equal(node.blocks[1].number, 102);
	assert_int_equal(node.blocks[1].block_ns, (1763899200 + 12 * 102) * INT64_C(1000000000));
	assert_int_equal(node.blocks[1].stamps.first_mono_ns, 100);
	assert_string_equal(node.blocks[1].parent, node.blocks[0].hash);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_HEADS), 3);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_REORGS), 0);
	node_head(&node, 106, 'a', 'a');
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_HEAD_GAPS), 3);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_REORGS), 0);
	node_stop(&node);
}

/* An answer may come after the notifications of its own subscription, and in any order. */
static void test_notifications_before_answers(void **state)
{
	struct node node;

	(void)state;
	node_start(&node, false);
	chain_connected(node.chain);
	node_logs_answer(&node, 101, 7, 'a');
	node_head(&node, 101, 'a', 'a');
	node_answers(&node, node_request(&node, "\"logs\"", 1), "\"result\":\"0x3\"");
	node_answers(&node, node_request(&node, "\"logs\"", 0), "\"result\":\"0x2\"");
	node_answers(&node, node_request(&node, "newHeads", 0), "\"result\":\"0x1\"");
	assert_int_equal(node.update_count, 1);
	assert_int_equal(node.block_count, 1);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 0);
	assert_non_null(node_request(&node, "eth_blockNumber", 0));
	node_stop(&node);
}

static void test_block_time(void **state)
{
	const int64_t expected = (1763899200 + 12 * 101) * INT64_C(1000000000);
	struct node node;
	struct node_log log;

	(void)state;
	node_start_at(&node, "0x64");
	log = node_logs_answer(&node, 101, 7, 'a'); /* before its head, and the log does not say */
	assert_int_equal(node.updates[0].block_ns, TIME_UNKNOWN);
	log = node_answer_updated(&node, 101, 8, 'a');
	log.with_time = true;
	node_log(&node, &log); /* before its head, but the log says */
	assert_int_equal(node.updates[1].block_ns, expected);
	node_head(&node, 101, 'a', 'a');
	assert_string_equal(node.blocks[0].hash, node.updates[0].block_hash); /* what the session joins by */
	log = node_logs_answer(&node, 101, 9, 'a'); /* behind its head */
	assert_int_equal(node.updates[2].block_ns, expected);
	node_stop(&node);
}

/* An OCR2 aggregator emits NewTransmission, NewRound and AnswerUpdated of one round in one transaction. */
static void test_two_events_of_one_round_are_one_update(void **state)
{
	struct node node;
	char ocr2[400], data[8 * 64 + 1];
	struct node_log first, second;

	(void)state;
	node_start_at(&node, "0x64");
	second = node_answer_updated(&node, 101, 7, 'a');
	first = second;
	snprintf(ocr2, sizeof(ocr2), "\"" OCR2 "\",\"0x%064x\"", 7);
	first.topics = ocr2;
	snprintf(data, sizeof(data), "%064llx%064x%064x%0320x", 100000000000ULL, 0, 1763899195, 0);
	first.data = data;
	first.index = 3;
	node_log(&node, &first);
	node_log(&node, &second);
	assert_int_equal(node.update_count, 1);
	assert_int_equal(node.updates[0].log_index, 3);
	assert_int_equal(node.updates[0].message.published_ns, 1763899195000000000);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_MERGED), 1);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_LOGS), 2);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_DUPLICATES), 0);

	/* taken back: one update too */
	first.removed = second.removed = true;
	node_log(&node, &first);
	node_log(&node, &second);
	assert_int_equal(node.update_count, 2);
	assert_true(node.updates[1].removed);

	/* the same round in another transaction is another update */
	first.removed = false;
	first.tx = 99;
	first.block = 102;
	node_log(&node, &first);
	assert_int_equal(node.update_count, 3);
	node_stop(&node);
}

static void test_duplicates(void **state)
{
	struct node node;
	struct node_log log;

	(void)state;
	node_start_at(&node, "0x64");
	log = node_logs_answer(&node, 101, 7, 'a');
	node_log(&node, &log);
	assert_int_equal(node.update_count, 1);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_DUPLICATES), 1);
	node_stop(&node);
}

static void test_reconnect_fills_the_gap(void **state)
{
	struct node node;
	char known[2048], missed[2048], member[5000];
	struct node_log log;

	(void)state;
	node_start_at(&node, "0x64");
	node_head(&node, 115, 'a', 'a');
	node_head(&node, 116, 'a', 'a');
	log = node_logs_answer(&node, 116, 7, 'a');
	node_log_text(known, sizeof(known), &log);

	chain_disconnected(node.chain);
	node_connect_at(&node, "0x78"); /* 120 */
	/* from eight blocks before the last one seen: a reorg may have replaced them */
	assert_non_null(strstr(node_request(&node, "eth_getLogs", 0),
			       "[{\"fromBlock\":\"0x6c\",\"toBlock\":\"latest\",\"address\":[\"" AGGREGATOR "\"]"));
	node_head(&node, 121, 'a', 'a');
	node_logs_answer(&node, 121, 9, 'a'); /* live, while the gap is being filled */
	log = node_answer_updated(&node, 118, 8, 'a');
	node_log_text(missed, sizeof(missed), &log);
	snprintf(member, sizeof(member), "\"result\":[%s,%s]", known, missed);
	node_answers(&node, node_request(&node, "eth_getLogs", 0), member);
	assert_int_equal(node.update_count, 3);
	assert_string_equal(node.updates[2].message.key, "8");
	assert_true(node.updates[2].backfilled);
	assert_int_equal(node.updates[2].stamps.wire_mono_ns, TIME_UNKNOWN);
	assert_int_equal(node.updates[2].stamps.app_mono_ns, TIME_UNKNOWN);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_DUPLICATES), 0); /* the overlap is meant */
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BACKFILLED), 1);

	assert_non_null(strstr(node_request(&node, "eth_getLogs", 1), "\"address\":[\"" PYTH "\"]"));
	node_answers(&node, node_request(&node, "eth_getLogs", 1), "\"result\":[]");
	assert_null(node_request(&node, "eth_getLogs", 2));
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BACKFILL_FAILED), 0);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_RPC_ERRORS), 0);
	node_stop(&node);
}

/* The connection breaks while a gap is being filled, and heads have moved on: the next connection starts where the first gap did. */
static void test_a_gap_survives_a_second_loss(void **state)
{
	struct node node;

	(void)state;
	node_start_at(&node, "0x64");
	node_head(&node, 116, 'a', 'a');
	chain_disconnected(node.chain);
	node_forget_requests(&node);
	chain_connected(node.chain); /* dies before it answers anything but a head */
	node_head(&node, 500, 'a', 'a');
	chain_disconnected(node.chain);
	node_connect_at(&node, "0x1f5");
	assert_non_null(strstr(node_request(&node, "eth_getLogs", 0), "\"fromBlock\":\"0x6c\",\"toBlock\":\"latest\""));
	node_head(&node, 600, 'a', 'a');
	chain_disconnected(node.chain); /* dies of the answer, perhaps: half the range now */
	node_connect_at(&node, "0x258");
	assert_non_null(strstr(node_request(&node, "eth_getLogs", 0), "\"fromBlock\":\"0x6c\",\"toBlock\":\"0x130\""));
	node_answers(&node, node_request(&node, "eth_getLogs", 0), "\"result\":[]");
	node_answers(&node, node_request(&node, "eth_getLogs", 1), "\"result\":[]");
	/* a page is through: a loss now costs only the rest */
	assert_non_null(strstr(node_request(&node, "eth_getLogs", 2), "\"fromBlock\":\"0x131\""));
	chain_disconnected(node.chain);
	node_connect_at(&node, "0x258");
	assert_non_null(strstr(node_request(&node, "eth_getLogs", 0), "\"fromBlock\":\"0x131\""));
	node_stop(&node);
}

static void test_refused_ranges_are_halved(void **state)
{
	static const char refusal[] = "\"error\":{\"code\":-32005,\"message\":\"query returned more than 10000 results\"}";
	struct node node;
	unsigned asked = 0;

	(void)state;
	node_start_at(&node, "0x64");
	chain_disconnected(node.chain);
	node_connect_at(&node, "0x6b"); /* blocks 100 to 107 */
	assert_non_null(strstr(node_request(&node, "eth_getLogs", asked), "\"fromBlock\":\"0x64\",\"toBlock\":\"latest\""));
	node_answers(&node, node_request(&node, "eth_getLogs", asked++), refusal);
	assert_non_null(strstr(node_request(&node, "eth_getLogs", asked), "\"fromBlock\":\"0x64\",\"toBlock\":\"0x67\""));
	node_answers(&node, node_request(&node, "eth_getLogs", asked++), refusal);
	assert_non_null(strstr(node_request(&node, "eth_getLogs", asked), "\"fromBlock\":\"0x64\",\"toBlock\":\"0x65\""));
	for (unsigned page = 0; page < 4; page++) {
		char from[40];

		snprintf(from, sizeof(from), "\"fromBlock\":\"0x%x\"", 100 + 2 * page);
		for (unsigned type = 0; type < 2; type++) {
			assert_non_null(strstr(node_request(&node, "eth_getLogs", asked), from));
			if (page == 3)
				assert_non_null(strstr(node_request(&node, "eth_getLogs", asked), "\"latest\""));
			node_answers(&node, node_request(&node, "eth_getLogs", asked++), "\"result\":[]");
		}
	}
	assert_null(node_request(&node, "eth_getLogs", asked));
	assert_int_equal(node.warning_count, 0); /* nothing was lost */
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_RPC_ERRORS), 0);
	node_stop(&node);
}

static void test_a_gap_that_the_node_will_not_fill(void **state)
{
	struct node node;
	unsigned asked = 0;

	(void)state;
	node_start_at(&node, "0x64");
	chain_disconnected(node.chain);
	node_connect_at(&node, "0x6b");
	while (node_request(&node, "eth_getLogs", asked))
		node_answers(&node, node_request(&node, "eth_getLogs", asked++),
			     "\"error\":{\"code\":-32601,\"message\":\"the method does not exist\\u001b[2J\"}");
	assert_int_equal(asked, 4); /* 8, 4, 2, 1 blocks */
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BACKFILL_FAILED), 1);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_RPC_ERRORS), 1);
	assert_int_equal(node.warning_count, 1);
	assert_non_null(strstr(node.warning, "the method does not exist?[2J"));
	assert_non_null(strstr(node.warning, "allow eth_getLogs"));
	node_stop(&node);
}

static void test_refused_subscriptions_are_said_once(void **state)
{
	struct node node;

	(void)state;
	node_start(&node, false);
	for (int i = 0; i < 2; i++) {
		node_forget_requests(&node);
		chain_connected(node.chain);
		node_answers(&node, node_request(&node, "newHeads", 0), "\"result\":\"0x1\"");
		node_answers(&node, node_request(&node, "\"logs\"", 0),
			     "\"error\":{\"code\":-32601,\"message\":\"notifications not supported\"}");
		node_answers(&node, node_request(&node, "\"logs\"", 1), "\"result\":\"0x3\"");
		assert_non_null(node_request(&node, "eth_blockNumber", 0)); /* the other subscription still needs its gaps filled */
		chain_disconnected(node.chain);
	}
	assert_int_equal(node.warning_count, 1);
	assert_non_null(strstr(node.warning, "notifications not supported"));
	assert_non_null(strstr(node.warning, "eth_subscribe logs"));
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_RPC_ERRORS), 2);
	node_stop(&node);
}

static void test_a_proxy_is_pointed_out(void **state)
{
	struct node node;

	(void)state;
	node_start(&node, false);
	chain_connected(node.chain);
	assert_non_null(strstr(node_request(&node, "eth_call", 0), "{\"to\":\"" AGGREGATOR "\",\"data\":\"0x245a7bfc\"}"));
	node_answers(&node, node_request(&node, "eth_call", 0),
		     "\"result\":\"0x000000000000000000000000e62b71cf983019bff55bc83b48601ce8419650cc\"");
	assert_int_equal(node.warning_count, 1);
	assert_non_null(strstr(node.warning, "0xe62b71cf983019bff55bc83b48601ce8419650cc"));
	node_stop(&node);

	node_start(&node, false); /* an aggregator has no such function */
	chain_connected(node.chain);
	node_answers(&node, node_request(&node, "eth_call", 0), "\"error\":{\"code\":3,\"message\":\"execution reverted\"}");
	assert_int_equal(node.warning_count, 0);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_RPC_ERRORS), 0);
	node_stop(&node);

	node_start(&node, false);
	chain_connected(node.chain);
	node_answers(&node, node_request(&node, "eth_call", 0), "\"result\":\"0x\"");
	assert_int_equal(node.warning_count, 0);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 0);
	node_stop(&node);
}

static void test_garbage_is_counted(void **state)
{
	static const char *const cases[] = {
		"<html>\033[2J", "", "{", "[]", "[{}]", "null", "\"text\"", "{}", "{\"id\":1.5}", "{\"id\":\"1\",\"result\":\"0x1\"}", "{\"id\":999,\"result\":1}",
		"{\"id\":0,\"result\":1}", "{\"id\":-1}",
		"{\"method\":\"eth_subscription\"}", "{\"method\":\"eth_subscription\",\"params\":[]}",
		"{\"method\":\"eth_subscription\",\"params\":{\"result\":\"0x1\"}}",
		"{\"method\":\"eth_subscription\",\"params\":{\"result\":{\"topics\":{}}}}",
		"{\"method\":\"eth_subscription\",\"params\":{\"result\":{\"parentHash\":1}}}",
		"{\"method\":\"eth_subscription\",\"params\":{\"result\":{\"parentHash\":\"0x\",\"number\":\"0x1\",\"timestamp\":\"0x1\",\"hash\":\"0x1\"}}}",
	};
	struct node node;

	(void)state;
	node_start(&node, false);
	chain_connected(node.chain);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		node_says(&node, cases[i]);
		if (node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES) != i + 1)
			fail_msg("%s was not counted", cases[i]);
	}
	assert_int_equal(node.warning_count, 1); /* the first one is shown */
	assert_non_null(strstr(node.warning, "could not be read"));
	assert_non_null(strstr(node.warning, "node of type ethereum? It begins: <html>?[2J"));
	node_says(&node, "{\"id\":null,\"error\":{\"code\":-32700,\"message\":\"parse error\"}}");
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_RPC_ERRORS), 1);
	assert_int_equal(node.update_count + node.block_count, 0);
	node_stop(&node);
}

/* An answer of an earlier connection answers nothing of this one; an answer counts once. */
static void test_stale_answers(void **state)
{
	struct node node;
	char *stale;

	(void)state;
	node_start(&node, false);
	chain_connected(node.chain);
	stale = strdup(node_request(&node, "newHeads", 0));
	chain_disconnected(node.chain);
	node_connect_at(&node, "0x64");
	node_answers(&node, stale, "\"result\":\"0x1\"");
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 1);
	node_answers(&node, node_request(&node, "newHeads", 0), "\"result\":\"0x1\"");
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 2);
	free(stale);
	node_stop(&node);
}

static void test_answers_of_another_type(void **state)
{
	struct node node;

	(void)state;
	node_start_at(&node, "0x64");
	chain_disconnected(node.chain);
	node_connect_at(&node, "0x64");
	node_answers(&node, node_request(&node, "eth_getLogs", 0), "\"result\":null");
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 1);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BACKFILL_FAILED), 1);
	assert_int_equal(node.warning_count, 1);
	node_stop(&node);
}

/* Whatever block number the node claims, the ranges stay within bounds and come to an end. */
static void test_an_absurd_block_number(void **state)
{
	struct node node;
	unsigned asked = 0;

	(void)state;
	node_start_at(&node, "0x64");
	chain_disconnected(node.chain);
	node_connect_at(&node, "0x2"); /* lags behind what was seen */
	assert_non_null(strstr(node_request(&node, "eth_getLogs", 0), "\"fromBlock\":\"0x64\",\"toBlock\":\"latest\""));
	chain_disconnected(node.chain);
	node_forget_requests(&node);
	node_stop(&node);

	node_start_at(&node, "0x64");
	chain_disconnected(node.chain);
	node_forget_requests(&node);
	chain_connected(node.chain);
	node_answers(&node, node_request(&node, "\"logs\"", 0), "\"result\":\"0x2\"");
	node_answers(&node, node_request(&node, "\"logs\"", 1), "\"result\":\"0x3\"");
	node_answers(&node, node_request(&node, "eth_blockNumber", 0), "\"result\":\"0xffffffffffffffff\"");
	assert_null(node_request(&node, "eth_getLogs", 0));
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BACKFILL_FAILED), 1);
	chain_disconnected(node.chain);
	node_connect_at(&node, "0x3fffffffffffffff");
	while (node_request(&node, "eth_getLogs", 0) && asked < 100) {
		char *request = strdup(node_request(&node, "eth_getLogs", 0));

		node_forget_requests(&node);
		node_answers(&node, request, "\"error\":{\"code\":1,\"message\":\"no\"}");
		free(request);
		asked++;
	}
	assert_in_range(asked, 60, 64);
	node_stop(&node);
}

static void test_sending_fails(void **state)
{
	struct node node;

	(void)state;
	node_start(&node, false);
	node.send_result = -ENOTCONN;
	chain_connected(node.chain);
	chain_disconnected(node.chain);
	node.send_result = 0;
	node_connect_at(&node, "0x64");
	assert_int_equal(node.warning_count, 0);
	node_stop(&node);
}

/* Replay sees only what the node said. */
static void test_passive_reader(void **state)
{
	struct node node;
	char object[2048], text[3000];
	struct node_log log;

	(void)state;
	node_start(&node, true);
	chain_connected(node.chain);
	node_says(&node, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x9cef478923ff08bf67fde6c64013158d\"}");
	node_head(&node, 101, 'a', 'a');
	log = node_logs_answer(&node, 101, 7, 'a');
	log = node_answer_updated(&node, 99, 6, 'a');
	node_log_text(object, sizeof(object), &log);
	snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":6,\"result\":[%s]}", object);
	node_says(&node, text);
	node_says(&node, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":[]}");
	node_says(&node, "{\"jsonrpc\":\"2.0\",\"id\":8,\"error\":{\"code\":3,\"message\":\"execution reverted\"}}");
	chain_disconnected(node.chain);
	assert_int_equal(node.block_count, 1);
	assert_int_equal(node.update_count, 2);
	assert_false(node.updates[0].backfilled);
	assert_true(node.updates[1].backfilled);
	assert_int_equal(node.updates[1].stamps.first_mono_ns, TIME_UNKNOWN);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 0);
	assert_int_equal(node.request_count, 0);
	node_stop(&node);
}

/* FluxMonitor: a round begins with its first submission, in a transaction of its own; OCR's in that of its answer. */
static void test_rounds(void **state)
{
	struct node node;
	char started[400];
	struct node_log begun = {.address = AGGREGATOR,
				 .topics = started,
				 .data = "000000000000000000000000000000000000000000000000000000006922f738",
				 .block = 99,
				 .tx = 70,
				 .index = 2,
				 .branch = 'a'};

	(void)state;
	snprintf(started, sizeof(started), "\"" NEW_ROUND "\",\"0x%064x\",\"0x000000000000000000000000c4b7d70896aeda32b9f3dac4d3db6f1a0ed98b2e\"", 7);
	node_start_at(&node, "0x62");
	node_log(&node, &begun);
	node_log(&node, &begun); /* said twice */
	node_logs_answer(&node, 101, 7, 'a');
	assert_int_equal(node.round_count, 1);
	assert_ptr_equal(node.rounds[0].oracle, &node.oracles[0]);
	assert_string_equal(node.rounds[0].round, node.updates[0].message.key);
	assert_string_equal(node.rounds[0].started_by, "0xc4b7d70896aeda32b9f3dac4d3db6f1a0ed98b2e");
	assert_int_equal(node.rounds[0].started_ns, 1763899192 * INT64_C(1000000000));
	assert_int_equal(node.rounds[0].block_number, 99);
	assert_int_equal(node.rounds[0].stamps.wire_mono_ns, 200);
	assert_int_equal(node.update_count, 1); /* the round is none */
	begun.removed = true;
	node_log(&node, &begun);
	assert_int_equal(node.round_count, 2);
	assert_true(node.rounds[1].removed);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 0);
	begun.data = ""; /* without its time it is no such event */
	begun.removed = false;
	begun.index = 3;
	node_log(&node, &begun);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 1);
	node_stop(&node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subscriptions),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_rounds),
		cmocka_unit_test(test_notifications_before_answers),
		cmocka_unit_test(test_block_time),
		cmocka_unit_test(test_two_events_of_one_round_are_one_update),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_reconnect_fills_the_gap),
		cmocka_unit_test(test_a_gap_survives_a_second_loss),
		cmocka_unit_test(test_refused_ranges_are_halved),
		cmocka_unit_test(test_a_gap_that_the_node_will_not_fill),
		cmocka_unit_test(test_refused_subscriptions_are_said_once),
		cmocka_unit_test(test_a_proxy_is_pointed_out),
		cmocka_unit_test(test_garbage_is_counted),
		cmocka_unit_test(test_stale_answers),
		cmocka_unit_test(test_answers_of_another_type),
		cmocka_unit_test(test_an_absurd_block_number),
		cmocka_unit_test(test_sending_fails),
		cmocka_unit_test(test_passive_reader),
	};

	return cmocka_run_group_tests_name("chain_reader", tests, NULL, NULL);
}
