// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A Solana node's notifications: accounts into updates, slots into forks, roots and dead ends, and all that is none of it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "solana_node.h"

static void test_subscriptions(void **state)
{
	struct node node;

	(void)state;
	node_start(&node, false);
	chain_connected(node.chain);
	assert_int_equal(node.request_count, 3);
	assert_string_equal(node.requests[0], "{\"jsonrpc\":\"2.0\",\"id\":65536,\"method\":\"slotsUpdatesSubscribe\",\"params\":[]}");
	assert_string_equal(node.requests[1], "{\"jsonrpc\":\"2.0\",\"id\":65538,\"method\":\"accountSubscribe\",\"params\":[\"" SOL_ACCOUNT
					      "\",{\"encoding\":\"base64\",\"commitment\":\"processed\"}]}");
	node_confirm(&node, 1);
	assert_string_equal(node_asks(&node), ""); /* nothing was missed before the first connection */
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 0);
	node_stop(&node);
}

static void test_an_update(void **state)
{
	const struct node_account account = {.price = 10259321149, .publish_time = 1789699386, .posted_slot = 447956893};
	struct node node;
	const struct chain_update *u = &node.updates[0];
	char address[ORACLE_ADDRESS_TEXT];

	(void)state;
	node_start(&node, false);
	node_connect(&node);
	node_notifies(&node, &account, 447956893);
	assert_int_equal(node.update_count, 1);
	assert_ptr_equal(u->oracle, &node.oracles[0]);
	oracle_address_text(u->oracle, address);
	assert_string_equal(address, SOL_ACCOUNT);
	assert_string_equal(u->message.id, price_accounts[0].feed_id);
	assert_string_equal(u->message.key, "1789699386");
	assert_string_equal(u->message.mantissa, "10259321149");
	assert_true(u->message.price == 102.59321149);
	assert_int_equal(u->message.published_ns, 1789699386000000000);
	assert_int_equal(u->block_number, 447956893);
	assert_int_equal(u->block_ns, TIME_UNKNOWN);
	assert_string_equal(u->block_hash, "");
	assert_int_equal(u->stamps.wire_mono_ns, 200);
	assert_false(u->removed || u->backfilled);
	/* seen again in a later bank (a fork was left, or the account was written without a new price): the same update */
	node_notifies(&node, &account, 447956899);
	assert_int_equal(node.update_count, 1);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_DUPLICATES), 1);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_LOGS), 2);
	/* the same price posted once more is another update */
	node_notifies(&node, &(struct node_account){.price = 10259321149, .publish_time = 1789699386, .posted_slot = 447956900}, 447956901);
	assert_int_equal(node.update_count, 2);
	assert_int_equal(node.updates[1].block_number, 447956900); /* the slot that it was posted in */
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 0);
	node_stop(&node);
}

static void test_numbers_beyond_doubles(void **state)
{
	struct node node;

	(void)state;
	node_start(&node, false);
	node_connect(&node);
	node_notifies(&node, &(struct node_account){.price = INT64_MIN, .publish_time = 1789699386, .posted_slot = 9007199254740993}, 9007199254740993);
	assert_int_equal(node.updates[0].block_number, 9007199254740993);
	assert_string_equal(node.updates[0].message.mantissa, "-9223372036854775808");
	node_slot(&node, "completed", 9007199254740995, "");
	assert_int_equal(node.slots[0].number, 9007199254740995);
	node_slot(&node, "completed", UINT64_C(1) << 62, ""); /* SQLite's integers end at 2^63, and there are sums */
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 1);
	node_stop(&node);
}

static void test_another_feed_in_the_account(void **state)
{
	char value[600], text[1000];
	struct node node;

	(void)state;
	node_start(&node, false);
	node_connect(&node);
	node_account_text(value, &(struct node_account){.which = 0, .price = 1, .publish_time = 1, .posted_slot = 5});
	snprintf(text, sizeof(text),
		 "{\"method\":\"accountNotification\",\"params\":{\"result\":{\"context\":{\"slot\":5},\"value\":%s},\"subscription\":103}}", value);
	node_says(&node, text); /* SOL's price where the site file expects USDC's */
	assert_int_equal(node.update_count, 0);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_OTHER_LOGS), 1);
	assert_string_equal(node.warning, "chain sol: oracle USDC/USD: account " USDC_ACCOUNT ": it is of feed "
					  "ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d, and another one is configured");
	node_stop(&node);
}

