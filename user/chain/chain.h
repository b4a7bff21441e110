/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A node's view of its chain: Ethereum's newHeads and logs, or Solana's slots and accounts, over JSON-RPC on WebSocket, turned
 * into blocks and oracle updates. The module owns requests, subscriptions, gap filling and reorgs; the caller owns the
 * connection (a subscriber) and passes text both ways, so that replay can feed it from a capture file.
 */
#ifndef PL_CHAIN_CHAIN_H
#define PL_CHAIN_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "feed/decoder.h"
#include "feed/message.h"

enum chain_type { CHAIN_ETHEREUM, CHAIN_SOLANA };
extern const char *const chain_type_names[]; /* ended by NULL */

enum oracle_type {
	ORACLE_CHAINLINK,
	ORACLE_PYTH_EVM,
	ORACLE_STORK,
	ORACLE_CHRONICLE,
	ORACLE_EVENT,
	ORACLE_PRICE_UPDATE, /* Solana: an account of Pyth's receiver, see solana/price_update.h */
	ORACLE_TYPES
};

/* Parses a name of `type:` under `oracles:`; -EINVAL otherwise. oracle_type_names lists the allowed values for messages. */
int oracle_type_parse(const char *text, enum oracle_type *out);
const char *oracle_type_name(enum oracle_type type);
extern const char oracle_type_names[];
enum chain_type oracle_type_chain(enum oracle_type type);

/* One contract serves many feeds, told apart by a 32-byte id in the event's first topic. */
bool oracle_type_has_id(enum oracle_type type);
/* Digits behind the point that the contract's integers have, unless the oracle says otherwise. */
int oracle_type_decimals(enum oracle_type type);

/* A 32-byte word of a log: `topic1` … `topic3`, or `data0` … `data7` (the n-th word of its data). */
struct event_place {
	bool set, topic;
	uint8_t index;
};

/* "topic2" → out; -EINVAL otherwise. */
int event_place_parse(const char *text, struct event_place *out);

/* type event: any event whose words hold a price. */
struct oracle_event {
	char signature[192]; /* "ValueUpdate(uint256,bytes32,uint256)": types alone, as hashed for topic 0 */
	struct event_place price, key, published, id;
	enum time_unit published_unit;
};

/* -EINVAL where `text` is not a name and types in parentheses; the types themselves are not judged. */
int event_signature_check(const char *text);

struct oracle_config {
	char asset[FEED_TEXT_MAX];
	enum oracle_type type;
	uint8_t address[20]; /* Ethereum */
	uint8_t account[32]; /* Solana */
	char id[FEED_TEXT_MAX]; /* where the type has ids, or event.id is set: hex without 0x; "" otherwise */
	int exponent;		/* -decimals */
	struct oracle_event event; /* type event */
};

/* The contract's or account's address, as people write it. */
#define ORACLE_ADDRESS_TEXT 48
void oracle_address_text(const struct oracle_config *oracle, char out[ORACLE_ADDRESS_TEXT]);

struct chain_config {
	enum chain_type type;
	char name[FEED_TEXT_MAX];
	char network[FEED_TEXT_MAX]; /* chains of one network are nodes that tell of the same blocks */
	char *rpc; /* url */
	char *http; /* url for questions; Solana */
	struct oracle_config *oracles;
	size_t oracle_count;
	bool calldata; /* fetch the transaction of each update */
	bool pending;  /* subscribe to pending transactions */
	bool logs;     /* Solana: subscribe to the transactions that name an oracle's account */
	int64_t finality_ns; /* how often the node is asked which block is final; 0: never */
};

struct chain_stamps {
	int64_t first_mono_ns, wire_mono_ns, app_mono_ns; /* of the notification: see stream_message; TIME_UNKNOWN for answers to eth_getLogs */
};

struct chain_update {
	const struct oracle_config *oracle;
	/* id, key (round, epochAndRound or publish time), price, published_ns (updatedAt, observation or publish time) */
	struct feed_message message;
	uint64_t block_number; /* Solana: the slot that it was posted in */
	char block_hash[67]; /* 0x…; Solana: "", the slot is the block's name until somebody asks for it */
	char tx_hash[90];    /* Solana: the transaction's signature, "" where an account told, which does not know it */
	uint32_t log_index;
	int64_t block_ns; /* header's timestamp where the log or a head told it; TIME_UNKNOWN otherwise: see below */
	bool removed;	  /* a reorg took it back */
	bool backfilled;  /* came by eth_getLogs after a reconnect: no wire stamp */
	struct chain_stamps stamps;
};

/*
 * One update per round: an OCR aggregator emits NewTransmission and AnswerUpdated of the same round in one transaction. The
 * first of them to arrive becomes the update (NewTransmission stands first in the transaction, and brings the time of the
 * observation), the other is counted as `merged_logs`. Hence the key is the round id for every Chainlink event, and
 * published_ns is observationsTimestamp (OCR2), unknown (OCR1 has none), or updatedAt where only AnswerUpdated is emitted.
 *
 * block_ns comes from the log itself (blockTimestamp: geth since 1.16, anvil) or from the head that was seen before the
 * log. A log may overtake its head: block_ns is then unknown here, and is joined by block_hash with the chain_block that follows.
 */

