// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Pending transactions, as newPendingTransactions tells them: those that bring an update are looked for by the contract that
 * they go to, and by the feed of the messages that they carry, since keepers' contracts pass updates on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "base/json.h"
#include "chain/state.h"
#include "feed/build.h"
#include "feed/calldata.h"

/* Said once a connection; and so that not every hash of the network comes for nothing, the subscription ends. */
static void hash_alone(struct chain *chain, struct json_object *subscription)
{
	const char *id = json_text(subscription);
	char warning[300], params[80], printable[60];

	chain->counters[CHAIN_COUNTER_PENDING_HASHES]++;
	if (!chain->callbacks.send || chain->pending_refused)
		return;
	chain->pending_refused = true;
	snprintf(warning, sizeof(warning),
		 "chain %s: the node tells pending transactions by their hash alone: no update is seen pending. "
		 "Use a node that takes newPendingTransactions with 'true', or leave out 'pending'", chain->config->name);
	request_warn(chain, warning);
	if (!id || strlen(id) >= sizeof(printable) || strspn(id, "0123456789abcdefABCDEFx") != strlen(id))
		return;
	snprintf(params, sizeof(params), "[\"%s\"]", id);
	request_send(chain, &(struct request){.kind = REQUEST_UNSUBSCRIBE}, "eth_unsubscribe", params);
}

struct found {
	struct chain *chain;
	struct chain_pending pending;
	bool to_oracle;
	unsigned count;
};

static void emit(struct found *found)
{
	found->count++;
	found->chain->callbacks.on_pending(found->chain->callbacks.context, &found->pending);
}

static bool is_wanted_feed(const struct chain_config *config, const char *id)
{
	for (size_t i = 0; *id && i < config->oracle_count; i++)
		if (!strcasecmp(config->oracles[i].id, id))
			return true;
	return false;
}

static void on_carried(void *context, const char *type, const struct feed_message *message)
{
	struct found *found = context;

	if (!found->to_oracle && !is_wanted_feed(found->chain->config, message->id))
		return;
	found->pending.type = type;
	found->pending.message = *message;
	found->pending.message.details = NULL;
	emit(found);
}

/* `to`: null where a contract is created. False if it is no address. */
static bool read_to(struct found *found, struct json_object *to)
{
	const struct chain_config *config = found->chain->config;
	uint8_t address[20];

	if (!to)
		return true;
	if (abi_bytes(json_text(to), address, sizeof(address)))
		return false;
	memcpy(found->pending.to, "0x", 2);
	hex_encode(address, sizeof(address), found->pending.to + 2);
	for (size_t i = 0; i < config->oracle_count; i++)
		found->to_oracle |= !memcmp(config->oracles[i].address, address, sizeof(address));
	return true;
}

void pending_read(struct chain *chain, struct json_object *told, struct json_object *subscription, const struct chain_stamps *stamps)
{
	const char *text = json_text(json_member(told, "input"));
	struct found found = {.chain = chain, .pending.stamps = *stamps};
	uint8_t hash[KECCAK256_LEN], *input;
	size_t len;

	if (!chain->pending_seen) { /* nobody asked for it */
		chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++;
		return;
	}
	chain->counters[CHAIN_COUNTER_PENDING]++;
	if (json_text(told)) {
		hash_alone(chain, subscription);
		return;
	}
	if (!text || event_read_hash(json_member(told, "hash"), found.pending.tx_hash) ||
	    abi_bytes(found.pending.tx_hash, hash, sizeof(hash)) || !read_to(&found, json_member(told, "to"))) {
		chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++;
		return;
	}
	if (!seen_mark(chain->pending_seen, hash, false))
		return; /* told twice: the first stamp stands */
	input = fetch_input(chain, text, &len);
	if (!input)
		return;
	message_clear(&found.pending.message);
	calldata_scan(input, len, on_carried, &found);
	if (found.to_oracle && !found.count)
		emit(&found);
	chain->counters[CHAIN_COUNTER_PENDING_UPDATES] += found.count > 0;
	free(input);
}
