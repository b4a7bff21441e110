// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The transactions that carry updates, by eth_getTransactionByHash: what stands in their input is what a feed delivered.
 * A few at a time and so many a second, so that a burst of updates neither blocks the connection that tells of the next
 * ones nor meets a provider's limit; what finds no place any more is counted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "chain/state.h"
#include "feed/calldata.h"

#define ASKED_MAX   8
#define SPACING_NS  20000000	/* 50 a second */
#define ANSWER_NS   30000000000 /* after that a question counts as lost */
#define AGAIN_NS    1000000000	/* a node may tell of a log before it can find its transaction */
#define TRIES_MAX   4

void fetch_add(struct chain *chain, const char *tx_hash)
{
	struct fetch *slot;

	if (!chain->config->calldata || !chain->callbacks.send)
		return;
	for (unsigned i = 0; i < FETCHES_KEPT; i++)
		if (chain->fetches[i].state != FETCH_NONE && !strcmp(chain->fetches[i].tx_hash, tx_hash))
			return;
	slot = &chain->fetches[(chain->fetch_newest + 1) % FETCHES_KEPT];
	if (slot->state == FETCH_WAITING || slot->state == FETCH_ASKED) {
		chain->counters[CHAIN_COUNTER_CALLDATA_MISSED]++; /* this one: those before it are nearer to their turn */
		return;
	}
	chain->fetch_newest = (chain->fetch_newest + 1) % FETCHES_KEPT;
	*slot = (struct fetch){.state = FETCH_WAITING};
	memcpy(slot->tx_hash, tx_hash, sizeof(slot->tx_hash));
}

static void give_up(struct chain *chain, struct fetch *fetch)
{
	fetch->state = FETCH_DONE;
	chain->counters[CHAIN_COUNTER_CALLDATA_MISSED]++;
}

static void ask(struct chain *chain, unsigned index, int64_t now_ns)
{
	struct fetch *fetch = &chain->fetches[index];
	char params[HASH_TEXT + 8];

	chain->fetch_due_ns = now_ns + SPACING_NS;
	snprintf(params, sizeof(params), "[\"%s\"]", fetch->tx_hash);
	if (!request_send(chain, &(struct request){.kind = REQUEST_TRANSACTION, .fetch = index}, "eth_getTransactionByHash", params))
		return;
	fetch->state = FETCH_ASKED;
	fetch->due_ns = now_ns + ANSWER_NS;
	fetch->tries++;
	chain->fetches_asked++;
}

void fetch_step(struct chain *chain, int64_t now_ns)
{
	if (!chain->config->calldata || now_ns < chain->fetch_due_ns)
		return;
	for (unsigned i = 1; i <= FETCHES_KEPT; i++) { /* the oldest first */
		unsigned index = (chain->fetch_newest + i) % FETCHES_KEPT;
		struct fetch *fetch = &chain->fetches[index];

		if (fetch->state == FETCH_ASKED && now_ns >= fetch->due_ns) {
			request_forget(chain, REQUEST_TRANSACTION, index);
			chain->fetches_asked--;
			give_up(chain, fetch);
		}
		if (fetch->state == FETCH_WAITING && now_ns >= fetch->due_ns && chain->fetches_asked < ASKED_MAX) {
			ask(chain, index, now_ns);
			return;
		}
	}
	chain->fetch_due_ns = now_ns + SPACING_NS / 10; /* nothing waits: not worth a look each time */
}

/* ---- answers -------------------------------------------------------------------------------------------------------- */

struct carried {
	struct chain *chain;
	struct chain_calldata calldata;
};

static void on_carried(void *context, const char *type, const struct feed_message *message)
{
	struct carried *carried = context;

	carried->calldata.type = type;
	carried->calldata.message = *message;
	carried->calldata.message.details = NULL;
	carried->chain->callbacks.on_calldata(carried->chain->callbacks.context, &carried->calldata);
}

uint8_t *fetch_input(struct chain *chain, const char *text, size_t *len)
{
	size_t digits = strlen(text);
	uint8_t *input;
	long bytes;

	if (digits > 2 + 2 * CALLDATA_MAX) {
		chain->counters[CHAIN_COUNTER_CALLDATA_OVERSIZED]++;
		return NULL;
	}
	input = malloc(digits / 2 + 1);
	bytes = input ? hex_decode(text, digits, input, digits / 2 + 1) : -1;
	if (bytes < 0) {
		chain->counters[input ? CHAIN_COUNTER_BAD_MESSAGES : CHAIN_COUNTER_CALLDATA_MISSED]++;
		free(input);
		return NULL;
	}
	*len = (size_t)bytes;
	return input;
}

static void read_input(struct chain *chain, const char *tx_hash, const char *text)
{
	struct carried carried = {.chain = chain};
	size_t len;
	uint8_t *input = fetch_input(chain, text, &len);

	if (!input)
		return;
	memcpy(carried.calldata.tx_hash, tx_hash, sizeof(carried.calldata.tx_hash));
	chain->counters[CHAIN_COUNTER_CALLDATA_FETCHED]++;
	chain->counters[CHAIN_COUNTER_CALLDATA_EMPTY] += !calldata_scan(input, len, on_carried, &carried);
	free(input);
}

void fetch_read(struct chain *chain, struct json_object *transaction)
{
	const char *input = json_text(json_member(transaction, "input"));
	char hash[HASH_TEXT];

	if (!input || event_read_hash(json_member(transaction, "hash"), hash))
		chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++;
	else
		read_input(chain, hash, input);
}

static struct fetch *answered(struct chain *chain, unsigned index)
{
	chain->fetches_asked--;
	return &chain->fetches[index];
}

/* Not there yet, or not any more. */
static void try_again(struct chain *chain, struct fetch *fetch)
{
	if (fetch->tries == TRIES_MAX) {
		give_up(chain, fetch);
		return;
	}
	fetch->state = FETCH_WAITING;
	fetch->due_ns = fetch->due_ns - ANSWER_NS + fetch->tries * AGAIN_NS;
}

void fetch_answer(struct chain *chain, unsigned index, struct json_object *transaction)
{
	struct fetch *fetch = answered(chain, index);
	char hash[HASH_TEXT];

	if (!transaction) {
		try_again(chain, fetch);
		return;
	}
	fetch->state = FETCH_DONE;
	if (event_read_hash(json_member(transaction, "hash"), hash) || strcmp(hash, fetch->tx_hash))
		chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++; /* another transaction than was asked for */
	else
		fetch_read(chain, transaction);
}

void fetch_refused(struct chain *chain, unsigned index)
{
	give_up(chain, answered(chain, index));
}

void fetch_connection_lost(struct chain *chain)
{
	for (unsigned i = 0; i < FETCHES_KEPT; i++) {
		struct fetch *fetch = &chain->fetches[i];

		if (fetch->state == FETCH_ASKED)
			fetch->state = FETCH_WAITING;
		fetch->due_ns = 0;
		fetch->tries = 0;
	}
	chain->fetches_asked = 0;
}