struct chain_block {
	uint64_t number;
	char hash[67];
	char parent[67];
	int64_t block_ns;
	struct chain_stamps stamps; /* first = block_wire, wire = block_complete */
};

/* How far a block is from being replaced, in the words of any chain. */
enum chain_level {
	CHAIN_SAFE,	 /* most of the stake has voted for it (Ethereum: safe; Solana: confirmed) */
	CHAIN_FINALIZED, /* the chain's rules no longer allow another one (Ethereum: finalized; Solana: rooted) */
	CHAIN_LEVELS
};
extern const char *const chain_level_names[CHAIN_LEVELS];

/* From some moment in (after, seen] on, this block and all before it had the level. */
struct chain_final {
	enum chain_level level;
	uint64_t number;
	char hash[67]; /* "" where it was not told */
	int64_t after_mono_ns; /* when the node was asked the last time that it did not say so; TIME_UNKNOWN: it had the level when first asked */
	struct chain_stamps stamps; /* of the message that said so */
};

/*
 * A round of a Chainlink aggregator begins. OCR's begins and ends in one transaction (started_ns is the time of the
 * observations, or in OCR1 of the block); FluxMonitor's with the first oracle that submits, and AnswerUpdated follows later.
 */
struct chain_round {
	const struct oracle_config *oracle;
	char round[FEED_TEXT_MAX]; /* as the key of its update */
	char started_by[43];	   /* 0x…; the zero address in OCR */
	int64_t started_ns;
	uint64_t block_number;
	char block_hash[67], tx_hash[67];
	bool removed;
	struct chain_stamps stamps;
};

/* An oracle message that a transaction carries: by its digest it is the very one that a feed delivered. */
struct chain_calldata {
	char tx_hash[67];
	const char *type; /* as in feed/calldata.h: a literal */
	struct feed_message message;
};

/*
 * A transaction to an oracle's contract, or with a message of an oracle's feed, that waits to be included; one for each
 * message in it, or one without (type NULL) where it goes to an oracle whose messages are not known.
 */
struct chain_pending {
	char tx_hash[67];
	char to[43]; /* 0x…; "" where it creates a contract */
	const char *type;
	struct feed_message message;
	struct chain_stamps stamps;
};

/* What happens to a slot of Solana, at the node. */
enum chain_slot_kind {
	CHAIN_SLOT_FIRST_SHRED,
	CHAIN_SLOT_COMPLETED,	 /* all its shreds are there */
	CHAIN_SLOT_CREATED_BANK, /* its replay begins */
	CHAIN_SLOT_FROZEN,	 /* its replay is through */
	CHAIN_SLOT_DEAD,
	CHAIN_SLOT_CONFIRMED,
	CHAIN_SLOT_ROOT,
	CHAIN_SLOT_PROCESSED, /* by slotSubscribe, where the node does not offer slotsUpdatesSubscribe, which has the others */
	CHAIN_SLOT_EVENTS
};
extern const char *const chain_slot_event_names[CHAIN_SLOT_EVENTS]; /* Solana's own words */

struct chain_slot_event {
	enum chain_slot_kind kind;
	uint64_t number;
	uint64_t parent; /* of CREATED_BANK and PROCESSED */
	int64_t node_ns; /* UTC by the node's clock, in whole milliseconds; TIME_UNKNOWN for PROCESSED */
	struct chain_stamps stamps;
};

/* A transaction of Solana that names an oracle's account, to post a price to it or to read it. */
struct chain_mention {
	const struct oracle_config *oracle;
	uint64_t number; /* slot */
	char signature[90];
	bool failed, posts; /* posts: by its own log, which a program may write as it likes */
	struct chain_stamps stamps;
};

