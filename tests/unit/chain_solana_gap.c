// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a Solana node told while nobody listened: from its accounts, its lists of signatures, and its transactions. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "solana_maker.h"
#include "solana_node.h"

/* Prices that are written where nodes' bytes are big endian: the message that is signed. */
static void add_be(struct bytes *out, uint64_t value, unsigned width)
{
	while (width--)
		add_le(out, value >> (8 * width) & 0xff, 1);
}

/* post_update of SOL's feed, which names the accounts 0 and 1 of a made transaction: the latter is 32 bytes of 1. */
static void post_text(char out[2000], int version, int64_t price, int64_t publish_time)
{
	static const uint8_t selector[8] = {0x85, 0x5f, 0xcf, 0xaf, 0x0b, 0x4f, 0x76, 0x2c};
	struct bytes data = {.len = 0}, transaction = {.len = 0};

	add_bytes(&data, selector, sizeof(selector));
	add_le(&data, 85, 4);
	add_le(&data, 0, 1);
	for (unsigned i = 0; i < 64; i += 2) {
		char byte[3] = {price_accounts[0].feed_id[i], price_accounts[0].feed_id[i + 1], '\0'};

		add_le(&data, strtoul(byte, NULL, 16), 1);
	}
	add_be(&data, (uint64_t)price, 8);
	add_be(&data, 5, 8);
	add_be(&data, (uint32_t)-8, 4);
	add_be(&data, (uint64_t)publish_time, 8);
	add_be(&data, (uint64_t)publish_time - 1, 8);
	add_be(&data, (uint64_t)price, 8);
	add_be(&data, 5, 8);
	add_le(&data, 0, 4); /* no proof */
	add_le(&data, 0, 1);
	add_transaction(&transaction, version, 2, data.data, data.len);
	base64_encode(transaction.data, transaction.len, out);
}

/* A signature of all the same byte. */
static const char *signature(char out[BASE58_TEXT_MAX], uint8_t byte)
{
	uint8_t bytes[64];

	memset(bytes, byte, sizeof(bytes));
	base58_encode(bytes, sizeof(bytes), out);
	return out;
}

static void answer_transaction(struct node *node, int64_t slot, int version, int64_t price, int64_t publish_time)
{
	char post[2000], text[2400];

	post_text(post, version, price, publish_time);
	snprintf(text, sizeof(text), "{\"result\":{\"slot\":%lld,\"blockTime\":%lld,\"meta\":{\"err\":null},\"transaction\":[\"%s\",\"base64\"]}}",
		 (long long)slot, 1789700000 + (long long)slot, post);
	assert_false(node_answers(node, 200, text));
}

/* An update in slot 100, a gap, and the account as it was posted in slot 120; what follows it is confirmed. The question is for signatures. */
static void begin(struct node *node)
{
	char one[600], text[1400];

	node_start(node, false);
	memset(node->oracles[0].account, 1, 32);
	node_connect(node);
	node_posts(node, 100);
	chain_disconnected(node->chain);
	chain_connected(node->chain);
	node_confirm(node, 2);
	node_asks(node);
	node_account_text(one, &(struct node_account){.price = 77, .publish_time = 5000, .posted_slot = 120});
	snprintf(text, sizeof(text), "{\"result\":{\"context\":{\"slot\":121},\"value\":[%s,", one);
	node_account_text(one, &(struct node_account){.which = 1, .price = 1, .publish_time = 1, .posted_slot = 50});
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "null]}}");
	assert_false(node_answers(node, 200, text)); /* the other account does not exist: it is named */
	assert_int_equal(node->update_count, 2);
	node_slot(node, "optimisticConfirmation", 119, "");
	assert_null(strstr(node_asks(node), "Signatures"));
	if (*node->question)
		node_answers(node, 200, "{\"error\":{\"code\":-32007,\"message\":\"\"}}"); /* the block of slot 100 */
	node_slot(node, "optimisticConfirmation", 120, "");
	assert_non_null(strstr(node_asks(node), "\"getSignaturesForAddress\",\"params\":[\"4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi\","
						"{\"commitment\":\"confirmed\",\"limit\":1000}]"));
}

