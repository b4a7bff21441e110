/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the join holds in memory, and its steps: load → decide → stage → match → (join.c) write.
 *
 * Memory does not follow the session: updates, the messages that one of them may come of, and which came of which are temporary tables
 * (join_tables.h), which SQLite keeps in files beyond 2 MB, in the order in which they are walked. In memory are names, what is known
 * of each feed and asset, a sieve of 4 MB and the window of the price rule (join_recent.h); and the keeper's packets
 * (32 bytes, and 8 for each feed), which grow.
 */
#ifndef PL_LATENCY_JOIN_DATA_H
#define PL_LATENCY_JOIN_DATA_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "latency/account.h"
#include "latency/intern.h"
#include "latency/sieve.h"
#include "session/clockmap.h"
#include "session/nicmap.h"
#include "stats/proportion.h"

#define NOTHING UINT32_MAX /* no index */

/*
 * The price rule. Equal: to 1e-9, or to half a unit of the last digit that the chain stores. Else the nearest within
 * 1e-5 (a tenth of a basis point). An update is looked for among the messages of the last hour (the heartbeat of most
 * push oracles), at most 65,536 of them.
 */
#define PRICE_EQUAL 1e-9
#define PRICE_TOLERANCE 1e-5
#define PRICE_WINDOW_NS 3600000000000
#define PRICE_WINDOW_MESSAGES 65536
/* A block's stamp is in whole seconds: an update of that block may be of any moment before its end. */
#define BLOCK_GRID_NS 1000000000
/*
 * Of at least this many updates that share a key with a message, most must share the price too; otherwise the keys count
 * different things (a venue's sequence, an aggregator's round) and prices decide.
 */
#define KEY_DOUBT_COUNT 10

struct join_update { /* an on-chain update that was not undone: a row of temp.join_update */
	int64_t id; /* chain_update.id; negative: that of the block_transaction which alone tells of it */
	uint32_t asset;
	uint32_t place; /* chain and contract: updates of one place are in order */
	int64_t carried, carried_count; /* rows of temp.join_carried: what its transaction carries */
	double price;
	double half_digit; /* half a unit of the last digit that the chain stores; 0 unknown */
	int64_t published_ns, pending_ns, block_ns, block_wire_ns, block_complete_ns, seen_ns, final_ns; /* UTC */
	int64_t landed_ns; /* seen, else the end of its block's second; TIME_UNKNOWN */
};

/* A message that an update may come of, or NO_MESSAGE. */
struct join_message {
	int64_t id, arrival_ns; /* UTC: wire, else the first packet, else app */
	double price;
	bool found;
};
#define NO_MESSAGE ((struct join_message){.found = false})

struct join_packet {
	int64_t id, time_ns; /* UTC */
	uint64_t flow;	     /* local port and sequence number; 0 where there is no sequence number (UDP) */
};

/* Rows of a temporary table. */
struct join_span {
	int64_t first, count;
};

/* An asset that is updated on chain, at a feed that carries it: what is known without its messages. */
struct join_carrier {
	uint32_t feed, asset;
	bool keyed, signs; /* some of its messages may have an update's key, or its bytes */
	bool by_key;   /* keys match */
	bool by_price; /* neither they nor bytes decide: its messages are staged … */
	struct join_span staged; /* … in these rows of temp.join_message */
	int64_t start_published_ns, start_arrival_ns; /* the first message, by its publisher's clock and by ours; INT64_MAX unknown */
	int64_t last_arrival_ns; /* of the last one; TIME_UNKNOWN: no message has an arrival */
	struct join_message newest; /* that landed */
};

/* What became of the updates of an asset at one feed, and is in no row. */
struct join_summary {
	uint32_t feed, asset;
	uint64_t by[JOIN_METHODS]; /* matched rows */
	uint64_t before_start;	   /* updates of before the feed's first message */
	uint64_t repeated;	   /* updates whose message had landed already: elsewhere, or a second time */
	uint64_t unmatched;
	struct proportion false_matches; /* share of the matches, of all methods, that are with a wrong message; NAN unknown */
};

struct join_feed {
	int64_t id;
	uint32_t name;
};

struct join {
	sqlite3 *db;
	struct clockmap *clock;
	struct nicmap *nics;
	struct intern names; /* assets, feeds, places */
	struct intern nodes; /* that told of final blocks, as "network\nchain" */
	struct sieve sieve;  /* keys of updates, and digests of what their transactions carry */
	struct join_feed *feeds;
	struct join_packet *packets; /* by time, retransmissions left out */
	int64_t *triggers; /* by feed and packet: the latest trigger that the packet is the first one after; NULL without packets */
	struct join_summary *summaries; /* one for each feed and asset that has updates */
	struct join_carrier *carriers;	/* the same; once they are decided by asset, then feed */
	uint32_t *carrier_at;		/* by feed and asset: index in carriers + 1 */
	size_t carrier_count, carrier_room;
	size_t feed_count, packet_count, summary_count, summary_room;
	struct join_span *updates; /* by asset: its rows of temp.join_update, in the order in which they landed */
	bool *kept;    /* by asset: the keeper reacts to it */
	bool updated;  /* some asset is */
	bool keeper_all, keeper_after_seen;
	char failure[160]; /* what SQLite said of an insert that failed; it forgets when other statements end. "": none did */
};

/* Each returns 0 or a negative errno with its text. */
int join_load(struct join *join, struct error *err);
int join_load_updates(struct join *join, struct error *err);  /* its parts */
int join_load_messages(struct join *join, struct error *err);
/* Sets by_key and by_price of the carriers. */
int join_decide(struct join *join, struct error *err);
/* Puts the messages of carriers by price where join_recent.h reads them. */
int join_stage(struct join *join, struct error *err);
int join_match(struct join *join, struct error *err);

/*
 * The keeper's reactions, once all triggers of a feed are known: each packet belongs to the latest trigger that precedes
 * it, feed by feed; the first such packet is the `sent` of the messages that have that trigger.
 */
int join_triggers_new(struct join *join, struct error *err);
void join_trigger(struct join *join, uint32_t feed, int64_t trigger_ns);
uint32_t join_reaction(const struct join *join, uint32_t feed, int64_t trigger_ns); /* index of the packet, or NOTHING */
/* Whether the keeper reacts to an asset, by its number (INTERN_NONE: one that is not updated on chain). */
bool join_reacts(const struct join *join, uint32_t asset);

void join_free(struct join *join);

/* The feed's index, or NOTHING. */
uint32_t join_find_feed(const struct join *join, int64_t id);

/* NULL where the asset is not updated on chain, or the feed has no message of it. */
struct join_carrier *join_carrier_of(const struct join *join, uint32_t feed, uint32_t asset);

/* UTC of the first known of three stamps of the monotonic clock. */
int64_t join_arrival_ns(const struct join *join, sqlite3_stmt *row, int wire, int first, int app);

/* -EIO with SQLite's text. */
int join_sql_error(struct join *join, struct error *err);
const char *join_sql_text(const struct join *join);
int join_no_memory(struct error *err);

#endif
