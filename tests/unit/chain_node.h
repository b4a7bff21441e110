/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A scripted Ethereum node, with a Chainlink aggregator and Pyth's contract: its heads, logs and answers. Include after cmocka.h. */
#ifndef PL_TESTS_CHAIN_NODE_H
#define PL_TESTS_CHAIN_NODE_H

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "scripted_node.h"

#define AGGREGATOR "0x5f4ec3df9cbd43714fe2740f5e3616155c5b8419"
#define PYTH	   "0x4305fb66699c3b2702d4d05cf36551390a4c69c6"
#define PYTH_ID	   "ff61491a931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace"
#define ANSWER_UPDATED "0x0559884fd3a460db3073b7fc896cc77986f16e378210ded43186175bf646fc5f"
#define OCR2	   "0xc797025feeeaf2cd924c99e9205acb8ec04d5cad21c41ce637a38fb6dee6016a"
#define OCR1	   "0xf6a97944f31ea060dfde0566e4167c1a1082551e64b60ecb14d599a9d023d451"
#define NEW_ROUND "0x0109fc6f55cf40689f02fbaad7af7fe7bbac8a3d2186600afc7d3e10cac60271"
#define PYTH_UPDATE "0xd06a6b7f4918494b3719217d1802786c1f5112a6c1d88fe2cfec00b4584f6aec"

/* `change` (or NULL) says what is other than usual in the configuration. */
static inline void node_start_as(struct node *node, bool passive, void (*change)(struct chain_config *config))
{
	memset(node, 0, sizeof(*node));
	node->oracles[0] = (struct oracle_config){.asset = "ETH/USD", .type = ORACLE_CHAINLINK, .exponent = -8};
	node->oracles[1] = (struct oracle_config){.asset = "ETH/USD", .type = ORACLE_PYTH_EVM, .id = PYTH_ID, .exponent = -8};
	hex_decode(AGGREGATOR, strlen(AGGREGATOR), node->oracles[0].address, 20);
	hex_decode(PYTH, strlen(PYTH), node->oracles[1].address, 20);
	node->config = (struct chain_config){.name = "test", .oracles = node->oracles, .oracle_count = 2};
	if (change)
		change(&node->config);
	node_create(node, passive);
}

static inline void node_start(struct node *node, bool passive)
{
	node_start_as(node, passive, NULL);
}

/* The n-th request (from 0) that contains `part`; NULL if there is none. */
static inline const char *node_request(const struct node *node, const char *part, unsigned n)
{
	for (unsigned i = 0; i < node->request_count; i++) {
		if (strstr(node->requests[i], part) && !n--)
			return node->requests[i];
	}
	return NULL;
}

/* Answers a request with `member`: "\"result\":…" or "\"error\":…". */
static inline void node_answers(struct node *node, const char *request, const char *member)
{
	struct json_object *object;
	char *text;

	assert_non_null(request);
	assert_int_equal(json_read(&object, request, strlen(request), NULL), 0);
	assert_true(asprintf(&text, "{\"jsonrpc\":\"2.0\",\"id\":%s,%s}",
			     json_object_get_string(json_member(object, "id")), member) > 0);
	json_object_put(object);
	node_says(node, text);
	free(text);
}

/* Hash of block `number` on branch `branch`. */
static inline const char *node_hash(char out[67], unsigned number, char branch)
{
	memset(out, branch, 66);
	memcpy(out, "0x", 2);
	snprintf(out + 58, 9, "%08x", number);
	return out;
}

static inline void node_head(struct node *node, unsigned number, char branch, char parent_branch)
{
	char hash[67], parent[67], text[512];

	snprintf(text, sizeof(text),
		 "{\"jsonrpc\":\"2.0\",\"method\":\"eth_subscription\",\"params\":{\"subscription\":\"0x1\",\"result\":{"
		 "\"number\":\"0x%x\",\"hash\":\"%s\",\"parentHash\":\"%s\",\"timestamp\":\"0x%x\"}}}",
		 number, node_hash(hash, number, branch), node_hash(parent, number - 1, parent_branch), 1763899200 + 12 * number);
	node_says(node, text);
}

struct node_log {
	const char *address;
	const char *topics; /* inside the brackets */
	const char *data;   /* behind 0x */
	unsigned block, tx, index;
	char branch;
	bool removed, with_time;
};

static inline void node_log_text(char *out, size_t size, const struct node_log *log)
{
	char hash[67], tx[67], time[64] = "";

	if (log->with_time)
		snprintf(time, sizeof(time), "\"blockTimestamp\":\"0x%x\",", 1763899200 + 12 * log->block);
	snprintf(out, size,
		 "{\"address\":\"%s\",\"topics\":[%s],\"data\":\"0x%s\",\"blockNumber\":\"0x%x\",\"blockHash\":\"%s\",%s"
		 "\"transactionHash\":\"%s\",\"transactionIndex\":\"0x0\",\"logIndex\":\"0x%x\",\"removed\":%s}",
		 log->address, log->topics, log->data, log->block, node_hash(hash, log->block, log->branch), time,
		 node_hash(tx, log->tx, 'e'), log->index, log->removed ? "true" : "false");
}

static inline void node_log(struct node *node, const struct node_log *log)
{
	char object[4096], text[5000];

	node_log_text(object, sizeof(object), log);
	snprintf(text, sizeof(text),
		 "{\"jsonrpc\":\"2.0\",\"method\":\"eth_subscription\",\"params\":{\"subscription\":\"0x2\",\"result\":%s}}", object);
	node_says(node, text);
}

/* AnswerUpdated(1e11 = 1000.00000000, round, 1763899200) in block `block`. Its topics stand until the next one. */
static inline struct node_log node_answer_updated(struct node *node, unsigned block, unsigned round, char branch)
{
	snprintf(node->topics, sizeof(node->topics), "\"" ANSWER_UPDATED "\",\"0x%064llx\",\"0x%064x\"", 100000000000ULL, round);
	return (struct node_log){.address = AGGREGATOR,
				 .topics = node->topics,
				 .data = "000000000000000000000000000000000000000000000000000000006922f740",
				 .block = block,
				 .tx = round,
				 .index = 5,
				 .branch = branch};
}

/* The same, and the node says it. */
static inline struct node_log node_logs_answer(struct node *node, unsigned block, unsigned round, char branch)
{
	struct node_log log = node_answer_updated(node, block, round, branch);

	node_log(node, &log);
	return log;
}

/* Connects; the node confirms everything, and says that it is at `block`. */
static inline void node_connect_at(struct node *node, const char *block)
{
	char member[80];

	node_forget_requests(node);
	chain_connected(node->chain);
	node_answers(node, node_request(node, "newHeads", 0), "\"result\":\"0x1\"");
	node_answers(node, node_request(node, "\"logs\"", 0), "\"result\":\"0x2\"");
	assert_null(node_request(node, "eth_blockNumber", 0)); /* only when every log subscription stands */
	node_answers(node, node_request(node, "\"logs\"", 1), "\"result\":\"0x3\"");
	snprintf(member, sizeof(member), "\"result\":\"%s\"", block);
	node_answers(node, node_request(node, "eth_blockNumber", 0), member);
}

static inline void node_start_at(struct node *node, const char *block)
{
	node_start(node, false);
	node_connect_at(node, block);
}

#endif
