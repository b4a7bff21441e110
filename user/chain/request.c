// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What is asked of the node, and its answers. After each (re)connect: subscribe to heads and to the oracles' logs; once
 * every log subscription is confirmed, ask for the block number (so that no block falls between the two), and fetch the
 * logs from the last block seen up to it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "chain/state.h"

/* A reorg while the connection was down replaces blocks before the last one seen too: fetch these again (known logs are
 * dropped). What it took back is not told by eth_getLogs, so such an update stays in the session. */
#define REORG_DEPTH 8

#define ANSWER_NS 60000000000

static const char *const remedies[] = {
	[REQUEST_HEADS] = "no heads, hence no block stages: use a WebSocket endpoint that allows eth_subscribe newHeads",
	[REQUEST_LOGS] = "no updates will be seen: use a WebSocket endpoint that allows eth_subscribe logs",
	[REQUEST_BLOCK_NUMBER] = "updates missed while the connection was down cannot be fetched: allow eth_blockNumber",
	[REQUEST_GET_LOGS] = "updates missed while the connection was down are not in the session: allow eth_getLogs",
	[REQUEST_TRANSACTION] = "updates are not joined by their bytes: allow eth_getTransactionByHash, or leave out 'calldata'",
	[REQUEST_PENDING] = "no update is seen pending: use a node that takes eth_subscribe newPendingTransactions with 'true' for "
			    "whole transactions, or leave out 'pending'",
	[REQUEST_UNSUBSCRIBE] = "pending transactions keep coming by their hashes alone: leave out 'pending'",
	[REQUEST_FINAL] = "when blocks become final is not in the session: it needs eth_getBlockByNumber with the tags safe and finalized",
};

bool request_has_type(const struct chain *chain, int type)
{
	for (size_t i = 0; i < chain->config->oracle_count; i++) {
		if ((int)chain->config->oracles[i].type == type)
			return true;
	}
	return false;
}

void request_warn(struct chain *chain, const char *text)
{
	chain->told = true;
	if (chain->callbacks.on_warning)
		chain->callbacks.on_warning(chain->callbacks.context, text);
}

/* ---- sending -------------------------------------------------------------------------------------------------------- */

static void forget(struct request *request)
{
	free(request->text);
	*request = (struct request){0};
}

bool request_send(struct chain *chain, const struct request *request, const char *method, const char *params)
{
	struct request *slot = chain->pending;

	while (slot < chain->pending + PENDING_MAX && slot->id)
		slot++;
	if (slot == chain->pending + PENDING_MAX)
		return false; /* only aggregator() is asked more than a few times at once, and only for the sake of a hint */
	*slot = *request;
	slot->id = ++chain->next_id;
	slot->sent_ns = chain->now_ns;
	if (asprintf(&slot->text, "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64 ",\"method\":\"%s\",\"params\":%s}", slot->id, method,
		     params) < 0)
		slot->text = NULL;
	if (slot->text && !chain->callbacks.send(chain->callbacks.context, slot->text, strlen(slot->text)))
		return true;
	forget(slot);
	return false;
}

void request_forget(struct chain *chain, enum request_kind kind, unsigned fetch)
{
	for (struct request *r = chain->pending; r < chain->pending + PENDING_MAX; r++)
		if (r->id && r->kind == kind && r->fetch == fetch)
			forget(r);
}

static void put_hex(FILE *out, const uint8_t *bytes, size_t len)
{
	char text[2 * ABI_WORD + 1];

	hex_encode(bytes, len, text);
	fprintf(out, "\"0x%s\"", text);
}

/* "address":[…],"topics":[[…]] for the oracles of a type; where one contract serves every feed, ids are asked for too. */
static void put_filter(FILE *out, const struct chain *chain, int type)
{
	const char *comma = "";

	fputs("\"address\":[", out);
	for (size_t i = 0; i < chain->config->oracle_count; i++) {
		const struct oracle_config *oracle = &chain->config->oracles[i];
		bool repeated = false;

		for (size_t j = 0; j < i; j++)
			repeated |= !memcmp(oracle->address, chain->config->oracles[j].address, sizeof(oracle->address)) &&
				    (int)chain->config->oracles[j].type == type;
		if ((int)oracle->type != type || repeated)
			continue;
		fputs(comma, out);
		put_hex(out, oracle->address, sizeof(oracle->address));
		comma = ",";
	}
	fputs("],\"topics\":[[", out);
	comma = "";
	for (int i = 0; i < EVENT_COUNT; i++) {
		if ((int)event_oracle_type((enum event_id)i) != type)
			continue;
		fputs(comma, out);
		put_hex(out, chain->topics.topic0[i], ABI_WORD);
		comma = ",";
	}
	for (size_t i = 0; type == ORACLE_EVENT && i < chain->config->oracle_count; i++) {
		uint8_t topic0[ABI_WORD];

		if (chain->config->oracles[i].type != ORACLE_EVENT)
			continue;
		event_topic0(&chain->config->oracles[i].event, topic0);
		fputs(comma, out);
		put_hex(out, topic0, ABI_WORD);
		comma = ",";
	}
	fputc(']', out);
	comma = ",[";
	for (size_t i = 0; oracle_type_has_id((enum oracle_type)type) && i < chain->config->oracle_count; i++) {
		if ((int)chain->config->oracles[i].type != type)
			continue;
		fprintf(out, "%s\"0x%s\"", comma, chain->config->oracles[i].id);
		comma = ",";
	}
	fputs(oracle_type_has_id((enum oracle_type)type) ? "]]" : "]", out);
}