/* 105 failed, 104 only reads, 91 was before the gap. */
static void answer_signatures(struct node *node)
{
	static const struct {
		unsigned slot;
		const char *err;
	} list[] = {{120, "null"}, {110, "null"}, {105, "{\"InstructionError\":[0,{\"Custom\":1}]}"}, {104, "null"}, {91, "null"}};
	char text[2000] = "{\"result\":[", name[BASE58_TEXT_MAX];

	for (unsigned i = 0; i < 5; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s{\"signature\":\"%s\",\"slot\":%u,\"err\":%s,\"memo\":null}", i ? "," : "",
			 signature(name, (uint8_t)list[i].slot), list[i].slot, list[i].err);
	strcat(text, "]}");
	assert_false(node_answers(node, 200, text));
}

static void test_a_gap_is_filled(void **state)
{
	char name[BASE58_TEXT_MAX], text[2400], post[2000];
	const struct chain_update *u;
	struct bytes reader = {.len = 0};
	struct node node;

	(void)state;
	begin(&node);
	answer_signatures(&node);
	assert_non_null(strstr(node_asks(&node), "\"getTransaction\"")); /* the oldest first; what has failed is left out */
	assert_non_null(strstr(node.question, signature(name, 104)));
	add_transaction(&reader, 0, 2, (const uint8_t *)"swap", 4);
	base64_encode(reader.data, reader.len, post);
	snprintf(text, sizeof(text), "{\"result\":{\"slot\":104,\"blockTime\":null,\"transaction\":[\"%s\",\"base64\"]}}", post);
	node_answers(&node, 200, text);
	assert_int_equal(node.update_count, 2);
	assert_non_null(strstr(node_asks(&node), signature(name, 110)));
	answer_transaction(&node, 110, 0, 66, 4990);
	assert_int_equal(node.update_count, 3);
	u = &node.updates[2];
	assert_true(u->backfilled && !u->removed);
	assert_string_equal(u->message.id, price_accounts[0].feed_id);
	assert_string_equal(u->message.key, "4990");
	assert_string_equal(u->message.mantissa, "66");
	assert_int_equal(u->block_number, 110);
	assert_int_equal(u->block_ns, (1789700000 + INT64_C(110)) * 1000000000);
	assert_string_equal(u->tx_hash, signature(name, 110));
	assert_int_equal(u->stamps.wire_mono_ns, TIME_UNKNOWN);
	assert_non_null(strstr(node_asks(&node), signature(name, 120)));
	answer_transaction(&node, 120, -1, 77, 5000); /* what the account holds now: it is known */
	assert_int_equal(node.update_count, 3);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BACKFILLED), 2);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BACKFILL_FAILED), 0);
	assert_null(strstr(node_asks(&node), "Signatures")); /* and the account that has not changed is not looked at */
	node_stop(&node);
}

/* A notification that comes before the account is read says nothing of what came and went before it. */
static void test_a_notification_that_is_faster(void **state)
{
	const struct node_account now = {.price = 77, .publish_time = 5000, .posted_slot = 120};
	char one[600], text[1400];
	struct node node;

	(void)state;
	for (int changed = 0; changed < 2; changed++) {
		node_start(&node, false);
		node_connect(&node);
		node_posts(&node, 100);
		if (!changed)
			node_notifies(&node, &now, 120);
		chain_disconnected(node.chain);
		chain_connected(node.chain);
		node_confirm(&node, 2);
		node_asks(&node);
		node_notifies(&node, &now, 121); /* known, or news */
		node_account_text(one, &now);
		snprintf(text, sizeof(text), "{\"result\":{\"context\":{\"slot\":121},\"value\":[%s,null]}}", one);
		node_answers(&node, 200, text);
		assert_int_equal(node.update_count, 2);
		node_slot(&node, "root", 120, "");
		assert_int_equal(strstr(node_asks(&node), "getSignaturesForAddress") != NULL, changed);
		node_stop(&node);
	}
}

/* The account's price came by a call from another program: no instruction of the transaction says it. */
static void test_posts_that_cannot_be_read(void **state)
{
	struct node node;

	(void)state;
	begin(&node);
	answer_signatures(&node);
	for (unsigned i = 0; i < 3; i++) {
		assert_non_null(strstr(node_asks(&node), "\"getTransaction\""));
		answer_transaction(&node, 104 + i, 0, 1000 + i, 4000); /* none of them in slot 120 */
	}
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BACKFILL_FAILED), 1);
	node_stop(&node);
}

static void test_another_account_of_the_feed(void **state)
{
	struct node node;

	(void)state;
	begin(&node);
	node.oracles[0].account[0] = 9;
	answer_signatures(&node);
	for (unsigned i = 0; i < 3; i++) {
		node_asks(&node);
		answer_transaction(&node, 120, -1, 77, 5000);
	}
	assert_int_equal(node.update_count, 2);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BACKFILL_FAILED), 1);
	node_stop(&node);
}

