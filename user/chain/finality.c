// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Since when blocks are safe and final: eth_getBlockByNumber with these tags, every few seconds (no node notifies of them).
 * What is final must stay: a node that takes it back is told of, loudly.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "chain/state.h"

/* A node without these tags need not be asked each time; one that is young or still catching up has an answer later. */
#define REFUSED_NS 300000000000

const char *const chain_level_names[CHAIN_LEVELS] = {[CHAIN_SAFE] = "safe", [CHAIN_FINALIZED] = "finalized"};

void finality_step(struct chain *chain, int64_t now_ns)
{
	if (!chain->config->finality_ns || now_ns < chain->finality_due_ns)
		return;
	chain->finality_due_ns = now_ns + chain->config->finality_ns;
	for (int i = 0; i < CHAIN_LEVELS; i++) {
		char params[48];

		if (now_ns < chain->levels[i].refused_until_ns)
			continue;
		chain->levels[i].asked_ns = now_ns;
		snprintf(params, sizeof(params), "[\"%s\",false]", chain_level_names[i]);
		request_send(chain, &(struct request){.kind = REQUEST_FINAL, .level = (enum chain_level)i}, "eth_getBlockByNumber",
			     params);
	}
}

void finality_refused(struct chain *chain, enum chain_level level)
{
	chain->levels[level].refused_until_ns = chain->now_ns + REFUSED_NS;
	chain->counters[CHAIN_COUNTER_FINALITY_REFUSED]++;
}

static void reverted(struct chain *chain, uint64_t number)
{
	char warning[400];

	if (chain->has_reverted && chain->reverted == number)
		return; /* told by its head and by its logs */
	chain->has_reverted = true;
	chain->reverted = number;
	if (chain->counters[CHAIN_COUNTER_FINAL_REVERTED]++)
		return;
	snprintf(warning, sizeof(warning),
		 "chain %s: block %" PRIu64 " was replaced although the node had called block %" PRIu64 " final: "
		 "this node, or the network, cannot be relied on",
		 chain->config->name, number, chain->levels[CHAIN_FINALIZED].number);
	request_warn(chain, warning);
}

void finality_check(struct chain *chain, uint64_t number)
{
	if (chain->levels[CHAIN_FINALIZED].known && number <= chain->levels[CHAIN_FINALIZED].number)
		reverted(chain, number);
}

void finality_answer(struct chain *chain, enum chain_level which, struct json_object *block, const struct chain_stamps *stamps)
{
	struct level *level = &chain->levels[which];
	struct chain_final final = {.level = which, .after_mono_ns = level->last_asked_ns ? level->last_asked_ns : TIME_UNKNOWN,
				    .stamps = *stamps};

	level->last_asked_ns = level->asked_ns;
	if (!block) /* null: a chain that is too young for one */
		return;
	if (abi_block_number(json_text(json_member(block, "number")), &final.number) ||
	    event_read_hash(json_member(block, "hash"), final.hash)) {
		chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++;
		return;
	}
	if (level->known && final.number == level->number && strcmp(final.hash, level->hash)) {
		memcpy(level->hash, final.hash, sizeof(level->hash));
		if (which == CHAIN_FINALIZED)
			reverted(chain, final.number);
	}
	/* Behind a balancer another node may answer, which lags: what was final stays so. */
	if (level->known && final.number <= level->number)
		return;
	level->known = true;
	level->number = final.number;
	memcpy(level->hash, final.hash, sizeof(level->hash));
	chain->callbacks.on_final(chain->callbacks.context, &final);
}
