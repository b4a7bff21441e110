/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A scripted Solana node, with two price accounts: its notifications, and answers over HTTP. Include after cmocka.h. */
#ifndef PL_TESTS_SOLANA_NODE_H
#define PL_TESTS_SOLANA_NODE_H

#include <inttypes.h>

#include "base/base58.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/json.h"
#include "price_accounts.h"
#include "scripted_node.h"

#define SOL_ACCOUNT "7AviUf9nL62mcxNbQGKm4nKDQnPjswo6c5MX4D57HmyE"
#define USDC_ACCOUNT "6HAuqASbHEh4w4REJEUUUCginTLfj1kwCh215ZLtMkrT"
#define PLACES 65536

static inline void node_start_as(struct node *node, bool passive, bool logs)
{
	memset(node, 0, sizeof(*node));
	node->oracles[0] = (struct oracle_config){.asset = "SOL/USD", .type = ORACLE_PRICE_UPDATE};
	node->oracles[1] = (struct oracle_config){.asset = "USDC/USD", .type = ORACLE_PRICE_UPDATE};
	snprintf(node->oracles[1].id, sizeof(node->oracles[1].id), "%s", price_accounts[1].feed_id);
	assert_int_equal(base58_decode(SOL_ACCOUNT, node->oracles[0].account, 32), 0);
	assert_int_equal(base58_decode(USDC_ACCOUNT, node->oracles[1].account, 32), 0);
	node->config = (struct chain_config){.name = "sol", .type = CHAIN_SOLANA, .oracles = node->oracles, .oracle_count = 2,
					     .logs = logs};
	node_create(node, passive);
}

static inline void node_start(struct node *node, bool passive)
{
	node_start_as(node, passive, false);
}

static inline void node_start_logs(struct node *node)
{
	node_start_as(node, false, true);
}

/* Confirms all subscriptions of connection `number`; the one of place p gets the id 100 + p. */
static inline void node_confirm(struct node *node, unsigned number)
{
	static const unsigned places[] = {0, 2, 3};

	for (unsigned i = 0; i < 3; i++) {
		char text[120];

		snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"result\":%u,\"id\":%u}", 100 + places[i], number * PLACES + places[i]);
		node_says(node, text);
	}
}

static inline void node_connect(struct node *node)
{
	chain_connected(node->chain);
	node_confirm(node, 1);
}

static inline void base64_encode(const uint8_t *data, size_t len, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		uint32_t group = (uint32_t)data[i] << 16 | (i + 1 < len ? data[i + 1] << 8 : 0) | (i + 2 < len ? data[i + 2] : 0);

		for (unsigned k = 0; k < 4; k++)
			*out++ = i + k > len ? '=' : digits[group >> (18 - 6 * k) & 63];
	}
	*out = '\0';
}

struct node_account {
	unsigned which; /* of price_accounts */
	int64_t price, publish_time;
	uint64_t posted_slot;
};

/* {"data": […], …} of an account that stands as mainnet's does, but for these three. */
static inline void node_account_text(char out[600], const struct node_account *account)
{
	uint8_t data[PRICE_ACCOUNT_BYTES];
	char base64[200];

	base64_decode(price_accounts[account->which].base64, strlen(price_accounts[account->which].base64), data, sizeof(data));
	memcpy(data + 73, &account->price, 8); /* little endian, as every machine that runs this */
	memcpy(data + 93, &account->publish_time, 8);
	memcpy(data + 125, &account->posted_slot, 8);
	base64_encode(data, sizeof(data), base64);
	snprintf(out, 600,
		 "{\"lamports\":1825020,\"data\":[\"%s\",\"base64\"],\"owner\":\"rec2HHDDnjLfj4kE7VyEtFA1HPGQLK33259532cRyHp\","
		 "\"executable\":false,\"rentEpoch\":18446744073709551615,\"space\":134}",
		 base64);
}

/* What accountSubscribe sends: `slot` is that of the bank that was looked at. */
static inline void node_notifies(struct node *node, const struct node_account *account, uint64_t slot)
{
	char value[600], text[1000];

	node_account_text(value, account);
	snprintf(text, sizeof(text),
		 "{\"jsonrpc\":\"2.0\",\"method\":\"accountNotification\",\"params\":{\"result\":{\"context\":{\"slot\":%" PRIu64 "},"
		 "\"value\":%s},\"subscription\":%u}}",
		 slot, value, 102 + account->which);
	node_says(node, text);
}

/* Posted in `slot`, and seen there. */
static inline void node_posts(struct node *node, uint64_t slot)
{
	node_notifies(node, &(struct node_account){.price = 10000 + (int64_t)slot, .publish_time = 1789699386 + (int64_t)slot, .posted_slot = slot}, slot);
}

static inline void node_slot_at(struct node *node, const char *type, uint64_t slot, const char *more, int64_t at_ns)
{
	char text[400];

	snprintf(text, sizeof(text),
		 "{\"jsonrpc\":\"2.0\",\"method\":\"slotsUpdatesNotification\",\"params\":{\"result\":{\"slot\":%" PRIu64
		 ",\"timestamp\":1789699386123,\"type\":\"%s\"%s},\"subscription\":100}}",
		 slot, type, more);
	node_says_at(node, &(struct chain_stamps){at_ns - 1, at_ns, at_ns + 1}, text);
}

static inline void node_slot(struct node *node, const char *type, uint64_t slot, const char *more)
{
	node_slot_at(node, type, slot, more, 200);
}

/* A bank on its parent, replayed. */
static inline void node_bank(struct node *node, uint64_t slot, uint64_t parent)
{
	char more[60];

	snprintf(more, sizeof(more), ",\"parent\":%" PRIu64, parent);
	node_slot(node, "createdBank", slot, more);
	node_slot(node, "frozen", slot, ",\"stats\":{\"numTransactionEntries\":1,\"numSuccessfulTransactions\":1,"
					"\"numFailedTransactions\":0,\"maxTransactionsPerEntry\":1}");
}

/* Lets time go on; the question under way then, "" without one. */
static inline const char *node_asks(struct node *node)
{
	node->clock_ns += 1000000;
	chain_step(node->chain, node->clock_ns);
	return node->question;
}

/* The answer to it; true: it is to be asked again later. */
static inline bool node_answers(struct node *node, int status, const char *text)
{
	size_t len = strlen(text);
	uint8_t *copy = malloc(len + !len);
	bool later;

	assert_string_not_equal(node->question, "");
	assert_non_null(copy);
	memcpy(copy, text, len);
	later = chain_posted(node->chain, status, copy, len, node->clock_ns);
	free(copy);
	if (!later)
		node->question[0] = '\0';
	return later;
}

#endif