static void test_answers_that_are_none(void **state)
{
	static const struct {
		const char *signatures, *transaction;
		enum chain_counter counter;
	} cases[] = {
		{"{\"error\":{\"code\":-32601,\"message\":\"Method not found\"}}", NULL, CHAIN_COUNTER_RPC_ERRORS},
		{"{\"result\":{}}", NULL, CHAIN_COUNTER_BAD_MESSAGES},
		{"{\"result\":[7]}", NULL, CHAIN_COUNTER_BAD_MESSAGES},
		{"{\"result\":[{\"signature\":\"0OIl\",\"slot\":120}]}", NULL, CHAIN_COUNTER_BAD_MESSAGES},
		{"{\"result\":[{\"signature\":\"111\",\"slot\":120}]}", NULL, CHAIN_COUNTER_BAD_MESSAGES},
		{NULL, "{\"error\":{\"code\":-32011,\"message\":\"Transaction history is not available\"}}", CHAIN_COUNTER_RPC_ERRORS},
		{NULL, "{\"result\":null}", CHAIN_COUNTER_BAD_MESSAGES},
		{NULL, "{\"result\":{}}", CHAIN_COUNTER_BAD_MESSAGES},
		{NULL, "{\"result\":{\"slot\":1,\"transaction\":{}}}", CHAIN_COUNTER_BAD_MESSAGES},
		{NULL, "{\"result\":{\"slot\":1,\"transaction\":[\"*\",\"base64\"]}}", CHAIN_COUNTER_BAD_MESSAGES},
		{NULL, "{\"result\":{\"slot\":1,\"transaction\":[\"AQID\",\"base64\"]}}", CHAIN_COUNTER_BAD_MESSAGES},
		{NULL, "{\"result\":{\"slot\":1,\"blockTime\":\"x\",\"transaction\":[\"AQID\",\"base64\"]}}", CHAIN_COUNTER_BAD_MESSAGES},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct node node;
		uint64_t before;

		begin(&node);
		before = node_counter(&node, cases[i].counter);
		if (cases[i].signatures) {
			node_answers(&node, 200, cases[i].signatures);
		} else {
			answer_signatures(&node);
			node_asks(&node);
			node_answers(&node, 200, cases[i].transaction);
			for (unsigned k = 0; k < 2; k++) {
				node_asks(&node);
				answer_transaction(&node, 120, -1, 77, 5000);
			}
		}
		/* a result of null is counted as no answer, and once more as what was refused */
		if (node_counter(&node, cases[i].counter) != before + 1 || node_counter(&node, CHAIN_COUNTER_BACKFILL_FAILED) != 1)
			fail_msg("case %zu: %d, %d", i, (int)(node_counter(&node, cases[i].counter) - before),
				 (int)node_counter(&node, CHAIN_COUNTER_BACKFILL_FAILED));
		assert_int_equal(node.update_count, 2);
		node_stop(&node);
	}
}

/* A popular account: more transactions than are looked through. */
static void test_limits(void **state)
{
	char *text = malloc(200000), name[BASE58_TEXT_MAX];
	struct node node;

	(void)state;
	assert_non_null(text);
	begin(&node);
	for (unsigned page = 0; page < 4; page++) {
		if (page) {
			assert_non_null(strstr(node_asks(&node), ",\"before\":\""));
			assert_non_null(strstr(node.question, signature(name, 232)));
		}
		strcpy(text, "{\"result\":[");
		for (unsigned i = 0; i < 1000; i++)
			sprintf(text + strlen(text), "%s{\"signature\":\"%s\",\"slot\":120,\"err\":null}", i ? "," : "", signature(name, (uint8_t)(1 + i % 256)));
		strcat(text, "]}");
		node_answers(&node, 200, text);
	}
	for (unsigned i = 0; i < 512; i++) {
		assert_non_null(strstr(node_asks(&node), "getTransaction"));
		answer_transaction(&node, 120, -1, 77, 5000);
	}
	assert_null(strstr(node_asks(&node), "getTransaction"));
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BACKFILL_FAILED), 1);
	node_stop(&node);
	free(text);
}

/* A connection that breaks while the gap is being filled: it begins anew, from where the first one began. */
static void test_another_gap(void **state)
{
	struct node node;

	(void)state;
	begin(&node);
	chain_disconnected(node.chain);
	chain_connected(node.chain);
	node_confirm(&node, 3);
	answer_signatures(&node); /* to what was asked before: nobody wants to know */
	assert_non_null(strstr(node_asks(&node), "getMultipleAccounts"));
	node_answers(&node, 200, "{\"result\":{\"context\":{\"slot\":121},\"value\":[null,null]}}");
	assert_non_null(strstr(node_asks(&node), "getSignaturesForAddress")); /* what had changed has not been looked through yet */
	answer_signatures(&node);
	for (unsigned i = 0; i < 3; i++) {
		node_asks(&node);
		answer_transaction(&node, 110 + 10 * (i > 0), -1, 77 - (i == 0), 5000 - (i == 0));
	}
	assert_int_equal(node.update_count, 3);
	assert_int_equal(node.updates[2].block_number, 110);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BACKFILL_FAILED), 0);
	assert_null(strstr(node_asks(&node), "Signatures"));
	node_stop(&node);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_gap_is_filled),	      cmocka_unit_test(test_a_notification_that_is_faster),
		cmocka_unit_test(test_posts_that_cannot_be_read),
		cmocka_unit_test(test_another_account_of_the_feed), cmocka_unit_test(test_answers_that_are_none),
		cmocka_unit_test(test_limits),		      cmocka_unit_test(test_another_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