static void test_malformed(void **state)
{
	static const char *const messages[] = {
		"", "{", "[]", "null", "{}", "{\"method\":7}", "{\"method\":\"blockNotification\",\"params\":{}}",
		"{\"method\":\"accountNotification\"}",
		"{\"method\":\"accountNotification\",\"params\":{\"subscription\":102}}",
		"{\"method\":\"accountNotification\",\"params\":{\"subscription\":\"102\",\"result\":{}}}",
		"{\"method\":\"accountNotification\",\"params\":{\"subscription\":999,\"result\":{}}}",
		"{\"method\":\"accountNotification\",\"params\":{\"subscription\":102,\"result\":{\"context\":{\"slot\":-1},\"value\":{}}}}",
		"{\"method\":\"accountNotification\",\"params\":{\"subscription\":102,\"result\":{\"context\":{\"slot\":1.5},\"value\":{}}}}",
		"{\"method\":\"accountNotification\",\"params\":{\"subscription\":102,\"result\":{\"context\":{\"slot\":9},\"value\":null}}}",
		"{\"method\":\"accountNotification\",\"params\":{\"subscription\":102,\"result\":{\"context\":{\"slot\":9},\"value\":{\"data\":[\"\",\"base64\"]}}}}",
		"{\"method\":\"accountNotification\",\"params\":{\"subscription\":102,\"result\":{\"context\":{\"slot\":9},\"value\":{\"data\":[\"IvEj\",\"base58\"]}}}}",
		"{\"method\":\"accountNotification\",\"params\":{\"subscription\":102,\"result\":{\"context\":{\"slot\":9},\"value\":{\"data\":{\"parsed\":{}}}}}}",
		"{\"method\":\"slotsUpdatesNotification\"}",
		"{\"method\":\"slotsUpdatesNotification\",\"params\":{\"result\":{\"slot\":1,\"timestamp\":1}}}",
		"{\"method\":\"slotsUpdatesNotification\",\"params\":{\"result\":{\"slot\":1,\"timestamp\":1,\"type\":\"slot\"}}}",
		"{\"method\":\"slotsUpdatesNotification\",\"params\":{\"result\":{\"slot\":1,\"timestamp\":1,\"type\":\"Frozen\"}}}",
		"{\"method\":\"slotsUpdatesNotification\",\"params\":{\"result\":{\"slot\":\"1\",\"timestamp\":1,\"type\":\"frozen\"}}}",
		"{\"method\":\"slotsUpdatesNotification\",\"params\":{\"result\":{\"slot\":1,\"type\":\"frozen\"}}}",
		"{\"method\":\"slotsUpdatesNotification\",\"params\":{\"result\":{\"slot\":1,\"timestamp\":9223372036854775,\"type\":\"frozen\"}}}",
		"{\"method\":\"slotsUpdatesNotification\",\"params\":{\"result\":{\"slot\":1,\"timestamp\":1,\"type\":\"createdBank\"}}}",
		"{\"method\":\"slotsUpdatesNotification\",\"params\":{\"result\":{\"slot\":1,\"timestamp\":1,\"type\":\"createdBank\",\"parent\":1}}}",
		"{\"method\":\"slotsUpdatesNotification\",\"params\":{\"result\":{\"slot\":1,\"timestamp\":1,\"type\":\"createdBank\",\"parent\":2}}}",
		"{\"method\":\"slotNotification\",\"params\":{\"result\":{\"slot\":5,\"parent\":4}}}",
		"{\"method\":\"slotNotification\",\"params\":{\"result\":{\"slot\":5,\"parent\":5,\"root\":1}}}",
		"{\"method\":\"slotNotification\",\"params\":{\"result\":[5,4,1]}}",
		"{\"id\":65538}", "{\"id\":65538,\"result\":\"102\"}", "{\"id\":65538,\"result\":5}", /* confirmed already */
		"{\"id\":1,\"result\":5}", "{\"id\":65536000,\"result\":5}", "{\"result\":5}", "{\"id\":65545,\"result\":5}",
	};
	struct node node;

	(void)state;
	node_start(&node, false);
	node_connect(&node);
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		node_says(&node, messages[i]);
		if (node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES) != i + 1)
			fail_msg("passed: %s", messages[i]);
	}
	assert_int_equal(node.update_count + node.slot_count + node.block_count, 0);
	assert_int_equal(node.warning_count, 2); /* said once of the first message, and once for each account */
	assert_non_null(strstr(node.warning, "chain sol: oracle SOL/USD: account " SOL_ACCOUNT ": a notification without its slot"));
	node_stop(&node);
}

