// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Questions over HTTP, one at a time: what was missed first, then the blocks of the slots with updates. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "chain/solana.h"

#define SECOND_NS INT64_C(1000000000)
#define TRIES_MAX 5
#define TRY_AGAIN_NS (2 * SECOND_NS) /* for a block that the node has not stored yet */

/* anza-xyz/agave, rpc-client-api/src/custom_error.rs */
enum {
	BLOCK_NOT_AVAILABLE = -32004,
	NODE_UNHEALTHY = -32005, /* behind the others; hosted nodes use it for a rate limit as well */
	SLOT_SKIPPED = -32007,
	LONG_TERM_STORAGE_SLOT_SKIPPED = -32009,
	BLOCK_STATUS_NOT_YET_AVAILABLE = -32014,
};

void solana_tell_block(struct chain *chain, struct slot *slot, const struct chain_block *answer)
{
	struct chain_block block = {.number = slot->number, .block_ns = TIME_UNKNOWN};

	if (answer)
		block = *answer;
	block.stamps = slot->stamps;
	slot->block = BLOCK_TOLD;
	chain->callbacks.on_block(chain->callbacks.context, &block);
}

/* ---- asking ----------------------------------------------------------------------------------------------------------- */

bool solana_has_level(const struct solana *s, uint64_t slot, enum chain_level level)
{
	return s->levels[level].known && slot <= s->levels[level].number;
}

/* When the block may be asked for; INT64_MAX: not before a level is reached. */
static int64_t due_ns(const struct chain *chain, const struct slot *slot)
{
	if (!slot->used || !slot->updates || slot->block != BLOCK_NOT_ASKED)
		return INT64_MAX;
	return solana_has_level(chain->solana, slot->number, CHAIN_FINALIZED) ||
			       (!slot->at_root && solana_has_level(chain->solana, slot->number, CHAIN_SAFE))
		       ? slot->not_before_ns
		       : INT64_MAX;
}

bool solana_question(struct chain *chain, enum solana_question kind, const char *method, const char *params)
{
	char *text;
	int len = asprintf(&text, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}", method, params);
	bool sent = len >= 0 && !chain->callbacks.post(chain->callbacks.context, text, (size_t)len);

	if (len >= 0)
		free(text);
	if (sent) {
		chain->solana->asked.kind = kind;
		chain->solana->asked.stale = false;
	}
	return sent;
}

static struct slot *oldest_due(struct chain *chain, int64_t now_ns)
{
	struct solana *s = chain->solana;
	struct slot *oldest = NULL;

	s->scan_ns = INT64_MAX;
	for (size_t i = 0; i < SLOTS_KEPT; i++) {
		struct slot *slot = &s->slots[i];
		int64_t at_ns = due_ns(chain, slot);

		if (at_ns < s->scan_ns)
			s->scan_ns = at_ns;
		if (at_ns <= now_ns && (!oldest || slot->number < oldest->number))
			oldest = slot;
	}
	return oldest;
}

static void ask_block(struct chain *chain, int64_t now_ns)
{
	struct slot *oldest = oldest_due(chain, now_ns);
	char params[200];
	bool final;

	if (!oldest)
		return;
	final = solana_has_level(chain->solana, oldest->number, CHAIN_FINALIZED);
	snprintf(params, sizeof(params),
		 "[%" PRIu64 ",{\"commitment\":\"%s\",\"transactionDetails\":\"none\",\"rewards\":false,"
		 "\"maxSupportedTransactionVersion\":0}]",
		 oldest->number, final ? "finalized" : "confirmed");
	if (!solana_question(chain, ASK_BLOCK, "getBlock", params))
		return;
	oldest->block = BLOCK_ASKED;
	oldest->at_root = final; /* then the answer is the last word */
	chain->solana->asked.slot = oldest->number;
}

void solana_ask(struct chain *chain, int64_t now_ns)
{
	struct solana *s = chain->solana;

	if (!chain->callbacks.post || s->asked.kind != ASK_NOTHING)
		return;
	if (!solana_gap_ask(chain) && now_ns >= s->scan_ns)
		ask_block(chain, now_ns);
}

/* ---- answers ---------------------------------------------------------------------------------------------------------- */

