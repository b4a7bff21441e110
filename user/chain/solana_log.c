// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Transactions that name an oracle's account, as logsSubscribe tells them: those that post a price, those that failed to,
 * and those that only read it. That one posts is told by the line that Anchor writes for each instruction of Pyth's receiver
 * and push oracle. Any program may print such a line: with the account and the slot of an update, it names the transaction.
 */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "chain/solana.h"
#include "solana/transaction.h"

static bool posts(struct json_object *logs)
{
	static const char *const lines[] = {"Program log: Instruction: PostUpdate", "Program log: Instruction: PostUpdateAtomic",
					    "Program log: Instruction: UpdatePriceFeed"};
	size_t count = json_object_is_type(logs, json_type_array) ? json_object_array_length(logs) : 0;

	for (size_t i = 0; i < count; i++) {
		const char *line = json_text(json_object_array_get_idx(logs, i));

		for (size_t k = 0; line && k < sizeof(lines) / sizeof(lines[0]); k++)
			if (!strcmp(line, lines[k]))
				return true;
	}
	return false;
}

int solana_log(struct chain *chain, size_t oracle, struct json_object *result, const struct chain_stamps *stamps)
{
	struct json_object *value = json_member(result, "value");
	const char *signature = json_text(json_member(value, "signature"));
	struct chain_mention mention = {.oracle = &chain->config->oracles[oracle], .stamps = *stamps};
	uint8_t bytes[SOLANA_SIGNATURE_BYTES];

	if (!solana_number(json_member(json_member(result, "context"), "slot"), &mention.number) || !signature ||
	    strlen(signature) >= sizeof(mention.signature) || base58_decode(signature, bytes, sizeof(bytes)))
		return -EBADMSG;
	strcpy(mention.signature, signature);
	mention.failed = json_member(value, "err") != NULL;
	mention.posts = posts(json_member(value, "logs"));
	chain->counters[CHAIN_COUNTER_MENTIONS]++;
	chain->counters[CHAIN_COUNTER_FAILED_POSTS] += mention.posts && mention.failed;
	if (chain->callbacks.on_mention)
		chain->callbacks.on_mention(chain->callbacks.context, &mention);
	return 0;
}