static void send_simple(struct chain *chain, enum request_kind kind, const char *method, const char *params)
{
	request_send(chain, &(struct request){.kind = kind}, method, params);
}

void request_send_filter(struct chain *chain, enum request_kind kind, const char *method, const char *before, int type,
			 const char *after)
{
	char *params = NULL;
	size_t size;
	FILE *out = open_memstream(&params, &size);

	if (!out)
		return;
	fputs(before, out);
	put_filter(out, chain, type);
	fputs(after, out);
	if (!fclose(out))
		send_simple(chain, kind, method, params);
	free(params);
}

/* ---- a new connection ----------------------------------------------------------------------------------------------- */

void request_connection_lost(struct chain *chain)
{
	backfill_connection_lost(chain);
	fetch_connection_lost(chain);
	for (struct request *r = chain->pending; r < chain->pending + PENDING_MAX; r++)
		forget(r);
	chain->pause_ns = chain->paused_until_ns = chain->repeat_due_ns = 0;
	for (int i = 0; i < CHAIN_LEVELS; i++)
		chain->levels[i].refused_until_ns = 0; /* the next connection may be to another node */
}

static void ask_proxies(struct chain *chain)
{
	uint8_t selector[KECCAK256_LEN];
	char params[160], address[41], digits[2 * KECCAK256_LEN + 1];

	keccak256("aggregator()", strlen("aggregator()"), selector);
	hex_encode(selector, sizeof(selector), digits);
	for (size_t i = 0; i < chain->config->oracle_count; i++) {
		const struct oracle_config *oracle = &chain->config->oracles[i];

		if (oracle->type != ORACLE_CHAINLINK)
			continue;
		hex_encode(oracle->address, sizeof(oracle->address), address);
		snprintf(params, sizeof(params), "[{\"to\":\"0x%s\",\"data\":\"0x%.8s\"},\"latest\"]", address, digits);
		request_send(chain, &(struct request){.kind = REQUEST_AGGREGATOR, .oracle = oracle}, "eth_call", params);
	}
}

void request_subscribe(struct chain *chain)
{
	request_connection_lost(chain);
	if (chain->started && !chain->gap_open)
		backfill_open(chain, chain->last_block > REORG_DEPTH ? chain->last_block - REORG_DEPTH : 0);
	chain->logs_unconfirmed = 0;
	for (int type = 0; type < ORACLE_TYPES; type++)
		chain->logs_unconfirmed += request_has_type(chain, type);
	send_simple(chain, REQUEST_HEADS, "eth_subscribe", "[\"newHeads\"]");
	chain->pending_refused = false;
	if (chain->config->pending)
		send_simple(chain, REQUEST_PENDING, "eth_subscribe", "[\"newPendingTransactions\",true]");
	for (int type = 0; type < ORACLE_TYPES; type++) {
		if (request_has_type(chain, type))
			request_send_filter(chain, REQUEST_LOGS, "eth_subscribe", "[\"logs\",{", type, "}]");
	}
	if (!chain->proxies_asked)
		ask_proxies(chain);
	chain->proxies_asked = true;
}

/* ---- answers -------------------------------------------------------------------------------------------------------- */

/* Once every log subscription is answered, no later block can be missed: the gap ends at the block of now. */
static void logs_answered(struct chain *chain)
{
	if (!--chain->logs_unconfirmed)
		send_simple(chain, REQUEST_BLOCK_NUMBER, "eth_blockNumber", "[]");
}

/* What an error means for what was asked; said once for each kind of request. */
static void request_failed(struct chain *chain, const struct request *request, const char *text)
{
	enum request_kind kind = request->kind;
	char printable[200], warning[640];

	if (kind == REQUEST_AGGREGATOR)
		return; /* an aggregator has no such function: good */
	if (kind == REQUEST_GET_LOGS && backfill_halve(chain))
		return;
	if (kind == REQUEST_GET_LOGS || (kind == REQUEST_BLOCK_NUMBER && chain->gap_open)) {
		chain->backfill.active = chain->gap_open = false;
		chain->counters[CHAIN_COUNTER_BACKFILL_FAILED]++;
	}
	if (kind == REQUEST_LOGS)
		logs_answered(chain);
	if (kind == REQUEST_FINAL)
		finality_refused(chain, request->level);
	else if (kind == REQUEST_TRANSACTION)
		fetch_refused(chain, request->fetch);
	else
		chain->counters[CHAIN_COUNTER_RPC_ERRORS]++;
	if (chain->warned & 1u << kind)
		return;
	chain->warned |= 1u << kind;
	json_printable(printable, sizeof(printable), text);
	snprintf(warning, sizeof(warning), "chain %s: the node answered \"%s\"; %s", chain->config->name, printable,
		 remedies[kind]);
	request_warn(chain, warning);
}