#define CHAIN_COUNTERS(X)                                                                                              \
	X(HEADS, heads, "newHeads notifications; on Solana slots that were replayed", 0)                               \
	X(LOGS, logs, "log or account notifications of configured oracles", 0)                                         \
	X(BACKFILLED, backfilled, "updates fetched after a reconnect (no wire stamp)", 1)                              \
	X(REMOVED, removed, "updates taken back by a reorg", 1)                                                        \
	X(REORGS, reorgs, "heads that did not build on the last one", 1)                                               \
	X(BAD_MESSAGES, bad_messages, "answers or notifications that could not be read", 1)                            \
	X(RPC_ERRORS, rpc_errors, "errors answered by the node", 1)                                                    \
	X(DUPLICATES, duplicate_logs, "the same log delivered twice", 0)                                               \
	X(MERGED, merged_logs, "second events of an update that emits two (AnswerUpdated beside NewTransmission)", 0)  \
	X(OTHER_LOGS, other_logs, "logs of other contracts, feeds or events", 0)                                       \
	X(HEAD_GAPS, missing_heads, "blocks whose head the node did not send", 1)                                      \
	X(BACKFILL_FAILED, backfill_failed, "gaps that the node refused to fill: updates may be missing", 1)            \
	X(CALLDATA_FETCHED, calldata_fetched, "transactions of updates that were fetched and looked through", 0)          \
	X(CALLDATA_EMPTY, calldata_empty, "fetched transactions without an oracle message of a known format", 0)          \
	X(CALLDATA_OVERSIZED, calldata_oversized, "transactions, fetched or pending, whose input is longer than nodes take", 0)        \
	X(CALLDATA_MISSED, calldata_missed, "transactions that were not fetched: their updates have no bytes to join by", 0) \
	X(PENDING, pending_transactions, "pending transactions that the node told of", 0)                                 \
	X(PENDING_UPDATES, pending_updates, "of these, to an oracle's contract or with a message of its feed", 0)         \
	X(PENDING_HASHES, pending_hashes, "of these, told by their hash alone: nobody looked into them", 0)               \
	X(RATE_LIMITED, rate_limited, "requests that the node put off because there were too many: they are repeated", 0) \
	X(FINALITY_REFUSED, finality_refused, "questions for the final block that the node refused", 0)                \
	X(FINAL_REVERTED, final_reverted, "final blocks that were replaced all the same", 1)                           \
	X(SLOT_EVENTS, slot_events, "notifications of what happens to slots", 0)                                       \
	X(MENTIONS, mentions, "transactions that name an oracle's account", 0)                                         \
	X(FAILED_POSTS, failed_posts, "of these, posts of a price that failed", 0)                                     \
	X(DEAD_SLOTS, dead_slots, "slots that the node gave up as dead", 0)                                            \
	X(LEFT_SLOTS, left_slots, "slots with updates that the root left behind", 0)                                   \
	X(UNDONE, undone, "updates undone with their slots, which are dead or left behind", 0)                         \
	X(UNKNOWN_BLOCKS, unknown_blocks, "slots with updates whose block could not be fetched: it has no time", 1)

enum chain_counter {
#define X(ID, name, text, is_loss) CHAIN_COUNTER_##ID,
	CHAIN_COUNTERS(X)
#undef X
		CHAIN_COUNTER_MAX
};

struct chain_callbacks {
	void *context;
	void (*on_update)(void *context, const struct chain_update *update);
	void (*on_block)(void *context, const struct chain_block *block);
	void (*on_round)(void *context, const struct chain_round *round);
	void (*on_calldata)(void *context, const struct chain_calldata *calldata);
	void (*on_pending)(void *context, const struct chain_pending *pending);
	void (*on_final)(void *context, const struct chain_final *final); /* of Ethereum never called for a passive reader */
	void (*on_slot)(void *context, const struct chain_slot_event *event); /* Solana */
	void (*on_mention)(void *context, const struct chain_mention *mention); /* Solana, with config.logs */
	/* Sends one JSON-RPC request; NULL for a passive reader (replay). Negative errno if it cannot. */
	int (*send)(void *context, const char *text, size_t len);
	/* Solana: asks one question over HTTP; its answer comes to chain_posted(). Negative errno if it cannot; NULL: nobody asks. */
	int (*post)(void *context, const char *text, size_t len);
	/* Something the user should read once: a refused subscription, a node without logs. It names the chain. */
	void (*on_warning)(void *context, const char *text);
};

struct chain;

/* `config` must outlive the chain (chain_update.oracle points into it). -EINVAL names an oracle that cannot be told from
 * another one, or a pyth-evm oracle without id. */
int chain_new(struct chain **out, const struct chain_config *config, const struct chain_callbacks *callbacks,
	      struct error *err);

/* The connection is up: subscribe, and after a reconnect fetch what was missed: from the last block seen, and a few blocks
 * before it for what a reorg may have replaced meanwhile, to the latest. */
void chain_connected(struct chain *chain);
void chain_disconnected(struct chain *chain);

/* One WebSocket message from the node. Without callbacks.send notifications are read just the same, and a list of logs is
 * taken for an answer to eth_getLogs. */
void chain_message(struct chain *chain, const uint8_t *data, size_t len, const struct chain_stamps *stamps);

/* Asks what is to be asked by now. To be called often (a comparison where nothing is due) with the time, as long as there is a connection. */
void chain_step(struct chain *chain, int64_t now_mono_ns);

/* The answer to the question that was posted, with its status of HTTP. True: the node is at its limit, ask the same later. */
bool chain_posted(struct chain *chain, int status, const uint8_t *data, size_t len, int64_t now_mono_ns);

/* Nothing comes any more: tells of the blocks of which more was still to be said. */
void chain_finish(struct chain *chain);

void chain_counters(const struct chain *chain, uint64_t out[CHAIN_COUNTER_MAX]);
void chain_free(struct chain *chain);

#endif
