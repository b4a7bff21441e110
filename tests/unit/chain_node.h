/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A scripted node: keeps what the chain asks and reports, and answers as each test says. Include after cmocka.h. */
#ifndef PL_TESTS_CHAIN_NODE_H
#define PL_TESTS_CHAIN_NODE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "chain/chain.h"

#define NODE_KEPT 32

#define AGGREGATOR "0x5f4ec3df9cbd43714fe2740f5e3616155c5b8419"
#define PYTH	   "0x4305fb66699c3b2702d4d05cf36551390a4c69c6"
#define PYTH_ID	   "ff61491a931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace"
#define ANSWER_UPDATED "0x0559884fd3a460db3073b7fc896cc77986f16e378210ded43186175bf646fc5f"
#define OCR2	   "0xc797025feeeaf2cd924c99e9205acb8ec04d5cad21c41ce637a38fb6dee6016a"
#define OCR1	   "0xf6a97944f31ea060dfde0566e4167c1a1082551e64b60ecb14d599a9d023d451"
#define NEW_ROUND "0x0109fc6f55cf40689f02fbaad7af7fe7bbac8a3d2186600afc7d3e10cac60271"
#define PYTH_UPDATE "0xd06a6b7f4918494b3719217d1802786c1f5112a6c1d88fe2cfec00b4584f6aec"

struct node {
	struct oracle_config oracles[2];
	struct chain_config config;
	struct chain *chain;
	struct chain_update updates[NODE_KEPT];
	struct chain_block blocks[NODE_KEPT];
	struct chain_final finals[NODE_KEPT];
	char *requests[NODE_KEPT];
	char warning[1024]; /* the last one */
	struct chain_round rounds[NODE_KEPT];
	struct chain_calldata carried[NODE_KEPT];
	struct chain_pending pending[NODE_KEPT];
	unsigned update_count, round_count, block_count, final_count, carried_count, pending_count, request_count, warning_count;
	int send_result;
};

static const struct chain_stamps node_stamps = {100, 200, 300};

static inline void node_on_update(void *context, const struct chain_update *update)
{
	struct node *node = context;

	assert_in_range(node->update_count, 0, NODE_KEPT - 1);
	node->updates[node->update_count++] = *update;
}

static inline void node_on_block(void *context, const struct chain_block *block)
{
	struct node *node = context;

	node->blocks[node->block_count++ % NODE_KEPT] = *block;
}

static inline void node_on_final(void *context, const struct chain_final *final)
{
	struct node *node = context;

	assert_in_range(node->final_count, 0, NODE_KEPT - 1);
	node->finals[node->final_count++] = *final;
}

static inline void node_on_round(void *context, const struct chain_round *round)
{
	struct node *node = context;

	assert_in_range(node->round_count, 0, NODE_KEPT - 1);
	node->rounds[node->round_count++] = *round;
}

static inline void node_on_calldata(void *context, const struct chain_calldata *calldata)
{
	struct node *node = context;

	assert_in_range(node->carried_count, 0, NODE_KEPT - 1);
	node->carried[node->carried_count++] = *calldata;
}

static inline void node_on_pending(void *context, const struct chain_pending *pending)
{
	struct node *node = context;

	assert_in_range(node->pending_count, 0, NODE_KEPT - 1);
	node->pending[node->pending_count++] = *pending;
}

static inline int node_on_send(void *context, const char *text, size_t len)
{
	struct node *node = context;

	if (node->send_result)
		return node->send_result;
	assert_in_range(node->request_count, 0, NODE_KEPT - 1);
	node->requests[node->request_count++] = strndup(text, len);
	return 0;
}

static inline void node_on_warning(void *context, const char *text)
{
	struct node *node = context;

	snprintf(node->warning, sizeof(node->warning), "%s", text);
	node->warning_count++;
}

/* `change` (or NULL) says what is other than usual in the configuration. */
static inline void node_start_as(struct node *node, bool passive, void (*change)(struct chain_config *config))
{
	struct chain_callbacks callbacks = {.context = node,
					    .on_update = node_on_update,
					    .on_block = node_on_block,
					    .on_round = node_on_round,
					    .on_calldata = node_on_calldata,
					    .on_pending = node_on_pending,
					    .on_final = node_on_final,
					    .send = passive ? NULL : node_on_send,
					    .on_warning = node_on_warning};
	struct error err;

	memset(node, 0, sizeof(*node));
	node->oracles[0] = (struct oracle_config){.asset = "ETH/USD", .type = ORACLE_CHAINLINK, .exponent = -8};
	node->oracles[1] = (struct oracle_config){.asset = "ETH/USD", .type = ORACLE_PYTH_EVM, .id = PYTH_ID, .exponent = -8};
	hex_decode(AGGREGATOR, strlen(AGGREGATOR), node->oracles[0].address, 20);
	hex_decode(PYTH, strlen(PYTH), node->oracles[1].address, 20);
	node->config = (struct chain_config){.name = "test", .oracles = node->oracles, .oracle_count = 2};
	if (change)
		change(&node->config);
	assert_int_equal(chain_new(&node->chain, &node->config, &callbacks, &err), 0);
}

static inline void node_start(struct node *node, bool passive)
{
	node_start_as(node, passive, NULL);
}

static inline void node_forget_requests(struct node *node)
{
	while (node->request_count)
		free(node->requests[--node->request_count]);
}

static inline void node_stop(struct node *node)
{
	node_forget_requests(node);
	chain_free(node->chain);
}

static inline uint64_t node_counter(const struct node *node, enum chain_counter counter)
{
	uint64_t counters[CHAIN_COUNTER_MAX];

	chain_counters(node->chain, counters);
	return counters[counter];
}

/* A message from the node, from an exact copy on the heap. */
static inline void node_says(struct node *node, const char *text)
{
	size_t len = strlen(text);
	uint8_t *copy = malloc(len + !len);

	assert_non_null(copy);
	memcpy(copy, text, len);
	chain_message(node->chain, copy, len, &node_stamps);
	free(copy);
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

/* AnswerUpdated(1e11 = 1000.00000000, round, 1763899200) in block `block`. */
static inline struct node_log node_answer_updated(char topics[400], unsigned block, unsigned round, char branch)
{
	snprintf(topics, 400, "\"" ANSWER_UPDATED "\",\"0x%064llx\",\"0x%064x\"", 100000000000ULL, round);
	return (struct node_log){.address = AGGREGATOR,
				 .topics = topics,
				 .data = "000000000000000000000000000000000000000000000000000000006922f740",
				 .block = block,
				 .tx = round,
				 .index = 5,
				 .branch = branch};
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

#endif