void request_step(struct chain *chain)
{
	for (struct request *slot = chain->pending; slot < chain->pending + PENDING_MAX; slot++) {
		struct request request = *slot;

		/* transactions have a patience of their own (fetch.c) */
		if (!slot->id || slot->put_off || !slot->sent_ns || slot->kind == REQUEST_TRANSACTION ||
		    chain->now_ns - slot->sent_ns < ANSWER_NS)
			continue;
		forget(slot);
		request_failed(chain, &request, "(nothing within a minute)");
		return; /* one at a time: it may lead to other questions */
	}
}

/* aggregator() of a proxy answers the contract that emits the events; the proxy itself emits none. */
static void read_aggregator(struct chain *chain, const struct oracle_config *oracle, struct json_object *result)
{
	static const uint8_t zero[ABI_WORD];
	uint8_t word[ABI_WORD];
	char address[41], proxy[41], warning[640];

	if (abi_bytes(json_text(result), word, sizeof(word)) || memcmp(word, zero, 12) || !memcmp(word, zero, sizeof(word)) ||
	    !memcmp(word + 12, oracle->address, sizeof(oracle->address)))
		return;
	hex_encode(word + 12, 20, address);
	hex_encode(oracle->address, 20, proxy);
	snprintf(warning, sizeof(warning),
		 "chain %s: oracle %s: 0x%s looks like a proxy, which emits no events; its aggregator is 0x%s: "
		 "put that address into the site file, and again when Chainlink replaces it",
		 chain->config->name, oracle->asset, proxy, address);
	request_warn(chain, warning);
}

static void read_block_number(struct chain *chain, uint64_t number)
{
	if (!chain->started) { /* the first connection: from here on a reconnect knows what it missed */
		chain_note_block(chain, number);
		return;
	}
	if (!chain->gap_open) /* the first one too, but heads came before the logs were subscribed to */
		backfill_open(chain, chain->first_block);
	backfill_start(chain, number);
}

static void read_result(struct chain *chain, const struct request *request, struct json_object *result,
			const struct chain_stamps *stamps)
{
	const char *text = json_text(result);
	uint64_t number;

	switch (request->kind) {
	case REQUEST_HEADS:
	case REQUEST_PENDING:
		if (text)
			return;
		break;
	case REQUEST_UNSUBSCRIBE: /* true, or false where it had ended already */
		return;
	case REQUEST_LOGS:
		if (!text)
			break;
		logs_answered(chain);
		return;
	case REQUEST_BLOCK_NUMBER:
		if (abi_block_number(text, &number))
			break;
		read_block_number(chain, number);
		return;
	case REQUEST_GET_LOGS:
		if (!json_object_is_type(result, json_type_array))
			break;
		backfill_page(chain, result);
		return;
	case REQUEST_AGGREGATOR:
		read_aggregator(chain, request->oracle, result);
		return;
	case REQUEST_FINAL:
		finality_answer(chain, request->level, result, stamps);
		return;
	case REQUEST_TRANSACTION:
		fetch_answer(chain, request->fetch, result);
		return;
	}
	chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++;
	request_failed(chain, request, "(an answer of another type)");
}

/* A passive reader knows no requests; only a list of logs tells by itself what was asked. */
static void read_passive(struct chain *chain, struct json_object *answer)
{
	struct json_object *result = json_member(answer, "result");

	if (!json_member(answer, "id"))
		chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++;
	if (json_object_is_type(result, json_type_array) && json_object_array_length(result) &&
	    json_member(json_object_array_get_idx(result, 0), "topics"))
		backfill_page(chain, result);
	else if (json_member(result, "input"))
		fetch_read(chain, result);
}

void request_answer(struct chain *chain, struct json_object *answer, const struct chain_stamps *stamps)
{
	struct json_object *error = json_member(answer, "error");
	struct request request;
	int64_t id;

	if (!chain->callbacks.send) {
		read_passive(chain, answer);
		return;
	}
	if (!json_integer(json_member(answer, "id"), &id) || id <= 0) {
		chain->counters[error ? CHAIN_COUNTER_RPC_ERRORS : CHAIN_COUNTER_BAD_MESSAGES]++;
		return;
	}
	for (struct request *slot = chain->pending; slot < chain->pending + PENDING_MAX; slot++) {
		if (slot->id != (uint64_t)id)
			continue;
		if (error && limit_refused(chain, slot, error))
			return;
		request = *slot; /* the slot is free for what the answer leads to */
		forget(slot);
		chain->pause_ns = 0;
		if (error)
			request_failed(chain, &request, json_text(json_member(error, "message")));
		else
			read_result(chain, &request, json_member(answer, "result"), stamps);
		return;
	}
	chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++; /* answers nothing that was asked on this connection */
}
