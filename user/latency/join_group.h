/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One asset at one feed, while the join matches it: by key and by bytes (join_exact.c), by price (join_price.c), and how
 * often that goes wrong (join_false.c).
 */
#ifndef PL_LATENCY_JOIN_GROUP_H
#define PL_LATENCY_JOIN_GROUP_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "latency/join_data.h"
#include "latency/join_recent.h"
#include "stats/proportion.h"

/* Positions in messages[] of those that have a number (key or digest), by (number, position). */
struct group_index {
	size_t member; /* offset of the number in struct join_message */
	uint32_t *positions;
	size_t count;
};

struct group { /* messages by arrival, and the updates of the asset as they landed */
	struct join *join;
	const uint32_t *messages; /* indices in join->messages; by price: of those that were taken */
	size_t message_count;
	const uint32_t *updates; /* indices in join->updates */
	size_t update_count;
	uint32_t *target;  /* by update: position in messages[], or NOTHING */
	uint8_t *method;   /* by update: enum join_method, where it has a target */
	struct group_index keys, digests;
	size_t held;		      /* of join->messages, which stand by their ids; behind them those that are taken by price */
	struct recent_message *found; /* by price, by update: what it matched; position NOTHING: nothing */
	uint32_t *taken;	      /* by price: room for messages[] */
	struct join_carrier *carrier;
};

static inline struct join_message *message_at(const struct group *group, uint32_t position)
{
	return &group->join->messages[group->messages[position]];
}

static inline struct join_update *update_at(const struct group *group, size_t i)
{
	return &group->join->updates[group->updates[i]];
}

static inline bool price_equals(double message, const struct join_update *update)
{
	double distance = fabs(message - update->price);

	return distance <= PRICE_EQUAL * fabs(update->price) || distance <= update->half_digit;
}

/* Sets targets and methods of all updates. False where no key matches, or where those that match are by chance: then nothing is set. */
bool match_by_key(struct group *group);
/* The share of matches by key that are wrong: those whose prices disagree. */
struct proportion false_matches_by_key(const struct group *group);

/* The bytes overrule a key, which several messages may share. True where every update has its message, by bytes or before. */
bool match_by_bytes(struct group *group);

/*
 * The latest message of the update's price before it was seen, from position `from` on; else the one with the nearest
 * price within the tolerance. `except` is passed over (NOTHING: none is). `recent` has been read up to the landing.
 */
const struct recent_message *find_by_price(const struct recent *recent, const struct join_update *update, uint32_t from,
					   uint32_t except);

/* For the updates without a target: fills group->target, method and found, and messages with those that were taken, those
 * by bytes among them. 0, -ENOMEM or -EIO. */
int match_by_price(struct group *group);

/*
 * The share of matches by price that are wrong, by planting updates whose message is known. For messages all over the
 * feed's time, an update of that very price is imagined that lands as late, and as far after the contract's update before,
 * as the matched ones did: how often does the rule name another message (w), and how often does it name one although the
 * right one is taken away (f)? The share π of
 * updates whose message the feed never had follows from the share u that stays unmatched, u = π (1 - f). Then
 *
 *     wrong / matched = (π f + (1 - π) w) / (1 - u),
 *
 * with an interval by MOVER (Zou and Donner 2008) out of Wilson's of w, f and u. `unmatched`: updates since the feed's
 * first message without a match. NAN where nothing matched. 0, -ENOMEM or -EIO.
 */
int false_matches_by_price(const struct group *group, uint64_t unmatched, struct proportion *out);

#endif
