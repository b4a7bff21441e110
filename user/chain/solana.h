/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A Solana node's view of its chain. Over WebSocket (PubSub) come what happens to each slot, and the accounts of the oracles
 * as they change; over HTTP, asked by and by, what stands in the blocks of the slots with updates, and what was missed.
 *
 *	solana.c		subscriptions, notifications
 *	solana_slot.c		slots: which are built on which, which are dead, rooted, or left behind
 *	solana_update.c		accounts into updates, and updates undone
 *	solana_log.c		transactions that name an account
 *	solana_ask.c		questions over HTTP; the blocks of slots with updates
 *	solana_gap.c		what was missed while the connection was down
 *
 * An update's block is the slot that its account names as the one that it was posted in: a notification's own slot is that
 * of the bank which was looked at, where the account may have stood for a while. Blocks are known by their slots; what is
 * seen of a slot that dies, or is not on the way from root to root, is undone.
 *
 * Sources: anza-xyz/agave, rpc-client-types (SlotUpdate, custom_error.rs), rpc/src/rpc_subscriptions.rs. Not for other folders.
 */
#ifndef PL_CHAIN_SOLANA_H
#define PL_CHAIN_SOLANA_H

#include "base/base58.h"
#include "chain/state.h"

#define SLOTS_KEPT 1024		/* three minutes at 200 ms; a root follows after about 32 slots */
#define SOLANA_RECENT_KEPT 2048 /* updates that may be undone */
#define SOLANA_SEEN_KEPT 8192	/* updates that may be told again */
#define SOLANA_ORACLES_MAX 1000

enum slot_fate { SLOT_OPEN, SLOT_IS_DEAD, SLOT_ROOTED, SLOT_LEFT };

/* What is known of the block of a slot with updates. */
enum block_state {
	BLOCK_NOT_ASKED,
	BLOCK_ASKED,
	BLOCK_TOLD, /* on_block was called, whether or not the node had an answer */
};

struct slot {
	bool used, has_parent;
	uint64_t number, parent;
	enum slot_fate fate;
	struct chain_stamps stamps; /* first: first shred, wire and app: completed */
	unsigned updates;
	enum block_state block;
	bool at_root;	   /* asked of the rooted chain, or to be asked only of it */
	unsigned tries;
	int64_t not_before_ns;
};

struct solana_recent {
	struct chain_update update; /* oracle NULL: nothing here */
	uint8_t digest[KECCAK256_LEN];
};

/* Between two connections. One account after the other: its signatures, newest first, then its transactions. */
struct gap {
	enum { GAP_NONE, GAP_WAITING, GAP_ACCOUNTS, GAP_SIGNATURES, GAP_TRANSACTIONS } phase; /* waiting: for the next connection */
	uint64_t from; /* slot: of it and the later ones something may have been missed */
	size_t oracle; /* that is asked for, or the first of those that are */
	struct gap_account {
		bool changed, found; /* found: the price that it has now is in a transaction */
		char id[FEED_TEXT_MAX];
		struct posted {
			uint64_t slot;
			char key[FEED_TEXT_MAX];
		} last, before, now; /* that was seen; as the gap began; after it */
	} *accounts; /* an oracle each */
	char (*candidates)[BASE58_TEXT_MAX]; /* signatures */
	size_t candidate_count;
	char last[BASE58_TEXT_MAX]; /* of this page */
	unsigned pages;
	bool beyond; /* there are more than are looked through, or one could not be had */
};

struct solana {
	/* subscriptions of this connection: slots, then an account each, then the transactions of each */
	uint64_t connection;
	struct subscription {
		bool known;
		int64_t id;
	} *subscriptions;
	size_t subscription_count, unconfirmed;
	bool *warned; /* accounts of which something was said, an oracle each */

	struct slot slots[SLOTS_KEPT]; /* a slot stands at its number modulo the size */
	struct {
		bool known;
		uint64_t number;
		int64_t seen_ns;
	} levels[CHAIN_LEVELS];
	bool started;
	uint64_t highest; /* slot of which anything was said */

	struct solana_recent *recent; /* grows up to SOLANA_RECENT_KEPT, then a ring */
	size_t recent_newest, recent_count, recent_room;

	/* questions over HTTP */
	struct {
		enum solana_question { ASK_NOTHING, ASK_BLOCK, ASK_ACCOUNTS, ASK_SIGNATURES, ASK_TRANSACTION } kind;
		uint64_t slot; /* ASK_BLOCK */
		bool stale;    /* the gap has begun anew: the answer is to another question than the one that it takes now */
	} asked;
	struct gap gap;
	int64_t scan_ns;	/* when a block may be due to be asked for; INT64_MAX: when a level is reached */
	unsigned refusals_said; /* kinds of questions of which an error was said, a bit each */
};

/* solana_slot.c */

/* The slot's state, made where there is none; NULL for one that is older than what is kept. */
struct slot *solana_slot(struct chain *chain, uint64_t number);
struct slot *solana_slot_find(struct chain *chain, uint64_t number); /* NULL: not known */
/* One element of slotsUpdates; -EBADMSG for none. */
int solana_slot_event(struct chain *chain, struct json_object *event, const struct chain_stamps *stamps);
/* The same of slot notifications, where slotsUpdates is not to be had. */
int solana_slot_processed(struct chain *chain, struct json_object *event, const struct chain_stamps *stamps);
/* Not on the chain: what was seen of it is undone. */
void solana_slot_leave(struct chain *chain, struct slot *slot, enum slot_fate fate, const struct chain_stamps *stamps);

/* solana_update.c */
/* {"context": …, "value": ACCOUNT} → an update. 1, 0 where it was known, -EBADMSG where there is none. */
int solana_account(struct chain *chain, size_t oracle, struct json_object *result, const struct chain_stamps *stamps,
		    bool backfilled, struct chain_update *out);
/* Takes an update that is put together, if it is news: false otherwise. */
bool solana_take(struct chain *chain, const struct chain_update *update);
void solana_undo(struct chain *chain, uint64_t slot, const struct chain_stamps *stamps);

/* solana_log.c */
/* {"context": …, "value": {signature, err, logs}}; -EBADMSG for none. */
int solana_log(struct chain *chain, size_t oracle, struct json_object *result, const struct chain_stamps *stamps);

/* solana_ask.c */
void solana_ask(struct chain *chain, int64_t now_ns);
bool solana_answer(struct chain *chain, int status, const uint8_t *data, size_t len, int64_t now_ns);
/* The block, once; NULL: no more than its stamps is known. */
void solana_tell_block(struct chain *chain, struct slot *slot, const struct chain_block *answer);

bool solana_has_level(const struct solana *solana, uint64_t slot, enum chain_level level);
bool solana_question(struct chain *chain, enum solana_question kind, const char *method, const char *params);
/* The node refused what is asked: counts, and says once what that means. */
void solana_refused(struct chain *chain, const char *what, const char *text);

/* solana_gap.c */
void solana_gap_seen(struct chain *chain, const struct chain_update *update);
void solana_gap_lost(struct chain *chain);
void solana_gap_open(struct chain *chain); /* all accounts are subscribed to again */
bool solana_gap_ask(struct chain *chain);  /* false: there is nothing to ask now */
void solana_gap_answer(struct chain *chain, struct json_object *result, const char *text); /* result NULL: refused, in the words of text */

/* solana.c */
extern const struct chain_kind solana_kind;
uint64_t solana_id(const struct solana *solana, size_t place);
void solana_warn(struct chain *chain, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool solana_number(struct json_object *value, uint64_t *out); /* a slot */

#endif
