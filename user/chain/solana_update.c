// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Accounts into updates, and updates undone. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/json.h"
#include "chain/solana.h"
#include "solana/price_update.h"

/* An account that is read again after a reconnect, or shown again because a fork was left, is the same update. */
static void digest_of(const struct chain_update *update, uint8_t out[KECCAK256_LEN])
{
	struct {
		uint8_t account[32];
		char key[FEED_TEXT_MAX], mantissa[FEED_TEXT_MAX];
		uint64_t slot;
	} id;

	memset(&id, 0, sizeof(id)); /* padding too: it is hashed */
	memcpy(id.account, update->oracle->account, sizeof(id.account));
	memcpy(id.key, update->message.key, strlen(update->message.key));
	memcpy(id.mantissa, update->message.mantissa, strlen(update->message.mantissa));
	id.slot = update->block_number;
	keccak256(&id, sizeof(id), out);
}

static void emit(struct chain *chain, const struct chain_update *update)
{
	chain->counters[CHAIN_COUNTER_UNDONE] += update->removed;
	chain->counters[CHAIN_COUNTER_BACKFILLED] += update->backfilled;
	chain->callbacks.on_update(chain->callbacks.context, update);
}

/* The three parts of what is wrong with an account, the first time. */
static void warn_once(struct chain *chain, size_t oracle, const char *front, const char *middle, const char *end)
{
	char account[ORACLE_ADDRESS_TEXT];

	if (chain->solana->warned[oracle])
		return;
	chain->solana->warned[oracle] = true;
	oracle_address_text(&chain->config->oracles[oracle], account);
	solana_warn(chain, "chain %s: oracle %s: account %s: %s%s%s", chain->config->name, chain->config->oracles[oracle].asset, account,
		    front, middle, end);
}

static void unreadable(struct chain *chain, size_t oracle, const char *reason)
{
	chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++;
	warn_once(chain, oracle, "", reason, "; is it one of Pyth's receiver (PriceUpdateV2)?");
}

/* {"context": {"slot": N}, "value": ACCOUNT} → the update, but for stamps. False where there is none. */
static bool read_result(struct chain *chain, size_t oracle, struct json_object *result, struct chain_update *out)
{
	struct price_update update;
	struct error err = {""};
	struct raw raw = {0};
	uint64_t slot;
	bool good;

	*out = (struct chain_update){.oracle = &chain->config->oracles[oracle], .block_ns = TIME_UNKNOWN};
	if (!solana_number(json_member(json_member(result, "context"), "slot"), &slot)) {
		unreadable(chain, oracle, "a notification without its slot");
		return false;
	}
	good = !price_update_data(json_member(result, "value"), &raw, &err) &&
	       !price_update_read(raw.data, raw.len, &update, &out->message, NULL, &err);
	raw_free(&raw);
	if (good && update.posted_slot > slot) {
		error_set(&err, 0, "it was posted in slot %llu, which is not yet in slot %llu", (unsigned long long)update.posted_slot,
			  (unsigned long long)slot);
		good = false;
	}
	if (!good) {
		unreadable(chain, oracle, err.text);
		return false;
	}
	if (out->oracle->id[0] && strcasecmp(out->oracle->id, out->message.id)) {
		chain->counters[CHAIN_COUNTER_OTHER_LOGS]++;
		warn_once(chain, oracle, "it is of feed ", out->message.id, ", and another one is configured");
		return false;
	}
	out->block_number = update.posted_slot;
	return true;
}

/* Without memory an older one is forgotten in its place. */
static void remember(struct solana *s, const struct chain_update *update, const uint8_t digest[KECCAK256_LEN])
{
	struct solana_recent *recent;

	if (s->recent_count < SOLANA_RECENT_KEPT &&
	    !array_grow((void **)&s->recent, s->recent_count, &s->recent_room, sizeof(*s->recent)))
		s->recent_newest = s->recent_count++;
	else if (s->recent_count)
		s->recent_newest = (s->recent_newest + 1) % s->recent_count;
	else
		return;
	recent = &s->recent[s->recent_newest];
	recent->update = *update;
	memcpy(recent->digest, digest, sizeof(recent->digest));
}

bool solana_take(struct chain *chain, const struct chain_update *update)
{
	struct solana *s = chain->solana;
	uint8_t digest[KECCAK256_LEN];
	struct slot *slot;

	digest_of(update, digest);
	if (!seen_mark(chain->seen, digest, false))
		return false;
	s->started = true;
	solana_gap_seen(chain, update);
	remember(s, update, digest);
	emit(chain, update);
	slot = solana_slot(chain, update->block_number);
	if (!slot)
		return true;
	slot->updates++;
	s->scan_ns = 0; /* it may be confirmed already */
	if (slot->fate == SLOT_IS_DEAD || slot->fate == SLOT_LEFT)
		solana_undo(chain, slot->number, &update->stamps);
	return true;
}

int solana_account(struct chain *chain, size_t oracle, struct json_object *result, const struct chain_stamps *stamps,
		    bool backfilled, struct chain_update *out)
{
	if (!read_result(chain, oracle, result, out))
		return -EBADMSG;
	out->stamps = *stamps;
	out->backfilled = backfilled;
	chain->counters[CHAIN_COUNTER_LOGS] += !backfilled;
	if (solana_take(chain, out))
		return 1;
	chain->counters[CHAIN_COUNTER_DUPLICATES] += !backfilled;
	return 0;
}

void solana_undo(struct chain *chain, uint64_t slot, const struct chain_stamps *stamps)
{
	for (size_t i = 0; i < chain->solana->recent_count; i++) {
		struct solana_recent *recent = &chain->solana->recent[i];

		if (!recent->update.oracle || recent->update.block_number != slot)
			continue;
		seen_mark(chain->seen, recent->digest, true);
		recent->update.removed = true;
		recent->update.backfilled = false;
		recent->update.stamps = *stamps;
		emit(chain, &recent->update);
		recent->update.oracle = NULL;
	}
}
