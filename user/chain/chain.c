// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "chain/chain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base58.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "chain/solana.h"
#include "chain/state.h"

/* Two digests an update: a gap may hold 32,000 updates before one that is fetched twice can pass for two. 3 MB. */
#ifdef PL_SMALL_TABLES /* of the fuzzer, which makes thousands a second and is to fill them */
#define SEEN_KEPT 32
#else
#define SEEN_KEPT 65536
#endif

static const struct {
	const char *name;
	bool has_id;
	int decimals;
	enum chain_type chain;
} types[ORACLE_TYPES] = {
	[ORACLE_CHAINLINK] = {"chainlink", false, 8, CHAIN_ETHEREUM},
	[ORACLE_PYTH_EVM] = {"pyth-evm", true, 8, CHAIN_ETHEREUM},
	[ORACLE_STORK] = {"stork", true, 18, CHAIN_ETHEREUM},
	[ORACLE_CHRONICLE] = {"chronicle", false, 18, CHAIN_ETHEREUM},
	[ORACLE_EVENT] = {"event", false, 8, CHAIN_ETHEREUM},
	[ORACLE_PRICE_UPDATE] = {"pyth-price-update-v2", false, 0, CHAIN_SOLANA},
};
const char oracle_type_names[] = "chainlink, pyth-evm, stork, chronicle, event, pyth-price-update-v2";
const char *const chain_type_names[] = {[CHAIN_ETHEREUM] = "ethereum", [CHAIN_SOLANA] = "solana", NULL};

enum chain_type oracle_type_chain(enum oracle_type type)
{
	return types[type].chain;
}

bool oracle_type_has_id(enum oracle_type type)
{
	return types[type].has_id;
}

int oracle_type_decimals(enum oracle_type type)
{
	return types[type].decimals;
}

