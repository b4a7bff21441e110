/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Logs as a node sends them, and the events of the oracles in them. Topic 0 of each event is computed from its signature:
 * published lists of such constants have been wrong.
 *
 * Sources: smartcontractkit/libocr contract2/OCR2Aggregator.sol and contract/OffchainAggregator.sol (OCR1),
 * pyth-network/pyth-crosschain target_chains/ethereum/sdk/solidity/IPythEvents.sol, Stork-Oracle/stork-external
 * IStorkEvents.sol, chronicleprotocol/scribe src/IScribe.sol.
 */
#ifndef PL_CHAIN_EVENT_H
#define PL_CHAIN_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "chain/abi.h"
#include "chain/chain.h"
#include "feed/decimal.h"

#define LOG_TOPICS_MAX 4
#define LOG_WORDS_MAX  8 /* of data that any event here needs */
#define HASH_TEXT      67 /* "0x", 64 digits, NUL */

enum event_id {
	EVENT_ANSWER_UPDATED,
	EVENT_OCR2_TRANSMISSION,
	EVENT_OCR1_TRANSMISSION,
	EVENT_NEW_ROUND, /* no update: it has no price */
	EVENT_PYTH_UPDATE,
	EVENT_STORK_UPDATE,
	EVENT_CHRONICLE_POKED,
	EVENT_COUNT
};

struct event_log {
	uint8_t address[20];
	uint8_t topics[LOG_TOPICS_MAX][ABI_WORD];
	size_t topic_count;
	uint8_t words[LOG_WORDS_MAX][ABI_WORD];
	size_t word_count; /* whole words of data that were kept */
	uint64_t block_number;
	char block_hash[HASH_TEXT]; /* lower case */
	char tx_hash[HASH_TEXT];
	uint32_t log_index;
	int64_t block_ns; /* blockTimestamp; TIME_UNKNOWN where the node does not send it */
	bool removed;
};

struct event_topics {
	uint8_t topic0[EVENT_COUNT][ABI_WORD];
};

void event_topics_init(struct event_topics *topics);

/* Which kind of oracle emits it. */
enum oracle_type event_oracle_type(enum event_id event);

/* A log object of eth_getLogs or of a logs subscription. -EBADMSG if a member is missing, malformed, or the log is pending. */
int event_read_log(struct json_object *object, struct event_log *out);

/* The event of a log; EVENT_COUNT if it is none of them. */
enum event_id event_find(const struct event_topics *topics, const struct event_log *log);

/* The update in it, but for the price, whose exponent only the oracle's configuration tells: its integer comes in `price`.
 * -EBADMSG if the log has fewer topics or words than the event. */
int event_decode(enum event_id event, const struct event_log *log, struct feed_message *out, struct decimal *price);

/* Topic 0 of an event that a site describes itself. */
void event_topic0(const struct oracle_event *event, uint8_t topic0[ABI_WORD]);

/* The same as event_decode() for such an event. */
int event_decode_described(const struct oracle_event *event, const struct event_log *log, struct feed_message *out,
			   struct decimal *price);

/* 32 bytes as "0x…", lower case; -EBADMSG if the value is no such text. */
int event_read_hash(struct json_object *value, char out[HASH_TEXT]);

#endif
