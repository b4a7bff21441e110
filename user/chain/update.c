// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Logs into updates: which oracle, which price, said before or not, taken back or not. */
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/keccak.h"
#include "chain/state.h"
#include "feed/build.h"

/* Whether the log is an event of this oracle's kind and contract. `event`: of those that are known by themselves, or EVENT_COUNT. */
static bool emits(const struct oracle_config *oracle, enum event_id event, const struct event_log *log)
{
	uint8_t topic0[ABI_WORD];

	if (memcmp(oracle->address, log->address, sizeof(log->address)))
		return false;
	if (oracle->type != ORACLE_EVENT)
		return event != EVENT_COUNT && oracle->type == event_oracle_type(event);
	event_topic0(&oracle->event, topic0);
	return log->topic_count && !memcmp(topic0, log->topics[0], sizeof(topic0));
}

/* The oracle that a log is of, with what it says; NULL for another's (err 0), or a log that lacks what its event has. */
static const struct oracle_config *find_oracle(const struct chain *chain, const struct event_log *log,
					       struct feed_message *message, struct decimal *price, int *err)
{
	enum event_id event = event_find(&chain->topics, log);

	*err = 0;
	for (size_t i = 0; i < chain->config->oracle_count; i++) {
		const struct oracle_config *oracle = &chain->config->oracles[i];

		if (!emits(oracle, event, log))
			continue;
		*err = oracle->type == ORACLE_EVENT ? event_decode_described(&oracle->event, log, message, price)
						    : event_decode(event, log, message, price);
		if (*err)
			return NULL;
		if (!oracle->id[0] || !strcasecmp(oracle->id, message->id))
			return oracle;
	}
	return NULL;
}

/* Identity of a log (key NULL), or of a round within its transaction. */
static void digest_of(const struct event_log *log, const char *key, uint8_t out[KECCAK256_LEN])
{
	struct {
		char block_hash[HASH_TEXT], tx_hash[HASH_TEXT], key[FEED_TEXT_MAX];
		uint8_t address[20];
		uint32_t log_index;
	} id;

	memset(&id, 0, sizeof(id)); /* padding too: it is hashed */
	memcpy(id.block_hash, log->block_hash, sizeof(id.block_hash));
	memcpy(id.tx_hash, log->tx_hash, sizeof(id.tx_hash));
	if (key) {
		memcpy(id.key, key, strlen(key));
		memcpy(id.address, log->address, sizeof(id.address));
	} else {
		id.log_index = log->log_index;
	}
	keccak256(&id, sizeof(id), out);
}

static int64_t head_time(const struct chain *chain, const char *hash)
{
	const struct head *head = chain_find_head(chain, hash);

	return head ? head->block_ns : TIME_UNKNOWN;
}

static void emit(struct chain *chain, const struct chain_update *update)
{
	chain->counters[CHAIN_COUNTER_REMOVED] += update->removed;
	chain->counters[CHAIN_COUNTER_BACKFILLED] += update->backfilled;
	chain->callbacks.on_update(chain->callbacks.context, update);
}

static void fill_update(const struct chain *chain, const struct event_log *log, const struct oracle_config *oracle,
			const struct feed_message *message, struct chain_update *out)
{
	memset(out, 0, sizeof(*out));
	out->oracle = oracle;
	out->message = *message;
	out->block_number = log->block_number;
	memcpy(out->block_hash, log->block_hash, sizeof(out->block_hash));
	memcpy(out->tx_hash, log->tx_hash, sizeof(log->tx_hash));
	out->log_index = log->log_index;
	out->block_ns = log->block_ns != TIME_UNKNOWN ? log->block_ns : head_time(chain, log->block_hash);
	out->removed = log->removed;
}

/* True if the update is news. Notes the log, and for Chainlink the round in its transaction, which two events tell. */
static bool note(struct chain *chain, const struct recent *recent, bool removed, enum chain_counter *why_not)
{
	*why_not = CHAIN_COUNTER_DUPLICATES;
	if (!seen_mark(chain->seen, recent->log_digest, removed))
		return false;
	*why_not = CHAIN_COUNTER_MERGED;
	return recent->update.oracle->type != ORACLE_CHAINLINK || seen_mark(chain->seen, recent->round_digest, removed);
}

