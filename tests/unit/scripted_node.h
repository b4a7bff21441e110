/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A scripted node: keeps what the chain asks and reports, and says what a test has it say. What it says as an Ethereum node
 * is in chain_node.h, as a Solana node in solana_node.h, which a test includes (after cmocka.h).
 */
#ifndef PL_TESTS_SCRIPTED_NODE_H
#define PL_TESTS_SCRIPTED_NODE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/chain.h"

#define NODE_KEPT 64

struct node {
	struct oracle_config oracles[2];
	struct chain_config config;
	struct chain *chain;
	struct chain_update updates[NODE_KEPT];
	struct chain_block blocks[NODE_KEPT]; /* the last ones, as the slots */
	struct chain_final finals[NODE_KEPT];
	struct chain_round rounds[NODE_KEPT];
	struct chain_calldata carried[NODE_KEPT];
	struct chain_pending pending[NODE_KEPT];
	struct chain_slot_event slots[NODE_KEPT];
	struct chain_mention mentions[NODE_KEPT];
	char *requests[NODE_KEPT]; /* over WebSocket */
	char question[4000];	   /* over HTTP: the one under way, "" none */
	char warning[1024];	   /* the last one */
	char topics[400];	   /* of the log that a test makes */
	unsigned update_count, block_count, final_count, round_count, carried_count, pending_count, slot_count, mention_count,
		request_count, warning_count;
	int send_result;
	int64_t clock_ns;
};

static const struct chain_stamps node_stamps = {100, 200, 300};

/* node_on_update() … keep what the chain reports: all of it, where a test must not miss one, or the last. */
#define NODE_KEEP(what, type, list, count)                                                                                             \
	static inline void node_on_##what(void *context, const struct type *what)                                                      \
	{                                                                                                                              \
		struct node *node = context;                                                                                           \
                                                                                                                                       \
		assert_in_range(node->count, 0, NODE_KEPT - 1);                                                                        \
		node->list[node->count++] = *what;                                                                                     \
	}

NODE_KEEP(update, chain_update, updates, update_count)
NODE_KEEP(final, chain_final, finals, final_count)
NODE_KEEP(round, chain_round, rounds, round_count)
NODE_KEEP(calldata, chain_calldata, carried, carried_count)
NODE_KEEP(pending, chain_pending, pending, pending_count)
NODE_KEEP(mention, chain_mention, mentions, mention_count)

static inline void node_on_block(void *context, const struct chain_block *block)
{
	struct node *node = context;

	node->blocks[node->block_count++ % NODE_KEPT] = *block;
}

static inline void node_on_slot(void *context, const struct chain_slot_event *event)
{
	struct node *node = context;

	node->slots[node->slot_count++ % NODE_KEPT] = *event;
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

static inline int node_on_post(void *context, const char *text, size_t len)
{
	struct node *node = context;

	assert_string_equal(node->question, "");
	assert_in_range(len, 1, sizeof(node->question) - 1);
	snprintf(node->question, sizeof(node->question), "%.*s", (int)len, text);
	return 0;
}

static inline void node_on_warning(void *context, const char *text)
{
	struct node *node = context;

	snprintf(node->warning, sizeof(node->warning), "%s", text);
	node->warning_count++;
}

/* A chain by the node's `config`; what else stands in the node is as memset() left it. */
static inline void node_create(struct node *node, bool passive)
{
	struct chain_callbacks callbacks = {
		.context = node,
		.on_update = node_on_update,
		.on_block = node_on_block,
		.on_round = node_on_round,
		.on_calldata = node_on_calldata,
		.on_pending = node_on_pending,
		.on_final = node_on_final,
		.on_slot = node_on_slot,
		.on_mention = node_on_mention,
		.send = passive ? NULL : node_on_send,
		.post = passive ? NULL : node_on_post,
		.on_warning = node_on_warning,
	};
	struct error err;

	assert_int_equal(chain_new(&node->chain, &node->config, &callbacks, &err), 0);
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
static inline void node_says_at(struct node *node, const struct chain_stamps *stamps, const char *text)
{
	size_t len = strlen(text);
	uint8_t *copy = malloc(len + !len);

	assert_non_null(copy);
	memcpy(copy, text, len);
	chain_message(node->chain, copy, len, stamps);
	free(copy);
}

static inline void node_says(struct node *node, const char *text)
{
	node_says_at(node, &node_stamps, text);
}

#endif