static void test_an_update_from_the_future(void **state)
{
	struct node node;

	(void)state;
	node_start(&node, false);
	node_connect(&node);
	node_notifies(&node, &(struct node_account){.price = 1, .publish_time = 1, .posted_slot = 6}, 5);
	assert_int_equal(node.update_count, 0);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 1);
	assert_non_null(strstr(node.warning, "posted in slot 6, which is not yet in slot 5"));
	node_stop(&node);
}

static void test_slot_events(void **state)
{
	struct node node;

	(void)state;
	node_start(&node, false);
	node_connect(&node);
	node_slot(&node, "firstShredReceived", 10, "");
	node_slot(&node, "createdBank", 10, ",\"parent\":8");
	node_slot(&node, "completed", 10, "");
	node_slot(&node, "frozen", 10, "");
	node_slot(&node, "optimisticConfirmation", 10, "");
	node_slot(&node, "root", 10, "");
	node_slot(&node, "dead", 11, ",\"err\":\"duplicate block\"");
	assert_int_equal(node.slot_count, 7);
	for (unsigned i = 0; i < 7; i++) {
		assert_int_equal(node.slots[i].node_ns, 1789699386123000000);
		assert_int_equal(node.slots[i].stamps.wire_mono_ns, 200);
	}
	assert_int_equal(node.slots[0].kind, CHAIN_SLOT_FIRST_SHRED);
	assert_int_equal(node.slots[1].parent, 8);
	assert_int_equal(node.slots[6].kind, CHAIN_SLOT_DEAD);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_SLOT_EVENTS), 7);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_HEADS), 1);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_DEAD_SLOTS), 1);
	assert_int_equal(node.final_count, 2);
	assert_int_equal(node.finals[0].level, CHAIN_SAFE);
	assert_int_equal(node.finals[1].level, CHAIN_FINALIZED);
	assert_int_equal(node.finals[1].number, 10);
	assert_int_equal(node.finals[1].after_mono_ns, TIME_UNKNOWN); /* when it came to be the first one, nobody knows */
	assert_int_equal(node.block_count, 0);			      /* none of them has an update */
	node_slot_at(&node, "root", 12, "", 900);
	assert_int_equal(node.finals[2].after_mono_ns, 201);
	assert_int_equal(node.finals[2].stamps.wire_mono_ns, 900);
	node_slot(&node, "root", 12, ""); /* and what is behind is no news */
	node_slot(&node, "root", 9, "");
	node_slot(&node, "optimisticConfirmation", 10, "");
	assert_int_equal(node.final_count, 3);
	node_stop(&node);
}

static void test_a_dead_slot(void **state)
{
	struct node node;

	(void)state;
	node_start(&node, false);
	node_connect(&node);
	node_bank(&node, 20, 19);
	node_posts(&node, 20);
	node_posts(&node, 21);
	node_slot(&node, "dead", 20, ",\"err\":\"x\"");
	assert_int_equal(node.update_count, 3);
	assert_true(node.updates[2].removed);
	assert_int_equal(node.updates[2].block_number, 20);
	assert_string_equal(node.updates[2].message.key, node.updates[0].message.key);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_UNDONE), 1);
	assert_int_equal(node.block_count, 1); /* its stamps, without a hash: it is no block of the chain */
	assert_string_equal(node.blocks[0].hash, "");
	node_slot(&node, "dead", 20, ",\"err\":\"x\"");
	assert_int_equal(node.update_count, 3);
	node_posts(&node, 20); /* a notification that comes late: seen, and undone at once */
	assert_int_equal(node.update_count, 5);
	assert_false(node.updates[3].removed);
	assert_true(node.updates[4].removed);
	node_bank(&node, 20, 19); /* the right version of it came after all */
	node_posts(&node, 20);
	assert_int_equal(node.update_count, 6);
	assert_false(node.updates[5].removed);
	node_stop(&node);
}

