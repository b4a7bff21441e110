// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Transactions from a hostile node, pending (the first byte is P) and fetched: whole messages, as a reader of captures gets
 * them. One reader takes all of them, so that what it has seen before is part of the play.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct oracle_config oracle = {.asset = "A", .type = ORACLE_PYTH_EVM, .exponent = -8};
static const struct chain_config config = {.name = "fuzz", .oracles = &oracle, .oracle_count = 1, .pending = true};
static const struct chain_stamps stamps = {1, 2, 3};

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* A result with topics is a log, one with a parent a head: not looked at here. */
static void on_update(void *context, const struct chain_update *update)
{
	(void)context;
	(void)update;
}

static void on_block(void *context, const struct chain_block *block)
{
	(void)context;
	(void)block;
}

static void on_calldata(void *context, const struct chain_calldata *c)
{
	(void)context;
	require(strlen(c->tx_hash) == 66 && *c->type && !c->message.details);
	require(memchr(c->message.digest, 0, sizeof(c->message.digest)));
}

static void on_pending(void *context, const struct chain_pending *p)
{
	(void)context;
	require(strlen(p->tx_hash) == 66 && (!*p->to || strlen(p->to) == 42) && !p->message.details);
	require(p->type || (!*p->message.digest && !*p->message.mantissa));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char pending[] = "{\"method\":\"eth_subscription\",\"params\":{\"subscription\":\"0x1\",\"result\":";
	static const char fetched[] = "{\"id\":1,\"result\":";
	static const struct chain_callbacks callbacks = {
		.on_update = on_update, .on_block = on_block, .on_calldata = on_calldata, .on_pending = on_pending};
	static struct chain *chain;
	bool is_pending = size && *data == 'P';
	uint8_t *text;
	int len;

	if (!chain) {
		memset(oracle.address, 0xaa, sizeof(oracle.address));
		memset(oracle.id, '1', 64);
		require(!chain_new(&chain, &config, &callbacks, NULL));
	}
	text = malloc(size + sizeof(pending) + 4);
	require(text != NULL);
	len = sprintf((char *)text, "%s", is_pending ? pending : fetched);
	if (size > 1)
		memcpy(text + len, data + 1, size - 1);
	len += (int)(size ? size - 1 : 0);
	memcpy(text + len, "}}", 2);
	chain_message(chain, text, (size_t)len + 1 + is_pending, &stamps);
	free(text);
	return 0;
}
