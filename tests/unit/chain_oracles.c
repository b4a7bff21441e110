// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Oracles beside Chainlink's and Pyth's: Stork, Chronicle, and events that a site describes. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain/event.h"
#include "chain_node.h"

#define STORK_ADDRESS "0xacc0a0cf13571d30b4b8637996f5d6d774d4fd62"
#define STORK_ID      "7404e3d104ea7841c3d9e6fd20adfe99b4ad586bc08d8f3bd3afef894cf184de"
#define STORK_UPDATE  "0xe24720f45cb74f2d55f1deebb6098f50f10b511dab8a7d47c4819a08dcd0b895"
#define SCRIBE	      "0x7f4d2e4f4e1d1b8e0a6e0f8c3c0f6a0b4c2d1e3f"
#define POKED	      "0x7045db5134e0c7ca4bff0c0e096616ef4ebb36b719cd00c5f0ba4f4475ecceee"
#define ADAPTER	      "0x1111111111111111111111111111111111111111"
#define WORD_0	      "0000000000000000000000000000000000000000000000000000000000000000"

static struct oracle_config oracles[4];

static void start(struct node *node)
{
	struct chain_callbacks callbacks = {.context = node, .on_update = node_on_update, .on_block = node_on_block,
					    .send = node_on_send, .on_warning = node_on_warning};
	struct oracle_event *event = &oracles[2].event;
	struct error err;

	memset(node, 0, sizeof(*node));
	memset(oracles, 0, sizeof(oracles));
	oracles[0] = (struct oracle_config){.asset = "ETH/USD", .type = ORACLE_STORK, .id = STORK_ID, .exponent = -18};
	oracles[1] = (struct oracle_config){.asset = "BTC/USD", .type = ORACLE_CHRONICLE, .exponent = -18};
	/* RedStone's ValueUpdate(uint256 value, bytes32 dataFeedId, uint256 updatedAt), nothing indexed */
	oracles[2] = (struct oracle_config){.asset = "EUR/USD", .type = ORACLE_EVENT, .id = STORK_ID, .exponent = -8};
	strcpy(event->signature, "ValueUpdate(uint256,bytes32,uint256)");
	assert_int_equal(event_place_parse("data0", &event->price), 0);
	assert_int_equal(event_place_parse("data1", &event->id), 0);
	assert_int_equal(event_place_parse("data2", &event->published), 0);
	event->key = event->published;
	event->published_unit = TIME_UNIT_MS;
	hex_decode(STORK_ADDRESS, strlen(STORK_ADDRESS), oracles[0].address, 20);
	hex_decode(SCRIBE, strlen(SCRIBE), oracles[1].address, 20);
	hex_decode(ADAPTER, strlen(ADAPTER), oracles[2].address, 20);
	node->config = (struct chain_config){.name = "test", .oracles = oracles, .oracle_count = 3};
	assert_int_equal(chain_new(&node->chain, &node->config, &callbacks, &err), 0);
}

/* A notification of a log; `topics` as a JSON list's inside. */
static void says_log(struct node *node, unsigned index, const char *address, const char *topics, const char *data)
{
	char text[4096];

	snprintf(text, sizeof(text),
		 "{\"jsonrpc\":\"2.0\",\"method\":\"eth_subscription\",\"params\":{\"subscription\":\"0x1\",\"result\":{"
		 "\"address\":\"%s\",\"topics\":[%s],\"data\":\"0x%s\",\"blockNumber\":\"0x10\",\"logIndex\":\"0x%x\","
		 "\"blockHash\":\"0x%064x\",\"transactionHash\":\"0x%064x\",\"removed\":false}}}",
		 address, topics, data, index, 7u, 100 + index);
	node_says(node, text);
}

static void stork_and_chronicle_updates_are_read(void **state)
{
	struct node node;

	(void)state;
	start(&node);
	/* 1732545600123456789 ns, 3000.5 with 18 digits */
	says_log(&node, 0, STORK_ADDRESS, "\"" STORK_UPDATE "\",\"0x" STORK_ID "\"",
		 "000000000000000000000000000000000000000000000000180b3d0b3c864d15"
		 "0000000000000000000000000000000000000000000000a2a84d64ab6f920000");
	assert_int_equal(node.update_count, 1);
	assert_string_equal(node.updates[0].message.id, STORK_ID);
	assert_string_equal(node.updates[0].message.mantissa, "3000500000000000000000");
	assert_float_equal(node.updates[0].message.price, 3000.5, 1e-9);
	assert_string_equal(node.updates[0].message.key, "1732545600123456789");
	assert_int_equal(node.updates[0].message.published_ns, 1732545600123456789);
	/* another id of the same contract is nobody's */
	says_log(&node, 1, STORK_ADDRESS, "\"" STORK_UPDATE "\",\"0x" WORD_0 "\"", WORD_0 WORD_0);
	assert_int_equal(node.update_count, 1);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_OTHER_LOGS), 1);
	/* 97000 with 18 digits, age 1732545600 */
	says_log(&node, 2, SCRIBE, "\"" POKED "\",\"0x" WORD_0 "\"",
		 "00000000000000000000000000000000000000000000148a616ad7f95aa00000"
		 "0000000000000000000000000000000000000000000000000000000067448c40");
	assert_int_equal(node.update_count, 2);
	assert_float_equal(node.updates[1].message.price, 97000, 1e-6);
	assert_string_equal(node.updates[1].message.key, "1732545600");
	assert_int_equal(node.updates[1].message.published_ns, 1732545600000000000);
	/* an event that lacks a word is counted, and makes no update */
	says_log(&node, 3, SCRIBE, "\"" POKED "\",\"0x" WORD_0 "\"", WORD_0);
	assert_int_equal(node.update_count, 2);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 1);
	node_stop(&node);
}