int oracle_type_parse(const char *text, enum oracle_type *out)
{
	for (int i = 0; i < ORACLE_TYPES; i++) {
		if (!strcmp(text, types[i].name)) {
			*out = (enum oracle_type)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *oracle_type_name(enum oracle_type type)
{
	return types[type].name;
}

void oracle_address_text(const struct oracle_config *oracle, char out[ORACLE_ADDRESS_TEXT])
{
	char text[BASE58_TEXT_MAX];

	if (oracle_type_chain(oracle->type) == CHAIN_SOLANA) {
		base58_encode(oracle->account, sizeof(oracle->account), text); /* 44 digits at most */
		memcpy(out, text, strlen(text) + 1);
	} else {
		memcpy(out, "0x", 2);
		hex_encode(oracle->address, sizeof(oracle->address), out + 2);
	}
}

static bool same_source(const struct oracle_config *a, const struct oracle_config *b)
{
	return a->type == b->type && !memcmp(a->address, b->address, sizeof(a->address)) && !strcasecmp(a->id, b->id) &&
	       !strcmp(a->event.signature, b->event.signature) && !memcmp(a->account, b->account, sizeof(a->account));
}

static int check_oracles(const struct chain_config *config, struct error *err)
{
	for (size_t i = 0; i < config->oracle_count; i++) {
		const struct oracle_config *oracle = &config->oracles[i];

		if (oracle_type_chain(oracle->type) != config->type)
			return error_set(err, -EINVAL, "chain %s: oracles[%zu] (%s): %s is none of a chain of type %s", config->name, i,
					 oracle->asset, oracle_type_name(oracle->type), chain_type_names[config->type]);
		if ((oracle_type_has_id(oracle->type) || oracle->event.id.set) && strspn(oracle->id, "0123456789abcdefABCDEF") != 64)
			return error_set(err, -EINVAL, "chain %s: oracles[%zu] (%s): %s needs the feed's id, 64 hex digits",
					 config->name, i, oracle->asset, oracle_type_name(oracle->type));
		for (size_t j = 0; j < i; j++) {
			if (same_source(oracle, &config->oracles[j]))
				return error_set(err, -EINVAL,
						 "chain %s: oracles[%zu] (%s) is the same contract and feed as oracles[%zu] (%s)",
						 config->name, i, oracle->asset, j, config->oracles[j].asset);
		}
	}
	return 0;
}

static const struct chain_kind ethereum_kind;

int chain_new(struct chain **out, const struct chain_config *config, const struct chain_callbacks *callbacks,
	      struct error *err)
{
	struct chain *chain;
	int ret = check_oracles(config, err);

	*out = NULL;
	if (ret)
		return ret;
	chain = calloc(1, sizeof(*chain));
	if (!chain)
		return error_set(err, -ENOMEM, "chain %s: no memory", config->name);
	chain->kind = config->type == CHAIN_SOLANA ? &solana_kind : &ethereum_kind;
	chain->config = config;
	chain->callbacks = *callbacks;
	chain->seen = seen_new(chain->kind->seen_kept);
	ret = chain->seen ? chain->kind->open(chain, err) : -ENOMEM;
	if (ret == -ENOMEM)
		error_set(err, ret, "chain %s: no memory", config->name);
	if (ret)
		chain_free(chain);
	else
		*out = chain;
	return ret;
}

void chain_connected(struct chain *chain)
{
	if (!chain->callbacks.send)
		return;
	chain->connected = true;
	chain->kind->subscribe(chain);
}

void chain_disconnected(struct chain *chain)
{
	chain->connected = false;
	chain->kind->lost(chain);
}

void chain_step(struct chain *chain, int64_t now_mono_ns)
{
	chain->now_ns = now_mono_ns;
	if (chain->connected)
		chain->kind->step(chain, now_mono_ns);
}

void chain_note_block(struct chain *chain, uint64_t number)
{
	if (!chain->started)
		chain->first_block = chain->last_block = number;
	chain->started = true;
	if (number > chain->last_block)
		chain->last_block = number;
}

/* ---- heads ---------------------------------------------------------------------------------------------------------- */

const struct head *chain_find_head(const struct chain *chain, const char *hash)
{
	for (size_t i = 0; i < chain->head_count; i++) {
		const struct head *head = &chain->heads[(chain->head_newest + HEADS_KEPT - i) % HEADS_KEPT];

		if (!strcmp(head->hash, hash))
			return head;
	}
	return NULL;
}

/* The last head that was seen with this number; NULL: none of the last ones had it. */
static const struct head *head_at(const struct chain *chain, uint64_t number)
{
	for (size_t i = 0; i < chain->head_count; i++) {
		const struct head *head = &chain->heads[(chain->head_newest + HEADS_KEPT - i) % HEADS_KEPT];

		if (head->number == number)
			return head;
	}
	return NULL;
}

/* Only blocks that were seen can be judged: behind a balancer a node that lags sends heads that are old but right. */
static void check_final(struct chain *chain, const struct chain_block *block)
{
	const struct head *same = head_at(chain, block->number), *before = block->number ? head_at(chain, block->number - 1) : NULL;

	if (before && strcmp(before->hash, block->parent))
		finality_check(chain, before->number);
	else if (same)
		finality_check(chain, same->number);
}

static void note_sequence(struct chain *chain, const struct chain_block *block)
{
	const struct head *last = &chain->heads[chain->head_newest];

	if (!chain->head_count)
		return;
	if (block->number > last->number && block->number - last->number > 1)
		chain->counters[CHAIN_COUNTER_HEAD_GAPS] += block->number - last->number - 1;
	else if (strcmp(block->parent, last->hash))
		chain->counters[CHAIN_COUNTER_REORGS]++;
	check_final(chain, block);
	update_head_replaced(chain, block);
}

static void keep_head(struct chain *chain, const struct chain_block *block)
{
	struct head *head;

	chain->head_newest = chain->head_count ? (chain->head_newest + 1) % HEADS_KEPT : 0;
	chain->head_count += chain->head_count < HEADS_KEPT;
	head = &chain->heads[chain->head_newest];
	head->number = block->number;
	head->block_ns = block->block_ns;
	memcpy(head->hash, block->hash, sizeof(head->hash));
}

static void read_head(struct chain *chain, struct json_object *object, const struct chain_stamps *stamps)
{
	struct chain_block block = {.stamps = *stamps};
	uint64_t seconds;

	if (abi_block_number(json_text(json_member(object, "number")), &block.number) ||
	    abi_quantity(json_text(json_member(object, "timestamp")), &seconds) ||
	    event_read_hash(json_member(object, "hash"), block.hash) ||
	    event_read_hash(json_member(object, "parentHash"), block.parent)) {
		chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++;
		return;
	}
	chain->counters[CHAIN_COUNTER_HEADS]++;
	block.block_ns = abi_seconds_ns(seconds);
	if (chain_find_head(chain, block.hash))
		return; /* said twice: the first stamp stands */
	note_sequence(chain, &block);
	keep_head(chain, &block);
	chain_note_block(chain, block.number);
	chain->callbacks.on_block(chain->callbacks.context, &block);
}

/* ---- messages ------------------------------------------------------------------------------------------------------- */

/* By shape, not by subscription id: a notification may come before the answer that tells the id, and a passive reader sees no request. */
static void read_notification(struct chain *chain, struct json_object *message, const struct chain_stamps *stamps)
{
	struct json_object *params = json_member(message, "params"), *result = json_member(params, "result");

	if (json_member(result, "topics"))
		update_read_log(chain, result, stamps, false);
	else if (json_member(result, "parentHash"))
		read_head(chain, result, stamps);
	else if (json_member(result, "input") || json_text(result))
		pending_read(chain, result, json_member(params, "subscription"), stamps);
	else
		chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++;
}

static int open_ethereum(struct chain *chain, struct error *err)
{
	(void)err; /* the caller has the words for no memory */
	chain->backfill.span_limit = UINT64_MAX;
	event_topics_init(&chain->topics);
	chain->pending_seen = chain->config->pending ? seen_new(SEEN_KEPT) : NULL;
	return chain->config->pending && !chain->pending_seen ? -ENOMEM : 0;
}

static void step_ethereum(struct chain *chain, int64_t now_ns)
{
	if (!limit_step(chain))
		return;
	request_step(chain);
	fetch_step(chain, now_ns);
	finality_step(chain, now_ns);
}

static const struct chain_kind ethereum_kind = {
	.seen_kept = SEEN_KEPT,
	.open = open_ethereum,
	.subscribe = request_subscribe,
	.lost = request_connection_lost,
	.notification = read_notification,
	.answer = request_answer,
	.step = step_ethereum,
	.close = request_connection_lost, /* frees what was asked */
};

/* The first one is shown: it tells a wrong address, or a node that says things in another way, from a broken one. */
static void tell_unreadable(struct chain *chain, const uint8_t *data, size_t len)
{
	char start[161], printable[200], warning[512];

	snprintf(start, sizeof(start), "%.*s", (int)(len < sizeof(start) ? len : sizeof(start) - 1), (const char *)data);
	json_printable(printable, sizeof(printable), start);
	snprintf(warning, sizeof(warning), "chain %s: a message of the node could not be read (more are only counted); is 'rpc' the "
		 "WebSocket of a node of type %s? It begins: %s", chain->config->name, chain_type_names[chain->config->type], printable);
	request_warn(chain, warning);
}

static void read_message(struct chain *chain, const uint8_t *data, size_t len, const struct chain_stamps *stamps)
{
	struct json_object *message;

	if (json_read(&message, data, len, NULL)) {
		chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++;
		return;
	}
	if (json_member(message, "method"))
		chain->kind->notification(chain, message, stamps);
	else if (json_object_is_type(message, json_type_object))
		chain->kind->answer(chain, message, stamps);
	else
		chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++;
	json_object_put(message);
}

void chain_message(struct chain *chain, const uint8_t *data, size_t len, const struct chain_stamps *stamps)
{
	bool first = !chain->counters[CHAIN_COUNTER_BAD_MESSAGES];

	chain->told = false;
	read_message(chain, data, len, stamps);
	if (first && !chain->told && chain->counters[CHAIN_COUNTER_BAD_MESSAGES])
		tell_unreadable(chain, data, len);
}

bool chain_posted(struct chain *chain, int status, const uint8_t *data, size_t len, int64_t now_mono_ns)
{
	return chain->kind->posted && chain->kind->posted(chain, status, data, len, now_mono_ns);
}

void chain_finish(struct chain *chain)
{
	if (chain->kind->finish)
		chain->kind->finish(chain);
}

void chain_counters(const struct chain *chain, uint64_t out[CHAIN_COUNTER_MAX])
{
	memcpy(out, chain->counters, sizeof(chain->counters));
}

void chain_free(struct chain *chain)
{
	if (!chain)
		return;
	if (chain->kind->close)
		chain->kind->close(chain);
	seen_free(chain->seen);
	seen_free(chain->pending_seen);
	free(chain);
}