/* 30 ← 31 ← 33 and 30 ← 32: the root goes to 33. */
static void test_a_fork(void **state)
{
	struct node node;

	(void)state;
	node_start(&node, false);
	node_connect(&node);
	node_bank(&node, 30, 29);
	node_slot(&node, "root", 30, "");
	node_bank(&node, 31, 30);
	node_posts(&node, 31);
	node_bank(&node, 32, 30);
	node_posts(&node, 32);
	node_bank(&node, 33, 31);
	node_posts(&node, 33);
	node_bank(&node, 34, 32);
	node_posts(&node, 34);
	node_slot(&node, "root", 33, ""); /* the node need not tell of 31 */
	assert_int_equal(node.update_count, 5);
	assert_true(node.updates[4].removed);
	assert_int_equal(node.updates[4].block_number, 32);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_LEFT_SLOTS), 1);
	/* 34 stands on it: it goes with the next root */
	node_bank(&node, 35, 33);
	node_slot(&node, "root", 35, "");
	assert_int_equal(node.update_count, 6);
	assert_int_equal(node.updates[5].block_number, 34);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_FINAL_REVERTED), 0);
	node_stop(&node);
}

static void test_a_root_that_does_not_stand_on_the_last(void **state)
{
	struct node node;

	(void)state;
	node_start(&node, false);
	node_connect(&node);
	node_bank(&node, 40, 39);
	node_slot(&node, "root", 40, "");
	node_bank(&node, 41, 39);
	node_slot(&node, "root", 41, "");
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_FINAL_REVERTED), 1);
	node_stop(&node);
}

/* Where nobody told what a slot stands on, nothing is said of those beside it. */
static void test_a_way_with_a_hole(void **state)
{
	struct node node;

	(void)state;
	node_start(&node, false);
	node_connect(&node);
	node_bank(&node, 50, 49);
	node_slot(&node, "root", 50, "");
	node_posts(&node, 51); /* no bank of it was told */
	node_bank(&node, 53, 52);
	node_slot(&node, "root", 53, "");
	assert_int_equal(node.update_count, 1);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_UNDONE), 0);
	node_stop(&node);
}

static void test_slots_far_apart(void **state)
{
	struct node node;

	(void)state;
	node_start(&node, false);
	node_connect(&node);
	node_posts(&node, 5);
	node_slot(&node, "completed", 5 + 1024, ""); /* takes its place */
	assert_int_equal(node.block_count, 1);
	assert_int_equal(node.blocks[0].number, 5);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_UNKNOWN_BLOCKS), 1);
	node_slot(&node, "dead", 5, ",\"err\":\"\""); /* long over: nothing is known of it any more */
	assert_int_equal(node.update_count, 1);
	node_slot(&node, "root", (UINT64_C(1) << 62) - 1, "");
	node_slot(&node, "root", 6000, "");
	assert_int_equal(node.final_count, 1);
	node_stop(&node);
}

/* A node that has no slotsUpdates: slot notifications carry parent and root. */
static void test_without_slots_updates(void **state)
{
	struct node node;

	(void)state;
	node_start(&node, false);
	chain_connected(node.chain);
	node_says(&node, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32601,\"message\":\"Method \\u001b[31mnot found\"},\"id\":65536}");
	assert_int_equal(node.request_count, 4);
	assert_non_null(strstr(node.requests[3], "\"id\":65537,\"method\":\"slotSubscribe\""));
	assert_non_null(strstr(node.warning, "slotsUpdatesSubscribe is answered with \"Method ?[31mnot found\""));
	node_says(&node, "{\"jsonrpc\":\"2.0\",\"result\":7,\"id\":65537}");
	for (unsigned i = 60; i < 63; i++) {
		char text[200];

		snprintf(text, sizeof(text), "{\"method\":\"slotNotification\",\"params\":{\"result\":{\"slot\":%u,\"parent\":%u,\"root\":%u},\"subscription\":7}}",
			 i, i - 1 - (i == 62), i - 30);
		node_says(&node, text);
	}
	assert_int_equal(node.slot_count, 3);
	assert_int_equal(node.slots[0].kind, CHAIN_SLOT_PROCESSED);
	assert_int_equal(node.slots[0].node_ns, TIME_UNKNOWN);
	assert_int_equal(node.final_count, 3);
	assert_int_equal(node.finals[2].number, 32);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_HEADS), 3);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 0);
	node_stop(&node);
}