static void a_described_event_is_read(void **state)
{
	uint8_t topic0[32];
	char topic[80] = "\"0x", digits[65];
	struct node node;

	(void)state;
	start(&node);
	event_topic0(&oracles[2].event, topic0);
	hex_encode(topic0, 32, digits);
	strcat(strcat(topic, digits), "\"");
	/* RedStone's own constant begins like this */
	assert_memory_equal(digits, "f36866d9", 8);
	says_log(&node, 0, ADAPTER, topic,
		 "0000000000000000000000000000000000000000000000000000000006422c40" STORK_ID
		 "0000000000000000000000000000000000000000000000000000019363d03c00");
	assert_int_equal(node.update_count, 1);
	assert_float_equal(node.updates[0].message.price, 1.05, 1e-12);
	assert_string_equal(node.updates[0].message.key, "1732546411520");
	assert_int_equal(node.updates[0].message.published_ns, 1732546411520000000);
	assert_string_equal(node.updates[0].oracle->asset, "EUR/USD");
	/* another feed of the adapter, and the same event of another contract */
	says_log(&node, 1, ADAPTER, topic, WORD_0 WORD_0 WORD_0);
	says_log(&node, 2, SCRIBE, topic, WORD_0 STORK_ID WORD_0);
	assert_int_equal(node.update_count, 1);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_OTHER_LOGS), 2);
	says_log(&node, 3, ADAPTER, topic, WORD_0 STORK_ID);
	assert_int_equal(node_counter(&node, CHAIN_COUNTER_BAD_MESSAGES), 1);
	node_stop(&node);
}

/* Each kind of oracle is asked for with its own event, and ids where the contract has them. */
static void the_node_is_asked_for_each(void **state)
{
	struct node node;
	const char *request;

	(void)state;
	start(&node);
	chain_connected(node.chain);
	request = node_request(&node, STORK_ADDRESS, 0);
	assert_non_null(strstr(request, STORK_UPDATE));
	assert_non_null(strstr(request, ",[\"0x" STORK_ID "\"]"));
	request = node_request(&node, SCRIBE, 0);
	assert_non_null(strstr(request, POKED));
	request = node_request(&node, ADAPTER, 0);
	assert_non_null(strstr(request, "\"topics\":[[\"0xf36866d9"));
	node_stop(&node);
}

static void places_and_signatures(void **state)
{
	struct event_place place;

	(void)state;
	assert_int_equal(event_place_parse("topic3", &place), 0);
	assert_true(place.topic && place.index == 3);
	assert_int_equal(event_place_parse("data7", &place), 0);
	assert_int_equal(event_place_parse("topic0", &place), -EINVAL); /* the event itself */
	assert_int_equal(event_place_parse("topic4", &place), -EINVAL);
	assert_int_equal(event_place_parse("data8", &place), -EINVAL);
	assert_int_equal(event_place_parse("data10", &place), -EINVAL);
	assert_int_equal(event_place_parse("word1", &place), -EINVAL);
	assert_int_equal(event_place_parse("", &place), -EINVAL);
	assert_int_equal(event_signature_check("ValueUpdate(uint256,(bytes32,uint8)[2])"), 0);
	assert_int_equal(event_signature_check("ValueUpdate(uint256 value)"), -EINVAL);
	assert_int_equal(event_signature_check("ValueUpdate"), -EINVAL);
	assert_int_equal(event_signature_check("(uint256)"), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stork_and_chronicle_updates_are_read),
		cmocka_unit_test(a_described_event_is_read),
		cmocka_unit_test(the_node_is_asked_for_each),
		cmocka_unit_test(places_and_signatures),
	};

	return cmocka_run_group_tests_name("chain_oracles", tests, NULL, NULL);
}