static int read_block(struct json_object *result, uint64_t number, struct chain_block *out)
{
	const char *hash = json_text(json_member(result, "blockhash")), *parent = json_text(json_member(result, "previousBlockhash"));
	struct json_object *time = json_member(result, "blockTime");
	uint8_t key[32];
	int64_t seconds;

	*out = (struct chain_block){.number = number, .block_ns = TIME_UNKNOWN};
	if (!hash || !parent || base58_decode(hash, key, sizeof(key)) || base58_decode(parent, key, sizeof(key)) ||
	    strlen(hash) >= sizeof(out->hash) || strlen(parent) >= sizeof(out->parent))
		return -EBADMSG;
	strcpy(out->hash, hash);
	strcpy(out->parent, parent);
	if (time && (!json_integer(time, &seconds) || __builtin_mul_overflow(seconds, SECOND_NS, &out->block_ns)))
		return -EBADMSG;
	return 0;
}

void solana_refused(struct chain *chain, const char *what, const char *text)
{
	struct solana *s = chain->solana;
	char printable[200];

	chain->counters[CHAIN_COUNTER_RPC_ERRORS]++;
	if (s->refusals_said & 1u << s->asked.kind)
		return;
	s->refusals_said |= 1u << s->asked.kind;
	json_printable(printable, sizeof(printable), text);
	solana_warn(chain, "chain %s: the node answers \"%s\"; %s", chain->config->name, printable, what);
}

static void block_answer(struct chain *chain, struct json_object *result, int64_t code, const char *text, int64_t now_ns)
{
	static const struct chain_stamps unknown = {TIME_UNKNOWN, TIME_UNKNOWN, TIME_UNKNOWN};
	struct slot *slot = solana_slot_find(chain, chain->solana->asked.slot);
	bool skipped = code == SLOT_SKIPPED || code == LONG_TERM_STORAGE_SLOT_SKIPPED;
	struct chain_block block;

	if (!slot || slot->block != BLOCK_ASKED) /* it was evicted, or has died meanwhile */
		return;
	if (result) {
		if (read_block(result, slot->number, &block)) {
			chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++;
			chain->counters[CHAIN_COUNTER_UNKNOWN_BLOCKS]++;
			solana_tell_block(chain, slot, NULL);
			return;
		}
		if (slot->at_root && slot->fate == SLOT_OPEN)
			slot->fate = SLOT_ROOTED;
		solana_tell_block(chain, slot, &block);
	} else if (skipped && slot->at_root && slot->fate == SLOT_OPEN) {
		solana_slot_leave(chain, slot, SLOT_LEFT, &unknown);
	} else if (skipped && !slot->at_root) {
		slot->block = BLOCK_NOT_ASKED; /* not on the fork that is confirmed: the root will tell */
		slot->at_root = true;
	} else if ((code == BLOCK_NOT_AVAILABLE || code == BLOCK_STATUS_NOT_YET_AVAILABLE) && ++slot->tries < TRIES_MAX) {
		slot->block = BLOCK_NOT_ASKED;
		slot->not_before_ns = now_ns + TRY_AGAIN_NS;
	} else {
		chain->counters[CHAIN_COUNTER_UNKNOWN_BLOCKS]++;
		solana_refused(chain, "the times of blocks are not in the session: let `http:` be an endpoint that has getBlock", text);
		solana_tell_block(chain, slot, NULL);
	}
}

static void take_answer(struct chain *chain, struct json_object *result, int64_t code, const char *text, int64_t now_ns)
{
	if (chain->solana->asked.kind == ASK_BLOCK)
		block_answer(chain, result, code, text, now_ns);
	else if (!chain->solana->asked.stale)
		solana_gap_answer(chain, result, text);
	chain->solana->asked.kind = ASK_NOTHING;
}

/* An answer that cannot be read, or none of JSON-RPC. */
static bool no_answer(struct chain *chain, int status, int64_t now_ns)
{
	char text[80];

	if (status == 200)
		chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++;
	snprintf(text, sizeof(text), status == 200 ? "(no answer of JSON-RPC)" : "HTTP status %d%s", status,
		 status == 401 || status == 403 ? ", the credentials are refused" : "");
	take_answer(chain, NULL, 0, text, now_ns);
	return false;
}

bool solana_answer(struct chain *chain, int status, const uint8_t *data, size_t len, int64_t now_ns)
{
	struct json_object *message, *error, *result;
	int64_t code = 0;
	bool later = status == 429 || status >= 500;

	if (!later && json_read(&message, data, len, NULL))
		return no_answer(chain, status, now_ns);
	if (!later) {
		error = json_member(message, "error");
		result = json_member(message, "result");
		json_integer(json_member(error, "code"), &code);
		later = code == NODE_UNHEALTHY || code == 429;
		if (!later && (error || result))
			take_answer(chain, error ? NULL : result, code, json_text(json_member(error, "message")), now_ns);
		else if (!later)
			no_answer(chain, status, now_ns);
		json_object_put(message);
	}
	chain->counters[CHAIN_COUNTER_RATE_LIMITED] += later;
	return later;
}