static void test_a_refused_account(void **state)
{
	struct node node;

	(void)state;
	node_start(&node, false);
	chain_connected(node.chain);
	node_says(&node, "{\"error\":{\"code\":-32602,\"message\":\"Invalid Request: Invalid pubkey provided\"},\"id\":65538}");
	assert_non_null(strstr(node.warning, "oracle SOL/USD: accountSubscribe is answered with \"Invalid Request: Invalid pubkey provided\""));
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_RPC_ERRORS), 1);
	node_stop(&node);
}

/* Of a capture nobody sees the requests; the answers tell by their numbers which account a subscription is of. */
static void test_a_passive_reader(void **state)
{
	struct node node;

	(void)state;
	node_start(&node, true);
	chain_connected(node.chain);
	node_posts(&node, 70); /* before any answer: whose account it is, is not known */
	assert_int_equal(node.update_count, 0);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_OTHER_LOGS), 1);
	node_confirm(&node, 4);
	node_bank(&node, 70, 69);
	node_posts(&node, 70);
	assert_int_equal(node.update_count, 1);
	/* the next connection, in which the same numbers mean other accounts */
	node_says(&node, "{\"result\":103,\"id\":327682}");
	node_posts(&node, 71);
	assert_int_equal(node.update_count, 1);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_OTHER_LOGS), 2);
	node_slot(&node, "dead", 70, ",\"err\":\"\"");
	assert_true(node.updates[1].removed);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 0);
	chain_step(node.chain, 1000);
	chain_finish(node.chain);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_UNKNOWN_BLOCKS), 0);
	node_stop(&node);
}

static void test_oracles_of_another_chain(void **state)
{
	struct oracle_config oracle = {.asset = "A", .type = ORACLE_CHAINLINK};
	struct chain_config config = {.name = "sol", .type = CHAIN_SOLANA, .oracles = &oracle, .oracle_count = 1};
	struct chain_callbacks callbacks = {.context = NULL};
	struct oracle_config twice[2] = {{.asset = "A", .type = ORACLE_PRICE_UPDATE}, {.asset = "B", .type = ORACLE_PRICE_UPDATE}};
	struct error err = {""};
	struct chain *chain;

	(void)state;
	assert_int_equal(chain_new(&chain, &config, &callbacks, &err), -EINVAL);
	assert_string_equal(err.text, "chain sol: oracles[0] (A): chainlink is none of a chain of type solana");
	config.oracles = twice;
	config.oracle_count = 2;
	assert_int_equal(chain_new(&chain, &config, &callbacks, &err), -EINVAL);
	assert_non_null(strstr(err.text, "is the same contract and feed"));
	twice[1].account[31] = 1;
	assert_int_equal(chain_new(&chain, &config, &callbacks, &err), 0);
	chain_free(chain);
}

#define SIGNATURE "5h6xBEauJ3PK6SWCZ1PGjBvj8vDdWG3KpwATGy1ARAXFSDwt8GFXM7W5Ncn16wmqokgpiKRLuS83KUxyZyv2sUYv"
#define LOG(SUBSCRIPTION, REST) "{\"method\":\"logsNotification\",\"params\":{\"result\":{\"context\":{\"slot\":7},\"value\":" REST "},\"subscription\":" SUBSCRIPTION "}}"