static void read_round(struct chain *chain, const struct event_log *log, const struct oracle_config *oracle,
		       const struct feed_message *message, const struct chain_stamps *stamps)
{
	struct chain_round round = {.oracle = oracle, .started_ns = message->published_ns, .block_number = log->block_number,
				    .removed = log->removed, .stamps = *stamps};
	uint8_t digest[KECCAK256_LEN];

	digest_of(log, NULL, digest);
	if (!seen_mark(chain->seen, digest, log->removed))
		return; /* said twice: the first stamp stands */
	memcpy(round.round, message->key, sizeof(round.round));
	memcpy(round.started_by, "0x", 2);
	hex_encode(log->topics[2] + 12, 20, round.started_by + 2);
	memcpy(round.block_hash, log->block_hash, sizeof(round.block_hash));
	memcpy(round.tx_hash, log->tx_hash, sizeof(round.tx_hash));
	chain->callbacks.on_round(chain->callbacks.context, &round);
}

void update_read_log(struct chain *chain, struct json_object *object, const struct chain_stamps *stamps, bool backfilled)
{
	const struct oracle_config *oracle;
	struct recent recent;
	struct event_log log;
	struct feed_message message;
	struct decimal price;
	enum chain_counter why_not;
	int err;

	if (event_read_log(object, &log)) {
		chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++;
		return;
	}
	oracle = find_oracle(chain, &log, &message, &price, &err);
	if (!oracle) {
		chain->counters[err ? CHAIN_COUNTER_BAD_MESSAGES : CHAIN_COUNTER_OTHER_LOGS]++;
		return;
	}
	if (oracle->type == ORACLE_CHAINLINK && event_find(&chain->topics, &log) == EVENT_NEW_ROUND) {
		read_round(chain, &log, oracle, &message, stamps);
		return;
	}
	price.exponent = oracle->exponent;
	if (message_set_price(&message, &price)) {
		chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++;
		return;
	}
	if (log.removed)
		finality_check(chain, log.block_number);
	else
		chain_note_block(chain, log.block_number);
	chain->counters[CHAIN_COUNTER_LOGS] += !backfilled;

	fill_update(chain, &log, oracle, &message, &recent.update);
	recent.update.stamps = *stamps;
	recent.update.backfilled = backfilled;
	digest_of(&log, NULL, recent.log_digest);
	digest_of(&log, message.key, recent.round_digest);
	if (!note(chain, &recent, log.removed, &why_not)) {
		if (!backfilled || why_not == CHAIN_COUNTER_MERGED) /* a backfill repeats logs on purpose */
			chain->counters[why_not]++;
		return;
	}
	if (!log.removed) {
		chain->recent_newest = (chain->recent_newest + 1) % RECENT_KEPT;
		chain->recent[chain->recent_newest] = recent;
		fetch_add(chain, recent.update.tx_hash);
	}
	emit(chain, &recent.update);
}

void update_head_replaced(struct chain *chain, const struct chain_block *head)
{
	for (size_t i = 0; i < RECENT_KEPT; i++) {
		/* Oldest first; a slot that was never used has no oracle. */
		struct recent *recent = &chain->recent[(chain->recent_newest + 1 + i) % RECENT_KEPT];
		struct chain_update *update = &recent->update;
		enum chain_counter why_not;
		bool replaced = update->block_number >= head->number ||
				(update->block_number + 1 == head->number && strcmp(update->block_hash, head->parent));

		if (!update->oracle || !replaced || !chain_find_head(chain, update->block_hash))
			continue;
		if (note(chain, recent, true, &why_not)) {
			update->removed = true;
			update->backfilled = false;
			update->stamps = head->stamps;
			emit(chain, update);
		}
		update->oracle = NULL;
	}
}
