// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A hostile node, as lines: C connects, D disconnects, A<member> answers the oldest open request ("result":… or
 * "error":…), T lets half a minute pass, anything else is a message. The first byte P makes the reader passive.
 */
#include "base/clock.h"
#include "hostile_node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct oracle_config oracles[2];
static const struct chain_config config = {
	.name = "fuzz", .oracles = oracles, .oracle_count = 2, .finality_ns = 12000000000, .calldata = true, .pending = true};

static void on_update(void *context, const struct chain_update *u)
{
	(void)context;
	require(u->oracle == &oracles[0] || u->oracle == &oracles[1]);
	require(strlen(u->block_hash) == 66 && strlen(u->tx_hash) == 66 && u->block_number >> 62 == 0);
	require(*u->message.mantissa && *u->message.key && u->message.has_exponent && u->message.price == u->message.price);
}

static void on_block(void *context, const struct chain_block *b)
{
	(void)context;
	require(strlen(b->hash) == 66 && strlen(b->parent) == 66 && b->number >> 62 == 0);
}

static void on_final(void *context, const struct chain_final *f)
{
	(void)context;
	require(f->level < CHAIN_LEVELS && f->number >> 62 == 0 && strlen(f->hash) == 66);
	require(f->after_mono_ns == TIME_UNKNOWN || f->after_mono_ns > 0);
}

static void on_round(void *context, const struct chain_round *r)
{
	(void)context;
	require(r->oracle == &oracles[0] && *r->round && strlen(r->started_by) == 42 && strlen(r->tx_hash) == 66);
}

static void on_calldata(void *context, const struct chain_calldata *c)
{
	(void)context;
	require(strlen(c->tx_hash) == 66 && *c->type && strlen(c->message.digest) < sizeof(c->message.digest));
}

static void on_pending(void *context, const struct chain_pending *p)
{
	(void)context;
	require(strlen(p->tx_hash) == 66 && (!*p->to || strlen(p->to) == 42) && strlen(p->message.id) < FEED_TEXT_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chain_callbacks callbacks = {
		.on_update = on_update,
		.on_block = on_block,
		.on_round = on_round,
		.on_calldata = on_calldata,
		.on_pending = on_pending,
		.on_final = on_final,
		.on_warning = on_warning,
	};
	const char *line = (const char *)data, *end = line + size;
	struct chain *chain;
	int64_t now_ns = 1;

	if (!size)
		return 0;
	oracles[0] = (struct oracle_config){.asset = "A", .type = ORACLE_CHAINLINK, .exponent = -8};
	oracles[1] = (struct oracle_config){.asset = "B", .type = ORACLE_PYTH_EVM, .exponent = -8};
	memset(oracles[0].address, 0xaa, sizeof(oracles[0].address));
	memset(oracles[1].address, 0xbb, sizeof(oracles[1].address));
	memset(oracles[1].id, 'c', 64);
	open_count = 0;
	if (*line == 'P')
		line++;
	else
		callbacks.send = on_send;
	require(!chain_new(&chain, &config, &callbacks, NULL));
	while (line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((stop ? stop : end) - line);

		sent_now = 0;
		if (len == 1 && *line == 'C')
			chain_connected(chain);
		else if (len == 1 && *line == 'D')
			chain_disconnected(chain);
		else if (len == 1 && *line == 'T')
			chain_step(chain, now_ns += 30000000000);
		else if (len && *line == 'A')
			answer(chain, line + 1, len - 1);
		else
			message(chain, line, len);
		line += len + 1;
	}
	chain_free(chain);
	return 0;
}