/* Transactions that name an account: posts, failed posts, readers, and what is none of them. */
static void test_logs(void **state)
{
	static const char *const malformed[] = {
		LOG("105", "{\"signature\":\"x\",\"err\":null,\"logs\":[]}"),
		LOG("105", "{\"signature\":7,\"err\":null,\"logs\":[]}"),
		LOG("105", "{\"err\":null,\"logs\":[]}"),
		LOG("105", "null"),
		LOG("103", "{\"signature\":\"" SIGNATURE "\",\"err\":null,\"logs\":[]}"), /* the number of an account's subscription */
		LOG("999", "{\"signature\":\"" SIGNATURE "\",\"err\":null,\"logs\":[]}"),
		"{\"method\":\"logsNotification\",\"params\":{\"result\":{\"value\":{\"signature\":\"" SIGNATURE "\",\"err\":null,\"logs\":[]}},\"subscription\":105}}",
		"{\"method\":\"accountNotification\",\"params\":{\"result\":{\"context\":{\"slot\":7},\"value\":{}},\"subscription\":105}}",
	};
	struct node node;

	(void)state;
	node_start_logs(&node);
	chain_connected(node.chain);
	assert_int_equal(node.request_count, 5);
	assert_string_equal(node.requests[2], "{\"jsonrpc\":\"2.0\",\"id\":65540,\"method\":\"logsSubscribe\",\"params\":[{\"mentions\":[\"" SOL_ACCOUNT
					      "\"]},{\"commitment\":\"processed\"}]}");
	node_confirm(&node, 1);
	node_says(&node, "{\"jsonrpc\":\"2.0\",\"result\":104,\"id\":65540}");
	node_says(&node, "{\"jsonrpc\":\"2.0\",\"result\":105,\"id\":65541}");
	assert_string_equal(node_asks(&node), ""); /* subscriptions to logs begin no gap */
	node_says(&node, LOG("105", "{\"signature\":\"" SIGNATURE "\",\"err\":null,\"logs\":[\"Program X invoke [1]\",\"Program log: Instruction: PostUpdateAtomic\"]}"));
	node_says(&node, LOG("104", "{\"signature\":\"" SIGNATURE "\",\"err\":{\"InstructionError\":[0,{\"Custom\":6000}]},\"logs\":[\"Program log: Instruction: PostUpdate\"]}"));
	node_says(&node, LOG("104", "{\"signature\":\"" SIGNATURE "\",\"err\":null,\"logs\":[null,7,\"Program log: Instruction: PostUpdateX\"]}"));
	assert_int_equal(node.mention_count, 3);
	assert_ptr_equal(node.mentions[0].oracle, &node.oracles[1]);
	assert_ptr_equal(node.mentions[1].oracle, &node.oracles[0]);
	assert_string_equal(node.mentions[0].signature, SIGNATURE);
	assert_int_equal(node.mentions[0].number, 7);
	assert_int_equal(node.mentions[0].stamps.wire_mono_ns, 200);
	assert_true(node.mentions[0].posts && !node.mentions[0].failed);
	assert_true(node.mentions[1].posts && node.mentions[1].failed);
	assert_true(!node.mentions[2].posts && !node.mentions[2].failed);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_MENTIONS), 3);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_FAILED_POSTS), 1);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 0);
	for (unsigned i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		node_says(&node, malformed[i]);
		assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), i + 1);
	}
	assert_int_equal(node.mention_count, 3);
	assert_int_equal(node.update_count, 0);
	node_stop(&node);
	/* refused: the account is followed all the same */
	node_start_logs(&node);
	chain_connected(node.chain);
	node_confirm(&node, 1);
	node_says(&node, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32601,\"message\":\"no logs here\"},\"id\":65540}");
	assert_string_equal(node.warning, "chain sol: oracle SOL/USD: logsSubscribe is answered with \"no logs here\": its transactions will not be listed");
	node_notifies(&node, &(struct node_account){.price = 1, .publish_time = 2, .posted_slot = 3}, 3);
	assert_int_equal(node.update_count, 1);
	node_stop(&node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subscriptions),
		cmocka_unit_test(test_an_update),
		cmocka_unit_test(test_numbers_beyond_doubles),
		cmocka_unit_test(test_another_feed_in_the_account),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_an_update_from_the_future),
		cmocka_unit_test(test_slot_events),
		cmocka_unit_test(test_a_dead_slot),
		cmocka_unit_test(test_a_fork),
		cmocka_unit_test(test_a_root_that_does_not_stand_on_the_last),
		cmocka_unit_test(test_a_way_with_a_hole),
		cmocka_unit_test(test_slots_far_apart),
		cmocka_unit_test(test_without_slots_updates),
		cmocka_unit_test(test_a_refused_account),
		cmocka_unit_test(test_a_passive_reader),
		cmocka_unit_test(test_logs),
		cmocka_unit_test(test_oracles_of_another_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
