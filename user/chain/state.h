/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What chain.c (notifications), request.c (requests, answers), limit.c, backfill.c (gaps), fetch.c and pending.c (calldata)
 * and finality.c share. Not for other folders.
 */
#ifndef PL_CHAIN_STATE_H
#define PL_CHAIN_STATE_H

#include <json-c/json_object.h>

#include "chain/chain.h"
#include "chain/event.h"
#include "chain/seen.h"

#define HEADS_KEPT   1024
#define PENDING_MAX  64
#define RECENT_KEPT  256
#define FETCHES_KEPT 256

enum request_kind {
	REQUEST_HEADS,	      /* eth_subscribe newHeads */
	REQUEST_LOGS,	      /* eth_subscribe logs */
	REQUEST_BLOCK_NUMBER, /* where the gap ends */
	REQUEST_GET_LOGS,     /* what was missed */
	REQUEST_AGGREGATOR,   /* aggregator(): is the oracle's address a proxy? */
	REQUEST_FINAL,	      /* the last block of a level */
	REQUEST_TRANSACTION,  /* of an update */
	REQUEST_PENDING,      /* eth_subscribe newPendingTransactions, with all that is in them */
	REQUEST_UNSUBSCRIBE,
};

struct request {
	uint64_t id; /* 0: free */
	char *text;  /* as it was sent */
	int64_t sent_ns; /* 0: at a time that nobody told */
	bool put_off; /* there were too many: sent once more after a pause */
	enum request_kind kind;
	const struct oracle_config *oracle; /* REQUEST_AGGREGATOR */
	enum chain_level level;		    /* REQUEST_FINAL */
	unsigned fetch;			    /* REQUEST_TRANSACTION: index in fetches */
};

struct head {
	uint64_t number;
	char hash[HASH_TEXT];
	int64_t block_ns;
};

/* An update that may still be taken back. */
struct recent {
	struct chain_update update; /* oracle NULL: nothing here */
	uint8_t log_digest[KECCAK256_LEN], round_digest[KECCAK256_LEN];
};

/* One getLogs after the other: for each page of blocks, for each type of oracle. */
struct backfill {
	bool active;
	int type;
	uint64_t next, tip, span; /* the page: blocks next … next + span - 1, the last one up to "latest" */
	uint64_t span_limit;	  /* halved where an answer never came: the connection may have died of its size */
};

struct level {
	bool known;
	int64_t refused_until_ns;
	uint64_t number; /* the last block that has it */
	char hash[HASH_TEXT];
	int64_t asked_ns, last_asked_ns; /* the question under way, and the last one that was answered */
};

enum fetch_state { FETCH_NONE, FETCH_WAITING, FETCH_ASKED, FETCH_DONE };

/* A transaction that is to be fetched, or was: its updates come one by one. */
struct fetch {
	enum fetch_state state;
	char tx_hash[HASH_TEXT];
	unsigned tries;
	int64_t due_ns; /* waiting: not before; asked: given up then */
};

/* What kinds of nodes differ in. NULL: nothing is to be done. */
struct chain_kind {
	uint32_t seen_kept; /* digests */
	int (*open)(struct chain *chain, struct error *err); /* whatever it returns, close() follows; without an error set it is -ENOMEM */
	void (*subscribe)(struct chain *chain); /* the connection is up */
	void (*lost)(struct chain *chain);
	void (*notification)(struct chain *chain, struct json_object *message, const struct chain_stamps *stamps);
	void (*answer)(struct chain *chain, struct json_object *message, const struct chain_stamps *stamps);
	void (*step)(struct chain *chain, int64_t now_ns);
	bool (*posted)(struct chain *chain, int status, const uint8_t *data, size_t len, int64_t now_ns);
	void (*finish)(struct chain *chain);
	void (*close)(struct chain *chain);
};

struct chain {
	const struct chain_kind *kind;
	const struct chain_config *config;
	struct chain_callbacks callbacks;
	struct event_topics topics;
	struct seen *seen;
	struct seen *pending_seen; /* NULL: pending transactions are not wanted */
	uint64_t counters[CHAIN_COUNTER_MAX];

	struct head heads[HEADS_KEPT]; /* a ring */
	size_t head_count, head_newest;

	struct recent recent[RECENT_KEPT]; /* a ring */
	size_t recent_newest;

	bool started;		/* first_block and last_block are known */
	uint64_t first_block;	/* nothing before it is of this session */
	uint64_t last_block;	/* last one seen, by a head or a log */
	bool gap_open;		/* logs since block gap_from may be missing, until a backfill is through */
	uint64_t gap_from;

