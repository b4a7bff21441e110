// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A hostile Solana node, as lines: C connects, D disconnects, A<member> answers the oldest open request of the WebSocket
 * ("result":… or "error":…), H<text> the question over HTTP, L says that it is at its limit, T lets two seconds pass,
 * anything else is a message. The first byte P makes the reader passive, G asks for the logs as well.
 */
#include "hostile_node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct oracle_config oracles[2];
static struct chain_config config = {.name = "fuzz", .type = CHAIN_SOLANA, .oracles = oracles, .oracle_count = 2};
static int64_t now_ns;
static bool asked; /* over HTTP */
static long live;  /* updates that hold */

static void on_update(void *context, const struct chain_update *u)
{
	(void)context;
	require(u->oracle == &oracles[0] || u->oracle == &oracles[1]);
	require(!u->block_hash[0] && memchr(u->tx_hash, 0, sizeof(u->tx_hash)) && u->block_number >> 62 == 0);
	require(*u->message.mantissa && *u->message.key && u->message.has_exponent && u->message.price == u->message.price);
	live += u->removed ? -1 : 1;
	require(live >= 0);
}

static void on_block(void *context, const struct chain_block *b)
{
	(void)context;
	require(memchr(b->hash, 0, sizeof(b->hash)) && memchr(b->parent, 0, sizeof(b->parent)) && b->number >> 62 == 0);
}

static void on_final(void *context, const struct chain_final *f)
{
	static uint64_t last[CHAIN_LEVELS];

	if (!f) {
		memset(last, 0, sizeof(last));
		return;
	}
	(void)context;
	require(f->level < CHAIN_LEVELS && f->number >= last[f->level] && f->number >> 62 == 0);
	last[f->level] = f->number;
}

static void on_mention(void *context, const struct chain_mention *mention)
{
	(void)context;
	require(strlen(mention->signature) >= 64 && (mention->oracle == &oracles[0] || mention->oracle == &oracles[1]));
}

static void on_slot(void *context, const struct chain_slot_event *e)
{
	(void)context;
	require(e->kind < CHAIN_SLOT_EVENTS && e->number >> 62 == 0);
	require((e->kind != CHAIN_SLOT_CREATED_BANK && e->kind != CHAIN_SLOT_PROCESSED) || e->parent < e->number);
}

static int on_post(void *context, const char *text, size_t len)
{
	struct json_object *question = NULL;

	(void)context;
	require(!asked && !json_read(&question, text, len, NULL));
	json_object_put(question);
	asked = true;
	return 0;
}

static void posted(struct chain *chain, int status, const char *data, size_t len)
{
	uint8_t *copy;

	if (!asked)
		return;
	copy = copy_of(data, len);
	asked = false;
	asked = chain_posted(chain, status, copy, len, now_ns);
	free(copy);
}

static void line(struct chain *chain, const char *text, size_t len)
{
	sent_now = 0;
	now_ns += 1000000;
	if (len == 1 && *text == 'C')
		chain_connected(chain);
	else if (len == 1 && *text == 'D')
		chain_disconnected(chain);
	else if (len == 1 && *text == 'T')
		now_ns += 2000000000;
	else if (len == 1 && *text == 'L')
		posted(chain, 429, text, 0);
	else if (len && *text == 'A')
		answer(chain, text + 1, len - 1);
	else if (len && *text == 'H')
		posted(chain, 200, text + 1, len - 1);
	else
		message(chain, text, len);
	chain_step(chain, now_ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chain_callbacks callbacks = {
		.on_update = on_update, .on_block = on_block, .on_final = on_final, .on_slot = on_slot, .on_mention = on_mention, .on_warning = on_warning};
	const char *at = (const char *)data, *end = at + size;
	struct chain *chain;

	if (!size)
		return 0;
	oracles[0] = (struct oracle_config){.asset = "A", .type = ORACLE_PRICE_UPDATE};
	oracles[1] = (struct oracle_config){.asset = "B", .type = ORACLE_PRICE_UPDATE};
	memset(oracles[0].account, 0xaa, sizeof(oracles[0].account));
	memset(oracles[1].id, 'c', 64);
	open_count = 0;
	asked = false;
	now_ns = live = 0;
	on_final(NULL, NULL);
	config.logs = *at == 'G';
	at += config.logs;
	if (at < end && *at == 'P') {
		at++;
	} else {
		callbacks.send = on_send;
		callbacks.post = on_post;
	}
	require(!chain_new(&chain, &config, &callbacks, NULL));
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((stop ? stop : end) - at);

		line(chain, at, len);
		at += len + 1;
	}
	chain_finish(chain);
	chain_free(chain);
	return 0;
}