	int64_t now_ns, paused_until_ns, repeat_due_ns, pause_ns; /* pause_ns 0: the last answer was no refusal */
	uint64_t next_id; /* never reused, so that an answer of an earlier connection matches nothing */
	struct request pending[PENDING_MAX];
	unsigned logs_unconfirmed; /* log subscriptions without an answer yet */
	bool told;		   /* something was said of the message that is being read */
	unsigned warned;	   /* kinds of request whose error was said already, a bit each */
	bool proxies_asked;
	struct backfill backfill;
	struct fetch fetches[FETCHES_KEPT]; /* a ring */
	unsigned fetch_newest, fetches_asked;
	int64_t fetch_due_ns;
	struct level levels[CHAIN_LEVELS];
	int64_t finality_due_ns;
	bool pending_refused; /* told by hashes: the subscription was ended */
	bool has_reverted;
	uint64_t reverted; /* the last final block that was */
	bool connected;

	struct solana *solana; /* all the above from heads on is Ethereum's; this is solana.h's */
};

/* request.c */
void request_subscribe(struct chain *chain);
void request_answer(struct chain *chain, struct json_object *answer, const struct chain_stamps *stamps);
void request_connection_lost(struct chain *chain);

/* Copies `request` but for its id. False where sending failed (the connection is gone, and the next one asks again) or too
 * many are open. */
bool request_send(struct chain *chain, const struct request *request, const char *method, const char *params);
/* The same, `before` and `after` around the filter for the logs of a type of oracle. */
void request_send_filter(struct chain *chain, enum request_kind kind, const char *method, const char *before, int type,
			 const char *after);
/* Gives up a question that was never answered. */
void request_step(struct chain *chain);
/* An answer to it is from then on one to nothing that was asked. */
void request_forget(struct chain *chain, enum request_kind kind, unsigned fetch);
bool request_has_type(const struct chain *chain, int type);
void request_warn(struct chain *chain, const char *text);

/* limit.c */
/* Puts the request off if that is what the error says. */
bool limit_refused(struct chain *chain, struct request *request, struct json_object *error);
/* Repeats what was put off; false as long as nothing else should be asked. */
bool limit_step(struct chain *chain);

/* backfill.c: one getLogs after the other, from the last block that was seen to `tip` */
void backfill_open(struct chain *chain, uint64_t from);
void backfill_start(struct chain *chain, uint64_t tip);
void backfill_page(struct chain *chain, struct json_object *logs);
/* Nodes limit the range or the number of results, each in its own words: whatever the text, half of it is tried. False: it was one block. */
bool backfill_halve(struct chain *chain);
void backfill_connection_lost(struct chain *chain);

/* fetch.c */
void fetch_add(struct chain *chain, const char *tx_hash);
void fetch_step(struct chain *chain, int64_t now_ns);
void fetch_answer(struct chain *chain, unsigned fetch, struct json_object *transaction);
void fetch_refused(struct chain *chain, unsigned fetch);
void fetch_connection_lost(struct chain *chain);
/* Of an answer that nobody here asked for: a passive reader. */
void fetch_read(struct chain *chain, struct json_object *transaction);

/* The bytes of a transaction's input, for free(); NULL where it is none (counted). */
uint8_t *fetch_input(struct chain *chain, const char *text, size_t *len);

/* pending.c: `told` is a transaction, or its hash; `subscription` told it */
void pending_read(struct chain *chain, struct json_object *told, struct json_object *subscription, const struct chain_stamps *stamps);

/* finality.c */
void finality_step(struct chain *chain, int64_t now_ns);
void finality_answer(struct chain *chain, enum chain_level level, struct json_object *block, const struct chain_stamps *stamps);
void finality_refused(struct chain *chain, enum chain_level level);
/* The block of this number was taken back or replaced by another. */
void finality_check(struct chain *chain, uint64_t number);

/* chain.c */
void chain_note_block(struct chain *chain, uint64_t number);
const struct head *chain_find_head(const struct chain *chain, const char *hash); /* NULL: not among the last ones */

/* update.c */
void update_read_log(struct chain *chain, struct json_object *object, const struct chain_stamps *stamps, bool backfilled);

/* Before a new head is kept: takes back the updates of blocks that it replaces, whether or not the node will send
 * `removed` logs for them (not all do: anvil does not). Only blocks whose own head was seen can be judged: a log may come
 * before its head. */
void update_head_replaced(struct chain *chain, const struct chain_block *head);

#endif
